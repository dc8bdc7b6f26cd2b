# SPDX-License-Identifier: Apache-2.0
"""The catalog over `sluice server`: schemas, tables of the warehouse folder and views, from spark.catalog, SQL and the
writers. With --on-spark the same tests run on a real Spark Connect server, with the same expectations."""
import contextlib
import pathlib

import pytest
from pyspark.errors import PySparkException
from pyspark.sql import functions as F
from pyspark.sql.types import IntegerType, StringType, StructField, StructType
from rig import connect


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("server")


@pytest.fixture(scope="module")
def server(request, folder):
    # A real server is given this place by the rig.
    warehouse = () if request.config.getoption("--on-spark") else ("--conf", f"spark.sql.warehouse.dir={folder}/warehouse")
    yield from connect.either(request, folder, "--conf", "spark.sql.session.timeZone=UTC", *warehouse)


@pytest.fixture
def pyspark(server):
    with connect.session(server.url) as spark:
        yield spark


@pytest.fixture
def schema(pyspark, request):
    """A schema of the test's own, which is the current one, and is dropped with its tables."""
    name = "s_" + request.node.name.removeprefix("test_").split("[")[0][:40]
    pyspark.sql(f"CREATE DATABASE {name}")
    pyspark.sql(f"USE {name}")
    yield name
    pyspark.sql("USE default")
    pyspark.sql(f"DROP DATABASE {name} CASCADE")


@contextlib.contextmanager
def fails(condition: str, sqlstate: str | None, **parameters):
    with pytest.raises(PySparkException) as raised:
        yield
    error = raised.value
    assert error.getCondition() == condition, str(error)
    if sqlstate is not None:
        assert error.getSqlState() == sqlstate
    given = error.getMessageParameters()
    assert {key: given.get(key) for key in parameters} == parameters


def rows(frame) -> list:
    return sorted(tuple(row) for row in frame.collect())


def full(schema: str, table: str) -> str:
    return f"`spark_catalog`.`{schema}`.`{table}`"


# Schemas.


def test_schemas(pyspark, folder):
    catalog = pyspark.catalog
    assert catalog.currentCatalog() == "spark_catalog"
    assert catalog.currentDatabase() == "default"
    assert [one.name for one in catalog.listCatalogs()] == ["spark_catalog"]
    default = catalog.getDatabase("default")
    assert (default.name, default.catalog, default.description) == ("default", "spark_catalog", "default database")
    assert default.locationUri == f"file:{folder}/warehouse"
    pyspark.sql("CREATE DATABASE sales COMMENT 'of the shop'")
    with fails("SCHEMA_ALREADY_EXISTS", "42P06", schemaName="`sales`"):
        pyspark.sql("CREATE SCHEMA Sales")
    pyspark.sql("CREATE SCHEMA IF NOT EXISTS sales")
    sales = catalog.getDatabase("sales")
    assert (sales.description, sales.locationUri) == ("of the shop", f"file:{folder}/warehouse/sales.db")
    assert rows(pyspark.sql("SHOW DATABASES LIKE 's*|d*'")) == [("default",), ("sales",)]
    assert [one.name for one in catalog.listDatabases("sa*")] == ["sales"]
    assert catalog.databaseExists("sales") and catalog.databaseExists("spark_catalog.sales")
    assert not catalog.databaseExists("nobody")
    catalog.setCurrentDatabase("sales")
    assert catalog.currentDatabase() == "sales"
    assert pyspark.sql("SELECT current_database(), current_schema()").first() == ("sales", "sales")
    pyspark.sql("USE spark_catalog.default")
    assert catalog.currentDatabase() == "default"
    pyspark.sql("USE SCHEMA sales")
    pyspark.range(1).write.saveAsTable("t")
    with fails("SCHEMA_NOT_EMPTY", "2BP01", schemaName="`sales`"):
        pyspark.sql("DROP DATABASE sales")
    pyspark.sql("DROP DATABASE sales CASCADE")
    with fails("SCHEMA_NOT_FOUND", "42704", schemaName="`spark_catalog`.`sales`"):
        pyspark.sql("SHOW TABLES")
    pyspark.sql("USE default")
    for call in (lambda: catalog.setCurrentDatabase("sales"), lambda: catalog.getDatabase("sales"),
                 lambda: catalog.listTables("sales"), lambda: pyspark.sql("USE sales"),
                 lambda: pyspark.sql("DROP DATABASE sales"), lambda: pyspark.sql("SHOW TABLES IN sales"),
                 lambda: pyspark.sql("DESCRIBE DATABASE sales"),
                 lambda: pyspark.sql("CREATE TABLE sales.t (a INT) USING parquet"),
                 lambda: catalog.listFunctions("sales")):
        with fails("SCHEMA_NOT_FOUND", "42704", schemaName="`spark_catalog`.`sales`"):
            call()
    pyspark.sql("DROP DATABASE IF EXISTS sales")
    with fails("UNSUPPORTED_FEATURE.DROP_DATABASE", "0A000"):
        pyspark.sql("DROP DATABASE default")


