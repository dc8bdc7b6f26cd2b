# SPDX-License-Identifier: Apache-2.0
"""DataFrame.observe over `sluice server`, in batch queries. With --on-spark the same tests run on a real
Spark Connect server, with the same expectations."""
import decimal

import pytest
from pyspark.errors import AnalysisException
from pyspark.sql import Observation, Row
from pyspark.sql import functions as F
from pyspark.sql.window import Window
from rig import connect

COUNT = "rows"


@pytest.fixture(scope="module")
def server(request, tmp_path_factory):
    yield from connect.either(request, tmp_path_factory.mktemp("server"), "--conf", "spark.sql.session.timeZone=UTC")


@pytest.fixture
def pyspark(server):
    with connect.session(server.url) as spark:
        yield spark


def count():
    return F.count(F.lit(1)).alias(COUNT)


def observed(frame, action, *metrics) -> dict:
    observation = Observation("m")
    action(frame.observe(observation, *metrics))
    return observation.get


# Batch queries.


def test_metrics_come_with_the_rows(pyspark):
    metrics = observed(pyspark.range(10), lambda frame: frame.collect(), count(), F.max("id").alias("most"),
                       (F.sum("id") + 1).alias("more"), F.count("*"), F.lit(5).alias("five"))
    assert metrics == {COUNT: 10, "most": 9, "more": 46, "count(1)": 10, "five": 5}


def test_observing_changes_no_rows(pyspark):
    frame = pyspark.range(5).observe("m", count())
    assert frame.columns == ["id"] and sorted(row.id for row in frame.collect()) == [0, 1, 2, 3, 4]
    assert frame.filter("id > 2").count() == 2


def test_filters_stay_above_and_below(pyspark):
    assert observed(pyspark.range(10), lambda frame: frame.filter("id > 5").collect(), count()) == {COUNT: 10}
    assert observed(pyspark.range(10).filter("id > 5"), lambda frame: frame.collect(), count()) == {COUNT: 4}
    assert observed(pyspark.range(10), lambda frame: frame.select(F.lit(1)).collect(), F.sum("id")) == {"sum(id)": 45}


def test_filters_above_do_not_reach_the_files(pyspark, tmp_path):
    pyspark.range(1000).coalesce(1).sortWithinPartitions("id").write.parquet(str(tmp_path / "rows"))
    frame = pyspark.read.parquet(str(tmp_path / "rows"))
    assert observed(frame, lambda seen: seen.filter("id > 990").collect(), count()) == {COUNT: 1000}
    assert observed(frame, lambda seen: seen.orderBy("id").limit(2).collect(), count()) == {COUNT: 1000}


def test_no_rows(pyspark):
    metrics = observed(pyspark.range(10).filter("id < 0"), lambda frame: frame.collect(), count(), F.max("id").alias("m"))
    assert metrics == {COUNT: 0, "m": None}


@pytest.mark.parametrize("action,seen", [(lambda frame: frame.count(), 10), (lambda frame: frame.toPandas(), 10),
                                         (lambda frame: frame.limit(3).collect(), 3)],
                         ids=["count", "toPandas", "limit"])
def test_actions(pyspark, action, seen):
    assert observed(pyspark.range(10), action, count()) == {COUNT: seen}


def test_writes(pyspark, tmp_path):
    frame = pyspark.range(10)
    assert observed(frame, lambda seen: seen.write.parquet(str(tmp_path / "out")), count()) == {COUNT: 10}
    assert observed(frame, lambda seen: seen.write.format("noop").mode("overwrite").save(), count()) == {COUNT: 10}
    assert observed(frame, lambda seen: seen.write.saveAsTable("observed_rows"), count()) == {COUNT: 10}
    pyspark.sql("DROP TABLE observed_rows")


def test_types_of_metrics(pyspark):
    frame = pyspark.range(3).coalesce(1)
    metrics = observed(frame, lambda seen: seen.collect(), F.avg("id").alias("a"), F.max(F.lit("x")).alias("s"),
                       F.sum(F.lit("1.5").cast("decimal(5,2)")).alias("n"), F.max(F.lit(None).cast("int")).alias("null"),
                       F.max(F.lit(True)).alias("b"), F.collect_list("id").alias("l"),
                       F.first(F.struct("id", F.lit("a").alias("x"))).alias("t"),
                       F.first(F.create_map(F.lit("k"), F.lit(1.5))).alias("m"), F.max(F.expr("DATE'2020-01-01'")).alias("d"),
                       F.max(F.expr("X'01'")).alias("bin"), F.max(F.expr("INTERVAL '1' DAY")).alias("i"))
    assert metrics["n"] == decimal.Decimal("4.50")
    assert (metrics["a"], metrics["s"], metrics["null"], metrics["b"], metrics["l"]) == (1.0, "x", None, True, [0, 1, 2])
    assert (metrics["t"], metrics["m"], metrics["bin"]) == (Row(id=0, x="a"), {"k": 1.5}, b"\x01")
    assert str(metrics["d"]) == "2020-01-01" and metrics["i"].days == 1


