# SPDX-License-Identifier: Apache-2.0
"""Records queries whose state Spark keeps in version 1 of its formats, as it did before 2.4 (aggregates) and 3.0 (joins):
tests/golden/state/format1.json.

Usage: record_state_formats.py      with the Python of a PySpark, 4.2.0 or 3.5.7, JAVA_HOME set

{version of Spark: {name: as in joins.json (record_joins.py), over its turns, and
                    "conf": {setting: value}, "schemas": {"<operator>/<store>": its schema file, as hexadecimal digits}}}
A run replaces what its version recorded before. Joins are of 3.5.7 alone: 4.2.0 cannot write their schemas any more.
"""
import json
import os
import pathlib
import shutil
import tempfile

import record_joins
from record_joins import RANGE, TURNS, add, entries, run

GOLDEN = record_joins.GOLDEN.with_name("format1.json")
FORMATS = {"spark.sql.streaming.aggregation.stateFormatVersion": "1", "spark.sql.streaming.join.stateFormatVersion": "1"}
KINDS = {
    "count": "SELECT window.start AS s, lk, count(*) AS n FROM l GROUP BY window(lt, '10 seconds'), lk",
    "aggregates in runs": "SELECT window.start AS s, k, a, b, c, d, e, f FROM (SELECT window(lt, '10 seconds') AS window, upper(lk) AS k, "
                          "sum(lv) AS a, avg(lv) AS b, max(lt) AS c, first(lv) AS d, CAST(sum(CAST(lv AS DECIMAL(20, 2))) AS STRING) AS e, "
                          "count(lv) AS f FROM l GROUP BY window(lt, '10 seconds'), upper(lk))",
    "texts": "SELECT window.start AS s, min(lk) AS a, max(lk) AS b, count(*) AS n FROM l GROUP BY window(lt, '10 seconds')",
    "decimal keys": "SELECT window.start AS s, CAST(d AS STRING) AS d, lk, n FROM (SELECT window(lt, '10 seconds') AS window, d, lk, count(*) AS n "
                    "FROM (SELECT *, CAST(lv AS DECIMAL(25, 3)) AS d FROM l) GROUP BY window(lt, '10 seconds'), d, lk)",
    "a window of windows": "SELECT window.start AS s, sum(n) AS m FROM (SELECT window AS w, lk, count(*) AS n FROM l GROUP BY window(lt, '10 seconds'), lk) "
                           "GROUP BY window(w, '20 seconds')",
    "inner": f"SELECT * FROM l JOIN r ON {RANGE}",
    "inner by time": "SELECT * FROM l JOIN r ON lk = rk AND lt = rt",
    "without times in runs": "SELECT lk, lv, rv FROM l JOIN r ON lk = rk",
    "a count of a join": f"SELECT window.start AS s, lk, count(*) AS n FROM l JOIN r ON {RANGE} GROUP BY window(lt, '10 seconds'), lk",
}


def record(spark, sql: str, runs: bool) -> dict:
    folder = pathlib.Path(tempfile.mkdtemp())
    emitted: dict = {}
    for number in range(len(TURNS)):
        add(folder, number)
        if runs or number + 1 == len(TURNS):
            run(spark, sql, folder, emitted)
    offsets, root = folder / "ck" / "offsets", folder / "ck" / "state"
    batches = sorted(int(path.name) for path in offsets.iterdir() if path.name.isdigit())
    lines = [json.loads((offsets / str(batch)).read_text().split("\n")[1]) for batch in batches]
    assert all(line["conf"][key] == value for line in lines for key, value in FORMATS.items())
    state: dict = {}
    for path in sorted(root.rglob("*.delta"), key=lambda path: int(path.stem)):
        place = str(path.parent.relative_to(root))
        assert int(path.stem) == len(state.setdefault(place, [])) + 1
        state[place].append(dict(sorted(entries(spark, path).items())))
    schemas = {str(path.parent.parent.relative_to(root)): path.read_bytes().hex() for path in sorted(root.rglob("_metadata/schema"))}
    shutil.rmtree(folder, ignore_errors=True)
    return {"sql": sql, "runs": runs, "conf": FORMATS, "rows": [[batch, emitted.get(batch, [])] for batch in batches],
            "watermarks": [line["batchWatermarkMs"] for line in lines], "schemas": schemas, "state": dict(sorted(state.items()))}


def main() -> None:
    os.environ["TZ"] = "UTC"
    from pyspark.sql import SparkSession

    builder = (SparkSession.builder.master("local[2]").config("spark.sql.session.timeZone", "UTC").config("spark.ui.enabled", "false")
               .config("spark.sql.shuffle.partitions", "2").config("spark.default.parallelism", "1"))
    for key, value in FORMATS.items():
        builder = builder.config(key, value)
    spark = builder.getOrCreate()
    spark.sparkContext.setLogLevel("OFF")
    kinds = {}
    for name, sql in KINDS.items():
        if " JOIN " in sql and spark.version >= "4":
            continue
        kinds[name] = record(spark, sql, name.endswith("in runs"))
        print(name, flush=True)
    recorded = json.loads(GOLDEN.read_text()) if GOLDEN.exists() else {}
    recorded[spark.version] = kinds
    spark.stop()
    versions = [f"  {json.dumps(version)}: {{\n" + ",\n".join(f"    {json.dumps(name)}: {json.dumps(kind)}" for name, kind in kinds.items()) + "\n  }"
                for version, kinds in sorted(recorded.items())]
    GOLDEN.write_text("{\n" + ",\n".join(versions) + "\n}\n")


if __name__ == "__main__":
    main()
