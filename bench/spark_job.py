# SPDX-License-Identifier: Apache-2.0
"""The bronze job as a PySpark program, with Spark's defaults; its one argument is a JSON object (see engines.py). Prints
one line of JSON a query: CPU seconds and peak memory of the session so far, and the query's own wall time."""
import json
import os
import sys
import time

job = json.loads(sys.argv[1])
sys.path.insert(0, job["bench"])
import measure  # noqa: E402  (the path comes first)
from pyspark.sql import SparkSession  # noqa: E402

spark = (SparkSession.builder.master("local[*]").appName("bronze").config("spark.driver.extraClassPath", job["jars"])
         .config("spark.ui.enabled", "false").config("spark.driver.host", "127.0.0.1")
         .config("spark.driver.bindAddress", "127.0.0.1").getOrCreate())
spark.sparkContext.setLogLevel("ERROR")


def report(query: str, began: float) -> None:
    print(json.dumps({"query": query, "wall_s": time.monotonic() - began, "cpu_s": measure.session_cpu(os.getsid(0)),
                      "peak_mb": measure.session_peak(os.getsid(0))}), flush=True)


def stream(path: str):
    source = spark.readStream.format("kafka").options(**job["source"]).load()
    rows = source.selectExpr(*job["inner"]).selectExpr(*job["outer"])
    writer = rows.writeStream.format("parquet").outputMode("append").option("path", f"{path}/table").option(
        "checkpointLocation", f"{path}/checkpoint")
    return writer.partitionBy(*job["partition_by"]) if job["partition_by"] else writer


if job.get("steady"):  # until it is killed
    stream(job["tables"][0]).start().awaitTermination()
for path in job["tables"]:  # more than one: the same query again in the same JVM
    start = time.monotonic()
    stream(path).trigger(availableNow=True).start().awaitTermination()
    report(path, start)
for folder in job.get("read", []):  # tables to read whole, each in turn
    start = time.monotonic()
    table = spark.read.parquet(folder)
    table.write.format("noop").mode("overwrite").save()
    report(folder, start)
spark.stop()
