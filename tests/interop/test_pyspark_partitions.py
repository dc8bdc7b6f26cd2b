# SPDX-License-Identifier: Apache-2.0
"""SHOW CREATE TABLE, SHOW TABLE EXTENDED, partitions as statements see them, and schemas, over `sluice server`. With
--on-spark the same tests run on a real Spark Connect server, with the same expectations."""
import contextlib

import pytest
from pyspark.errors import PySparkException
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
def fails(condition: str, sqlstate: str | None = None, **parameters):
    with pytest.raises(PySparkException) as raised:
        yield
    error = raised.value
    assert error.getCondition() == condition, str(error)
    if sqlstate is not None:
        assert error.getSqlState() == sqlstate
    given = error.getMessageParameters()
    assert {key: given.get(key) for key in parameters} == parameters


def rows(pyspark, query) -> list:
    return sorted((tuple(row) for row in pyspark.sql(query).collect()), key=str)


def full(schema: str, table: str) -> str:
    return f"`spark_catalog`.`{schema}`.`{table}`"


def created(pyspark, name: str) -> str:
    answer = pyspark.sql(f"SHOW CREATE TABLE {name}")
    assert answer.columns == ["createtab_stmt"]
    return answer.first()[0]


def partitions(pyspark, rest: str) -> list[str]:
    answer = pyspark.sql(f"SHOW PARTITIONS {rest}")
    assert answer.columns == ["partition"]
    return [row[0] for row in answer.collect()]


def described(pyspark, schema: str) -> dict[str, str]:
    return dict(tuple(row) for row in pyspark.sql(f"DESCRIBE DATABASE EXTENDED {schema}").collect())


# SHOW CREATE TABLE.


def test_create_statement(pyspark, schema):
    pyspark.sql("CREATE TABLE t (id INT, name STRING NOT NULL, `odd name` DECIMAL(10,2), "
                "st STRUCT<`a b`: INT, b: ARRAY<STRING>> COMMENT 'c', m MAP<STRING, TIMESTAMP_NTZ>, `1a` TINYINT, "
                "`select` BIGINT, _u FLOAT) USING parquet COMMENT 'it\\'s a table' "
                "TBLPROPERTIES ('b' = '2', 'a' = 'it\\'s', 'password' = 'x')")
    expected = f"""CREATE TABLE spark_catalog.{schema}.t (
  id INT,
  name STRING COLLATE UTF8_BINARY,
  `odd name` DECIMAL(10,2),
  st STRUCT<`a b`: INT, b: ARRAY<STRING COLLATE UTF8_BINARY>> COMMENT 'c',
  m MAP<STRING COLLATE UTF8_BINARY, TIMESTAMP_NTZ>,
  `1a` TINYINT,
  select BIGINT,
  _u FLOAT)
USING parquet
COMMENT 'it\\'s a table'
TBLPROPERTIES (
  'a' = 'it\\'s',
  'b' = '2',
  'password' = '*********(redacted)')
"""
    assert created(pyspark, "t") == expected
    assert created(pyspark, f"spark_catalog.{schema}.t") == expected
    pyspark.sql("DROP TABLE t")
    pyspark.sql(expected)
    assert created(pyspark, "t") == expected


def test_create_statement_of_a_place(pyspark, schema, tmp_path):
    pyspark.sql(f"CREATE TABLE p (id INT, d DATE, k STRING) USING csv OPTIONS (header 'true', 'sep' = ';') "
                f"PARTITIONED BY (d, k) LOCATION '{tmp_path}/p'")
    assert created(pyspark, "p") == f"""CREATE TABLE spark_catalog.{schema}.p (
  id INT,
  d DATE,
  k STRING COLLATE UTF8_BINARY)
USING csv
OPTIONS (
  'header' = 'true',
  'sep' = ';')
PARTITIONED BY (d, k)
LOCATION 'file:{tmp_path}/p'
"""


