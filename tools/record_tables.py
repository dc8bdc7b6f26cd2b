# SPDX-License-Identifier: Apache-2.0
"""Records tables that a real Spark writes, and what it finds in them, for src/session/table_read_test.cc.

Usage: record_tables.py [OUT]      with the Python of a PySpark installation, JAVA_HOME set

Writes OUT/<spark version>/{int96,micros}/*.parquet (many small row groups; timestamps in both forms), and
OUT/<spark version>/answers.json: {"conditions": {condition: [number of rows, sum of id]}, "orders": {ORDER BY: ids}} of the
lines of OUT/conditions.txt and OUT/orders.txt. OUT is tests/golden/tables."""
import json
import pathlib
import random
import shutil
import sys
import tempfile
from datetime import date, datetime, timedelta, timezone
from decimal import Decimal

import pyspark
from pyspark.sql import SparkSession

OUT = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else pathlib.Path(__file__).resolve().parent.parent / "tests/golden/tables")
DDL = ("id INT, text STRING, wide BIGINT, small SMALLINT, number DOUBLE, short FLOAT, price DECIMAL(9,2), "
       "large DECIMAL(38,4), day DATE, at TIMESTAMP, flag BOOLEAN, bytes BINARY, nothing STRING")
ROWS = 900
TEXTS = ["", "a", "z", "Z", "é", "日本", "\U0001f600", "\uffff", "ab" * 50]
NUMBERS = [float("nan"), float("inf"), float("-inf"), -0.0, 0.0, 1e-310]


def rows() -> list[tuple]:
    """Most columns rise with the id, so that row groups have ranges of their own; each has nulls and odd values."""
    pick = random.Random(7)

    def some(value, odd=None):
        chance = pick.random()
        return None if chance < 0.04 else odd if odd is not None and chance > 0.98 else value

    made = []
    for i in range(ROWS):
        made.append((i, some(f"t{i:05}", pick.choice(TEXTS)), some(i * 10_000_000_000 - 10 ** 12), some(i % 300 - 150),
                     some(i / 4 - 100, pick.choice(NUMBERS)), some(float(i) - 450, pick.choice(NUMBERS)),
                     some(Decimal(i - 450).scaleb(-2)), some(Decimal(i - 450) * 10 ** 20),
                     some(date(1969, 6, 1) + timedelta(days=i)),
                     some(datetime(1969, 12, 31, tzinfo=timezone.utc) + timedelta(hours=i, microseconds=i)), some(i >= 500),
                     some(bytearray([i // 4 % 256, i % 256])), None))
    return made


def answers(spark) -> dict:
    def lines(name):
        return [line for line in (OUT / name).read_text().splitlines() if line]

    found = {"conditions": {}, "orders": {}}
    for condition in lines("conditions.txt"):
        (row,) = spark.sql(f"SELECT count(*), sum(id) FROM t WHERE {condition}").collect()
        found["conditions"][condition] = list(row)
    for order in lines("orders.txt"):
        found["orders"][order] = [row[0] for row in spark.sql(f"SELECT id FROM t ORDER BY {order}, id LIMIT 7").collect()]
    return found


def main() -> None:
    spark = (SparkSession.builder.master("local[1]").config("spark.ui.enabled", "false").config("spark.sql.ansi.enabled", "true")
             .config("spark.sql.session.timeZone", "UTC").config("spark.driver.bindAddress", "127.0.0.1")
             .config("spark.driver.host", "127.0.0.1").getOrCreate())
    out = OUT / pyspark.__version__
    shutil.rmtree(out, ignore_errors=True)
    table = spark.createDataFrame(rows(), DDL).coalesce(1)
    for form, name in (("INT96", "int96"), ("TIMESTAMP_MICROS", "micros")):
        spark.conf.set("spark.sql.parquet.outputTimestampType", form)
        with tempfile.TemporaryDirectory() as work:
            (table.write.option("parquet.block.size", 4096).option("parquet.page.size.row.check.min", 50)
             .option("parquet.block.size.row.check.min", 50).option("parquet.block.size.row.check.max", 100)
             .mode("overwrite").parquet(work))
            (file,) = pathlib.Path(work).glob("*.parquet")
            (out / name).mkdir(parents=True)
            shutil.copy(file, out / name / "values.snappy.parquet")
    spark.read.parquet(str(out / "micros")).createOrReplaceTempView("t")
    (out / "answers.json").write_text(json.dumps(answers(spark), indent=0, ensure_ascii=True) + "\n")
    spark.stop()


if __name__ == "__main__":
    main()
