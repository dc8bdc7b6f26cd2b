# SPDX-License-Identifier: Apache-2.0
"""Table functions of Python over `sluice server`. With --on-spark the same tests run on a real Spark Connect server,
with the same expectations."""
import pyarrow
import pytest
from pyspark.errors import AnalysisException, ParseException, PySparkException, PythonException
from pyspark.sql import Row
from pyspark.sql import functions as F
from pyspark.sql.functions import arrow_udtf, col, lit, udtf
from rig import connect


@pytest.fixture(scope="module")
def server(request, tmp_path_factory):
    yield from connect.either(request, tmp_path_factory.mktemp("server"), "--conf", "spark.sql.session.timeZone=UTC")


@pytest.fixture
def pyspark(server):
    with connect.session(server.url) as spark:
        spark.createDataFrame([(1, "a", 1), (1, "b", 2), (2, "c", 3)], "k INT, s STRING, v INT").coalesce(
            1).createOrReplaceTempView("letters")
        yield spark


def rows(frame) -> list:
    return [tuple(row) for row in frame.collect()]


def squares():
    class Squares:
        def eval(self, start, end):
            for number in range(start, end + 1):
                yield number, number * number

    return udtf(Squares, returnType="num: int, squared: int")


def counts():
    class Counts:
        def __init__(self):
            self.rows = 0

        def eval(self, *_):
            self.rows += 1

        def terminate(self):
            yield self.rows,

    return udtf(Counts, returnType="c: int")


def shown():
    class Shown:
        def eval(self, row, x=5):
            yield repr(row), x

    return udtf(Shown, returnType="r: string, n: int")


# Calls.


def test_in_a_data_frame(pyspark):
    frame = squares()(lit(1), lit(3))
    assert frame.schema.simpleString() == "struct<num:int,squared:int>"
    assert rows(frame) == [(1, 1), (2, 4), (3, 9)]
    assert rows(squares()(end=lit(2), start=lit(1)).filter("num > 1")) == [(2, 4)]


def test_in_sql(pyspark):
    pyspark.udtf.register("squares", squares())
    assert rows(pyspark.sql("SELECT * FROM squares(1, 3)")) == [(1, 1), (2, 4), (3, 9)]
    assert rows(pyspark.sql("SELECT t.a + 1 AS x FROM squares(1, 3) AS t(a, b) WHERE b > 1")) == [(3,), (4,)]
    assert rows(pyspark.sql("SELECT * FROM squares(start => 1, `end` => 2)")) == [(1, 1), (2, 4)]
    assert rows(pyspark.sql("SELECT count(*) FROM squares(1, 3) a JOIN Squares(2, 4) b USING (num)")) == [(2,)]


def test_behind_lateral(pyspark):
    pyspark.udtf.register("squares", squares())
    query = "SELECT * FROM VALUES (1, 2), (5, 6), (8, 7) AS v(x, y), LATERAL squares(x, y) ORDER BY num"
    expected = [(1, 2, 1, 1), (1, 2, 2, 4), (5, 6, 5, 25), (5, 6, 6, 36)]
    assert rows(pyspark.sql(query)) == expected
    # Spark makes no row of NULLs here.
    assert rows(pyspark.sql(query.replace(", LATERAL", " LEFT JOIN LATERAL"))) == expected
    frame = pyspark.createDataFrame([(1, 2), (5, 6)], "x INT, y INT")
    joined = frame.lateralJoin(squares()(col("x").outer(), col("y").outer()))
    assert rows(joined.orderBy("num")) == expected
    assert rows(joined.select("squared", "y").where("x = 5").orderBy("num")) == [(25, 6), (36, 6)]


def test_an_object_for_all_rows(pyspark):
    pyspark.range(0, 4, 1, 1).createOrReplaceTempView("four")
    pyspark.udtf.register("counts", counts())
    assert rows(pyspark.sql("SELECT * FROM counts(1)")) == [(1,)]
    assert rows(pyspark.sql("SELECT * FROM counts()")) == [(1,)]
    assert rows(pyspark.sql("SELECT * FROM four, LATERAL counts(id)")) == [(3, 4)]


# Tables as arguments.


def test_tables(pyspark):
    pyspark.udtf.register("counts", counts())
    pyspark.udtf.register("shown", shown())
    assert sorted(rows(pyspark.sql("SELECT * FROM counts(TABLE(letters) PARTITION BY k)"))) == [(1,), (2,)]
    assert rows(pyspark.sql("SELECT * FROM counts(TABLE(letters) WITH SINGLE PARTITION)")) == [(3,)]
    assert rows(pyspark.sql("SELECT * FROM counts(TABLE(letters))")) == [(3,)]
    assert rows(pyspark.sql("SELECT * FROM counts(TABLE(SELECT * FROM letters WHERE k > 9) WITH SINGLE PARTITION)")) == []
    assert rows(pyspark.sql("SELECT * FROM shown(TABLE(letters), 7) ORDER BY r")) == [
        ("Row(k=1, s='a', v=1)", 7), ("Row(k=1, s='b', v=2)", 7), ("Row(k=2, s='c', v=3)", 7)]
    assert rows(pyspark.sql("SELECT * FROM shown(x => 3, row => TABLE(letters)) ORDER BY r LIMIT 1")) == [
        ("Row(k=1, s='a', v=1)", 3)]