def test_describe_schema(pyspark, schema, folder):
    described = dict(tuple(row) for row in pyspark.sql(f"DESCRIBE DATABASE {schema}").collect())
    assert described["Catalog Name"] == "spark_catalog" and described["Namespace Name"] == schema
    assert described["Location"] == f"file:{folder}/warehouse/{schema}.db"


def test_a_schema_elsewhere(pyspark, tmp_path):
    pyspark.sql(f"CREATE DATABASE elsewhere LOCATION '{tmp_path}/place'")
    pyspark.range(2).write.saveAsTable("elsewhere.t")
    assert list((tmp_path / "place/t").glob("*.parquet"))
    assert pyspark.table("elsewhere.t").count() == 2
    pyspark.sql("DROP DATABASE elsewhere CASCADE")
    assert not list((tmp_path / "place").rglob("*.parquet"))


# saveAsTable.


def test_save_as_table(pyspark, schema, folder):
    frame = pyspark.range(3)
    frame.write.saveAsTable("t")
    assert rows(pyspark.table("t")) == [(0,), (1,), (2,)]
    assert pyspark.table("t").schema["id"].nullable
    assert rows(pyspark.read.table(f"{schema}.T")) == rows(pyspark.table(f"spark_catalog.{schema}.t"))
    assert rows(pyspark.sql(f"SELECT {schema}.t.id, t.id + 1 FROM {schema}.t WHERE spark_catalog.{schema}.t.id = 2")) == [
        (2, 3)]
    with fails("TABLE_OR_VIEW_ALREADY_EXISTS", "42P07", relationName=full(schema, "t")):
        frame.write.saveAsTable("t")
    frame.write.mode("ignore").saveAsTable("t")
    assert pyspark.table("t").count() == 3
    frame.write.mode("append").saveAsTable("t")
    assert pyspark.table("t").count() == 6
    pyspark.range(1).selectExpr("'x' AS name", "id").write.mode("overwrite").saveAsTable("t")
    assert rows(pyspark.table("t")) == [("x", 0)]
    assert list((folder / f"warehouse/{schema}.db/t").glob("*.parquet"))
    pyspark.sql("DROP TABLE t")
    assert not pyspark.catalog.tableExists("t")
    assert not (folder / f"warehouse/{schema}.db/t").exists()


@pytest.mark.parametrize("source", ["csv", "json", "parquet", "text"])
def test_formats(pyspark, schema, source):
    frame = pyspark.range(3).selectExpr("cast(id AS STRING) AS v")
    frame.write.format(source).saveAsTable("t")
    assert rows(pyspark.table("t")) == [("0",), ("1",), ("2",)]
    frame.write.format(source).mode("append").saveAsTable("t")
    assert pyspark.table("t").count() == 6


def test_options_are_kept(pyspark, schema):
    pyspark.sql("SELECT 1 AS a, 'x;y' AS b").write.format("csv").options(header=True, sep=";").saveAsTable("t")
    assert rows(pyspark.table("t")) == [(1, "x;y")]
    pyspark.sql("INSERT INTO t VALUES (2, 'z')")
    assert rows(pyspark.table("t")) == [(1, "x;y"), (2, "z")]


def test_partitions(pyspark, schema, folder):
    frame = pyspark.range(4).selectExpr("id % 2 AS k", "id")
    frame.write.partitionBy("k").saveAsTable("t")
    assert pyspark.table("t").columns == ["id", "k"]  # partition columns come last
    assert rows(pyspark.table("t")) == [(0, 0), (1, 1), (2, 0), (3, 1)]
    assert {one.name for one in (folder / f"warehouse/{schema}.db/t").glob("k=*")} == {"k=0", "k=1"}
    columns = {one.name: (one.dataType, one.nullable, one.isPartition) for one in pyspark.catalog.listColumns("t")}
    assert columns == {"id": ("bigint", True, False), "k": ("bigint", True, True)}
    with fails("_LEGACY_ERROR_TEMP_1163", None, specifiedPartCols="", existingPartCols="k"):
        frame.write.mode("append").saveAsTable("t")
    frame.write.mode("append").partitionBy("k").saveAsTable("t")
    assert pyspark.table("t").count() == 8
    # By position: id, k.
    pyspark.range(2).selectExpr("id + 10", "id").write.insertInto("t")
    assert rows(pyspark.table("t").where("id >= 10")) == [(10, 0), (11, 1)]
    pyspark.range(2).selectExpr("id + 20", "id + 7").write.mode("overwrite").insertInto("t")
    assert rows(pyspark.table("t")) == [(20, 7), (21, 8)]
    pyspark.catalog.recoverPartitions("t")


