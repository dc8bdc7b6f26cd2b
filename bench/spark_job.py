# SPDX-License-Identifier: Apache-2.0
"""The bronze job as a PySpark program, with Spark's defaults; its one argument is a JSON object (see engines.py)."""
import json
import sys

from pyspark.sql import SparkSession

job = json.loads(sys.argv[1])
spark = (SparkSession.builder.master("local[*]").appName("bronze").config("spark.driver.extraClassPath", job["jars"])
         .config("spark.ui.enabled", "false").config("spark.driver.host", "127.0.0.1")
         .config("spark.driver.bindAddress", "127.0.0.1").getOrCreate())
spark.sparkContext.setLogLevel("ERROR")
rows = spark.readStream.format("kafka").options(**job["source"]).load().selectExpr(*job["inner"]).selectExpr(*job["outer"])
for path in job["tables"]:  # more than one: the same query again in the same JVM
    rows.writeStream.format("parquet").outputMode("append").option("path", f"{path}/table").option(
        "checkpointLocation", f"{path}/checkpoint").trigger(availableNow=True).start().awaitTermination()
spark.stop()
