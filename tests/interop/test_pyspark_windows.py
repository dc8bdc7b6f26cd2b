# SPDX-License-Identifier: Apache-2.0
"""Python's aggregates over windows on `sluice server`. With --on-spark the same tests run on a real Spark Connect
server, with the same expectations."""
import pandas
import pytest
from pyspark.errors import PySparkException
from pyspark.sql import functions as F
from pyspark.sql.functions import pandas_udf
from pyspark.sql.window import Window
from rig import connect


@pytest.fixture(scope="module")
def server(request, tmp_path_factory):
    yield from connect.either(request, tmp_path_factory.mktemp("server"), "--conf", "spark.sql.session.timeZone=UTC")


@pytest.fixture
def pyspark(server):
    with connect.session(server.url) as spark:
        yield spark


@pytest.fixture
def frame(pyspark):
    return pyspark.createDataFrame([("a", 1, 1.0), ("a", 2, 2.0), ("a", 2, 4.0), ("a", 3, 8.0), ("b", 1, 16.0),
                                    (None, 1, None)], "k STRING, t INT, v DOUBLE")


def total():
    def total(values: pandas.Series) -> float:
        return values.sum()

    return pandas_udf(total, "double")


def values(frame, column) -> list:
    return sorted([(row.k or "", row.t, row.v or 0.0, row[column]) for row in frame.collect()])


def over(frame, window, name="sum"):
    return values(frame.withColumn(name, total()("v").over(window)), name)


def test_whole_partitions(frame):
    assert over(frame, Window.partitionBy("k")) == [
        ("", 1, 0.0, 0.0), ("a", 1, 1.0, 15.0), ("a", 2, 2.0, 15.0), ("a", 2, 4.0, 15.0), ("a", 3, 8.0, 15.0),
        ("b", 1, 16.0, 16.0)]


def test_all_rows_as_one_partition(frame):
    assert {row[3] for row in over(frame, Window.partitionBy())} == {31.0}


def test_up_to_the_peers_of_a_row(frame):
    assert over(frame, Window.partitionBy("k").orderBy("t")) == [
        ("", 1, 0.0, 0.0), ("a", 1, 1.0, 1.0), ("a", 2, 2.0, 7.0), ("a", 2, 4.0, 7.0), ("a", 3, 8.0, 15.0),
        ("b", 1, 16.0, 16.0)]


@pytest.mark.parametrize("lower,upper,expected", [
    (-1, 0, [1.0, 3.0, 6.0, 12.0]), (0, 1, [3.0, 6.0, 12.0, 8.0]), (-1, 1, [3.0, 7.0, 14.0, 12.0]),
    (Window.unboundedPreceding, -1, [0.0, 1.0, 3.0, 7.0]), (1, Window.unboundedFollowing, [14.0, 12.0, 8.0, 0.0])])
def test_rows_around_a_row(frame, lower, upper, expected):
    window = Window.partitionBy("k").orderBy("v").rowsBetween(lower, upper)
    assert [row[3] for row in over(frame.where("k = 'a'"), window)] == expected


@pytest.mark.parametrize("lower,upper,expected", [
    (-1, 0, [1.0, 7.0, 7.0, 14.0]), (0, 1, [7.0, 14.0, 14.0, 8.0]), (-1, -1, [0.0, 1.0, 1.0, 6.0]),
    (Window.unboundedPreceding, 1, [7.0, 15.0, 15.0, 15.0]), (1, Window.unboundedFollowing, [14.0, 8.0, 8.0, 0.0])])
def test_keys_around_the_key_of_a_row(frame, lower, upper, expected):
    window = Window.partitionBy("k").orderBy("t").rangeBetween(lower, upper)
    assert [row[3] for row in over(frame.where("k = 'a'"), window)] == expected


def test_keys_that_fall(frame):
    window = Window.partitionBy("k").orderBy(F.desc("t")).rangeBetween(-1, 0)
    assert [row[3] for row in over(frame.where("k = 'a'"), window)] == [7.0, 14.0, 14.0, 8.0]


def test_keys_that_are_null_or_no_number(pyspark):
    pyspark.createDataFrame([(None, 1.0), (None, 2.0), (1.0, 4.0), (1.5, 8.0), (float("nan"), 16.0)],
                            "t DOUBLE, v DOUBLE").createOrReplaceTempView("keys")
    pyspark.udf.register("total", total())
    for order, expected in (("t", [3.0, 3.0, 12.0, 12.0, 16.0]), ("t DESC NULLS FIRST", [3.0, 3.0, 12.0, 12.0, 16.0])):
        rows = pyspark.sql(f"SELECT v, total(v) OVER (ORDER BY {order} RANGE BETWEEN 0.5D PRECEDING AND 0.5D FOLLOWING) AS s "
                           "FROM keys ORDER BY v").collect()
        assert [row.s for row in rows] == expected


def test_times_around_a_time(pyspark):
    pyspark.sql("SELECT * FROM VALUES (TIMESTAMP'2024-01-01 00:00:00', 1D), (TIMESTAMP'2024-01-01 00:00:30', 2D), "
                "(TIMESTAMP'2024-01-01 00:02:00', 4D) AS t(ts, v)").createOrReplaceTempView("times")
    pyspark.udf.register("total", total())
    rows = pyspark.sql("SELECT v, total(v) OVER (ORDER BY ts RANGE BETWEEN INTERVAL '1' MINUTE PRECEDING AND CURRENT ROW) "
                       "AS s FROM times ORDER BY v").collect()
    assert [row.s for row in rows] == [1.0, 3.0, 4.0]


def test_several_in_one_select(frame):
    window = Window.partitionBy("k")
    rows = frame.where("k = 'a'").select(
        "t", total()("v").over(window).alias("all"), (total()("v").over(window.orderBy("t")) + 1).alias("more"),
        F.sum("v").over(window).alias("own"), F.row_number().over(window.orderBy("v")).alias("n")).orderBy("n").collect()
    assert [tuple(row) for row in rows] == [(1, 15.0, 2.0, 15.0, 1), (2, 15.0, 8.0, 15.0, 2), (2, 15.0, 8.0, 15.0, 3),
                                            (3, 15.0, 16.0, 15.0, 4)]


def test_several_arguments_and_types(frame):
    @pandas_udf("string")
    def shown(keys: pandas.Series, times: pandas.Series) -> str:
        return "-".join(f"{k}{t}" for k, t in zip(keys, times))

    rows = frame.where("k = 'a'").select("v", shown("k", F.col("t") + 1).over(Window.partitionBy("k").orderBy("v")).alias("s"))
    assert sorted(tuple(row) for row in rows.collect())[-1] == (8.0, "a2-a3-a3-a4")


def test_in_sql(pyspark, frame):
    frame.createOrReplaceTempView("rows_of_v")
    pyspark.udf.register("total", total())
    rows = pyspark.sql("SELECT DISTINCT k, total(v) OVER (PARTITION BY k) AS s FROM rows_of_v WHERE v > 0 ORDER BY k").collect()
    assert [tuple(row) for row in rows] == [("a", 15.0), ("b", 16.0)]


def test_a_failure(frame):
    @pandas_udf("double")
    def fails(values: pandas.Series) -> float:
        raise ValueError("boom")

    with pytest.raises(PySparkException) as caught:
        frame.withColumn("x", fails("v").over(Window.partitionBy("k"))).collect()
    assert "ValueError: boom" in str(caught.value)
