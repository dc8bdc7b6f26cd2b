# SPDX-License-Identifier: Apache-2.0
"""Records what a real Spark's console sink prints for its first batch, for src/connectors/memory/small_sinks_test.cc:

    PYTHON tools/record_console.py tests/golden/console

The sink prints from inside the JVM, so the stream runs in a child whose output is read here."""
import pathlib
import subprocess
import sys

STREAM = """
import sys
from pyspark.sql import SparkSession
spark = SparkSession.builder.master("local[1]").config("spark.ui.enabled", "false").getOrCreate()
spark.sparkContext.setLogLevel("OFF")
rows = spark.readStream.format("rate-micro-batch").option("rowsPerBatch", 4).option("numPartitions", 1).load()
rows = rows.selectExpr("cast(value as int) as n",
    "case when value % 4 = 3 then null else concat('a value longer than twenty characters ', value) end as s")
writer = rows.writeStream.format("console").trigger(once=True)
for option in sys.argv[1:]:
    writer = writer.option(*option.split("="))
writer.start().awaitTermination()
"""


def main():
    out = pathlib.Path(sys.argv[1])
    out.mkdir(parents=True, exist_ok=True)
    for name, options in [("truncated", ["numRows=2"]), ("whole", ["truncate=false"])]:
        printed = subprocess.run([sys.executable, "-c", STREAM, *options], capture_output=True, text=True, check=True).stdout
        (out / f"{name}.txt").write_text(printed[printed.index("-----"):])


if __name__ == "__main__":
    main()
