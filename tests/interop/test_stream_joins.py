# SPDX-License-Identifier: Apache-2.0
"""Joins of two streams, through Spark and Sluice in turn on one checkpoint: with rows that wait for a partner, late rows
and rows that leave without one, the result is what Spark alone has after each turn."""
import datetime
import os
import pathlib
import re

import pyarrow
import pyarrow.parquet
import pytest
from pyspark.errors import AnalysisException
from pyspark.sql import functions as F
from rig import connect, table
from rig.pipeline import quoted

pytestmark = pytest.mark.fault_sample(2)  # each takes Spark a minute; `make faults` runs all

START = datetime.datetime(2026, 1, 1, tzinfo=datetime.timezone.utc)
# Of each turn the rows of both streams: key, second, value.
TURNS = [
    ([("a", 10, 1), ("a", 11, 2), ("b", 12, 3), (None, 12, 4), ("a key of more than twelve bytes", 12, -1)],
     [("a", 13, 1), ("c", 14, 2), ("a", 13, 3), (None, 12, 4)]),
    ([("a", 30, 6), ("c", 14, 7), ("e", 31, 9)], [("a", 31, 7), ("a", 30, None), ("f", 40, 8), ("b", 12, 9)]),
    ([("a", 33, 10), ("f", 38, 11), ("a", 2, 13)], [("e", 33, 9), ("a", 34, 2), ("a", 1, 11), ("g", 50, 12)]),
    ([("g", 50, 14), ("h", 70, 15), (None, 60, 16)], [("h", 71, 13), ("a", 35, 14), ("f", 43, 15), ("h", 64, 17)]),
    ([("h", 75, 1), ("i", 130, 17)], [("i", 131, 16), ("h", 79, 17), ("j", 140, 18)]),
    ([("j", 139, 2), ("k", 200, 18)], [("k", 300, 19)]),
]
RANGE = "lk = rk AND rt >= lt AND rt <= lt + INTERVAL 5 SECONDS"
QUERIES = {
    "inner": f"SELECT * FROM l JOIN r ON {RANGE}",
    "left": f"SELECT * FROM l LEFT JOIN r ON {RANGE}",
    "right": f"SELECT * FROM l RIGHT JOIN r ON {RANGE}",
    "full": f"SELECT lk, lv, rk, rv FROM l FULL JOIN r ON {RANGE} AND lv > 1",
    "semi": f"SELECT * FROM l LEFT SEMI JOIN r ON {RANGE}",
    "joined twice": f"SELECT lk, lv, rv, yv FROM (SELECT lk, lt, lv, rv FROM l JOIN r ON {RANGE}) x "
                    "LEFT JOIN (SELECT rk AS yk, rt AS yt, rv AS yv FROM again) y ON lk = yk AND yt > lt AND yt < lt + INTERVAL 4 SECONDS",
    "counted": f"SELECT window.start AS s, lk, count(*) AS n FROM l JOIN r ON {RANGE} GROUP BY window(lt, '10 seconds'), lk",
    "by time": "SELECT lk, lv, rv FROM l LEFT JOIN r ON lt = rt AND lk = rk",
}
# Who runs each turn: Sluice or Spark.
ENGINES = {"inner": "sLsLLs", "left": "LssLsL", "right": "sLLsLs", "full": "LsLsLs", "semi": "sLsLsL", "by time": "LsLLss",
           "joined twice": "sLsLLs", "counted": "LsLsLs"}


def add_files(folder: pathlib.Path, number: int) -> None:
    for side, rows in zip("lr", TURNS[number]):
        (folder / side).mkdir(parents=True, exist_ok=True)
        times = [START + datetime.timedelta(seconds=seconds) for _, seconds, _ in rows]
        columns = {f"{side}k": pyarrow.array([k for k, _, _ in rows], pyarrow.string()),
                   f"{side}t": pyarrow.array(times, pyarrow.timestamp("us", "UTC")),
                   f"{side}v": pyarrow.array([v for _, _, v in rows], pyarrow.int32())}
        hidden = folder / side / f".{number}"
        pyarrow.parquet.write_table(pyarrow.table(columns), hidden)
        os.utime(hidden, (1_700_000_000 + number, 1_700_000_000 + number))
        hidden.rename(folder / side / f"part-{number}.parquet")


def rows_of(folder: pathlib.Path) -> list[str]:
    rows = [row for file in table.logged_files(folder) for row in pyarrow.parquet.read_table(file).to_pylist()]
    return sorted(str(sorted(row.items())) for row in rows)


def statement_of(query: str, source: pathlib.Path, out: pathlib.Path, checkpoint: pathlib.Path) -> str:
    # Of Spark a DataFrame that is read twice is one source: `again` is another one of the same folder.
    for name, side, delay in (("l", "l", 10), ("r", "r", 20), ("again", "r", 20)):
        stream = f"STREAM parquet.`{source}/{side}` WATERMARK {side}t DELAY OF INTERVAL {delay} SECONDS"
        query = re.sub(rf"\b(FROM|JOIN) {name}\b", rf"\1 (SELECT * FROM {stream}) {name}", query)
    return ("SET spark.sql.shuffle.partitions = 2;\n"
            f"CREATE STREAMING TABLE t USING parquet LOCATION {quoted(f'file://{out}')}\n"
            f"OPTIONS (checkpointLocation {quoted(checkpoint)}, trigger 'availableNow')\nAS {query};\n")