def test_partition_mistakes(pyspark, schema):
    frame = pyspark.range(4).selectExpr("id", "id % 2 AS k")
    with fails("COLUMN_NOT_DEFINED_IN_TABLE", "42703", colName="`zz`", colType="partition", tableCols="`id`, `k`",
               tableName=full(schema, "t")):
        frame.write.partitionBy("zz").saveAsTable("t")
    with fails("ALL_PARTITION_COLUMNS_NOT_ALLOWED", "KD005"):
        frame.select("id").write.partitionBy("id").saveAsTable("t")
    with fails("COLUMN_ALREADY_EXISTS", "42711", columnName="`id`"):
        pyspark.range(1).selectExpr("id", "id AS ID").write.saveAsTable("t")
    with fails("PARTITION_BY_NOT_ALLOWED_WITH_INSERT_INTO", "42601", tableName="t"):
        frame.write.partitionBy("k").insertInto("t")
    assert not pyspark.catalog.tableExists("t")


def test_append_mistakes(pyspark, schema):
    pyspark.range(2).write.saveAsTable("t")
    with fails("_LEGACY_ERROR_TEMP_1161", None, existingTableSchema="struct<id:bigint>",
               querySchema="struct<id:bigint,x:bigint>"):
        pyspark.range(2).selectExpr("id", "id AS x").write.mode("append").saveAsTable("t")
    with fails("_LEGACY_ERROR_TEMP_1162", None, col="id", inputColumns="y"):
        pyspark.range(2).selectExpr("id AS y").write.mode("append").saveAsTable("t")
    with fails("_LEGACY_ERROR_TEMP_1159", None):
        pyspark.range(2).write.mode("append").format("csv").saveAsTable("t")
    for write in (lambda frame: frame.write.mode("append").saveAsTable("t"), lambda frame: frame.write.insertInto("t")):
        with fails("INCOMPATIBLE_DATA_FOR_TABLE.CANNOT_SAFELY_CAST", "KD000", tableName=full(schema, "t"), colName="`id`",
                   srcType='"STRING"', targetType='"BIGINT"'):
            write(pyspark.sql("SELECT 'a' AS id"))
    assert pyspark.table("t").count() == 2


def test_external_tables(pyspark, schema, tmp_path):
    place = str(tmp_path / "place")
    pyspark.range(2).write.option("path", place).saveAsTable("t")
    assert pyspark.catalog.getTable("t").tableType == "EXTERNAL"
    assert rows(pyspark.read.parquet(place)) == [(0,), (1,)]
    with fails("_LEGACY_ERROR_TEMP_1241", None):
        pyspark.range(2).write.option("path", place).saveAsTable("u")
    assert not pyspark.catalog.tableExists("u")
    pyspark.range(3).write.mode("overwrite").option("path", place).saveAsTable("u")
    assert pyspark.table("u").count() == 3
    pyspark.sql("DROP TABLE u")
    assert pyspark.read.parquet(place).count() == 3  # its files stay
    assert pyspark.table("t").count() == 3


def test_files_in_the_way(pyspark, schema, folder):
    place = folder / f"warehouse/{schema}.db/t"
    place.mkdir(parents=True)
    (place / "file").write_text("x")
    for make in (lambda: pyspark.range(1).write.saveAsTable("t"),
                 lambda: pyspark.range(1).write.mode("overwrite").saveAsTable("t"),
                 lambda: pyspark.sql("CREATE TABLE t (a INT) USING parquet"),
                 lambda: pyspark.sql("CREATE TABLE t USING parquet AS SELECT 1 AS a")):
        with fails("LOCATION_ALREADY_EXISTS", "42710", identifier=full(schema, "t"), location=f"'file:{place}'"):
            make()
    assert (place / "file").read_text() == "x"
    (place / "file").unlink()
    place.rmdir()


@pytest.mark.parametrize("name", ["`a b`", "`a-b`", "`a.b`"])
def test_names_that_no_table_can_have(pyspark, name):
    with fails("INVALID_SCHEMA_OR_RELATION_NAME", "42602"):
        pyspark.range(1).write.saveAsTable(name)
    with fails("INVALID_SCHEMA_OR_RELATION_NAME", "42602"):
        pyspark.sql(f"CREATE DATABASE {name}")


