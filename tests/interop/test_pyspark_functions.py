# SPDX-License-Identifier: Apache-2.0
"""Python functions over `sluice server`, run by pyspark's own workers. With --on-spark the same tests run on a real
Spark Connect server, with the same expectations."""
import datetime
import decimal
import os
import signal
import sys
import time

import pytest
from pyspark.errors import AnalysisException, PySparkException, PythonException, StreamingQueryException
from pyspark.sql import Row
from pyspark.sql import functions as F
from pyspark.sql.functions import pandas_udf, udf
from pyspark.sql.types import LongType, StringType
from rig import connect


@pytest.fixture(scope="module")
def server(request, tmp_path_factory):
    yield from connect.either(request, tmp_path_factory.mktemp("server"), "--conf", "spark.sql.session.timeZone=UTC")


@pytest.fixture
def pyspark(server):
    with connect.session(server.url) as spark:
        yield spark


def rows(frame) -> list:
    return [tuple(row) for row in frame.collect()]


@udf(LongType())  # not by its name: there is no session yet to read it
def plus(a, b=1):
    return None if a is None else a + b


@udf(StringType())
def shown(value):
    return repr(value)


# A value a row.


def test_functions_beside_and_inside_each_other(pyspark):
    frame = pyspark.range(3).select("id", plus("id"), plus(plus("id"), F.lit(10)).alias("twice"),
                                    (plus("id") * 2 + F.col("id")).alias("mixed"))
    assert frame.columns == ["id", "plus(id)", "twice", "mixed"]
    assert rows(frame) == [(0, 1, 11, 2), (1, 2, 12, 5), (2, 3, 13, 8)]
    assert dict(frame.dtypes)["twice"] == "bigint"


def test_chains_of_functions(pyspark):
    once = udf(lambda x: x + 1, "bigint")
    frame = pyspark.range(4).select(once(once(once("id"))).alias("three"), once("id").alias("one"))
    assert rows(frame) == [(3, 1), (4, 2), (5, 3), (6, 4)]
    later = pyspark.range(4).withColumn("a", once("id")).withColumn("b", once("a")).withColumn("c", F.col("a") + F.col("b"))
    assert rows(later) == [(0, 1, 2, 3), (1, 2, 3, 5), (2, 3, 4, 7), (3, 4, 5, 9)]


def test_arguments_by_keyword(pyspark):
    frame = pyspark.range(2).select(plus(b=F.lit(5), a=F.col("id")), plus("id", b=F.lit(7)).alias("z"))
    assert frame.columns == ["plus(b => 5, a => id)", "z"]
    assert rows(frame) == [(5, 7), (6, 8)]


def test_a_function_without_arguments(pyspark):
    assert rows(pyspark.range(3).select("id", udf(lambda: "x", "string")().alias("x"))) == [(0, "x"), (1, "x"), (2, "x")]


