# SPDX-License-Identifier: Apache-2.0
"""keyed_counts.py JOB   counts records by their values, for ever, and prints what each batch took to commit its state. JOB is JSON:
source (options of the topic), checkpoint, partitions."""
import json
import sys

from pyspark.sql import SparkSession

job = json.loads(sys.argv[1])
spark = (SparkSession.builder.appName("counts").master("local[*]").config("spark.ui.enabled", "false")
         .config("spark.sql.shuffle.partitions", job["partitions"]).config("spark.sql.streaming.numRecentProgressUpdates", "2000").getOrCreate())
spark.sparkContext.setLogLevel("ERROR")
rows = spark.readStream.format("kafka").options(**job["source"]).load()
query = (rows.groupBy(rows.value.cast("string").alias("k")).count().writeStream.format("noop").outputMode("update")
         .option("checkpointLocation", job["checkpoint"]).trigger(availableNow=True).start())
query.awaitTermination()
batches = [json.loads(progress.json) if hasattr(progress, "json") else progress for progress in query.recentProgress]
print(json.dumps([{"rows": batch["numInputRows"], "batch_ms": batch["durationMs"]["triggerExecution"],
                   "commit_ms": batch["stateOperators"][0]["commitTimeMs"]} for batch in batches if batch["numInputRows"]]))
spark.stop()