@pytest.mark.parametrize("name", ["`../x`", "`..`", "`/tmp/x`", "`a/b`"])
def test_no_name_leaves_the_warehouse(request, pyspark, folder, name):
    if request.config.getoption("--on-spark"):
        pytest.skip("Spark writes the files of the first and the last of these names before it refuses them")
    before = sorted(folder.rglob("*.parquet"))
    for make in (lambda: pyspark.range(1).write.saveAsTable(name), lambda: pyspark.sql(f"CREATE DATABASE {name}"),
                 lambda: pyspark.range(1).write.saveAsTable(f"{name}.t"), lambda: pyspark.sql(f"DROP TABLE {name}"),
                 lambda: pyspark.sql(f"CREATE TABLE {name} (a INT) USING parquet")):
        with pytest.raises(PySparkException):
            make()
    assert sorted(folder.rglob("*.parquet")) == before


# SQL.


def test_create_and_insert(pyspark, schema):
    assert pyspark.sql("CREATE TABLE t (a INT, b STRING) USING parquet").collect() == []
    assert pyspark.table("t").dtypes == [("a", "int"), ("b", "string")] and rows(pyspark.table("t")) == []
    pyspark.sql("INSERT INTO t VALUES (1, 'x'), (2, 'y')")
    pyspark.sql("INSERT INTO TABLE t SELECT 3, 'z'")
    assert rows(pyspark.table("t")) == [(1, "x"), (2, "y"), (3, "z")]
    pyspark.sql("INSERT OVERWRITE t SELECT 9, 'n'")
    pyspark.sql("INSERT OVERWRITE TABLE t VALUES (8, 'm')")
    pyspark.sql("INSERT INTO t (b, a) VALUES ('w', 7)")
    assert rows(pyspark.table("t")) == [(7, "w"), (8, "m")]
    pyspark.sql("INSERT INTO t (b) VALUES ('only')")
    assert pyspark.table("t").where("a IS NULL").first().b == "only"
    pyspark.sql("INSERT INTO t BY NAME SELECT 'named' AS b, 5 AS a")
    assert rows(pyspark.table("t").where("a = 5")) == [(5, "named")]
    pyspark.sql("INSERT INTO t SELECT * FROM t")
    assert pyspark.table("t").count() == 8
    pyspark.sql("INSERT INTO t VALUES (:n, 'p')", args={"n": 77})
    assert rows(pyspark.table("t").where("a = 77")) == [(77, "p")]
    pyspark.sql("TRUNCATE TABLE t")
    assert rows(pyspark.table("t")) == []
    with fails("TABLE_OR_VIEW_ALREADY_EXISTS", "42P07", relationName=full(schema, "t")):
        pyspark.sql("CREATE TABLE t (a INT) USING parquet")
    pyspark.sql("CREATE TABLE IF NOT EXISTS t (a INT) USING parquet")
    pyspark.sql("CREATE TABLE IF NOT EXISTS t USING parquet AS SELECT 1 AS a")
    assert pyspark.table("t").columns == ["a", "b"] and rows(pyspark.table("t")) == []


def test_insert_mistakes(pyspark, schema):
    pyspark.sql("CREATE TABLE t (a INT, b STRING) USING parquet")
    name = full(schema, "t")
    with fails("INSERT_COLUMN_ARITY_MISMATCH.NOT_ENOUGH_DATA_COLUMNS", "21S01", tableName=name, tableColumns="`a`, `b`",
               dataColumns="`col1`"):
        pyspark.sql("INSERT INTO t VALUES (1)")
    with fails("INSERT_COLUMN_ARITY_MISMATCH.TOO_MANY_DATA_COLUMNS", "21S01", tableName=name, tableColumns="`a`, `b`"):
        pyspark.sql("INSERT INTO t VALUES (1, 'a', 2)")
    with fails("UNRESOLVED_COLUMN.WITH_SUGGESTION", "42703", objectName="`c`", proposal="`a`, `b`"):
        pyspark.sql("INSERT INTO t (a, c) VALUES (1, 'a')")
    with fails("COLUMN_ALREADY_EXISTS", "42711", columnName="`a`"):
        pyspark.sql("INSERT INTO t (a, a) VALUES (1, 2)")
    with fails("INCOMPATIBLE_DATA_FOR_TABLE.CANNOT_SAFELY_CAST", "KD000", colName="`a`", targetType='"INT"'):
        pyspark.sql("INSERT INTO t VALUES ('abc', 'a')")
    with fails("CAST_OVERFLOW_IN_TABLE_INSERT", "22003", sourceType='"BIGINT"', targetType='"INT"', columnName="`a`"):
        pyspark.sql("INSERT INTO t VALUES (5000000000, 'a')")
    for statement in ("INSERT INTO nope VALUES (1)", "TRUNCATE TABLE nope", "DESCRIBE nope", "SHOW COLUMNS IN nope",
                      "SELECT * FROM nope"):
        with fails("TABLE_OR_VIEW_NOT_FOUND", "42P01", relationName="`nope`"):
            pyspark.sql(statement).collect()
    with fails("TABLE_OR_VIEW_NOT_FOUND", "42P01", relationName=full(schema, "nope")):
        pyspark.sql("DROP TABLE nope")
    pyspark.sql("DROP TABLE IF EXISTS nope")
    assert rows(pyspark.table("t")) == []