@pytest.mark.parametrize("kind", sorted(QUERIES))
def test_spark_and_sluice_in_turn(sluice, spark, tmp_path, kind):
    source, out, checkpoint = tmp_path / "in", tmp_path / "out", tmp_path / "checkpoint"
    alone, alone_checkpoint = tmp_path / "alone", tmp_path / "alone_checkpoint"
    statement = tmp_path / "stream.sql"
    job = {"op": "join_stream", "path": str(source), "sql": QUERIES[kind]}
    for turn, engine in enumerate(ENGINES[kind]):
        add_files(source, turn)
        if turn == 0:
            statement.write_text(statement_of(QUERIES[kind], source, out, checkpoint))
        if engine == "s":
            spark.job({**job, "out": str(out), "checkpoint": str(checkpoint)})
        else:
            sluice.ok("run", statement)
        spark.job({**job, "out": str(alone), "checkpoint": str(alone_checkpoint)})
        assert rows_of(out) == rows_of(alone), f"turn {turn} ({engine})"
    assert len(rows_of(out)) >= 3


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    with connect.Server(tmp_path_factory.mktemp("server"), "--conf", "spark.sql.session.timeZone=UTC") as started:
        yield started


def test_data_frames_of_pyspark(server, spark, tmp_path):
    source, out, alone = tmp_path / "in", tmp_path / "out", tmp_path / "alone"
    for turn in range(len(TURNS)):
        add_files(source, turn)
    with connect.session(server.url, spark__sql__shuffle__partitions="2") as session:
        frames = []
        for side, delay in {"l": "10 seconds", "r": "20 seconds"}.items():
            rows = session.readStream.schema(f"{side}k STRING, {side}t TIMESTAMP, {side}v INT").parquet(str(source / side))
            frames.append(rows.withWatermark(f"{side}t", delay))
        joined = frames[0].join(frames[1], F.expr(RANGE), "left_outer")
        query = (joined.writeStream.format("parquet").option("checkpointLocation", str(tmp_path / "checkpoint"))
                 .trigger(availableNow=True).start(str(out)))
        query.awaitTermination()
        operator = query.recentProgress[0]["stateOperators"][0]
        with pytest.raises(AnalysisException, match="without a watermark in the join keys"):
            frames[0].join(frames[1], F.expr("lk = rk"), "left_outer").writeStream.format("noop").start()
    spark.job({"op": "join_stream", "path": str(source), "sql": QUERIES["left"], "out": str(alone),
               "checkpoint": str(tmp_path / "alone_checkpoint")})
    assert rows_of(out) == rows_of(alone)
    assert (operator["operatorName"], operator["numShufflePartitions"], operator["numStateStoreInstances"]) == ("symmetricHashJoin", 2, 8)


def test_the_checkpoint_of_a_query_without_a_table_is_verified_alone(server, sluice, tmp_path):
    add_files(tmp_path / "in", 0)
    checkpoint = tmp_path / "checkpoint"
    with connect.session(server.url, spark__sql__shuffle__partitions="2") as session:
        rows = session.readStream.schema("lk STRING, lt TIMESTAMP, lv INT").parquet(str(tmp_path / "in" / "l"))
        writer = rows.dropDuplicates(["lk"]).writeStream.format("noop").option("checkpointLocation", str(checkpoint))
        writer.trigger(availableNow=True).start().awaitTermination()
    assert sluice.ok("checkpoint", "verify", checkpoint).out.endswith("(--sink).\nwhole\n")
    delta = checkpoint / "state/0/0/1.delta"
    delta.write_bytes(delta.read_bytes()[:-30])
    found = sluice.run("checkpoint", "verify", checkpoint)
    assert found.code == 1 and str(delta) in found.out, found.all


FORMAT = "spark.sql.streaming.join.stateFormatVersion"


# Rows that do not tell whether they had a partner, as Spark kept them before 3.0. Spark 4.2 takes joins over from no such state.
def test_inner_joins_of_format_1_in_turn(sluice, spark3, tmp_path):
    source, out, checkpoint = tmp_path / "in", tmp_path / "out", tmp_path / "checkpoint"
    statement, alone = tmp_path / "stream.sql", tmp_path / "alone.sql"
    job = {"op": "join_stream", "path": str(source), "sql": QUERIES["inner"]}
    for turn, engine in enumerate("sLsLLs"):
        add_files(source, turn)
        if turn == 0:  # in the form of today: what Spark alone has, by the test above
            alone.write_text(statement_of(QUERIES["inner"], source, tmp_path / "alone", tmp_path / "alone_checkpoint"))
        if engine == "s":
            spark3.job({**job, "out": str(out), "checkpoint": str(checkpoint), "settings": {FORMAT: "1"} if turn == 0 else {}})
        else:
            statement.write_text(statement_of(QUERIES["inner"], source, out, checkpoint))
            sluice.ok("run", statement)
        sluice.ok("run", alone)
        assert rows_of(out) == rows_of(tmp_path / "alone"), f"turn {turn} ({engine})"
    assert len(rows_of(out)) >= 3
    shown = sluice.ok("checkpoint", "state", checkpoint, "--operator", "0", "--store", "left-keyWithIndexToValue", "--format", "json").out
    assert '"lv"' in shown and "matched" not in shown


@pytest.mark.parametrize("kind, name", [("left", "LeftOuter"), ("right", "RightOuter"), ("full", "FullOuter"), ("semi", "LeftSemi")])
def test_other_joins_of_format_1_are_refused_as_by_spark(sluice, tmp_path, kind, name):
    source = tmp_path / "in"
    add_files(source, 0)
    statement = tmp_path / "stream.sql"
    statement.write_text(f"SET {FORMAT} = 1;\n" + statement_of(QUERIES[kind], source, tmp_path / "out", tmp_path / "checkpoint"))
    text = f"The query is using stream-stream {name} join with state format version 1 - correctness issue is discovered"
    refused = sluice.run("run", statement)
    assert refused.code != 0 and text in refused.err, refused.err
