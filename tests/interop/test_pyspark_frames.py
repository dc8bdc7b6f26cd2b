# SPDX-License-Identifier: Apache-2.0
"""What a DataFrame tells of its plan and its files, over `sluice server`. With --on-spark the same tests run on a real
Spark Connect server, with the same expectations."""
import datetime
import pathlib

import pytest
from pyspark.errors import AnalysisException
from pyspark.sql import functions as F
from rig import connect

FILE_FIELDS = ["file_path", "file_name", "file_size", "file_block_start", "file_block_length", "file_modification_time"]


@pytest.fixture(scope="module")
def server(request, tmp_path_factory):
    yield from connect.either(request, tmp_path_factory.mktemp("server"), "--conf", "spark.sql.session.timeZone=UTC")


@pytest.fixture(scope="module")
def pyspark(server):
    with connect.session(server.url) as spark:
        yield spark


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Two CSV files, and a file below each of two partition folders."""
    root = tmp_path_factory.mktemp("files")
    (root / "csv").mkdir()
    (root / "csv" / "a.csv").write_text("1\n2\n")
    (root / "csv" / "b.csv").write_text("30\n")
    for name, text in {"k=a b": '{"id":1}\n', "k=c%25d": '{"id":2}\n'}.items():
        (root / "json" / name).mkdir(parents=True)
        (root / "json" / name / "part.json").write_text(text)
    return root


def csv(spark, folder):
    return spark.read.schema("id INT").csv(str(folder / "csv"))


def name(path: pathlib.Path) -> str:
    return "file://" + str(path).replace("%", "%25").replace(" ", "%20")


def rows(frame) -> list:
    return sorted(tuple(row) for row in frame.collect())


# The file of a row.


def test_the_file_of_a_row(pyspark, folder):
    frame = csv(pyspark, folder).select("id", "_metadata.file_name", "_metadata.file_size", "_metadata.file_path",
                                        "_metadata.file_block_start", "_metadata.file_block_length")
    assert frame.columns == ["id", "file_name", "file_size", "file_path", "file_block_start", "file_block_length"]
    where = f"file:{folder}/csv/"
    assert rows(frame) == [(1, "a.csv", 4, where + "a.csv", 0, 4), (2, "a.csv", 4, where + "a.csv", 0, 4),
                           (30, "b.csv", 3, where + "b.csv", 0, 3)]


def test_the_time_of_a_file(pyspark, folder):
    times = csv(pyspark, folder).where("id = 30").select("_metadata.file_modification_time").collect()
    changed = (folder / "csv" / "b.csv").stat().st_mtime_ns // 1_000_000
    assert times[0][0].replace(tzinfo=datetime.timezone.utc).timestamp() * 1000 == pytest.approx(changed, abs=1)


def test_the_column_whole(pyspark, folder):
    frame = csv(pyspark, folder)
    assert frame.columns == ["id"] and frame.select("*").columns == ["id"]
    whole = frame.select("*", "_metadata")
    assert whole.columns == ["id", "_metadata"]
    assert whole.schema["_metadata"].dataType.fieldNames() == FILE_FIELDS
    assert not whole.schema["_metadata"].nullable
    assert frame.select(frame.metadataColumn("_metadata")).columns == ["_metadata"]


def test_where_the_column_comes_through(pyspark, folder):
    frame = csv(pyspark, folder)
    assert frame.where(F.col("_metadata.file_size") > 3).count() == 2
    assert rows(frame.where("_metadata.file_name = 'b.csv'")) == [(30,)]
    assert rows(frame.select((F.col("id") * 2).alias("d")).where("d > 2").select("d", "_metadata.file_name")) == [
        (4, "a.csv"), (60, "b.csv")]
    assert frame.orderBy(F.desc("id")).limit(1).select("_metadata.file_name").collect()[0][0] == "b.csv"
    assert rows(frame.groupBy("_metadata.file_name").count()) == [("a.csv", 2), ("b.csv", 1)]
    assert rows(frame.alias("t").withColumn("f", F.col("_metadata.file_name"))) == [
        (1, "a.csv"), (2, "a.csv"), (30, "b.csv")]


def test_a_view_over_the_column(pyspark, folder):
    csv(pyspark, folder).select("id", "_metadata.file_name").createOrReplaceTempView("named")
    for _ in range(2):
        assert rows(pyspark.sql("SELECT * FROM named")) == [(1, "a.csv"), (2, "a.csv"), (30, "b.csv")]
    pyspark.catalog.dropTempView("named")


def test_the_column_twice(pyspark, folder):
    frame = csv(pyspark, folder).withColumn("one", F.input_file_name()).withColumn("two", F.col("_metadata.file_name"))
    frame = frame.where("_metadata.file_size < 4")
    assert rows(frame) == [(30, name(folder / "csv" / "b.csv"), "b.csv")]


def test_the_file_of_a_row_of_a_stream(pyspark, folder):
    stream = pyspark.readStream.schema("id INT").option("maxFilesPerTrigger", 1).csv(str(folder / "csv"))
    named = stream.select("id", "_metadata.file_name", "_metadata.file_size", F.input_file_name().alias("uri"))
    query = named.writeStream.format("memory").queryName("named_rows").trigger(availableNow=True).start()
    query.awaitTermination(60)
    a, b = (name(folder / "csv" / file) for file in ["a.csv", "b.csv"])
    assert rows(pyspark.table("named_rows")) == [(1, "a.csv", 4, a), (2, "a.csv", 4, a), (30, "b.csv", 3, b)]


def test_the_folder_of_a_row_of_a_stream(pyspark, folder):
    stream = pyspark.readStream.schema("id INT, k STRING").json(str(folder / "json"))
    query = stream.select("id", "k", "_metadata.file_name").writeStream.format("memory").queryName("of_folders").trigger(
        availableNow=True).start()
    query.awaitTermination(60)
    assert rows(pyspark.table("of_folders")) == [(1, "a b", "part.json"), (2, "c%d", "part.json")]


def test_where_there_is_no_such_column(pyspark, folder):
    for frame in [pyspark.range(1), csv(pyspark, folder).groupBy().count()]:
        with pytest.raises(AnalysisException) as raised:
            frame.select("_metadata").collect()
        assert raised.value.getCondition() == "UNRESOLVED_COLUMN.WITH_SUGGESTION"
    with pytest.raises(AnalysisException) as raised:
        csv(pyspark, folder).select("_metadata.none").collect()
    assert raised.value.getCondition() == "FIELD_NOT_FOUND"


def test_a_column_of_that_name_comes_first(pyspark):
    assert rows(pyspark.createDataFrame([(1,)], "_metadata INT").select("_metadata")) == [(1,)]


def test_calls_that_name_the_file(pyspark, folder):
    frame = csv(pyspark, folder).select("id", F.input_file_name(), F.input_file_block_start(), F.input_file_block_length())
    assert frame.columns == ["id", "input_file_name()", "input_file_block_start()", "input_file_block_length()"]
    assert [field.nullable for field in frame.schema][1:] == [False] * 3
    a, b = (name(folder / "csv" / file) for file in ["a.csv", "b.csv"])
    assert rows(frame) == [(1, a, 0, 4), (2, a, 0, 4), (30, b, 0, 3)]
    assert rows(csv(pyspark, folder).withColumn("file", F.input_file_name()).where("id > 2")) == [(30, b)]
    assert rows(csv(pyspark, folder).selectExpr("id", "upper(input_file_name()) LIKE '%B.CSV' AS b")) == [
        (1, False), (2, False), (30, True)]
    assert rows(csv(pyspark, folder).groupBy(F.input_file_name().alias("f")).count()) == [(a, 2), (b, 1)]
    assert rows(csv(pyspark, folder).where(F.input_file_name().endswith("b.csv"))) == [(30,)]
    assert rows(pyspark.sql(f"SELECT _c0, input_file_name() FROM csv.`{folder}/csv` WHERE _c0 = '30'")) == [("30", b)]


def test_calls_beside_partition_folders(pyspark, folder):
    frame = pyspark.read.json(str(folder / "json")).select("id", "k", F.input_file_name())
    assert rows(frame) == [(1, "a b", name(folder / "json" / "k=a b" / "part.json")),
                           (2, "c%d", name(folder / "json" / "k=c%25d" / "part.json"))]


def test_calls_without_files(pyspark):
    frame = pyspark.range(1).select(F.input_file_name(), F.input_file_block_start(), F.input_file_block_length())
    assert rows(frame) == [("", -1, -1)]


def test_parquet_files(pyspark, folder):
    where = str(folder / "parquet")
    pyspark.range(3).coalesce(1).write.parquet(where)
    (file,) = pathlib.Path(where).glob("*.parquet")
    frame = pyspark.read.parquet(where).select("id", "_metadata.file_name", F.input_file_name())
    assert rows(frame) == [(i, file.name, name(file)) for i in range(3)]


def test_input_files(pyspark, folder):
    a, b = (name(folder / "csv" / file) for file in ["a.csv", "b.csv"])
    frame = csv(pyspark, folder)
    assert sorted(frame.inputFiles()) == [a, b]
    assert sorted(frame.union(frame).inputFiles()) == [a, b]
    assert sorted(frame.join(pyspark.range(3), "id").inputFiles()) == [a, b]
    assert pyspark.range(1).inputFiles() == []


# The plan.


def test_local_frames(pyspark):
    local = pyspark.createDataFrame([(1,)], "a INT")
    assert local.isLocal()
    assert not local.filter("a > 0").isLocal()
    assert not pyspark.range(1).isLocal()
    assert not pyspark.sql("SELECT 1").isLocal()


def test_columns_by_a_pattern(pyspark):
    frame = pyspark.createDataFrame([(1, 2, 3)], "Ab1 INT, ab2 INT, cd INT")
    assert frame.select(frame.colRegex("`(A)?b.`")).columns == ["Ab1", "ab2"]
    assert frame.select(frame.colRegex("`AB.+`")).columns == ["Ab1", "ab2"]
    assert frame.select(frame.colRegex("`.*`")).columns == ["Ab1", "ab2", "cd"]
    assert frame.select(frame.colRegex("cd")).columns == ["cd"]
    assert frame.select(frame.colRegex("`nope.`")).columns == []
    assert frame.alias("t").select(frame.alias("t").colRegex("t.`ab.`")).columns == ["Ab1", "ab2"]
    with pytest.raises(AnalysisException) as raised:
        frame.select(frame.colRegex("ab.")).collect()
    assert raised.value.getCondition() == "INVALID_ATTRIBUTE_NAME_SYNTAX"


def test_equal_plans(pyspark):
    frame = pyspark.range(10)
    assert frame.sameSemantics(pyspark.range(10)) and not frame.sameSemantics(pyspark.range(9))
    assert frame.semanticHash() == pyspark.range(10).semanticHash()
    assert frame.select("id").sameSemantics(frame.select(F.col("ID")))
    assert not frame.filter("id > 1").sameSemantics(frame.filter("id > 2"))