def test_a_table_cannot_replace_itself(pyspark, schema):
    pyspark.range(3).write.saveAsTable("t")
    for write in (lambda: pyspark.sql("INSERT OVERWRITE t SELECT id + 1 FROM t"),
                  lambda: pyspark.table("t").write.mode("overwrite").saveAsTable("t"),
                  lambda: pyspark.table("t").write.mode("overwrite").insertInto("t")):
        with fails("UNSUPPORTED_OVERWRITE.TABLE", "42902", table=full(schema, "t")):
            write()
    assert rows(pyspark.table("t")) == [(0,), (1,), (2,)]


def test_partitions_in_sql(pyspark, schema):
    pyspark.sql("CREATE TABLE t (a INT, k STRING) USING parquet PARTITIONED BY (k)")
    pyspark.sql("INSERT INTO t VALUES (1, 'x'), (2, 'y')")
    pyspark.sql("INSERT INTO t PARTITION (k = 'z') SELECT 3")
    pyspark.sql("INSERT INTO t PARTITION (k) SELECT 4, 'w'")
    assert rows(pyspark.table("t")) == [(1, "x"), (2, "y"), (3, "z"), (4, "w")]
    pyspark.sql("INSERT OVERWRITE t PARTITION (k = 'x') SELECT 9")
    assert rows(pyspark.table("t")) == [(2, "y"), (3, "z"), (4, "w"), (9, "x")]
    pyspark.sql("INSERT OVERWRITE t PARTITION (k = 'x') SELECT 9 WHERE false")
    assert rows(pyspark.table("t")) == [(2, "y"), (3, "z"), (4, "w")]
    pyspark.sql("INSERT OVERWRITE t SELECT 0, 'only'")
    assert rows(pyspark.table("t")) == [(0, "only")]
    pyspark.sql("CREATE TABLE typed (a INT) USING parquet PARTITIONED BY (k STRING)")
    assert pyspark.table("typed").dtypes == [("a", "int"), ("k", "string")]


def test_create_table_as(pyspark, schema, tmp_path):
    pyspark.sql(f"CREATE TABLE t USING csv OPTIONS (header 'true') LOCATION '{tmp_path}/place' AS SELECT 1 AS a, 'x' AS b")
    assert rows(pyspark.table("t")) == [(1, "x")]
    assert pyspark.catalog.getTable("t").tableType == "EXTERNAL"
    pyspark.sql("CREATE TABLE found USING parquet LOCATION '%s'" % saved(pyspark, tmp_path / "files"))
    assert rows(pyspark.table("found")) == [(0,), (1,)]
    with fails("TABLE_OR_VIEW_ALREADY_EXISTS", "42P07"):
        pyspark.sql("CREATE TABLE t USING parquet AS SELECT 1 AS a")


def saved(pyspark, place: pathlib.Path) -> str:
    pyspark.range(2).write.parquet(str(place))
    return str(place)


def test_describe(pyspark, schema, folder):
    pyspark.sql("CREATE TABLE t (a INT COMMENT 'first', k STRING) USING parquet PARTITIONED BY (k) COMMENT 'ours' "
                "TBLPROPERTIES (x = '1')")
    columns = [("a", "int", "first"), ("k", "string", None), ("# Partition Information", "", ""),
               ("# col_name", "data_type", "comment"), ("k", "string", None)]
    assert [tuple(row) for row in pyspark.sql("DESCRIBE t").collect()] == columns
    assert [tuple(row) for row in pyspark.sql("DESC TABLE t").collect()] == columns
    more = [tuple(row) for row in pyspark.sql("DESCRIBE TABLE EXTENDED t").collect()]
    assert more[:len(columns) + 2] == columns + [("", "", ""), ("# Detailed Table Information", "", "")]
    details = {name: value for name, value, _ in more[len(columns) + 2:]}
    assert details["Catalog"] == "spark_catalog" and details["Database"] == schema and details["Table"] == "t"
    assert details["Type"] == "MANAGED" and details["Provider"] == "parquet" and details["Comment"] == "ours"
    assert details["Location"] == f"file:{folder}/warehouse/{schema}.db/t"
    assert rows(pyspark.sql("DESCRIBE t a")) == [("col_name", "a"), ("comment", "first"), ("data_type", "int")]
    assert rows(pyspark.sql("SHOW COLUMNS IN t")) == [("a",), ("k",)]
    assert rows(pyspark.sql(f"SHOW COLUMNS IN t IN {schema}")) == [("a",), ("k",)]
    assert pyspark.catalog.getTable("t").description == "ours"
    assert [one.description for one in pyspark.catalog.listColumns("t")] == ["first", None]
    assert dict(tuple(row) for row in pyspark.sql("SHOW TBLPROPERTIES t").collect())["x"] == "1"