def test_tables_behind_lateral(pyspark):
    pyspark.udtf.register("counts", counts())
    query = "SELECT * FROM VALUES (1), (2) AS v(x), LATERAL counts(TABLE(letters) WITH SINGLE PARTITION) AS c(n)"
    assert sorted(rows(pyspark.sql(query))) == [(1, 3), (2, 3)]
    assert rows(pyspark.sql(query + " WHERE x > 1")) == [(2, 3)]
    left = "SELECT * FROM VALUES (1) AS v(x) LEFT JOIN LATERAL counts(TABLE(SELECT * FROM letters WHERE k > 9)) AS c(n)"
    assert rows(pyspark.sql(left)) == [(1, None)]


def test_order_inside_partitions(pyspark):
    pyspark.udtf.register("shown", shown())
    expected = [("Row(k=1, v=2)", 5), ("Row(k=1, v=1)", 5), ("Row(k=2, v=3)", 5)]
    query = "SELECT * FROM shown(TABLE(SELECT k, v FROM letters) PARTITION BY {} ORDER BY {})"
    assert sorted(rows(pyspark.sql(query.format("k", "v DESC")))) == sorted(expected)
    single = query.replace("PARTITION BY {} ORDER BY {}", "WITH SINGLE PARTITION ORDER BY (v DESC, k)")
    assert rows(pyspark.sql(single)) == [expected[2], expected[0], expected[1]]
    frame = shown()(pyspark.table("letters").asTable().partitionBy("k").orderBy(col("v").desc()), lit(9))
    assert {row.r for row in frame.collect()} == {"Row(k=1, s='b', v=2)", "Row(k=1, s='a', v=1)", "Row(k=2, s='c', v=3)"}


def test_rest_of_a_partition_is_skipped(pyspark):
    class First:
        def __init__(self):
            self.seen = 0

        def eval(self, row):
            from pyspark.sql.udtf import SkipRestOfInputTableException

            self.seen += 1
            yield row.s, self.seen
            raise SkipRestOfInputTableException("enough")

    pyspark.udtf.register("firsts", udtf(First, returnType="s: string, seen: int"))
    query = "SELECT * FROM firsts(TABLE(letters) PARTITION BY k ORDER BY v DESC)"
    assert sorted(rows(pyspark.sql(query))) == [("b", 1), ("c", 1)]


# What a function gives.


def results():
    class Results:
        def eval(self, which):
            if which == "none":
                yield None
            if which == "row":
                yield Row(a=1, b="2", c=3.0)
            if which == "others":
                yield 1.5, True, None
            if which == "list":
                yield [1, "b", 2.0]
            if which == "dict":
                yield {"a": 1, "b": "z", "c": 2.0}
            if which == "short":
                yield 1, "x"
            if which == "raise":
                raise ValueError("boom")
            if which == "text":
                yield "x", "y", 1.0

    return udtf(Results, returnType="a: int, b: string, c: double")


@pytest.mark.parametrize("which,expected", [
    ("none", (None, None, None)), ("row", (1, "2", 3.0)), ("others", (1, "true", None)), ("list", (1, "b", 2.0)),
    ("dict", (1, "z", 2.0))])
def test_results(pyspark, which, expected):
    assert rows(results()(lit(which))) == [expected]


def test_no_results(pyspark):
    assert rows(results()(lit("nothing"))) == []


def test_one_column(pyspark):
    class One:
        def eval(self, k):
            yield k

    assert rows(udtf(One, returnType="x: int")(lit(3))) == [(3,)]


def raised(kind, call) -> PySparkException:
    with pytest.raises(kind) as caught:
        call()
    return caught.value


@pytest.mark.parametrize("which,text", [("short", "UDTF_RETURN_SCHEMA_MISMATCH"), ("raise", "ValueError: boom"),
                                        ("text", "UDTF_ARROW_DATA_CONVERSION_ERROR")])
def test_failures(pyspark, which, text):
    assert text in str(raised(PythonException, lambda: results()(lit(which)).collect()))


# Functions whose columns `analyze` says.


