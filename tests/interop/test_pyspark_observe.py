# SPDX-License-Identifier: Apache-2.0
"""DataFrame.observe over `sluice server`, in batch and streaming queries. With --on-spark the same tests run on a real
Spark Connect server, with the same expectations."""
import decimal
import json
import time

import pytest
from pyspark.errors import AnalysisException, IllegalArgumentException
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


@pytest.fixture
def stream(pyspark, tmp_path):
    """Two files of five rows, one a batch."""
    (tmp_path / "in").mkdir()
    for i in range(2):
        lines = "".join(f"{j},{j * 1.5},n{j}\n" for j in range(5 * i, 5 * i + 5))
        (tmp_path / "in" / f"{i}.csv").write_text(lines)
    return pyspark.readStream.schema("a INT, b DOUBLE, c STRING").option("maxFilesPerTrigger", 1).csv(str(tmp_path / "in"))


def progress_of(frame, mode="append", name="observed"):
    query = frame.writeStream.format("memory").queryName(name).outputMode(mode).trigger(availableNow=True).start()
    query.awaitTermination(60)
    deadline = time.monotonic() + 30
    while len(query.recentProgress) < 2 and time.monotonic() < deadline:  # Spark tells it some time later
        time.sleep(0.1)
    return [json.loads(progress.json)["observedMetrics"] for progress in query.recentProgress], query.recentProgress


def test_progress_has_the_metrics_of_its_batch(stream):
    metrics, progress = progress_of(stream.observe("m", count(), F.max("b").alias("most")).filter("a > 100"))
    schema = {"type": "struct", "fields": [
        {"name": COUNT, "type": "long", "nullable": False, "metadata": {}},
        {"name": "most", "type": "double", "nullable": True, "metadata": {}}]}
    assert metrics == [{"m": {"values": [5, 6.0], "schema": schema}}, {"m": {"values": [5, 13.5], "schema": schema}}]
    assert [tuple(one.observedMetrics["m"]["values"]) for one in progress] == [(5, 6.0), (5, 13.5)]


def test_values_in_a_progress(stream):
    metrics, _ = progress_of(stream.observe(
        "m", F.max("c").alias("s"), F.max(F.lit(None).cast("int")).alias("null"), F.sum(F.lit("1.5").cast("decimal(5,2)")).alias("n"),
        F.first(F.struct("a", "c")).alias("t"), F.collect_list("a").alias("l"), F.max(F.expr("DATE'2020-01-01'")).alias("d"),
        F.max(F.expr("TIMESTAMP'2020-01-01 00:00:00'")).alias("ts")))
    first = metrics[0]["m"]["values"]
    assert first[:3] == ["n4", None, 7.5]
    assert first[3]["values"] == [0, "n0"] and [f["name"] for f in first[3]["schema"]["fields"]] == ["a", "c"]
    assert first[4:] == [[0, 1, 2, 3, 4], 1577836800000, 1577836800000]


def test_several_observations_of_a_stream(stream):
    metrics, _ = progress_of(stream.observe("all", count()).filter("a > 2").observe("some", count()))
    assert [(one["all"]["values"], one["some"]["values"]) for one in metrics] == [([5], [2]), ([5], [5])]


def test_above_and_below_state(stream):
    frame = stream.observe("rows", count()).groupBy("c").count().observe("groups", count())
    metrics, _ = progress_of(frame, mode="complete")
    assert [(one["rows"]["values"], one["groups"]["values"]) for one in metrics] == [([5], [5]), ([5], [10])]


def test_a_listener_hears_of_them(pyspark, stream):
    from pyspark.sql.streaming import StreamingQueryListener

    heard = []

    class Listener(StreamingQueryListener):
        def onQueryStarted(self, event):
            pass

        def onQueryProgress(self, event):
            heard.append(event.progress.observedMetrics.get("m"))

        def onQueryTerminated(self, event):
            pass

    listener = Listener()
    pyspark.streams.addListener(listener)
    progress_of(stream.observe("m", count()), name="heard")
    pyspark.streams.removeListener(listener)
    assert [row["values"] for row in heard] == [[5], [5]]


def test_what_a_stream_refuses(stream):
    error = raised(lambda: progress_of(stream.observe("m", count()).filter("a > 2").observe("m", F.max("a"))))
    assert error.getCondition() == "DUPLICATED_METRICS_NAME"
    error = raised(lambda: stream.observe("", count()).schema)
    assert error.getCondition() == "INVALID_OBSERVED_METRICS.MISSING_NAME"
    with pytest.raises(IllegalArgumentException) as caught:
        stream.observe(Observation("m"), count())
    assert caught.value.getCondition() == "UNSUPPORTED_OPERATION"


def test_metrics_belong_to_one_batch_after_a_restart(pyspark, stream, tmp_path):
    def run():
        frame = stream.observe("m", count(), F.min("a").alias("least"))
        query = frame.writeStream.format("noop").option("checkpointLocation", str(tmp_path / "checkpoint")).trigger(
            availableNow=True).start()
        query.awaitTermination(60)
        return [json.loads(progress.json)["observedMetrics"]["m"]["values"] for progress in query.recentProgress
                if progress.numInputRows]

    assert run() == [[5, 0], [5, 5]]
    (tmp_path / "in" / "2.csv").write_text("10,1.5,n10\n")
    assert run() == [[1, 10]]