def test_show_tables(pyspark, schema):
    for name in ("one", "other", "Two"):
        pyspark.range(1).write.saveAsTable(name)
    pyspark.range(1).createOrReplaceTempView("one_view")
    assert [tuple(row) for row in pyspark.sql("SHOW TABLES").collect()] == [
        (schema, "one", False), (schema, "other", False), (schema, "two", False), ("", "one_view", True)]
    assert rows(pyspark.sql(f"SHOW TABLES FROM {schema} LIKE 'o*r|TWO'")) == [
        (schema, "other", False), (schema, "two", False)]
    assert rows(pyspark.sql("SHOW VIEWS")) == [("", "one_view", True)]
    listed = {one.name: (one.catalog, one.namespace, one.tableType, one.isTemporary)
              for one in pyspark.catalog.listTables()}
    assert listed == {"one": ("spark_catalog", [schema], "MANAGED", False),
                      "other": ("spark_catalog", [schema], "MANAGED", False),
                      "two": ("spark_catalog", [schema], "MANAGED", False), "one_view": (None, [], "TEMPORARY", True)}
    assert [one.name for one in pyspark.catalog.listTables(schema, "on*")] == ["one", "one_view"]
    assert rows(pyspark.sql("SHOW TABLES IN default LIKE 'no_such'")) == []


# Views.


def test_temporary_views(pyspark, schema):
    pyspark.range(3).createTempView("v")
    with fails("TEMP_TABLE_OR_VIEW_ALREADY_EXISTS", "42P07", relationName="`v`"):
        pyspark.range(3).createTempView("v")
    with fails("TEMP_TABLE_OR_VIEW_ALREADY_EXISTS", "42P07", relationName="`v`"):
        pyspark.sql("CREATE TEMP VIEW v AS SELECT 1 AS a")
    pyspark.sql("CREATE OR REPLACE TEMPORARY VIEW v AS SELECT 2 AS b")
    assert rows(pyspark.table("v")) == [(2,)]
    table = pyspark.catalog.getTable("v")
    assert (table.name, table.catalog, table.namespace, table.tableType, table.isTemporary) == (
        "v", None, [], "TEMPORARY", True)
    assert pyspark.catalog.tableExists("v") and not pyspark.catalog.tableExists("v", schema)
    assert [(one.name, one.dataType, one.nullable) for one in pyspark.catalog.listColumns("v")] == [("b", "int", False)]
    assert pyspark.catalog.dropTempView("v") and not pyspark.catalog.dropTempView("v")
    pyspark.sql("CREATE TEMP VIEW v AS SELECT 1 AS a")
    pyspark.sql("DROP VIEW v")
    pyspark.sql("DROP VIEW IF EXISTS v")
    with fails("TABLE_OR_VIEW_NOT_FOUND", "42P01", relationName=full(schema, "v")):
        pyspark.sql("DROP VIEW v")
    pyspark.range(1).write.saveAsTable("t")
    with fails("WRONG_COMMAND_FOR_OBJECT_TYPE", "42809", operation="DROP VIEW", foundType="MANAGED",
               alternative="DROP TABLE"):
        pyspark.sql("DROP VIEW t")