def test_analyze(pyspark):
    class Columns:
        def __init__(self, result):
            self.width = len(result.schema)

        @staticmethod
        def analyze(width, *more):
            from pyspark.sql.types import IntegerType, StructType
            from pyspark.sql.udtf import AnalyzeResult

            schema = StructType()
            for i in range(width.value):
                schema = schema.add(f"c{i}", IntegerType())
            return AnalyzeResult(schema=schema)

        def eval(self, width, *more):
            yield tuple(range(self.width))

    function = udtf(Columns)
    pyspark.udtf.register("columns", function)
    frame = pyspark.sql("SELECT * FROM columns(1 + 2)")
    assert (frame.columns, rows(frame)) == (["c0", "c1", "c2"], [(0, 1, 2)])
    assert rows(function(lit(2), lit("x"))) == [(0, 1)]


def test_analyze_says_how_its_table_comes(pyspark):
    class Joined:
        def __init__(self):
            self.rows, self.text = 0, ""

        @staticmethod
        def analyze(row):
            from pyspark.sql.types import StructType
            from pyspark.sql.udtf import AnalyzeResult, OrderingColumn, PartitioningColumn

            assert row.isTable
            return AnalyzeResult(schema=StructType().add("n", "integer").add("t", "string"),
                                 partitionBy=[PartitioningColumn("k")], orderBy=[OrderingColumn("v", False)])

        def eval(self, row):
            self.rows += 1
            self.text += row.s

        def terminate(self):
            yield self.rows, self.text

    pyspark.udtf.register("joined", udtf(Joined))
    assert sorted(rows(pyspark.sql("SELECT * FROM joined(TABLE(letters))"))) == [(1, "c"), (2, "ba")]
    error = raised(AnalysisException, lambda: pyspark.sql("SELECT * FROM joined(1)").collect())
    assert (error.getCondition(), error.getSqlState()) == ("TABLE_VALUED_FUNCTION_FAILED_TO_ANALYZE_IN_PYTHON", "38000")
    assert "AssertionError" in str(error)


# Functions over Arrow.


def test_rows_of_arrow(pyspark):
    class Next:
        def eval(self, a):
            yield a, a + 1

    assert rows(udtf(Next, returnType="x: int, y: int", useArrow=True)(lit(3))) == [(3, 4)]


def test_tables_of_arrow(pyspark):
    class Doubled:
        def eval(self, values):
            yield pyarrow.table({"x": values, "y": pyarrow.compute.multiply(values, 2)})

    class Sizes:
        def eval(self, table):
            yield pyarrow.table({"rows": pyarrow.array([table.num_rows], pyarrow.int32())})

    doubled = arrow_udtf(returnType="x bigint, y bigint")(Doubled)
    assert rows(doubled(lit(3).cast("bigint"))) == [(3, 6)]
    pyspark.udtf.register("doubled", doubled)
    pyspark.udtf.register("sizes", arrow_udtf(returnType="rows int")(Sizes))
    assert sorted(rows(pyspark.sql("SELECT * FROM sizes(TABLE(letters) PARTITION BY k)"))) == [(1,), (2,)]
    error = raised(AnalysisException, lambda: pyspark.sql("SELECT * FROM range(3), LATERAL doubled(id)").collect())
    assert (error.getCondition(), error.getSqlState()) == ("LATERAL_JOIN_WITH_ARROW_UDTF_UNSUPPORTED", "0A000")


# What is refused.


@pytest.mark.parametrize("sql,kind,condition,state", [
    ("SELECT * FROM no_such_function(1)", AnalysisException, "UNRESOLVABLE_TABLE_VALUED_FUNCTION", "42883"),
    ("SELECT squares(1, 2)", AnalysisException, "NOT_A_SCALAR_FUNCTION", "42887"),
    ("SELECT * FROM squares(TABLE(letters), TABLE(letters))", AnalysisException,
     "TABLE_VALUED_FUNCTION_TOO_MANY_TABLE_ARGUMENTS", "54023"),
    ("SELECT * FROM squares(TABLE(letters) PARTITION BY k, v)", ParseException, "_LEGACY_ERROR_TEMP_0064", None),
    ("SELECT * FROM squares(TABLE(nowhere))", AnalysisException, "TABLE_OR_VIEW_NOT_FOUND", "42P01")])
def test_errors_are_those_of_spark(pyspark, sql, kind, condition, state):
    pyspark.udtf.register("squares", squares())
    error = raised(kind, lambda: pyspark.sql(sql).collect())
    assert (error.getCondition(), error.getSqlState()) == (condition, state)
    assert type(error).__name__ == kind.__name__


def test_in_a_stream(pyspark, tmp_path):
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a.csv").write_text("1,2\n5,6\n")
    stream = pyspark.readStream.schema("x INT, y INT").csv(str(tmp_path / "in"))
    frame = stream.lateralJoin(squares()(col("x").outer(), col("y").outer())).select("num", F.col("squared"))
    query = frame.writeStream.format("memory").queryName("squared").trigger(availableNow=True).start()
    query.awaitTermination(60)
    assert sorted(rows(pyspark.table("squared"))) == [(1, 1), (2, 4), (5, 25), (6, 36)]
