# SPDX-License-Identifier: Apache-2.0
"""Records what Spark answers to the queries of tests/golden/sql/*.txt, each into a .json beside it.

Usage: record_sql.py [GROUP...]      with the Python of a PySpark 4.2.0, JAVA_HOME set

views.json: the temporary views of the queries, {name: {"ddl": .., "rows": [[text or null, ..], ..]}}. A value of an array,
map or struct column is JSON text, any other is cast from its text.
A recording: {"ansi": bool, "timeZone": "UTC", "cases": [case, ..]}, a case being
  {"sql": .., "schema": Spark's schema, "rows": [[text or null, ..], ..]}         rows: every column CAST AS STRING
  {"sql": .., "schema": .., "error": class, "sqlState": ..}                       failed when run
  {"sql": .., "error": class, "sqlState": ..}                                     failed when analyzed
streaming.txt has lines "output mode | query" over the view events, a rate stream, and marked and others, two
more with watermarks of ten and twenty seconds; its cases have "mode", and "schema" when the
query was started.
"rows" is left out where they depend on the clock. Rows are sorted by their JSON text unless the query ends in an ORDER BY.
"""
import json
import os
import pathlib
import re
import sys

from py4j.protocol import Py4JError
from pyspark.errors import PySparkException

FOLDER = pathlib.Path(__file__).resolve().parent.parent / "tests" / "golden" / "sql"
UNSTABLE = re.compile(r"current_|now\(|rand\(\)|uuid\(", re.IGNORECASE)


def make_views(spark) -> None:
    from pyspark.sql import functions as f
    from pyspark.sql.types import ArrayType, MapType, StringType, StructField, StructType

    for name, view in json.loads((FOLDER / "views.json").read_text()).items():
        schema = StructType.fromDDL(view["ddl"])
        texts = StructType([StructField(field.name, StringType()) for field in schema.fields])
        raw = spark.createDataFrame([tuple(row) for row in view["rows"]], texts)
        columns = []
        for field in schema.fields:
            nested = isinstance(field.dataType, (ArrayType, MapType, StructType))
            text = f.col(f"`{field.name}`")
            columns.append((f.from_json(text, field.dataType) if nested else text.cast(field.dataType)).alias(field.name))
        typed = spark.createDataFrame(raw.select(*columns).collect(), schema)
        typed.createOrReplaceTempView(name)


def is_ordered(sql: str) -> bool:
    """Whether the last ORDER BY is the whole query's: no bracket around it closes behind it."""
    _, found, rest = sql.rpartition("ORDER BY")
    return bool(found) and rest.count("(") == rest.count(")")


def error_of(error) -> dict:
    found = {"error": error.getCondition() if hasattr(error, "getCondition") else None,
             "sqlState": error.getSqlState() if hasattr(error, "getSqlState") else None}
    if found["error"] is None:
        match = re.search(r"\[([A-Z_0-9.]+)\]", str(error))
        found["error"] = match.group(1) if match else type(error).__name__
        state = re.search(r"SQLSTATE: (\w{5})", str(error))
        found["sqlState"] = state.group(1) if state else None
    return found


def record(spark, sql: str) -> dict:
    case = {"sql": sql}
    try:
        frame = spark.sql(sql)
        case["schema"] = json.loads(frame.schema.json())
    except (PySparkException, Py4JError) as error:  # what Spark refuses is part of the recording
        return case | error_of(error)
    if UNSTABLE.search(sql):
        return case
    names = [f"c{i}" for i in range(len(frame.columns))]
    try:
        rows = [list(row) for row in frame.toDF(*names).selectExpr(*[f"CAST({name} AS STRING)" for name in names]).collect()]
    except (PySparkException, Py4JError) as error:
        return case | error_of(error)
    if not is_ordered(sql):
        rows.sort(key=lambda row: json.dumps(row, ensure_ascii=False))
    return case | {"rows": rows}


def record_stream(spark, line: str) -> dict:
    mode, sql = (part.strip() for part in line.split("|"))
    case = {"mode": mode, "sql": sql}
    try:
        frame = spark.sql(sql)
        query = frame.writeStream.format("noop").outputMode(mode).start()
        query.stop()
        return case | {"schema": json.loads(frame.schema.json())}
    except (PySparkException, Py4JError) as error:  # what Spark refuses is part of the recording
        return case | error_of(error)


def main() -> None:
    os.environ["TZ"] = "UTC"
    from pyspark.sql import SparkSession

    spark = (SparkSession.builder.master("local[1]").config("spark.sql.session.timeZone", "UTC")
             .config("spark.ui.enabled", "false").config("spark.sql.shuffle.partitions", "1").getOrCreate())
    spark.sparkContext.setLogLevel("OFF")
    make_views(spark)
    for view, delay in {"events": None, "marked": "10 seconds", "others": "20 seconds"}.items():
        stream = spark.readStream.format("rate").load()
        (stream.withWatermark("timestamp", delay) if delay else stream).createOrReplaceTempView(view)
    groups = sys.argv[1:] or [path.stem for path in sorted(FOLDER.glob("*.txt"))]
    for group in groups:
        ansi = not group.endswith("ansi_off")
        spark.conf.set("spark.sql.ansi.enabled", str(ansi).lower())
        queries = [line for line in (FOLDER / f"{group}.txt").read_text().splitlines() if line.strip()]
        one = record_stream if group == "streaming" else record
        cases = [one(spark, line) for line in queries]
        lines = ",\n".join("    " + json.dumps(case, ensure_ascii=False) for case in cases)
        text = f'{{\n  "ansi": {str(ansi).lower()},\n  "timeZone": "UTC",\n  "cases": [\n{lines}\n  ]\n}}\n'
        (FOLDER / f"{group}.json").write_text(text)
        print(group, len(cases))
    spark.stop()


if __name__ == "__main__":
    main()