def test_global_views(pyspark, server):
    pyspark.range(3).createGlobalTempView("shared")
    with fails("TEMP_TABLE_OR_VIEW_ALREADY_EXISTS", "42P07", relationName="`shared`"):
        pyspark.range(3).createGlobalTempView("shared")
    pyspark.range(4).createOrReplaceGlobalTempView("shared")
    with connect.session(server.url) as other:
        assert other.table("global_temp.shared").count() == 4
    assert rows(pyspark.sql("SELECT max(shared.id) FROM global_temp.shared")) == [(3,)]
    with fails("TABLE_OR_VIEW_NOT_FOUND", "42P01", relationName="`shared`"):
        pyspark.table("shared").collect()
    assert rows(pyspark.sql("SHOW TABLES IN global_temp")) == [("global_temp", "shared", True)]
    assert rows(pyspark.sql("SHOW VIEWS IN global_temp")) == [("global_temp", "shared", True)]
    assert [(one.name, one.namespace) for one in pyspark.catalog.listTables("global_temp")] == [("shared", ["global_temp"])]
    assert pyspark.catalog.tableExists("global_temp.shared")
    assert pyspark.catalog.getTable("global_temp.shared").isTemporary
    pyspark.sql("CREATE OR REPLACE GLOBAL TEMP VIEW shared (z) AS SELECT 4 AS c")
    assert pyspark.table("global_temp.shared").columns == ["z"]
    assert pyspark.catalog.dropGlobalTempView("shared") and not pyspark.catalog.dropGlobalTempView("shared")
    pyspark.sql("CREATE GLOBAL TEMP VIEW shared AS SELECT 1 AS a")
    pyspark.sql("DROP VIEW global_temp.shared")


def test_a_view_hides_a_table(pyspark, schema):
    pyspark.range(2).write.saveAsTable("t")
    pyspark.sql("CREATE TEMP VIEW t AS SELECT 'hides' AS s")
    assert rows(pyspark.table("t")) == [("hides",)]
    assert rows(pyspark.table(f"{schema}.t")) == [(0,), (1,)]
    with fails("EXPECT_TABLE_NOT_VIEW.NO_ALTERNATIVE", "42809", viewName="`t`", operation="INSERT"):
        pyspark.sql("INSERT INTO t VALUES (1)")
    with fails("EXPECT_TABLE_NOT_VIEW.NO_ALTERNATIVE", "42809", viewName="`t`"):
        pyspark.range(1).write.insertInto("t")
    pyspark.range(1).write.mode("append").saveAsTable("t")  # the table, not the view
    pyspark.sql("DROP TABLE t")  # the view
    assert rows(pyspark.table("t")) == [(0,), (0,), (1,)]


# Calls of the catalog.


def test_create_table_calls(pyspark, schema, tmp_path):
    catalog = pyspark.catalog
    columns = StructType([StructField("a", IntegerType()), StructField("b", StringType())])
    catalog.createTable("t", schema=columns)
    assert pyspark.table("t").dtypes == [("a", "int"), ("b", "string")]
    assert catalog.getTable("t").tableType == "MANAGED"
    with fails("TABLE_OR_VIEW_ALREADY_EXISTS", "42P07", relationName=full(schema, "t")):
        catalog.createTable("t", schema=columns)
    with fails("SCHEMA_NOT_FOUND", "42704"):
        catalog.createTable("nobody.t", schema=columns)
    place = saved(pyspark, tmp_path / "files")
    catalog.createTable("found", path=place, source="parquet")
    assert rows(pyspark.table("found")) == [(0,), (1,)]
    assert catalog.getTable("found").tableType == "EXTERNAL"
    with pytest.warns(FutureWarning):
        catalog.createExternalTable("again", path=place, source="parquet")
    assert pyspark.table("again").count() == 2
    catalog.createTable("noted", source="csv", schema=columns, description="words")
    assert pyspark.table("noted").count() == 0
    assert catalog.getTable("noted").description == "words"


def test_cache_calls(pyspark, schema):
    catalog = pyspark.catalog
    pyspark.range(1).write.saveAsTable("t")
    assert not catalog.isCached("t")
    catalog.cacheTable("t")
    assert catalog.isCached("t")
    catalog.uncacheTable("t")
    assert not catalog.isCached("t")
    catalog.cacheTable("t")
    catalog.clearCache()
    assert not catalog.isCached("t")
    catalog.refreshTable("t")
    catalog.refreshByPath("/no/such/place")
    for call in (catalog.isCached, catalog.cacheTable, catalog.uncacheTable, catalog.refreshTable,
                 catalog.recoverPartitions, catalog.getTable, catalog.listColumns):
        with fails("TABLE_OR_VIEW_NOT_FOUND", "42P01", relationName="`nope`"):
            call("nope")
    with fails("NOT_A_PARTITIONED_TABLE", "42809", tableIdentWithDB=full(schema, "t")):
        catalog.recoverPartitions("t")
    for statement in ("REFRESH TABLE t", "CACHE TABLE t", "UNCACHE TABLE t", "CLEAR CACHE"):
        pyspark.sql(statement)