def test_create_statement_of_a_view(pyspark, schema):
    pyspark.sql("CREATE VIEW v (a COMMENT 'the a', b) COMMENT 'words' TBLPROPERTIES ('z' = '1', 'a' = '2') "
                "AS SELECT 1,   'x'")
    expected = f"""CREATE VIEW {schema}.v (
  a COMMENT 'the a',
  b)
COMMENT 'words'
TBLPROPERTIES (
  'a' = '2',
  'z' = '1')
WITH SCHEMA COMPENSATION
AS SELECT 1,   'x'
"""
    assert created(pyspark, "v") == expected
    assert created(pyspark, "v AS SERDE") == expected
    pyspark.sql("DROP VIEW v")
    pyspark.sql(expected)
    assert created(pyspark, "v") == expected


def test_create_statements_that_there_are_not(pyspark, schema):
    pyspark.sql("CREATE TABLE t (id INT) USING parquet")
    pyspark.sql("CREATE TEMP VIEW tv AS SELECT 1 AS a")
    with fails("UNSUPPORTED_SHOW_CREATE_TABLE.ON_DATA_SOURCE_TABLE_WITH_AS_SERDE", "0A000", tableName=full(schema, "t")):
        pyspark.sql("SHOW CREATE TABLE t AS SERDE")
    with fails("EXPECT_PERMANENT_VIEW_NOT_TEMP", "42809", viewName="`tv`", operation="SHOW CREATE TABLE"):
        pyspark.sql("SHOW CREATE TABLE tv")
    with fails("TABLE_OR_VIEW_NOT_FOUND", "42P01", relationName="`nope`"):
        pyspark.sql("SHOW CREATE TABLE nope")
    pyspark.catalog.dropTempView("tv")


# SHOW TABLE EXTENDED.


def extended(pyspark, rest: str) -> dict[str, str]:
    answer = pyspark.sql(f"SHOW TABLE EXTENDED {rest}")
    assert answer.dtypes == [("namespace", "string"), ("tableName", "string"), ("isTemporary", "boolean"),
                             ("information", "string")]
    return {f"{row.namespace}.{row.tableName}{' temporary' if row.isTemporary else ''}": row.information
            for row in answer.collect()}


# Of each engine its own, and the times.
OWN = ("Created Time: ", "Created By: ")


def information(pyspark, schema: str, name: str) -> list[str]:
    text = extended(pyspark, f"LIKE '{name}'")[f"{schema}.{name}"]
    assert text.endswith("\n\n")
    lines = text.removesuffix("\n\n").split("\n")
    assert [line.split(": ")[0] for line in lines[3:6]] == ["Created Time", "Last Access", "Created By"]
    return [line for line in lines if not line.startswith(OWN)]


def test_extended_tables(pyspark, schema, folder, tmp_path):
    pyspark.sql("CREATE TABLE t (id INT NOT NULL COMMENT 'c', st STRUCT<a: INT, b: ARRAY<STRING>>, "
                "m MAP<STRING, STRUCT<x: DECIMAL(5,2)>>, l BIGINT, n TIMESTAMP_NTZ) USING parquet COMMENT 'words' "
                "TBLPROPERTIES ('b' = '2', 'a' = '1', 'password' = 'x')")
    assert information(pyspark, schema, "t") == [
        "Catalog: spark_catalog", f"Database: {schema}", "Table: t", "Last Access: UNKNOWN", "Type: MANAGED",
        "Provider: parquet", "Comment: words", "Table Properties: [a=1, b=2, password=*********(redacted)]",
        f"Location: file:{folder}/warehouse/{schema}.db/t", "Schema: root", " |-- id: integer (nullable = true)",
        " |-- st: struct (nullable = true)", " |    |-- a: integer (nullable = true)",
        " |    |-- b: array (nullable = true)", " |    |    |-- element: string (containsNull = true)",
        " |-- m: map (nullable = true)", " |    |-- key: string",
        " |    |-- value: struct (valueContainsNull = true)", " |    |    |-- x: decimal(5,2) (nullable = true)",
        " |-- l: long (nullable = true)", " |-- n: timestamp_ntz (nullable = true)"]
    pyspark.sql(f"CREATE TABLE p (id INT, d DATE, k STRING) USING csv OPTIONS (header 'true', 'sep' = ';') "
                f"PARTITIONED BY (d, k) LOCATION '{tmp_path}/p'")
    assert information(pyspark, schema, "p") == [
        "Catalog: spark_catalog", f"Database: {schema}", "Table: p", "Last Access: UNKNOWN", "Type: EXTERNAL",
        "Provider: csv", f"Location: file:{tmp_path}/p", "Storage Properties: [header=true, sep=;]",
        "Partition Provider: Catalog", "Partition Columns: [`d`, `k`]", "Schema: root",
        " |-- id: integer (nullable = true)", " |-- d: date (nullable = true)", " |-- k: string (nullable = true)"]


