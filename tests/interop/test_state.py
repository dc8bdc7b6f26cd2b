# SPDX-License-Identifier: Apache-2.0
"""Streams that keep state, through Spark and Sluice in turn on one checkpoint: in the middle of windows, with late rows,
the result is what Spark alone has after each turn."""
import datetime
import json
import os
import pathlib
import random

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
                   "stddev(v) AS f, count(v) AS g, max(struct(v, k)) AS h, min(array(v, 1)) AS i, max_by(k, v) AS j, min_by(v, k) AS l, "
                   "max(struct(array(v), struct(k))) AS m FROM {source} GROUP BY window(ts, '10 seconds'), k"),
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


def statement_of(select: str, source: pathlib.Path, out: pathlib.Path, checkpoint: pathlib.Path) -> str:
    stream = f"STREAM parquet.`{source}` WATERMARK ts DELAY OF INTERVAL 10 SECONDS"
    return ("SET spark.sql.shuffle.partitions = 2;\n"
            f"CREATE STREAMING TABLE t USING parquet LOCATION {quoted(f'file://{out}')}\n"
            f"OPTIONS (checkpointLocation {quoted(checkpoint)}, trigger 'availableNow')\nAS {select.format(source=stream)};\n")


# All kinds with the newer version, one with the older.
@pytest.mark.parametrize("version, kind", [*(("spark", kind) for kind in sorted(QUERIES)), ("spark3", "count")])
def test_spark_and_sluice_in_turn(sluice, tmp_path, version, kind, request):
    spark = request.getfixturevalue(version)
    source, out, checkpoint = tmp_path / "in", tmp_path / "out", tmp_path / "checkpoint"
    alone, alone_checkpoint = tmp_path / "alone", tmp_path / "alone_checkpoint"
    name, select = QUERIES[kind]
    statement = tmp_path / "stream.sql"
    statement.write_text(statement_of(select, source, out, checkpoint))
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


FORMAT = "spark.sql.streaming.aggregation.stateFormatVersion"


def recorded(checkpoint: pathlib.Path, batch: int) -> dict:
    return json.loads((checkpoint / "offsets" / str(batch)).read_text().split("\n")[1])["conf"]


def forget_format(checkpoint: pathlib.Path) -> None:
    """As Spark's versions before 2.4 left offsets: they knew one format, and did not name it."""
    for path in (checkpoint / "offsets").iterdir():
        if path.suffix == ".crc":
            path.unlink()
            continue
        lines = path.read_text().split("\n")
        entry = json.loads(lines[1])
        del entry["conf"][FORMAT]
        path.write_text("\n".join([lines[0], json.dumps(entry, separators=(",", ":")), *lines[2:]]))


# Values that have their keys, too: whoever began, both go on with them, whatever their sessions say. What comes out is what Sluice
# alone has with values as they are today, and that is Spark's by the test above.
@pytest.mark.parametrize("version, kind, engines, named", [("spark", "aggregates", "sLLsLLsL", True), ("spark3", "count", "sLsLLLsL", False),
                                                           ("spark3", "aggregates", "LsLLsLLs", True)])
def test_format_1_in_turn(sluice, tmp_path, version, kind, engines, named, request):
    spark = request.getfixturevalue(version)
    source, out, checkpoint = tmp_path / "in", tmp_path / "out", tmp_path / "checkpoint"
    name, select = QUERIES[kind]
    statement, alone = tmp_path / "stream.sql", tmp_path / "alone.sql"
    alone.write_text(statement_of(select, source, tmp_path / "alone", tmp_path / "alone_checkpoint"))
    job = {"op": "state_stream", "kind": name, "path": str(source), "schema": SCHEMA}
    for turn, engine in enumerate(engines):
        add_file(source, turn, TURNS[turn])
        first = turn == 0
        if engine == "s":
            spark.job({**job, "out": str(out), "checkpoint": str(checkpoint), "settings": {FORMAT: "1"} if first else {}})
        else:
            statement.write_text((f"SET {FORMAT} = 1;\n" if first else "") + statement_of(select, source, out, checkpoint))
            sluice.ok("run", statement)
        if first and not named:
            forget_format(checkpoint)
        sluice.ok("run", alone)
        assert rows_of(out) == rows_of(tmp_path / "alone"), f"turn {turn} ({engine})"
    last = max(int(path.name) for path in (checkpoint / "offsets").iterdir() if path.name.isdigit())
    assert recorded(checkpoint, last)[FORMAT] == "1"
    shown = sluice.ok("checkpoint", "state", checkpoint, "--operator", "0", "--format", "json").out.splitlines()
    assert shown and all(entry["key"]["k"] == entry["value"]["k"] for entry in map(json.loads, shown)), shown


# Sluice's zstd frames have a checksum, Spark's have none: Spark checks it and goes on, also over files of many blocks.
@pytest.mark.parametrize("version", ["spark", "spark3"])
def test_zstd_files_with_a_checksum_in_turn(sluice, tmp_path, version, request):
    spark = request.getfixturevalue(version)
    source, out, checkpoint = tmp_path / "in", tmp_path / "out", tmp_path / "checkpoint"
    keys = [random.Random(number).randbytes(24).hex() for number in range(60_000)]
    turns = [[(1 + number % 9, key, number) for number, key in enumerate(keys)],
             [(5, key, -1) for key in keys[::3]] + [(12, "b", 1)], [(30, "c", 1)], [(60, "d", 1)]]
    statement, alone = tmp_path / "stream.sql", tmp_path / "alone.sql"
    alone.write_text(statement_of(QUERIES["count"][1], source, tmp_path / "alone", tmp_path / "alone_checkpoint"))
    statement.write_text("SET spark.sql.streaming.stateStore.compression.codec = zstd;\n"
                         + statement_of(QUERIES["count"][1], source, out, checkpoint).replace("partitions = 2", "partitions = 1"))
    job = {"op": "state_stream", "kind": "tumbling", "path": str(source), "schema": SCHEMA}
    for turn, engine in enumerate("LsLs"):
        add_file(source, turn, turns[turn])
        if engine == "s":
            spark.job({**job, "out": str(out), "checkpoint": str(checkpoint)})
        else:
            sluice.ok("run", statement)
        sluice.ok("run", alone)
        if turn == 0:
            written = (checkpoint / "state/0/0/1.delta").read_bytes()
            assert len(written) > 1 << 20 and written[:4] == b"\x28\xb5\x2f\xfd" and written[4] & 4, "a frame with a checksum"
    rows = rows_of(out)
    assert rows == rows_of(tmp_path / "alone") and len(rows) > 60_000