def test_functions(pyspark):
    catalog = pyspark.catalog
    assert catalog.functionExists("count") and catalog.functionExists("ABS")
    assert not catalog.functionExists("nope") and not catalog.functionExists("default.count")
    function = catalog.getFunction("abs")
    assert (function.name, function.catalog, function.namespace, function.isTemporary) == ("abs", None, None, True)
    assert [one.name for one in catalog.listFunctions(pattern="ab*")] == ["abs"]
    assert len(catalog.listFunctions()) > 300
    with fails("UNRESOLVED_ROUTINE", "42883", routineName="`nope`"):
        catalog.getFunction("nope")
    pyspark.udf.register("mine", lambda x: x, "bigint")
    assert catalog.functionExists("mine")


# Other writers.


def test_write_to(pyspark, schema):
    pyspark.range(3).writeTo("t").create()
    assert rows(pyspark.table("t")) == [(0,), (1,), (2,)]
    with fails("TABLE_OR_VIEW_ALREADY_EXISTS", "42P07", relationName=full(schema, "t")):
        pyspark.range(3).writeTo("t").create()
    pyspark.range(4).selectExpr("id", "id % 2 AS k").writeTo("p").using("parquet").partitionedBy(F.col("k")).create()
    assert [one.isPartition for one in pyspark.catalog.listColumns("p")] == [False, True]


def test_write_to_replaces(pyspark, schema):
    with fails("TABLE_OR_VIEW_NOT_FOUND", "42P01"):
        pyspark.range(3).writeTo("t").replace()
    pyspark.range(3).writeTo("t").createOrReplace()
    pyspark.range(2).selectExpr("id AS other").writeTo("t").replace()
    assert (pyspark.table("t").columns, rows(pyspark.table("t"))) == (["other"], [(0,), (1,)])
    pyspark.range(1).writeTo("t").createOrReplace()
    assert (pyspark.table("t").columns, rows(pyspark.table("t"))) == (["id"], [(0,)])


def test_write_to_overwrites(pyspark, schema):
    frame = pyspark.range(4).selectExpr("id", "id % 2 AS k")
    frame.writeTo("p").using("parquet").partitionedBy(F.col("k")).create()
    mode = "spark.sql.sources.partitionOverwriteMode"
    with fails("UNSUPPORTED_FEATURE.SLUICE", "0A000"):
        frame.writeTo("p").overwritePartitions()
    pyspark.conf.set(mode, "dynamic")
    pyspark.sql("SELECT 1L AS k, 9L AS id").writeTo("p").overwritePartitions()
    assert sorted(rows(pyspark.table("p"))) == [(0, 0), (2, 0), (9, 1)]
    with fails("_LEGACY_ERROR_TEMP_1012", None, identifier=full(schema, "p")):
        frame.writeTo("p").overwrite(F.lit(True))
    pyspark.conf.unset(mode)
    pyspark.sql("SELECT 1L AS k, 7L AS id").writeTo("p").overwrite(F.lit(True))
    assert rows(pyspark.table("p")) == [(7, 1)]
    with fails("_LEGACY_ERROR_TEMP_1012", None, identifier=full(schema, "p")):
        frame.writeTo("p").overwrite(F.col("k") == 1)


def three_rows_each_batch(pyspark):
    return pyspark.readStream.format("rate-micro-batch").option("rowsPerBatch", 3).load()


def test_streams_into_a_table(pyspark, schema, tmp_path):
    for _ in range(2):
        query = (three_rows_each_batch(pyspark).writeStream.option("checkpointLocation", f"{tmp_path}/check")
                 .trigger(once=True).toTable("t"))
        assert query.awaitTermination(120)
        assert query.exception() is None
    assert rows(pyspark.table("t").select("value")) == [(value,) for value in range(6)]
    assert pyspark.catalog.getTable("t").tableType == "MANAGED"
    # And out of it again, each row once.
    for _ in range(2):
        out = (pyspark.readStream.table("t").writeStream.option("checkpointLocation", f"{tmp_path}/check2")
               .trigger(availableNow=True).toTable("copy"))
        assert out.awaitTermination(120)
    assert rows(pyspark.table("copy").select("value")) == [(value,) for value in range(6)]


def test_a_stream_into_an_external_table(pyspark, schema, tmp_path):
    query = (three_rows_each_batch(pyspark).select("value").selectExpr("value", "value % 2 AS k").writeStream
             .option("checkpointLocation", f"{tmp_path}/check").option("path", f"{tmp_path}/place").format("json")
             .partitionBy("k").trigger(once=True).toTable("t"))
    assert query.awaitTermination(120)
    assert rows(pyspark.table("t")) == [(0, 0), (1, 1), (2, 0)]
    assert pyspark.catalog.getTable("t").tableType == "EXTERNAL"
    assert [one.isPartition for one in pyspark.catalog.listColumns("t")] == [False, True]
    with fails("TABLE_OR_VIEW_NOT_FOUND", "42P01", relationName="`nope`"):
        pyspark.readStream.table("nope").schema
