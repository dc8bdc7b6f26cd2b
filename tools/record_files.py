# SPDX-License-Identifier: Apache-2.0
"""Records how Spark reads and writes the files of tests/golden/files/cases.json, into recorded.json beside it.

Usage: record_files.py      with the Python of a PySpark 4.2.0, JAVA_HOME set

A read: {"name", "format", "files": {name: text}, "path" below their folder, "schema", "options", "select"}.
Its recording: {"schema": Spark's schema, "rows": [JSON text, ..]}; rows as to_json writes them, NULLs too, sorted.
A write: {"name", "format", "data": JSON lines, "schema" of them, "options", "partitionBy"}, written by one task.
Its recording: {"files": {folder and extension: text}}.
What Spark refuses: {"error": class}, null where it has none. A case with "ours" is one where Sluice's error is meant to be that;
"why" says for what reason.
"""
import json
import os
import pathlib
import re
import sys
import tempfile

from py4j.protocol import Py4JError
from pyspark.errors import PySparkException

FOLDER = pathlib.Path(__file__).resolve().parent.parent / "tests" / "golden" / "files"


def error_of(error) -> dict:
    found = error.getCondition() if hasattr(error, "getCondition") else None
    if found is None:
        match = re.search(r"\[([A-Z_0-9.]+)\]", str(error))
        found = match.group(1) if match else None
    return {"error": found}


def put(folder: pathlib.Path, files: dict) -> None:
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(text.encode())


def read(spark, case: dict) -> dict:
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        put(folder, case["files"])
        reader = spark.read.format(case["format"]).options(**case.get("options", {}))
        if "schema" in case:
            reader = reader.schema(case["schema"])
        recorded = {}
        try:
            frame = reader.load(f"{folder}/{case.get('path', '')}")
            recorded["schema"] = json.loads(frame.schema.json())
            frame = frame.selectExpr(case.get("select", "*"))
            rows = frame.selectExpr("to_json(struct(*), map('ignoreNullFields', 'false'))").collect()
        except (PySparkException, Py4JError) as error:  # what Spark refuses is part of the recording
            return recorded | error_of(error)
        return recorded | {"rows": sorted(row[0] for row in rows)}


def write(spark, case: dict) -> dict:
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        put(folder, {"in/a": case["data"]})
        frame = spark.read.schema(case["schema"]).json(f"{folder}/in").coalesce(1)
        try:
            writer = frame.write.format(case["format"]).options(**case.get("options", {}))
            writer.partitionBy(*case.get("partitionBy", [])).save(f"{folder}/out")
        except (PySparkException, Py4JError) as error:
            return error_of(error)
        files = {}
        for file in sorted((folder / "out").rglob("part-*")):
            key = str(file.relative_to(folder / "out").parent / ("*" + re.search(r"c\d{3}(\..*)$", file.name).group(1)))
            files[key] = file.read_bytes().decode()
        return {"files": files}


def main() -> int:
    from pyspark.sql import SparkSession

    spark = (SparkSession.builder.master("local[1]").config("spark.ui.enabled", "false")
             .config("spark.sql.session.timeZone", "UTC").getOrCreate())
    spark.sparkContext.setLogLevel("OFF")
    cases = json.loads((FOLDER / "cases.json").read_text())
    recorded = {"reads": [read(spark, case) for case in cases["reads"]], "writes": [write(spark, case) for case in cases["writes"]]}
    (FOLDER / "recorded.json").write_text(json.dumps(recorded, ensure_ascii=True, indent=1) + "\n")
    spark.stop()
    return 0


if __name__ == "__main__":
    os.environ.setdefault("TZ", "UTC")
    sys.exit(main())