def test_several_observations(pyspark):
    first, second, third = Observation("a"), Observation("b"), Observation("c")
    frame = pyspark.range(10).observe(first, count()).filter("id > 5").observe(second, count(), F.min("id").alias("least"))
    frame.groupBy((F.col("id") % 2).alias("k")).count().observe(third, count(), F.sum("count").alias("all")).collect()
    assert first.get == {COUNT: 10}
    assert second.get == {COUNT: 4, "least": 6}
    assert third.get == {COUNT: 2, "all": 4}


def test_functions_of_python_in_metrics(pyspark):
    plus = F.udf(lambda x: x + 1, "bigint")
    assert observed(pyspark.range(3), lambda seen: seen.collect(), F.max(plus("id")).alias("m")) == {"m": 3}


def test_names(pyspark):
    twice = pyspark.range(3).observe("same", count())
    assert twice.join(twice.withColumnRenamed("id", "other"), F.col("id") == F.col("other")).count() == 3
    error = raised(lambda: pyspark.range(3).observe("a", count()).filter("id > 1").observe("a", F.max("id")).collect())
    assert (error.getCondition(), error.getSqlState()) == ("DUPLICATED_METRICS_NAME", "42710")
    assert error.getMessageParameters() == {"metricName": "a"}


def raised(call) -> AnalysisException:
    with pytest.raises(AnalysisException) as caught:
        call()
    return caught.value


@pytest.mark.parametrize("metric,kind,expr", [
    (lambda: F.col("id"), "NON_AGGREGATE_FUNC_ARG_IS_ATTRIBUTE", '"id"'),
    (lambda: (F.col("id") + F.max("id")).alias("q"), "NON_AGGREGATE_FUNC_ARG_IS_ATTRIBUTE", '"(id + max(id)) AS q"'),
    (lambda: F.rand(7), "NON_AGGREGATE_FUNC_ARG_IS_NON_DETERMINISTIC", '"rand(7) AS `rand(7)`"'),
    (lambda: F.sum(F.max("id")), "NESTED_AGGREGATES_UNSUPPORTED", None),
    (lambda: F.count_distinct("id"), "AGGREGATE_EXPRESSION_WITH_DISTINCT_UNSUPPORTED",
     '"count(DISTINCT id) AS `count(DISTINCT id)`"'),
    (lambda: F.expr("count(*) FILTER (WHERE id > 3)"), "AGGREGATE_EXPRESSION_WITH_FILTER_UNSUPPORTED",
     '"count(1) FILTER (WHERE (id > 3)) AS `count(1) FILTER (WHERE (id > 3))`"'),
    (lambda: F.max("id").over(Window.partitionBy("id")), "WINDOW_EXPRESSIONS_UNSUPPORTED", None)],
    ids=["column", "mixed", "random", "nested", "distinct", "filter", "window"])
def test_what_is_no_metric_is_refused_as_in_spark(pyspark, metric, kind, expr):
    error = raised(lambda: pyspark.range(10).observe("m", metric()).collect())
    assert (error.getCondition(), error.getSqlState()) == (f"INVALID_OBSERVED_METRICS.{kind}", "42K0E")
    if expr is not None:
        assert error.getMessageParameters() == {"expr": expr}


def test_an_error_of_a_metric_fails_the_query(pyspark):
    error = raised_any(lambda: pyspark.range(3).observe("m", F.expr("max(1 / (id - id))")).collect())
    assert error.getCondition() == "DIVIDE_BY_ZERO"
    error = raised(lambda: pyspark.range(3).observe("m", F.sum("nope")).collect())
    assert error.getCondition() == "UNRESOLVED_COLUMN.WITH_SUGGESTION"


def raised_any(call):
    with pytest.raises(Exception) as caught:
        call()
    return caught.value


# Streaming queries.


def test_what_a_stream_refuses(pyspark, request):
    stream = pyspark.readStream.format("rate").load()
    error = raised(lambda: stream.observe("", F.count("value")).schema)
    assert error.getCondition() == "INVALID_OBSERVED_METRICS.MISSING_NAME"
    twice = stream.observe("m", F.count("value")).filter("value > 2").observe("m", F.max("value"))
    error = raised(lambda: twice.schema)
    assert error.getCondition() == "DUPLICATED_METRICS_NAME"
    if not request.config.getoption("--on-spark"):
        error = raised_any(lambda: stream.observe("m", F.count("value")).writeStream.format("noop").start())
        assert error.getCondition() == "UNSUPPORTED_FEATURE.SLUICE"