def test_extended_views(pyspark, schema):
    pyspark.sql("CREATE VIEW v (a COMMENT 'the a', b) COMMENT 'words' TBLPROPERTIES ('z' = '1') AS SELECT 1,   'x' AS x")
    text = [("Type", "VIEW"), ("Comment", "words"), ("View Text", "SELECT 1,   'x' AS x"),
            ("View Original Text", "SELECT 1,   'x' AS x"), ("View Schema Mode", "COMPENSATION"),
            ("View Catalog and Namespace", f"spark_catalog.{schema}"), ("View Query Output Columns", "[`1`, `x`]"),
            ("Table Properties", "[z=1]")]
    assert information(pyspark, schema, "v") == [
        "Catalog: spark_catalog", f"Database: {schema}", "Table: v", "Last Access: UNKNOWN",
        *(": ".join(one) for one in text), "Schema: root", " |-- a: integer (nullable = false)",
        " |-- b: string (nullable = false)"]
    assert [(name, value) for name, value, _ in pyspark.sql("DESCRIBE EXTENDED v").collect()][-len(text):] == text


def test_extended_temporary_views(pyspark, schema):
    pyspark.sql("CREATE TABLE t1 (id INT) USING parquet")
    pyspark.range(3).createTempView("t2")
    pyspark.range(3).createOrReplaceGlobalTempView("t3")
    assert list(extended(pyspark, "LIKE 'T*'")) == [f"{schema}.t1", ".t2 temporary"]
    assert list(extended(pyspark, f"FROM {schema} LIKE 't1|no'")) == [f"{schema}.t1"]
    assert list(extended(pyspark, f"IN spark_catalog.{schema} LIKE '*1'")) == [f"{schema}.t1"]
    assert extended(pyspark, "IN default LIKE 'no'") == {}
    shown = extended(pyspark, "IN global_temp LIKE 't*'")
    assert list(shown) == ["global_temp.t3 temporary", ".t2 temporary"]
    for name, first in ((".t2 temporary", "Table: t2"), ("global_temp.t3 temporary", "Database: global_temp\nTable: t3")):
        assert shown[name].startswith(first + "\n")
        assert "\nType: VIEW\nView Schema Mode: BINDING\n" in shown[name]
        assert shown[name].endswith("\nSchema: root\n |-- id: long (nullable = false)\n\n")
    pyspark.catalog.dropTempView("t2")
    pyspark.catalog.dropGlobalTempView("t3")


def test_extended_partitions(pyspark, schema, folder):
    pyspark.sql("CREATE TABLE m (a INT, c INT, k STRING) USING csv OPTIONS (header 'true') PARTITIONED BY (c, k)")
    pyspark.sql("INSERT INTO m VALUES (1, 2, 'x=y'), (2, NULL, 'z')")
    place = f"file:{folder}/warehouse/{schema}.db/m"

    def lines(rest: str) -> list[str]:
        (name, text), = extended(pyspark, rest).items()
        assert name == f"{schema}.m"
        return [line for line in text.split("\n") if not line.startswith(OWN)]

    assert lines("LIKE 'M' PARTITION (K = 'x=y', c = '02')") == [
        "Partition Values: [c=2, k=x=y]", f"Location: {place}/c=2/k=x%3Dy", "Storage Properties: [header=true]",
        "Last Access: UNKNOWN", ""]
    nothing = "c=__HIVE_DEFAULT_PARTITION__"
    assert lines(f"IN {schema} LIKE 'm' PARTITION (c = NULL, k = 'z')")[:2] == [
        f"Partition Values: [{nothing}, k=z]", f"Location: {place}/{nothing}/k=z"]
    with fails("_LEGACY_ERROR_TEMP_1232", specKeys="k", partitionColumnNames="c, k", tableName=full(schema, "m")):
        extended(pyspark, "LIKE 'm' PARTITION (k = 'z')")
    with fails("PARTITIONS_NOT_FOUND", "428FT", partitionList="PARTITION (`c` = 3, `k` = z)", tableName=f"`{schema}`.`m`"):
        extended(pyspark, "LIKE 'm' PARTITION (c = 3, k = 'z')")
    with fails("TABLE_OR_VIEW_NOT_FOUND", "42P01", relationName="`m*`"):
        extended(pyspark, "LIKE 'm*' PARTITION (c = 3, k = 'z')")
    pyspark.sql("CREATE TABLE t (id INT) USING parquet")
    pyspark.sql("CREATE VIEW v AS SELECT 1 AS a")
    with fails("_LEGACY_ERROR_TEMP_1251", action="SHOW TABLE EXTENDED", tableName="t"):
        extended(pyspark, "LIKE 't' PARTITION (c = 3)")
    with fails("EXPECT_TABLE_NOT_VIEW.NO_ALTERNATIVE", "42809", operation="SHOW TABLE EXTENDED ... PARTITION ...",
               viewName=full(schema, "v")):
        extended(pyspark, "LIKE 'v' PARTITION (c = 3)")


