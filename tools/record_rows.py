# SPDX-License-Identifier: Apache-2.0
"""Records what Spark answers to the programs of tests/rig/row_programs.py, into tests/golden/rows.json.

Usage: record_rows.py      with the Python of a PySpark 4.2.0, JAVA_HOME set

{"frames": {name: {"schema": DDL, "rows": [text, ..]}}, "values": {name: value}, "errors": {name: condition}}; a row is the
text that Python gives of it, rows are sorted unless the program sorts.
"""
import json
import os
import pathlib
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests"))

from rig import row_answers, row_programs  # noqa: E402


def main() -> None:
    os.environ["TZ"] = "UTC"
    from pyspark.sql import SparkSession

    spark = (SparkSession.builder.master("local[1]").config("spark.sql.session.timeZone", "UTC")
             .config("spark.ui.enabled", "false").config("spark.sql.shuffle.partitions", "1")
             .config("spark.default.parallelism", "1").getOrCreate())
    spark.sparkContext.setLogLevel("OFF")
    recorded = {
        "frames": {name: row_answers.of_frame(program(spark)) for name, program in row_programs.PROGRAMS.items()},
        "values": {name: program(spark) for name, program in row_programs.VALUES.items()},
        "errors": {name: row_answers.condition_of(lambda: program(spark).collect())
                   for name, program in row_programs.ERRORS.items()},
    }
    (ROOT / "tests" / "golden" / "rows.json").write_text(json.dumps(recorded, indent=1, ensure_ascii=False) + "\n")
    spark.stop()


if __name__ == "__main__":
    main()