def test_filters(pyspark):
    even = udf(lambda x: x % 2 == 0, "boolean")
    assert rows(pyspark.range(10).filter(even("id")).filter("id > 3")) == [(4,), (6,), (8,)]
    assert rows(pyspark.range(10).filter(even("id") & (F.col("id") > 3) & even(F.col("id") + 1).eqNullSafe(False))) == [
        (4,), (6,), (8,)]
    # What needs no function is asked first, so this one sees no zero.
    assert rows(pyspark.range(3).filter((F.col("id") > 0) & (udf(lambda x: 2 // x, "bigint")("id") == 1))) == [(2,)]


def test_functions_in_keys_orders_and_joins(pyspark):
    third = udf(lambda x: x % 3, "bigint")
    frame = pyspark.range(7)
    assert rows(frame.groupBy(third("id").alias("k")).agg(F.sum(plus("id")).alias("s")).orderBy("k")) == [
        (0, 12), (1, 7), (2, 9)]
    assert rows(frame.orderBy(third("id").desc(), F.col("id").desc()).limit(3)) == [(5,), (2,), (4,)]
    left = frame.filter("id < 3").withColumnRenamed("id", "a")
    right = frame.filter("id < 3").withColumnRenamed("id", "b")
    assert sorted(rows(left.join(right, plus("a") == F.col("b")))) == [(0, 1), (1, 2)]
    assert sorted(rows(left.join(right, plus("a") == plus("b"), "left_semi"))) == [(0,), (1,), (2,)]
    assert sorted(rows(left.join(right, plus("b") == F.col("a"), "left"))) == [(0, None), (1, 0), (2, 1)]


def test_every_type_in(pyspark):
    schema = ("b BOOLEAN, i INT, l BIGINT, f DOUBLE, s STRING, bin BINARY, d DATE, t TIMESTAMP, n DECIMAL(10,2), "
              "a ARRAY<INT>, m MAP<STRING, INT>, st STRUCT<x: INT, y: STRING>, none STRING")
    row = Row(b=True, i=7, l=2**40, f=1.5, s="grüße", bin=bytearray(b"\x00\xff"), d=datetime.date(2026, 11, 27),
              t=datetime.datetime(2026, 11, 27, 10, 0, 0, 123456), n=decimal.Decimal("12.30"), a=[1, None, 3],
              m={"k": 1}, st=Row(x=1, y="z"), none=None)
    frame = pyspark.createDataFrame([row], schema)
    texts = frame.select(*[shown(name).alias(name) for name in frame.columns]).first().asDict()
    assert texts == {"b": "True", "i": "7", "l": "1099511627776", "f": "1.5", "s": "'grüße'", "bin": "b'\\x00\\xff'",
                     "d": "datetime.date(2026, 11, 27)", "t": "datetime.datetime(2026, 11, 27, 10, 0, 0, 123456)",
                     "n": "Decimal('12.30')", "a": "[1, None, 3]", "m": "{'k': 1}", "st": "Row(x=1, y='z')", "none": "None"}


@pytest.mark.parametrize("ddl, value", [
    ("boolean", True), ("int", 7), ("smallint", -3), ("bigint", 2**40), ("double", 1.5), ("string", "grüße"),
    ("binary", bytearray(b"\x00\xff")), ("date", datetime.date(2026, 11, 27)),
    ("timestamp", datetime.datetime(2026, 11, 27, 10, 0, 0, 123456)), ("decimal(10,2)", decimal.Decimal("12.30")),
    ("array<int>", [1, None, 3]), ("map<string,int>", {"k": 1, "z": None}), ("struct<x:int,y:string>", Row(x=1, y="z")),
    ("array<struct<x:int>>", [Row(x=1), None]), ("string", None)])
def test_every_type_out(pyspark, ddl, value):
    frame = pyspark.range(1).select(udf(lambda _: value, ddl)("id").alias("v"))
    assert frame.dtypes == [("v", ddl)]
    assert frame.first().v == value


def test_many_rows_keep_their_order(pyspark):
    frame = pyspark.range(100_000).select("id", plus("id").alias("next")).toPandas()
    assert (frame["next"] == frame["id"] + 1).all() and len(frame) == 100_000


def test_no_rows(pyspark):
    assert rows(pyspark.range(0).select(plus("id"))) == []
    assert rows(pyspark.range(5).filter("id > 100").select(plus("id"), shown("id"))) == []


def test_registered_functions_in_sql(pyspark):
    pyspark.udf.register("twice", lambda x: x * 2, "bigint")
    pyspark.udf.register("add", plus)
    pyspark.range(5).createOrReplaceTempView("five")
    assert rows(pyspark.sql("SELECT twice(id) AS t, ADD(id, 3) FROM five WHERE twice(id) > 4 ORDER BY t DESC")) == [
        (8, 7), (6, 6)]
    assert pyspark.sql("SELECT twice(id) FROM five").columns == ["twice(id)"]
    assert rows(pyspark.sql("SELECT twice(id) % 4 AS k, count(*) FROM five GROUP BY twice(id) % 4 ORDER BY k")) == [
        (0, 3), (2, 2)]
    assert rows(pyspark.sql("SELECT add(a => id, b => 2) AS v FROM five WHERE id = 1")) == [(3,)]
    assert rows(pyspark.range(2).selectExpr("twice(id)")) == [(0,), (2,)]
    assert rows(pyspark.range(2).select(F.call_function("twice", "id"))) == [(0,), (2,)]
    with pytest.raises(AnalysisException, match="UNRESOLVED_ROUTINE"):
        pyspark.sql("SELECT thrice(id) FROM five").collect()


def test_a_registered_function_gives_null_where_its_result_is_of_another_type(pyspark):
    values = [5, "5", 1.5, True, None, [1]]
    for ddl, wanted in (("int", [5, None, None, None, None, None]), ("string", ["5", "5", "1.5", "true", None, "[1]"]),
                        ("double", [None, None, 1.5, None, None, None]), ("boolean", [None, None, None, True, None, None]),
                        ("array<int>", [None, None, None, None, None, [1]])):
        pyspark.udf.register("pick", lambda i: values[i], ddl)
        assert [row[0] for row in pyspark.range(6).selectExpr("pick(id)").collect()] == wanted, ddl


def test_functions_that_are_not_deterministic(pyspark):
    import random

    draw = udf(lambda: random.random(), "double").asNondeterministic()
    frame = pyspark.range(4).select(draw().alias("a"), draw().alias("b"))
    for a, b in rows(frame):
        assert 0 <= a < 1 and a != b


# pandas and Arrow.


def test_pandas_functions(pyspark):
    pandas_plus = pandas_udf(lambda a, b: a + b, "bigint")
    frame = pyspark.range(5).select(pandas_plus("id", F.lit(2)).alias("v"), pandas_plus(b=F.col("id"), a=F.col("id")).alias("w"))
    assert rows(frame) == [(2, 0), (3, 2), (4, 4), (5, 6), (6, 8)]


def test_pandas_functions_over_iterators(pyspark):
    from collections.abc import Iterator

    import pandas as pd

    @pandas_udf("bigint")
    def counted(batches: Iterator[pd.Series]) -> Iterator[pd.Series]:
        base = 100  # what would be read once from somewhere
        for batch in batches:
            yield batch + base

    assert rows(pyspark.range(3).select(counted("id"))) == [(100,), (101,), (102,)]


def test_pandas_functions_and_structs(pyspark):
    @pandas_udf("struct<a:bigint,b:string>")
    def both(x):
        import pandas as pd

        return pd.DataFrame({"a": x, "b": x.astype(str)})

    assert rows(pyspark.range(2).select(both("id").alias("s")).select("s.a", "s.b")) == [(0, "0"), (1, "1")]


def test_arrow_functions(pyspark):
    from pyspark.sql.functions import arrow_udf

    @arrow_udf("bigint")
    def arrow_plus(a, b):
        import pyarrow.compute as pc

        return pc.add(a, b)

    assert rows(pyspark.range(3).select(arrow_plus("id", F.col("id") + 1))) == [(1,), (3,), (5,)]


def test_maps_over_batches(pyspark):
    def halves(batches):
        for batch in batches:
            yield batch[batch["id"] % 2 == 0].assign(half=lambda b: b["id"] // 2)

    frame = pyspark.range(10).mapInPandas(halves, "id long, half long")
    assert frame.columns == ["id", "half"]
    assert sorted(rows(frame.filter("half > 1"))) == [(4, 2), (6, 3), (8, 4)]

    def twice(batches):
        for batch in batches:
            yield batch
            yield batch

    assert sorted(rows(pyspark.range(2).mapInArrow(twice, "id long"))) == [(0,), (0,), (1,), (1,)]
    assert pyspark.range(100_000).mapInArrow(twice, "id long").count() == 200_000


def test_a_map_may_stop_early_or_give_more(pyspark):
    def first(batches):
        for batch in batches:
            yield batch.iloc[:1]
            return

    assert pyspark.range(50_000).coalesce(1).mapInPandas(first, "id long").count() == 1


# Groups.


@pytest.fixture
def grouped(pyspark):
    return pyspark.createDataFrame([("b", 1, 1.0), ("a", 2, 2.0), ("b", 3, 5.0), (None, 4, 4.0), ("a", 5, 6.0)],
                                   "k STRING, n INT, v DOUBLE")


def test_functions_of_groups(grouped):
    def centred(group):
        return group.assign(v=group["v"] - group["v"].mean())[["n", "v"]]

    assert sorted(rows(grouped.groupBy("k").applyInPandas(centred, "n int, v double"))) == [
        (1, -2.0), (2, -2.0), (3, 2.0), (4, 0.0), (5, 2.0)]

    def named(key, group):
        import pandas as pd

        return pd.DataFrame([(ord(key[0]) if isinstance(key[0], str) else 0, key[1], len(group))], columns=["k", "odd", "rows"])

    frame = grouped.groupBy("k", (F.col("n") % 2).alias("odd")).applyInPandas(named, "k int, odd int, rows long")
    assert sorted(rows(frame)) == [(0, 0, 1), (97, 0, 1), (97, 1, 1), (98, 1, 2)]

    def count(group):
        import pandas as pd

        return pd.DataFrame({"n": [len(group)]})

    assert rows(grouped.groupBy().applyInPandas(count, "n int")) == [(5,)]


def test_functions_of_groups_in_arrow(grouped):
    def total(key, table):
        import pyarrow as pa
        import pyarrow.compute as pc

        return pa.table({"k": pa.array([key[0].as_py()], pa.string()), "total": [pc.sum(table["v"]).as_py()]})

    assert sorted(rows(grouped.groupBy("k").applyInArrow(total, "k string, total double")), key=str) == [
        ("a", 8.0), ("b", 6.0), (None, 4.0)]


def test_cogroups(pyspark, grouped):
    other = pyspark.createDataFrame([("a", 10), ("c", 30), ("a", 11)], "k STRING, m INT")

    def sizes(key, left, right):
        import pandas as pd

        return pd.DataFrame([(ord(key[0]) if isinstance(key[0], str) else 0, len(left), len(right),
                              float(left["v"].sum()) + float(right["m"].sum()))], columns=["k", "l", "r", "s"])

    frame = grouped.groupBy("k").cogroup(other.groupBy("k")).applyInPandas(sizes, "k int, l long, r long, s double")
    assert sorted(rows(frame)) == [(0, 1, 0, 4.0), (97, 2, 2, 29.0), (98, 2, 0, 6.0), (99, 0, 1, 30.0)]


def test_aggregating_functions(pyspark, grouped):
    import pandas as pd

    mean = pandas_udf(lambda v: v.mean(), "double", F.PandasUDFType.GROUPED_AGG)
    spread = pandas_udf(lambda v, n: float((v * n).max()), "double", F.PandasUDFType.GROUPED_AGG)
    frame = grouped.groupBy("k").agg(mean("v").alias("m"), spread("v", "n").alias("s")).orderBy("k")
    assert rows(frame) == [(None, 4.0, 16.0), ("a", 4.0, 30.0), ("b", 3.0, 15.0)]
    assert rows(grouped.agg(mean(F.col("v") + 1).alias("m"))) == [(4.6,)]
    assert isinstance(grouped.toPandas(), pd.DataFrame)
    assert [row[0] for row in grouped.groupBy((F.col("n") % 2).alias("odd")).agg(mean("v")).orderBy("odd").collect()] == [0, 1]
    pyspark.udf.register("mean_of", mean)
    grouped.createOrReplaceTempView("grouped")
    assert rows(pyspark.sql("SELECT mean_of(v) FROM grouped WHERE k = 'a'")) == [(4.0,)]
    with pytest.raises(AnalysisException, match="INVALID_PANDAS_UDF_PLACEMENT"):
        grouped.groupBy("k").agg(mean("v"), F.max("v")).collect()


# What goes wrong.


def test_an_exception_comes_with_its_traceback(pyspark):
    @udf("int")
    def divided(x):
        return 1 // x

    with pytest.raises(PythonException) as caught:
        pyspark.range(1).select(divided("id")).collect()
    text = str(caught.value)
    assert "ZeroDivisionError" in text and "return 1 // x" in text and "An exception was thrown from the Python worker" in text
    # The next one has a worker.
    assert rows(pyspark.range(1, 2).select(divided("id"))) == [(1,)]


def test_an_exception_of_a_map(pyspark):
    def broken(batches):
        for batch in batches:
            yield batch
        raise ValueError("at the end")

    with pytest.raises(PythonException, match="at the end"):
        pyspark.range(3).mapInPandas(broken, "id long").collect()


def test_a_result_of_wrong_length(pyspark):
    with pytest.raises(PythonException, match="(?i)length|rows"):
        pyspark.range(3).select(pandas_udf(lambda s: s.iloc[:1], "bigint")("id")).collect()


def test_a_worker_that_dies_is_an_error(pyspark):
    @udf("int")
    def dies(x):
        os.kill(os.getpid(), signal.SIGKILL)

    with pytest.raises(PySparkException, match="Python worker exited unexpectedly"):
        pyspark.range(1).select(dies("id")).collect()
    assert rows(pyspark.range(1).select(plus("id"))) == [(1,)]


def test_functions_that_print_a_lot(pyspark):
    @udf("bigint")
    def chatty(x):
        print("x" * 10_000)
        print("y" * 10_000, file=sys.stderr)
        return x

    assert pyspark.range(300).select(chatty("id").alias("v")).agg(F.sum("v")).first()[0] == 44850


def test_a_hanging_function_is_interrupted(pyspark):
    import threading

    @udf("int")
    def hangs(x):
        time.sleep(600)

    def interrupt():
        time.sleep(2)
        pyspark.interruptAll()

    threading.Thread(target=interrupt).start()
    began = time.monotonic()
    with pytest.raises(PySparkException, match="OPERATION_CANCELED|canceled|cancelled"):
        pyspark.range(1).select(hangs("id")).collect()
    assert time.monotonic() - began < 60


# Streams.


def stream(pyspark, rows_per_batch=3):
    return pyspark.readStream.format("rate-micro-batch").option("rowsPerBatch", rows_per_batch).load()


def run_batches(writer, batches: int):
    """Runs until there are so many batches, or the query ends."""
    query = writer.trigger(processingTime="10 milliseconds").start()
    for _ in range(1200):
        progress = query.lastProgress if query.isActive else None
        if not query.isActive or progress and progress["batchId"] >= batches - 1:
            break
        time.sleep(0.05)
    return query


def test_functions_over_a_stream(pyspark, tmp_path):
    frame = stream(pyspark).select(plus("value").alias("next")).filter(udf(lambda x: x % 2 == 0, "boolean")("next"))
    query = run_batches(frame.writeStream.format("memory").queryName("evens"), 2)
    query.stop()
    assert [row.next for row in pyspark.table("evens").collect()][:3] == [2, 4, 6]


def test_foreach_batch(pyspark, tmp_path):
    pyspark.range(2).createOrReplaceTempView("both")
    seen = tmp_path / "seen"

    def keep(frame, number):
        joined = frame.sparkSession.table("both").crossJoin(frame)
        with open(seen, "a") as file:
            print(number, frame.count(), joined.count(), frame.columns, frame.isStreaming, sorted(
                row.value for row in frame.collect()), file=file)

    query = run_batches(stream(pyspark).writeStream.foreachBatch(keep).option(
        "checkpointLocation", str(tmp_path / "c")), 3)
    query.stop()
    lines = seen.read_text().splitlines()
    assert lines[:2] == ["0 3 6 ['timestamp', 'value'] False [0, 1, 2]", "1 3 6 ['timestamp', 'value'] False [3, 4, 5]"]
    # After a restart the numbers go on.
    later = run_batches(stream(pyspark).writeStream.foreachBatch(keep).option(
        "checkpointLocation", str(tmp_path / "c")), len(lines) + 1)
    later.stop()
    assert [int(line.split()[0]) for line in seen.read_text().splitlines()][:len(lines) + 1] == list(range(len(lines) + 1))


def test_a_foreach_batch_that_fails_is_called_again_with_its_batch(pyspark, tmp_path):
    seen = tmp_path / "seen"

    def fails_once(frame, number):
        with open(seen, "a") as file:
            print(number, file=file)
        if number == 1 and seen.read_text().split().count("1") == 1:
            raise ValueError("not now")

    writer = stream(pyspark).writeStream.foreachBatch(fails_once).option("checkpointLocation", str(tmp_path / "c"))
    query = run_batches(writer, 5)
    with pytest.raises(StreamingQueryException, match="not now") as caught:
        query.awaitTermination(60)
    assert "STREAM_FAILED" in str(caught.value) and "ValueError" in str(caught.value)
    assert not query.isActive and "ValueError" in str(query.exception())
    later = run_batches(stream(pyspark).writeStream.foreachBatch(fails_once).option(
        "checkpointLocation", str(tmp_path / "c")), 3)
    later.stop()
    assert seen.read_text().split()[:4] == ["0", "1", "1", "2"]


def test_foreach(pyspark, tmp_path):
    folder = tmp_path / "calls"
    folder.mkdir()

    class Writer:
        def open(self, partition, epoch):
            self.file = open(folder / f"{epoch}-{partition}", "a")
            return True

        def process(self, row):
            print(row.value, type(row).__name__, file=self.file)

        def close(self, error):
            print("closed", error, file=self.file)
            self.file.close()

    query = run_batches(stream(pyspark).coalesce(1).writeStream.foreach(Writer()), 2)
    query.stop()
    assert (folder / "0-0").read_text() == "0 Row\n1 Row\n2 Row\nclosed None\n"
    assert (folder / "1-0").read_text() == "3 Row\n4 Row\n5 Row\nclosed None\n"


def test_foreach_that_fails(pyspark):
    def fails(row):
        raise ValueError(f"no {row.value}")

    query = run_batches(stream(pyspark).writeStream.foreach(fails), 2)
    with pytest.raises(StreamingQueryException, match="no 0"):
        query.awaitTermination(60)


# What a worker may see, and how it ends: of Sluice's server alone.


@pytest.fixture
def own(request, tmp_path):
    """A server of Sluice's for one test, with a secret in its environment."""
    if request.config.getoption("--on-spark"):
        pytest.skip("of Sluice's server")
    env = {"PYSPARK_PYTHON": sys.executable, "AWS_SECRET_ACCESS_KEY": "wJalrXUtnFEMI", "MY_TOKEN": "abc"}
    with connect.Server(tmp_path / "server", "--conf", "spark.executorEnv.GREETING=hello", "--conf",
                        "spark.executor.pyspark.memory=4g", env=env) as started:
        yield started


def alive(pid: int) -> bool:
    return os.path.exists(f"/proc/{pid}") and " Z " not in open(f"/proc/{pid}/stat").read()


def test_workers_see_little_and_end_with_the_server(own):
    with connect.session(own.url) as spark:
        @udf("string")
        def environment():
            import json

            return json.dumps([os.getpid(), os.getppid(), dict(os.environ)])

        import json

        _, daemon, variables = json.loads(spark.range(1).select(environment()).collect()[0][0])
        assert variables["GREETING"] == "hello" and "PATH" in variables
        assert not {"AWS_SECRET_ACCESS_KEY", "MY_TOKEN", "PYSPARK_PYTHON"} & set(variables)
        with pytest.raises(PythonException, match="MemoryError"):
            spark.range(1).select(udf(lambda: len(bytearray(8 << 30)), "bigint")()).collect()
        worker, still, _ = json.loads(spark.range(1).select(environment()).collect()[0][0])
        assert still == daemon and alive(worker) and alive(daemon)
        own.running.child.kill()
        for _ in range(200):
            if not alive(worker) and not alive(daemon):
                break
            time.sleep(0.05)
        assert not alive(worker) and not alive(daemon)


def test_a_session_cannot_choose_the_python(own):
    with connect.session(own.url) as spark:
        for key in ("spark.pyspark.python", "spark.executorEnv.X", "spark.executor.pyspark.memory"):
            with pytest.raises(AnalysisException, match="CANNOT_MODIFY"):
                spark.conf.set(key, "x")


@pytest.mark.parametrize("python, words", [("/nonexistent/python", "cannot be started"), ("/bin/true", "did not start")])
def test_a_python_that_is_none(request, tmp_path, python, words):
    if request.config.getoption("--on-spark"):
        pytest.skip("of Sluice's server")
    with connect.Server(tmp_path / "server", env={"PYSPARK_PYTHON": python}) as started:
        with connect.session(started.url) as spark, pytest.raises(PySparkException, match=words):
            spark.range(1).select(plus("id")).collect()