def test_extended_mistakes(pyspark, schema):
    with fails("SCHEMA_NOT_FOUND", "42704", schemaName="`spark_catalog`.`nope`"):
        extended(pyspark, "IN nope LIKE '*'")
    for rest in ("", f"IN {schema}", "'t'", "LIKE t", f"IN {schema} 't'"):
        with fails("PARSE_SYNTAX_ERROR", "42601"):
            extended(pyspark, rest)
    for statement in ("SHOW TABLES EXTENDED LIKE 't'", "SHOW TABLE LIKE 't'"):
        with fails("PARSE_SYNTAX_ERROR", "42601"):
            pyspark.sql(statement)


# Partitions.


@pytest.fixture
def table(pyspark, schema):
    pyspark.sql("CREATE TABLE m (a INT, c INT, k STRING) USING parquet PARTITIONED BY (c, k)")
    pyspark.sql("INSERT INTO m VALUES (1, 10, 'x=y'), (2, 9, 'a b/c'), (3, 9, NULL), (4, NULL, 'z')")
    return full(schema, "m")


def test_partitions_are_shown(pyspark, table):
    nothing = "__HIVE_DEFAULT_PARTITION__"
    assert partitions(pyspark, "m") == ["c=10/k=x%3Dy", f"c=9/k={nothing}", "c=9/k=a b%2Fc", f"c={nothing}/k=z"]
    assert partitions(pyspark, "m PARTITION (c = 9)") == [f"c=9/k={nothing}", "c=9/k=a b%2Fc"]
    assert partitions(pyspark, "m PARTITION (K = 'x=y', c = '10')") == ["c=10/k=x%3Dy"]
    assert partitions(pyspark, "m PARTITION (c = NULL)") == [f"c={nothing}/k=z"]
    assert partitions(pyspark, "m PARTITION (c = 77)") == []


def test_partitions_that_cannot_be_shown(pyspark, schema, table):
    pyspark.sql("CREATE TABLE t (id INT) USING parquet")
    pyspark.sql("CREATE VIEW v AS SELECT 1 AS a")
    with fails("INVALID_PARTITION_OPERATION.PARTITION_SCHEMA_IS_EMPTY", "42601", name=full(schema, "t")):
        pyspark.sql("SHOW PARTITIONS t")
    with fails("EXPECT_TABLE_NOT_VIEW.NO_ALTERNATIVE", "42809", operation="SHOW PARTITIONS", viewName=full(schema, "v")):
        pyspark.sql("SHOW PARTITIONS v")
    with fails("TABLE_OR_VIEW_NOT_FOUND", "42P01", relationName="`nope`"):
        pyspark.sql("SHOW PARTITIONS nope")
    with fails("PARTITIONS_NOT_FOUND", "428FT", partitionList="`a`", tableName=table):
        pyspark.sql("SHOW PARTITIONS m PARTITION (a = 1)")
    with fails("CAST_INVALID_INPUT", "22018", expression="'x'", targetType='"INT"'):
        pyspark.sql("SHOW PARTITIONS m PARTITION (c = 'x')").collect()
    with fails("INVALID_SQL_SYNTAX.EMPTY_PARTITION_VALUE", "42000", partKey="`c`"):
        pyspark.sql("SHOW PARTITIONS m PARTITION (c)")
    with fails("DUPLICATE_KEY", "23505", keyColumn="`c`"):
        pyspark.sql("SHOW PARTITIONS m PARTITION (c = 1, c = 2)")
    with fails("PARSE_SYNTAX_ERROR", "42601"):
        pyspark.sql("SHOW PARTITIONS m PARTITION (c > 4)")


