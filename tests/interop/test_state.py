# SPDX-License-Identifier: Apache-2.0
"""Streams that keep state, through Spark and Sluice in turn on one checkpoint: in the middle of windows, with late rows,
the result is what Spark alone has after each turn."""
import datetime
import os
import pathlib

import pyarrow
import pyarrow.parquet
import pytest
from rig import table
from rig.pipeline import quoted

SCHEMA = "ts TIMESTAMP, k STRING, v INT"
START = datetime.datetime(2026, 1, 1, tzinfo=datetime.timezone.utc)
# Of each turn the rows of one file: seconds, key, value. Windows are ten seconds long, rows may be ten seconds late.
TURNS = [
    [(1, "a", 1), (2, "b", 2), (3, "a", 3), (4, None, 4), (11, "a", 5)],
    [(25, "a key of more than twelve bytes", 6), (12, "b", None)],
    [(5, "late", 7), (18, "a", 8), (26, "b", 9)],
    [(41, "a", 10), (19, "late", 11), (33, "c", 12)],
    [(42, "a", -1), (38, "c", 13)],
    [(70, "d", 14), (41, "a", 15)],
    [(71, "d", 16), (30, "late", 17)],
    [(100, "e", 18)],
]
SESSIONS = ("SELECT session_window.start AS s, session_window.end AS e, k, count(*) AS n, sum(v) AS a, first(v) AS b, last(v) AS c "
            "FROM {{source}} GROUP BY session_window(ts, {}), k")
# What Spark is told, and the same in SQL.
QUERIES = {
    "count": ("tumbling", "SELECT window.start AS s, k, count(*) AS n FROM {source} GROUP BY window(ts, '10 seconds'), k"),
    "aggregates": ("aggregates", "SELECT window.start AS s, k, sum(v) AS a, avg(v) AS b, min(v) AS c, max(k) AS d, first(v) AS e, "
                   "stddev(v) AS f, count(v) AS g FROM {source} GROUP BY window(ts, '10 seconds'), k"),
    "sliding": ("sliding", "SELECT window.start AS s, k, count(*) AS n FROM {source} GROUP BY window(ts, '10 seconds', '5 seconds', "
                "'1 second'), k"),
    # Sessions go on over the change of engines, and those of the state become one by a row of the next turn.
    "sessions": ("sessions", SESSIONS.format("'8 seconds'")),
    "gaps": ("gaps", SESSIONS.format("CASE WHEN v % 2 = 0 THEN '4 seconds' ELSE '9 seconds' END")),
}


def add_file(folder: pathlib.Path, number: int, rows: list[tuple]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    times = [START + datetime.timedelta(seconds=seconds) for seconds, _, _ in rows]
    columns = {"ts": pyarrow.array(times, pyarrow.timestamp("us", "UTC")), "k": pyarrow.array([k for _, k, _ in rows], pyarrow.string()),
               "v": pyarrow.array([v for _, _, v in rows], pyarrow.int32())}
    hidden = folder / f".{number}"
    pyarrow.parquet.write_table(pyarrow.table(columns), hidden)
    os.utime(hidden, (1_700_000_000 + number, 1_700_000_000 + number))
    hidden.rename(folder / f"part-{number}.parquet")


def rows_of(folder: pathlib.Path) -> list[str]:
    rows = [row for file in table.logged_files(folder) for row in pyarrow.parquet.read_table(file).to_pylist()]
    return sorted(str(sorted(row.items())) for row in rows)


# All kinds with the newer version, one with the older.
@pytest.mark.parametrize("version, kind", [*(("spark", kind) for kind in sorted(QUERIES)), ("spark3", "count")])
def test_spark_and_sluice_in_turn(sluice, tmp_path, version, kind, request):
    spark = request.getfixturevalue(version)
    source, out, checkpoint = tmp_path / "in", tmp_path / "out", tmp_path / "checkpoint"
    alone, alone_checkpoint = tmp_path / "alone", tmp_path / "alone_checkpoint"
    name, select = QUERIES[kind]
    statement = tmp_path / "stream.sql"
    stream = f"STREAM parquet.`{source}` WATERMARK ts DELAY OF INTERVAL 10 SECONDS"
    statement.write_text(
        "SET spark.sql.shuffle.partitions = 2;\n"
        f"CREATE STREAMING TABLE t USING parquet LOCATION {quoted(f'file://{out}')}\n"
        f"OPTIONS (checkpointLocation {quoted(checkpoint)}, trigger 'availableNow')\nAS {select.format(source=stream)};\n")
    job = {"op": "state_stream", "kind": name, "path": str(source), "schema": SCHEMA}
    for turn, rows in enumerate(TURNS):
        add_file(source, turn, rows)
        engine = "LsLLsLsL"[turn] if kind != "sliding" else "sLsLLsLs"[turn]
        if engine == "s":
            spark.job({**job, "out": str(out), "checkpoint": str(checkpoint)})
        else:
            sluice.ok("run", statement)
        spark.job({**job, "out": str(alone), "checkpoint": str(alone_checkpoint)})
        assert rows_of(out) == rows_of(alone), f"turn {turn} ({engine})"
    assert len(rows_of(out)) > 5
