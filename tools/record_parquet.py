# SPDX-License-Identifier: Apache-2.0
"""Records what a real Spark reads from Parquet files that differ, for src/session/parquet_tables_test.cc.

Usage: record_parquet.py [OUT]      with the Python of a PySpark installation, JAVA_HOME set

Writes OUT/types/<name>.parquet, one column `v` a file, and OUT/answers.json:
  "pairs":      {"a+b": answer}  a table of two files, a first, whose columns the table has
  "alone":      {"name": answer} one file of another writer
  "partitions": [[paths below the table, inference on, answer], ...]  each path holds OUT/one.parquet
  "calendars":  {"file below OUT/calendars": answer}
OUT/others holds files of pyarrow that were made once, and stay. An answer is {"schema": DDL, "rows": [the columns as strings, sorted]} or {"error": class}. OUT is tests/golden/parquet."""
import json
import pathlib
import re
import shutil
import sys
import tempfile

import pyspark
from pyspark.sql import SparkSession

OUT = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else pathlib.Path(__file__).resolve().parent.parent / "tests/golden/parquet")

# The values of `v`, as SQL, for each type that Spark itself writes.
TYPES = {
    "boolean": ("BOOLEAN", ["true", "NULL"]),
    "tinyint": ("TINYINT", ["-128", "NULL", "7"]),
    "smallint": ("SMALLINT", ["-32768", "NULL", "7"]),
    "int": ("INT", ["-2147483648", "NULL", "7", "300"]),
    "int_small": ("INT", ["-7", "NULL", "7"]),
    "bigint": ("BIGINT", ["-9223372036854775808", "NULL", "7"]),
    "float": ("FLOAT", ["1.5", "NULL"]),
    "double": ("DOUBLE", ["1e300", "NULL"]),
    "decimal_5_2": ("DECIMAL(5,2)", ["-999.99", "NULL", "1.50"]),
    "decimal_10_2": ("DECIMAL(10,2)", ["-99999999.99", "NULL", "1.50"]),
    "decimal_10_0": ("DECIMAL(10,0)", ["-9999999999", "NULL", "7"]),
    "decimal_12_4": ("DECIMAL(12,4)", ["-99999999.9999", "NULL", "1.5000"]),
    "decimal_20_0": ("DECIMAL(20,0)", ["99999999999999999999", "NULL", "7"]),
    "decimal_20_2": ("DECIMAL(20,2)", ["-999999999999999999.99", "NULL", "1.50"]),
    "decimal_38_10": ("DECIMAL(38,10)", ["-9999999999999999999999999999.9999999999", "NULL", "1.5"]),
    "string": ("STRING", ["'x'", "NULL", "'longer than twelve bytes'"]),
    "binary": ("BINARY", ["X'41'", "NULL"]),
    "date": ("DATE", ["DATE'2020-02-29'", "NULL", "DATE'1500-03-01'"]),
    "timestamp_int96": ("TIMESTAMP", ["TIMESTAMP'2020-02-29 01:02:03.456789'", "NULL", "TIMESTAMP'1500-03-01 00:00:00'"]),
    "timestamp_micros": ("TIMESTAMP", ["TIMESTAMP'2020-02-29 01:02:03.456789'", "NULL", "TIMESTAMP'1500-03-01 00:00:00'"]),
    "timestamp_millis": ("TIMESTAMP", ["TIMESTAMP'2020-02-29 01:02:03.456'", "NULL", "TIMESTAMP'1969-12-31 23:59:59.999'"]),
    "timestamp_ntz": ("TIMESTAMP_NTZ", ["TIMESTAMP_NTZ'2020-02-29 01:02:03.456789'", "NULL"]),
    "array_int": ("ARRAY<INT>", ["array(1, NULL, 3)", "NULL", "array()"]),
    "array_bigint": ("ARRAY<BIGINT>", ["array(1L, NULL)", "NULL"]),
    "array_array": ("ARRAY<ARRAY<STRING>>", ["array(array('a', NULL), NULL, array())", "NULL", "array()"]),
    "array_x": ("ARRAY<STRUCT<x: INT>>", ["array(named_struct('x', 1), NULL)", "NULL", "array()"]),
    "array_xy": ("ARRAY<STRUCT<x: INT, y: STRING>>", ["array(named_struct('x', 2, 'y', 'b'), NULL)", "NULL"]),
    "array_list": ("ARRAY<STRUCT<l: ARRAY<INT>, x: INT>>", ["array(named_struct('l', array(1,2), 'x', 5), named_struct('l', array(), 'x', 6))"]),
    "struct_x": ("STRUCT<x: INT>", ["named_struct('x', 1)", "NULL", "named_struct('x', NULL)"]),
    "struct_xy": ("STRUCT<x: INT, y: STRING>", ["named_struct('x', 2, 'y', 'b')", "NULL"]),
    "struct_yx": ("STRUCT<y: STRING, x: INT>", ["named_struct('y', 'c', 'x', 3)", "NULL"]),
    "struct_big_x": ("STRUCT<X: BIGINT>", ["named_struct('X', 4L)", "NULL"]),
    "struct_z": ("STRUCT<z: INT>", ["named_struct('z', 9)", "NULL", "named_struct('z', NULL)"]),
    "struct_l": ("STRUCT<l: ARRAY<INT>>", ["named_struct('l', array(1, 2))", "NULL", "named_struct('l', array())"]),
    "struct_deep": ("STRUCT<s: STRUCT<x: INT>>", ["named_struct('s', named_struct('x', 1))", "NULL", "named_struct('s', NULL)"]),
    "struct_deeper": ("STRUCT<s: STRUCT<x: INT, y: STRING>, t: DATE>",
                      ["named_struct('s', named_struct('x', 1, 'y', 'd'), 't', DATE'2020-01-01')", "NULL"]),
    "map_int": ("MAP<STRING, INT>", ["map('k', 1, 'l', NULL)", "NULL", "map()"]),
    "map_bigint": ("MAP<STRING, BIGINT>", ["map('k', 2L)"]),
    "map_xy": ("MAP<STRING, STRUCT<x: INT, y: STRING>>", ["map('k', named_struct('x', 1, 'y', 'e'))", "NULL"]),
    "map_x": ("MAP<STRING, STRUCT<x: INT>>", ["map('k', named_struct('x', 3), 'l', NULL)"]),
}
INFERENCE = [
    ["k=1", "k=2"], ["k=1", "k=3000000000"], ["k=1", "k=1.5"], ["k=3000000000", "k=1.5"], ["k=12345678901234567890"],
    ["k=12345678901234567890", "k=12345678901234567891"], ["k=12345678901234567890", "k=1"],
    ["k=12345678901234567890", "k=1.5"], ["k=12345678901234567890", "k=3000000000"],
    ["k=123456789012345678901234567890123456789"], ["k=1e3"], ["k=1E3", "k=2"], ["k=NaN"], ["k=1d"], ["k=1f"], ["k=0x1p3"],
    ["k=Infinity"], ["k=+1"], ["k=-0"], ["k=007"], ["k=.5"], ["k=5."], ["k=1.0"], ["k=%201"], ["k=2020-01-01"],
    ["k=2020-01-01", "k=2020-01-02 03%3A04%3A05"], ["k=2020-01-01 00%3A00%3A00"], ["k=2020-01-01T01%3A02%3A03"],
    ["k=2020-01-01 01%3A02"], ["k=2020-01-01 01%3A02%3A03.5"], ["k=2020-1-1"], ["k=2020-01"], ["k=2020"], ["k=2020-02-30"],
    ["k=2020-01-01 00%3A00%3A00Z"], ["k=2020-01-01 00%3A00%3A00+02%3A00"], ["k=01%3A02%3A03"], ["k=2020-01-01", "k=1"], ["k=true"], ["k=a", "k=1"],
    ["k=__HIVE_DEFAULT_PARTITION__"], ["k=1", "k=__HIVE_DEFAULT_PARTITION__"],
    ["k=2020-01-01", "k=__HIVE_DEFAULT_PARTITION__"], ["k="], ["k=1", "k="], ["=1"], ["k=a%2Fb"], ["k=a=b"], ["k=1", "k=01"],
    ["k=1.5", "k=2020-01-01"], ["k=1e400"], ["k=99999999999999999999999999999999999999"], ["k=12345678901234567890.5"],
    ["k=-12345678901234567890"], ["k=2020-01-01 ", "k=2020-01-02"], ["k=10000000000000000000", "k=a"], ["k=1_0"],
    ["k=%D9%A1"], ["k=1e18", "k=5"], ["k=2e0"], ["k=1E-3"], ["k=9223372036854775808"],
]
FOLDERS = [
    ["f", "old"], ["f", "k=1"], ["k=1", "old"], ["k=1/old"], ["k=1/old", "k=2"], ["k=1/k=2"], ["k=1/K=2"], ["k=1/j=2"], ["k=1/j=2", "k=1"],
    ["k=1/j=2", "j=1/k=2"], ["k=1", "j=2"], ["K=1", "k=2"], ["v=7"], ["V=7"], ["v=7/k=1"], ["old/k=1"], ["old/k=1", "k=2"],
    ["a/k=1", "b/k=2"], ["_x=1"], ["_old", "f"], [".x", "f"], ["k=1/_temporary"], ["a/b", "f"], ["old"], ["k=1/old/j=2"],
]