def test_partitions_are_added(pyspark, schema):
    pyspark.sql("CREATE TABLE m (a INT, c INT, k STRING) USING csv PARTITIONED BY (c, k)")
    pyspark.sql("ALTER TABLE m ADD PARTITION (k = 'q', c = 8) PARTITION (C = '09', K = DATE'2024-01-01')")
    assert partitions(pyspark, "m") == ["c=8/k=q", "c=9/k=2024-01-01"]
    with fails("PARTITIONS_ALREADY_EXIST", "428FT", partitionList="PARTITION (`k` = q, `c` = 8)",
               tableName=f"`{schema}`.`m`"):
        pyspark.sql("ALTER TABLE m ADD PARTITION (k = 'q', c = 8) PARTITION (c = 10, k = 'r')")
    pyspark.sql("ALTER TABLE m ADD IF NOT EXISTS PARTITION (k = 'q', c = 8) PARTITION (c = 10, k = TRUE)")
    assert partitions(pyspark, "m") == ["c=10/k=true", "c=8/k=q", "c=9/k=2024-01-01"]
    assert rows(pyspark, "SELECT * FROM m") == []
    with fails("_LEGACY_ERROR_TEMP_1232", specKeys="k", partitionColumnNames="c, k", tableName=full(schema, "m")):
        pyspark.sql("ALTER TABLE m ADD PARTITION (k = 'q')")
    with fails("_LEGACY_ERROR_TEMP_1076", details="The spec ([k=, c=8]) contains an empty partition column value"):
        pyspark.sql("ALTER TABLE m ADD PARTITION (k = '', c = 8)")
    with fails("PARTITIONS_NOT_FOUND", "428FT", partitionList="`zz`"):
        pyspark.sql("ALTER TABLE m ADD PARTITION (c = 3, k = 'a', zz = 1)")
    with fails("CAST_INVALID_INPUT", "22018", expression="'9.0'"):
        pyspark.sql("ALTER TABLE m ADD PARTITION (k = 'x', c = 9.0)")


def test_partitions_are_dropped(pyspark, schema, table):
    pyspark.sql("ALTER TABLE m DROP PARTITION (k = 'a b/c', c = 9), PARTITION (c = 10, k = 'x=y')")
    assert rows(pyspark, "SELECT a FROM m") == [(3,), (4,)]
    short = f"`{schema}`.`m`"
    with fails("PARTITIONS_NOT_FOUND", "428FT", partitionList="PARTITION (`c` = 77, `k` = zz)", tableName=short):
        pyspark.sql("ALTER TABLE m DROP PARTITION (c = NULL, k = 'z'), PARTITION (c = 77, k = 'zz')")
    # A part of the columns names no partition.
    with fails("PARTITIONS_NOT_FOUND", "428FT", partitionList="PARTITION (`c` = 9)", tableName=short):
        pyspark.sql("ALTER TABLE m DROP PARTITION (c = 9)")
    pyspark.sql("ALTER TABLE m DROP IF EXISTS PARTITION (c = 77, k = 'zz')")
    assert rows(pyspark, "SELECT a FROM m") == [(3,), (4,)]
    pyspark.sql("ALTER TABLE m DROP PARTITION (c = NULL, k = 'z') PURGE")
    assert rows(pyspark, "SELECT a FROM m") == [(3,)]


