# SPDX-License-Identifier: Apache-2.0
"""Records what a real Spark's console sink prints for its first batch, for src/connectors/memory/small_sinks_test.cc:

    PYTHON tools/record_console.py tests/golden/console

The sink prints from inside the JVM, so the stream runs in a child whose output is read here."""
import pathlib
import subprocess
import sys

WIDE = ["漢字かな交じり文", "ａｂｃ", "😀😀 and more than twenty", "tab\tline\nret\rvt\vbell\abs\bff\f", "e\u0301\u00e9", "한국어 조합"]
STREAM = """
import sys
wide = sys.argv[1].split("|")
from pyspark.sql import SparkSession
spark = SparkSession.builder.master("local[1]").config("spark.ui.enabled", "false").getOrCreate()
spark.sparkContext.setLogLevel("OFF")
rows = spark.readStream.format("rate-micro-batch").option("rowsPerBatch", 4 if wide == [""] else len(wide)).option("numPartitions", 1).load()
if wide != [""]:
    from pyspark.sql import functions as f
    rows = rows.select(f.element_at(f.array(*map(f.lit, wide)), f.col("value").cast("int") + 1).alias("ｗide"))
else:
    rows = rows.selectExpr("cast(value as int) as n",
    "case when value % 4 = 3 then null else concat('a value longer than twenty characters ', value) end as s")
writer = rows.writeStream.format("console").trigger(once=True)
for option in sys.argv[2:]:
    writer = writer.option(*option.split("="))
writer.start().awaitTermination()
"""


def main():
    out = pathlib.Path(sys.argv[1])
    out.mkdir(parents=True, exist_ok=True)
    for name, words, options in [("truncated", [], ["numRows=2"]), ("whole", [], ["truncate=false"]),
                                 ("wide_truncated", WIDE, []), ("wide", WIDE, ["truncate=false"])]:
        printed = subprocess.run([sys.executable, "-c", STREAM, "|".join(words), *options], capture_output=True, text=True,
                                 check=True).stdout
        (out / f"{name}.txt").write_text(printed[printed.index("-----"):])


if __name__ == "__main__":
    main()
