# SPDX-License-Identifier: Apache-2.0
"""bronze.py JOB   the bronze job as a PySpark program; JOB is JSON: source, inner, outer, path and sink options."""
import json
import sys

from pyspark.sql import SparkSession

job = json.loads(sys.argv[1])
spark = SparkSession.builder.appName("bronze").getOrCreate()
rows = spark.readStream.format("kafka").options(**job["sources"][0]).load().selectExpr(*job["inner"]).selectExpr(*job["outer"])
rows.writeStream.format("parquet").options(**job["sink"]).trigger(availableNow=True).start(job["path"]).awaitTermination()
spark.stop()