def test_a_table_without_partitions(pyspark, schema):
    pyspark.sql("CREATE TABLE t (id INT) USING parquet")
    pyspark.sql("CREATE VIEW v AS SELECT 1 AS a")
    for verb in ("ADD", "DROP"):
        with fails("_LEGACY_ERROR_TEMP_1251", action=f"ALTER TABLE {verb} PARTITION", tableName="t"):
            pyspark.sql(f"ALTER TABLE t {verb} PARTITION (id = 1)")
        with fails("EXPECT_TABLE_NOT_VIEW.NO_ALTERNATIVE", "42809", viewName=full(schema, "v"),
                   operation=f"ALTER TABLE ... {verb} PARTITION ..."):
            pyspark.sql(f"ALTER TABLE v {verb} PARTITION (id = 1)")
    for statement, operation in (("MSCK REPAIR TABLE t", "MSCK REPAIR TABLE"), ("REPAIR TABLE t", "MSCK REPAIR TABLE"),
                                 ("ALTER TABLE t RECOVER PARTITIONS", "ALTER TABLE RECOVER PARTITIONS")):
        with fails("NOT_A_PARTITIONED_TABLE", "42809", operation=operation, tableIdentWithDB=full(schema, "t")):
            pyspark.sql(statement)
    with fails("EXPECT_TABLE_NOT_VIEW.NO_ALTERNATIVE", "42809", operation="MSCK REPAIR TABLE", viewName=full(schema, "v")):
        pyspark.sql("MSCK REPAIR TABLE v")


def test_partitions_are_recovered(pyspark, table):
    for statement in ("MSCK REPAIR TABLE m", "MSCK REPAIR TABLE m SYNC PARTITIONS", "ALTER TABLE m RECOVER PARTITIONS"):
        pyspark.sql(statement)
    assert len(partitions(pyspark, "m")) == 4


# Places.


def test_a_table_gets_another_location(pyspark, schema, tmp_path):
    pyspark.sql(f"CREATE TABLE w (x STRING) USING text LOCATION '{tmp_path}/w1'")
    pyspark.sql("INSERT INTO w VALUES ('one')")
    pyspark.sql(f"ALTER TABLE w SET LOCATION '{tmp_path}/w2'")
    assert rows(pyspark, "SELECT * FROM w") == []
    assert created(pyspark, "w").splitlines()[-1] == f"LOCATION 'file:{tmp_path}/w2'"
    pyspark.sql("CREATE VIEW v AS SELECT 1 AS a")
    with fails("EXPECT_TABLE_NOT_VIEW.NO_ALTERNATIVE", "42809", operation="ALTER TABLE ... SET LOCATION ..."):
        pyspark.sql("ALTER TABLE v SET LOCATION '/x'")
    with fails("TABLE_OR_VIEW_NOT_FOUND", "42P01", relationName="`nope`"):
        pyspark.sql("ALTER TABLE nope SET LOCATION '/x'")


# The same by calls.


def test_calls_of_the_catalog(pyspark, schema):
    pyspark.sql("CREATE TABLE t (a INT, b STRING) USING parquet PARTITIONED BY (b)")
    pyspark.sql("INSERT INTO t VALUES (1, 'x'), (2, 'y z')")
    assert [partition.partition for partition in pyspark.catalog.listPartitions("t")] == partitions(pyspark, "t")
    assert pyspark.catalog.getCreateTableString("t") == created(pyspark, "t")
    with fails("UNSUPPORTED_SHOW_CREATE_TABLE.ON_DATA_SOURCE_TABLE_WITH_AS_SERDE"):
        pyspark.catalog.getCreateTableString("t", asSerde=True)
    with fails("TABLE_OR_VIEW_NOT_FOUND"):
        pyspark.catalog.listPartitions("nope")


# Schemas.


