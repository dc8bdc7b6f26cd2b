# SPDX-License-Identifier: Apache-2.0
"""Which rows a repartition brings to which task, as the files of a write show it, over `sluice server`. With --on-spark the
same tests run on a real Spark Connect server, with the same expectations."""
import pathlib
import re

import pyarrow.parquet
import pytest
from pyspark.errors import AnalysisException
from pyspark.sql import functions as F
from rig import connect


@pytest.fixture(scope="module")
def server(request, tmp_path_factory):
    yield from connect.either(request, tmp_path_factory.mktemp("server"), "--conf", "spark.sql.session.timeZone=UTC")


@pytest.fixture
def pyspark(server):
    with connect.session(server.url) as spark:
        yield spark


def tasks_of(folder: pathlib.Path) -> dict[int, list[int]]:
    """The ids that each task wrote, by the task's number."""
    tasks: dict[int, list[int]] = {}
    for file in folder.glob("part-*.parquet"):
        ids = pyarrow.parquet.ParquetFile(file).read().column("id").to_pylist()
        if ids:
            tasks.setdefault(int(re.match(r"part-(\d+)", file.name)[1]), []).extend(ids)
    return {task: sorted(ids) for task, ids in tasks.items()}


def written(frame, folder: pathlib.Path) -> dict[int, list[int]]:
    frame.write.mode("overwrite").parquet(str(folder))
    return tasks_of(folder)


def numbers(pyspark, count=20):
    return pyspark.range(count).withColumn("k", F.col("id") % 3)


ZERO, ONE, TWO = ([n for n in range(20) if n % 3 == k] for k in range(3))


def test_by_keys_each_row_goes_where_spark_brings_it(pyspark, tmp_path):
    frame = numbers(pyspark)
    assert written(frame.repartition(3, "k"), tmp_path / "out") == {1: ZERO, 2: sorted(ONE + TWO)}
    texts = frame.select("id", F.when(F.col("k") > 0, F.concat(F.lit("k"), F.col("k"))).alias("t"))
    by_text = written(texts.repartition(5, "t"), tmp_path / "out")
    assert by_text == {2: sorted(ZERO + TWO), 4: ONE}
    several = frame.select("id", F.col("id").cast("decimal(20,3)").alias("d"), (F.col("id") / 7).cast("float").alias("f"),
                           F.struct("k", "id").alias("s"))
    expected = {0: [9, 12, 15, 16, 19], 1: [1, 17], 2: [8, 13, 14], 3: [3, 4, 5, 6, 7, 10, 11], 4: [0, 2, 18]}
    assert written(several.repartition(5, "d", "f", "s"), tmp_path / "out") == expected
    assert written(frame.repartition("k"), tmp_path / "out") == {0: list(range(20))}, "what is small stays together"


def test_by_range_shares_are_even_and_equal_keys_together(pyspark, tmp_path):
    frame = numbers(pyspark)
    assert written(frame.repartitionByRange(3, "k"), tmp_path / "out") == {0: ZERO, 1: ONE, 2: TWO}
    assert written(frame.repartitionByRange(3, F.col("k").desc()), tmp_path / "out") == {0: sorted(ONE + TWO), 1: ZERO}
    quarters = {0: list(range(5)), 1: list(range(5, 10)), 2: list(range(10, 15)), 3: list(range(15, 20))}
    assert written(frame.repartitionByRange(4, "id"), tmp_path / "out") == quarters


def test_by_id_the_column_names_the_task(pyspark, tmp_path):
    frame = numbers(pyspark)
    by_id = written(frame.repartitionById(4, (F.col("id") - 3).cast("int")), tmp_path / "out")
    assert by_id == {task: [n for n in range(20) if (n - 3) % 4 == task] for task in range(4)}
    some = written(frame.repartitionById(4, F.when(F.col("id") > 5, F.col("id")).cast("int")), tmp_path / "out")
    assert some[0] == [0, 1, 2, 3, 4, 5, 8, 12, 16], "NULL is task 0"
    with pytest.raises(AnalysisException) as caught:
        frame.repartitionById(4, F.lit("x")).count()
    assert caught.value.getCondition() == "DATATYPE_MISMATCH.UNEXPECTED_INPUT_TYPE"


def test_in_turn_all_tasks_have_their_share(pyspark, tmp_path):
    shares = written(numbers(pyspark).coalesce(1).repartition(4), tmp_path / "out")
    assert sorted(id for ids in shares.values() for id in ids) == list(range(20))
    assert all(4 <= len(ids) <= 6 for ids in shares.values()) and len(shares) == 4, "Spark moves them in another order"
    above = written(numbers(pyspark).repartition(4).filter("id >= 0").withColumn("x", F.lit(1)), tmp_path / "out")
    assert sorted(id for ids in above.values() for id in ids) == list(range(20)) and len(above) == 4


def test_what_cannot_be_repartitioned_by(pyspark):
    frame = numbers(pyspark)
    for call, condition in [(lambda: frame.repartition(3, "nope"), "UNRESOLVED_COLUMN.WITH_SUGGESTION"),
                            (lambda: frame.repartitionByRange(3, F.create_map(F.lit(1), F.lit(2))),
                             "DATATYPE_MISMATCH.INVALID_ORDERING_TYPE")]:
        with pytest.raises(AnalysisException) as caught:
            call().count()
        assert caught.value.getCondition() == condition


def test_a_stream_repartitions_each_batch(pyspark, tmp_path):
    numbers(pyspark).write.parquet(str(tmp_path / "in"))
    stream = pyspark.readStream.schema("id LONG, k LONG").parquet(str(tmp_path / "in"))

    def run(frame, name):
        query = (frame.writeStream.format("parquet").option("path", str(tmp_path / name))
                 .option("checkpointLocation", str(tmp_path / f"{name}-ck")).trigger(availableNow=True).start())
        query.awaitTermination()
        return tasks_of(tmp_path / name)

    assert run(stream.repartition(3, "k").withColumn("x", F.lit(1)), "keys") == {1: ZERO, 2: sorted(ONE + TWO)}
    shares = run(stream.repartition(4), "turn")
    assert sorted(id for ids in shares.values() for id in ids) == list(range(20)) and len(shares) == 4
