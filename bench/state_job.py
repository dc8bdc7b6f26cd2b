# SPDX-License-Identifier: Apache-2.0
"""A query with state as a PySpark program; its one argument is a JSON object (see state.py). Prints one line of JSON a query:
CPU seconds and peak memory of the session so far."""
import json
import os
import sys
import time

job = json.loads(sys.argv[1])
sys.path.insert(0, job["bench"])
import measure  # noqa: E402  (the path comes first)
from pyspark.sql import SparkSession  # noqa: E402

builder = (SparkSession.builder.master("local[*]").appName("state").config("spark.driver.extraClassPath", job["jars"])
           .config("spark.ui.enabled", "false").config("spark.driver.host", "127.0.0.1").config("spark.driver.bindAddress", "127.0.0.1")
           .config("spark.driver.memory", job["heap"]))
for key, value in job["settings"].items():
    builder = builder.config(key, value)
spark = builder.getOrCreate()
spark.sparkContext.setLogLevel("ERROR")

for folder in job["folders"]:  # more than one: the same query again in the same JVM
    start = time.monotonic()
    for name, stream in job["streams"].items():
        rows = spark.readStream.format("kafka").options(**stream["source"]).load().selectExpr("CAST(value AS STRING) AS value")
        rows.selectExpr(*stream["select"]).withWatermark(f"{name}t", stream["delay"]).createOrReplaceTempView(name)
    result = spark.table("l").dropDuplicates(job["distinct"]) if job["distinct"] else spark.sql(job["sql"])
    result.writeStream.format("parquet").outputMode("append").option("checkpointLocation", f"{folder}/checkpoint").trigger(
        availableNow=True).start(f"{folder}/table").awaitTermination()
    print(json.dumps({"query": folder, "wall_s": time.monotonic() - start, "cpu_s": measure.session_cpu(os.getsid(0)),
                      "peak_mb": measure.session_peak(os.getsid(0))}), flush=True)
spark.stop()