def text(spark, path, inference=True) -> dict:
    spark.conf.set("spark.sql.sources.partitionColumnTypeInference.enabled", str(inference).lower())
    try:
        table = spark.read.parquet(str(path))
        found = table.selectExpr(*(f"CAST(`{name}` AS STRING)" for name in table.columns)).collect()
        rows = sorted((list(row) for row in found), key=lambda row: json.dumps(row))
        return {"schema": table.schema.simpleString()[7:-1], "rows": rows}
    except Exception as error:  # noqa: BLE001  whatever the JVM says
        # What failed on an executor has its class in the text alone.
        condition = getattr(error, "getCondition", lambda: None)() or re.search(r"\[([A-Z_0-9.]+)\]", str(error)).group(1)
        return {"error": condition}


def one_file(table, to: pathlib.Path) -> None:
    with tempfile.TemporaryDirectory() as work:
        table.coalesce(1).write.mode("overwrite").parquet(work)
        (file,) = pathlib.Path(work).glob("*.parquet")
        to.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(file, to)


def write_types(spark) -> None:
    forms = {"timestamp_micros": "TIMESTAMP_MICROS", "timestamp_millis": "TIMESTAMP_MILLIS"}
    for name, (ddl, values) in TYPES.items():
        spark.conf.set("spark.sql.parquet.outputTimestampType", forms.get(name, "INT96"))
        rows = " UNION ALL ".join(f"SELECT CAST({value} AS {ddl}) AS v" for value in values)
        one_file(spark.sql(rows), OUT / "types" / f"{name}.parquet")
    one_file(spark.sql("SELECT 1L AS v"), OUT / "one.parquet")