def test_properties_of_a_schema(pyspark, schema):
    assert described(pyspark, schema)["Properties"] == ""
    pyspark.sql(f"ALTER DATABASE {schema} SET DBPROPERTIES ('b' = '2', a = 3, x.y = 'z')")
    assert described(pyspark, schema)["Properties"] == "((a,3), (b,2), (x.y,z))"
    pyspark.sql(f"ALTER SCHEMA {schema} SET PROPERTIES ('password' = 'secret')")
    pyspark.sql(f"ALTER NAMESPACE spark_catalog.{schema} UNSET DBPROPERTIES ('b', 'nobody')")
    assert described(pyspark, schema)["Properties"] == "((a,3), (password,*********(redacted)), (x.y,z))"
    pyspark.sql(f"COMMENT ON DATABASE {schema} IS 'new'")
    assert described(pyspark, schema)["Comment"] == "new"
    pyspark.sql(f"COMMENT ON SCHEMA {schema} IS NULL")
    assert described(pyspark, schema)["Comment"] == ""
    pyspark.sql(f"ALTER DATABASE {schema} SET DBPROPERTIES ('comment' = 'x')")
    assert described(pyspark, schema)["Comment"] == "x"


def test_the_location_of_a_schema(pyspark, schema, tmp_path):
    pyspark.sql(f"ALTER DATABASE {schema} SET LOCATION '{tmp_path}/other'")
    assert described(pyspark, schema)["Location"] == f"file:{tmp_path}/other"
    with fails("INVALID_EMPTY_LOCATION", "42K05", location=""):
        pyspark.sql(f"ALTER DATABASE {schema} SET LOCATION ''")


def test_what_a_schema_does_not_take(pyspark, schema):
    for change in ("SET LOCATION '/x'", "SET DBPROPERTIES ('a' = '1')", "UNSET DBPROPERTIES ('a')"):
        with fails("SCHEMA_NOT_FOUND", "42704", schemaName="`spark_catalog`.`nope`"):
            pyspark.sql(f"ALTER DATABASE nope {change}")
    for key in ("location", "owner", "collation"):
        with fails("UNSUPPORTED_FEATURE.SET_NAMESPACE_PROPERTY", "0A000", property=key):
            pyspark.sql(f"ALTER DATABASE {schema} SET DBPROPERTIES ('{key}' = 'x')")
    with fails("CANNOT_REMOVE_RESERVED_PROPERTY", "42000", property="comment"):
        pyspark.sql(f"ALTER DATABASE {schema} UNSET DBPROPERTIES ('comment')")
    for change in ("RENAME TO e", "SET DBPROPERTIES ()", "UNSET DBPROPERTIES IF EXISTS ('a')", "SET OWNER USER x"):
        with fails("PARSE_SYNTAX_ERROR", "42601"):
            pyspark.sql(f"ALTER DATABASE {schema} {change}")


def test_schemas_of_a_catalog(pyspark, schema):
    every = pyspark.sql("SHOW DATABASES").collect()
    assert (schema,) in every and ("default",) in every
    for kind in ("DATABASES", "SCHEMAS", "NAMESPACES"):
        for catalog in ("IN spark_catalog", "FROM `spark_catalog`", "IN SPARK_Catalog"):
            assert pyspark.sql(f"SHOW {kind} {catalog}").collect() == every
    assert pyspark.sql("SHOW DATABASES IN spark_catalog").columns == ["namespace"]
    assert rows(pyspark, f"SHOW DATABASES IN spark_catalog LIKE '{schema.upper()[:-1]}*'") == [(schema,)]
    assert rows(pyspark, f"SHOW DATABASES FROM `spark_catalog` '{schema}|no'") == [(schema,)]
    # A schema has none within it, and what is no catalog is one.
    for name in (schema, f"spark_catalog.{schema}", "DEFAULT", f"{schema} LIKE '*'"):
        assert rows(pyspark, f"SHOW DATABASES IN {name}") == []
    for name, shown in (("Nope", "`Nope`"), ("`no pe` LIKE 'a*'", "`no pe`"), ("Spark_Catalog.nope", "`nope`"),
                        ("a.b", "`a`.`b`"), ("spark_catalog.a.b", "`a`.`b`"), ("global_temp", "`global_temp`")):
        with fails("SCHEMA_NOT_FOUND", "42704", schemaName=f"`spark_catalog`.{shown}"):
            pyspark.sql(f"SHOW DATABASES IN {name}")
    for rest in ("LIKE abc", "spark_catalog", "IN 'x'", "LIKE 'a' IN spark_catalog"):
        with fails("PARSE_SYNTAX_ERROR", "42601"):
            pyspark.sql(f"SHOW DATABASES {rest}")