def write_calendars(spark) -> None:
    """Old days in the old calendar, in several zones, and the same times in ours."""
    for zone in ("UTC", "America/Los_Angeles", "Europe/Berlin", "Asia/Kolkata", "Australia/Sydney"):
        for form in ("INT96", "TIMESTAMP_MICROS", "TIMESTAMP_MILLIS"):
            spark.conf.set("spark.sql.session.timeZone", zone)
            spark.conf.set("spark.sql.parquet.outputTimestampType", form)
            for key in ("datetimeRebaseModeInWrite", "int96RebaseModeInWrite"):
                spark.conf.set(f"spark.sql.parquet.{key}", "LEGACY")
            days = ["0001-01-01", "0004-02-29", "0999-12-31", "1000-01-01", "1500-02-28", "1500-03-01", "1582-10-04", "1582-10-15", "1600-02-29",
                    "1883-11-17", "1899-12-31", "1900-01-01", "1917-05-05", "1969-12-31", "2020-06-30"]
            rows = " UNION ALL ".join(
                f"SELECT {i} AS id, DATE'{day}' AS d, TIMESTAMP'{day} 01:02:03.456' AS t, array(TIMESTAMP'{day} 23:00:00') AS a"
                for i, day in enumerate(days))
            one_file(spark.sql(rows), OUT / "calendars" / f"{zone.replace('/', '_')}_{form}.parquet")
    spark.conf.set("spark.sql.session.timeZone", "UTC")
    for key in ("datetimeRebaseModeInWrite", "int96RebaseModeInWrite"):
        spark.conf.unset(f"spark.sql.parquet.{key}")


def table_of(paths: dict, inference, spark) -> dict:
    with tempfile.TemporaryDirectory() as work:
        for path, file in paths.items():
            to = pathlib.Path(work) / "t" / path
            to.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(file, to)
        return text(spark, pathlib.Path(work) / "t", inference)


def main() -> None:
    spark = (SparkSession.builder.master("local[1]").config("spark.ui.enabled", "false").config("spark.sql.ansi.enabled", "true")
             .config("spark.sql.session.timeZone", "UTC").config("spark.driver.bindAddress", "127.0.0.1")
             .config("spark.driver.extraJavaOptions", "-Duser.timezone=UTC").config("spark.driver.host", "127.0.0.1")
             .config("spark.sql.shuffle.partitions", "1").getOrCreate())
    spark.sparkContext.setLogLevel("OFF")
    write_types(spark)
    write_calendars(spark)
    answers = {"spark": pyspark.__version__, "pairs": {}, "alone": {}, "partitions": [], "calendars": {}}
    for first in TYPES:
        for second in TYPES:
            if first != second:
                files = {"a.parquet": OUT / "types" / f"{first}.parquet", "b.parquet": OUT / "types" / f"{second}.parquet"}
                answers["pairs"][f"{first}+{second}"] = table_of(files, True, spark)
    for file in sorted((OUT / "others").glob("*.parquet")):
        answers["alone"][file.stem] = table_of({"a.parquet": file}, True, spark)
    for inference in (True, False):
        for paths in INFERENCE + (FOLDERS if inference else []):
            files = {("f.parquet" if path == "f" else f"{path}/f.parquet"): OUT / "one.parquet" for path in paths}
            answers["partitions"].append([sorted(files), inference, table_of(files, inference, spark)])
    for file in sorted((OUT / "calendars").glob("*.parquet")):
        answers["calendars"][file.name] = text(spark, file)
    (OUT / "answers.json").write_text(json.dumps(answers, indent=0, ensure_ascii=True) + "\n")
    spark.stop()


if __name__ == "__main__":
    main()
