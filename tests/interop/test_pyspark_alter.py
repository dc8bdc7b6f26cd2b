# SPDX-License-Identifier: Apache-2.0
"""ALTER TABLE, and views that outlast their session, over `sluice server`. With --on-spark the same tests run on a real
Spark Connect server, with the same expectations."""
import contextlib

import pytest
from pyspark.errors import PySparkException
from pyspark.sql import functions as F
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


@pytest.fixture
def table(pyspark, schema):
    pyspark.sql("CREATE TABLE t (id INT, name STRING COMMENT 'n') USING parquet")
    pyspark.sql("INSERT INTO t VALUES (1, 'a')")
    return full(schema, "t")


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


# Columns.


def test_added_columns_are_null_in_the_rows_that_are_there(pyspark, table):
    pyspark.sql("ALTER TABLE t ADD COLUMNS (x INT, y STRING COMMENT 'why')")
    pyspark.sql("ALTER TABLE t ADD COLUMN z DOUBLE")
    pyspark.sql("INSERT INTO t VALUES (2, 'b', 3, 'c', 0.5)")
    assert rows(pyspark, "SELECT * FROM t") == [(1, "a", None, None, None), (2, "b", 3, "c", 0.5)]
    assert rows(pyspark, "SELECT id FROM t WHERE x IS NULL") == [(1,)]
    assert pyspark.sql("DESCRIBE t").collect()[3] == ("y", "string", "why")


def test_added_columns_stand_before_partitions(pyspark, schema):
    pyspark.sql("CREATE TABLE t (id INT, p STRING) USING parquet PARTITIONED BY (p)")
    pyspark.sql("INSERT INTO t VALUES (1, 'x')")
    pyspark.sql("ALTER TABLE t ADD COLUMNS (n INT)")
    assert pyspark.table("t").columns == ["id", "n", "p"]
    pyspark.sql("INSERT INTO t VALUES (2, 3, 'y')")
    assert rows(pyspark, "SELECT * FROM t") == [(1, None, "x"), (2, 3, "y")]


@pytest.mark.parametrize("form", ["csv", "json"])
def test_added_columns_of_text_formats(pyspark, schema, form):
    pyspark.sql(f"CREATE TABLE t (id INT) USING {form}")
    pyspark.sql("INSERT INTO t VALUES (1)")
    pyspark.sql("ALTER TABLE t ADD COLUMNS (x STRUCT<a: INT>)" if form == "json" else "ALTER TABLE t ADD COLUMNS (x INT)")
    assert rows(pyspark, "SELECT * FROM t") == [(1, None)]


def test_columns_that_cannot_be_added(pyspark, table):
    for statement in ("ALTER TABLE t ADD COLUMNS (ID INT)", "ALTER TABLE t ADD COLUMNS (q INT, Q INT)"):
        with fails("COLUMN_ALREADY_EXISTS", "42711"):
            pyspark.sql(statement)
    with fails("TABLE_OR_VIEW_NOT_FOUND", "42P01", relationName="`nope`"):
        pyspark.sql("ALTER TABLE nope ADD COLUMNS (q INT)")
    assert pyspark.table("t").columns == ["id", "name"]


def test_comments(pyspark, table):
    pyspark.sql("ALTER TABLE t ALTER COLUMN id COMMENT 'the id'")
    pyspark.sql("ALTER TABLE t CHANGE COLUMN name name STRING COMMENT 'other'")
    assert rows(pyspark, "DESCRIBE t") == [("id", "int", "the id"), ("name", "string", "other")]
    pyspark.sql("COMMENT ON TABLE t IS 'talk'")
    assert pyspark.catalog.getTable("t").description == "talk"


def test_what_files_do_not_allow_is_refused_as_in_spark(pyspark, table):
    for statement, operation in (("RENAME COLUMN name TO n", "RENAME COLUMN"), ("DROP COLUMN name", "DROP COLUMN"),
                                 ("DROP COLUMNS (name)", "DROP COLUMN"), ("REPLACE COLUMNS (a INT)", "REPLACE COLUMNS")):
        with fails("UNSUPPORTED_FEATURE.TABLE_OPERATION", "0A000", tableName=table, operation=operation):
            pyspark.sql(f"ALTER TABLE t {statement}")
    with fails("NOT_SUPPORTED_CHANGE_COLUMN", "0A000", originType='"INT"', newType='"STRING"'):
        pyspark.sql("ALTER TABLE t ALTER COLUMN id TYPE STRING")
    assert rows(pyspark, "SELECT * FROM t") == [(1, "a")]


# Names.


def test_a_renamed_table_has_its_rows(pyspark, schema, table):
    pyspark.sql("ALTER TABLE t RENAME TO u")
    assert rows(pyspark, "SELECT * FROM u") == [(1, "a")]
    assert rows(pyspark, "SHOW TABLES") == [(schema, "u", False)]
    with fails("TABLE_OR_VIEW_NOT_FOUND", "42P01", relationName="`t`"):
        pyspark.table("t").collect()
    pyspark.sql(f"ALTER TABLE u RENAME TO {schema}.v")
    assert rows(pyspark, "SELECT * FROM v") == [(1, "a")]
    pyspark.sql("INSERT INTO v VALUES (2, 'b')")
    pyspark.sql("DROP TABLE v")
    pyspark.sql("CREATE TABLE v (id INT) USING parquet")
    assert rows(pyspark, "SELECT * FROM v") == []


def test_the_old_name_can_be_taken_again(pyspark, table):
    pyspark.sql("ALTER TABLE t RENAME TO u")
    pyspark.sql("CREATE TABLE t (other INT) USING parquet")
    pyspark.sql("INSERT INTO t VALUES (7)")
    pyspark.range(1).write.mode("overwrite").saveAsTable("t")
    assert rows(pyspark, "SELECT * FROM t") == [(0,)]
    assert rows(pyspark, "SELECT * FROM u") == [(1, "a")]
    pyspark.sql("DROP TABLE t")
    assert rows(pyspark, "SELECT * FROM u") == [(1, "a")]


def test_names_that_are_taken(pyspark, schema, table):
    pyspark.sql("CREATE TABLE w (id INT) USING csv")
    with fails("TABLE_OR_VIEW_ALREADY_EXISTS", "42P07"):
        pyspark.sql("ALTER TABLE t RENAME TO w")
    with fails("TABLE_OR_VIEW_NOT_FOUND", "42P01"):
        pyspark.sql("ALTER TABLE nope RENAME TO other")
    with fails("_LEGACY_ERROR_TEMP_1073"):
        pyspark.sql("ALTER TABLE t RENAME TO default.t")
    assert rows(pyspark, "SELECT * FROM t") == [(1, "a")]


def test_a_temporary_view_is_renamed(pyspark, schema):
    pyspark.sql("CREATE TEMP VIEW v AS SELECT 1 AS a")
    pyspark.sql("ALTER VIEW v RENAME TO w")
    assert rows(pyspark, "SELECT * FROM w") == [(1,)]
    assert not pyspark.catalog.tableExists("v")
    pyspark.catalog.dropTempView("w")


# Properties.


def test_properties(pyspark, table):
    pyspark.sql("ALTER TABLE t SET TBLPROPERTIES ('a' = '1', b = 2)")
    assert rows(pyspark, "SHOW TBLPROPERTIES t") == [("a", "1"), ("b", "2")]
    assert rows(pyspark, "SHOW TBLPROPERTIES t ('a')") == [("a", "1")]
    pyspark.sql("ALTER TABLE t UNSET TBLPROPERTIES ('a')")
    pyspark.sql("ALTER TABLE t UNSET TBLPROPERTIES IF EXISTS ('nobody')")
    assert rows(pyspark, "SHOW TBLPROPERTIES t") == [("b", "2")]
    pyspark.sql("ALTER TABLE t SET TBLPROPERTIES ('comment' = 'hi')")
    assert pyspark.catalog.getTable("t").description == "hi"


# Views.


def test_a_view_outlasts_its_session(pyspark, schema, table, server):
    pyspark.sql("CREATE VIEW v AS SELECT id, upper(name) AS n FROM t")
    pyspark.sql("INSERT INTO t VALUES (2, 'b')")
    with connect.session(server.url) as other:
        assert rows(other, f"SELECT n FROM {schema}.v WHERE id = 2") == [("B",)]
        assert rows(other, f"SELECT v.id FROM spark_catalog.{schema}.v") == [(1,), (2,)]
    assert pyspark.table("v").columns == ["id", "n"]


def test_views_are_listed(pyspark, schema, table):
    pyspark.sql("CREATE VIEW v (i COMMENT 'the i', nn) COMMENT 'words' TBLPROPERTIES ('a' = '1') "
                "AS SELECT id, length(name) FROM t")
    assert rows(pyspark, "SHOW VIEWS") == [(schema, "v", False)]
    assert rows(pyspark, "SHOW TABLES") == [(schema, "t", False), (schema, "v", False)]
    assert rows(pyspark, "DESCRIBE v") == [("i", "int", "the i"), ("nn", "int", None)]
    assert rows(pyspark, "SELECT nn FROM v WHERE i = 1") == [(1,)]
    found = pyspark.catalog.getTable("v")
    assert (found.tableType, found.description, found.isTemporary) == ("VIEW", "words", False)
    assert [one.name for one in pyspark.catalog.listTables()] == ["t", "v"]
    assert pyspark.catalog.tableExists("v")
    assert [one.name for one in pyspark.catalog.listColumns("v")] == ["i", "nn"]


def test_making_a_view_again(pyspark, schema, table):
    pyspark.sql("CREATE VIEW v AS SELECT 1 AS a")
    with fails("TABLE_OR_VIEW_ALREADY_EXISTS", "42P07", relationName=full(schema, "v")):
        pyspark.sql("CREATE VIEW v AS SELECT 2 AS a")
    pyspark.sql("CREATE VIEW IF NOT EXISTS v AS SELECT 3 AS a")
    assert rows(pyspark, "SELECT a FROM v") == [(1,)]
    pyspark.sql("CREATE OR REPLACE VIEW v AS SELECT 4 AS b")
    assert rows(pyspark, "SELECT b FROM v") == [(4,)]
    pyspark.sql("ALTER VIEW v AS SELECT 5 AS c")
    assert rows(pyspark, "SELECT c FROM v") == [(5,)]
    pyspark.sql("ALTER VIEW v RENAME TO w")
    assert rows(pyspark, "SELECT c FROM w") == [(5,)]
    with fails("TABLE_OR_VIEW_ALREADY_EXISTS", "42P07"):
        pyspark.sql("CREATE TABLE w (id INT) USING parquet")
    with fails("TABLE_OR_VIEW_NOT_FOUND", "42P01"):
        pyspark.sql("ALTER VIEW v AS SELECT 1 AS a")


def test_dropping_views(pyspark, schema, table):
    pyspark.sql("CREATE VIEW v AS SELECT 1 AS a")
    with fails("WRONG_COMMAND_FOR_OBJECT_TYPE", "42809", operation="DROP VIEW", foundType="MANAGED"):
        pyspark.sql("DROP VIEW t")
    pyspark.sql("DROP VIEW v")
    pyspark.sql("DROP VIEW IF EXISTS v")
    pyspark.sql("CREATE VIEW w AS SELECT 1 AS a")
    pyspark.sql("DROP TABLE w")
    with fails("TABLE_OR_VIEW_NOT_FOUND", "42P01"):
        pyspark.sql("DROP VIEW v")
    assert rows(pyspark, "SELECT * FROM t") == [(1, "a")]


def test_views_that_cannot_be_made(pyspark, schema, table):
    pyspark.sql("CREATE TEMP VIEW mine AS SELECT 1 AS a")
    with fails("INVALID_TEMP_OBJ_REFERENCE", "42K0F"):
        pyspark.sql("CREATE VIEW v AS SELECT * FROM mine")
    with fails("TABLE_OR_VIEW_NOT_FOUND", "42P01"):
        pyspark.sql("CREATE VIEW v AS SELECT * FROM nope")
    with fails("CREATE_VIEW_COLUMN_ARITY_MISMATCH.NOT_ENOUGH_DATA_COLUMNS", "21S01"):
        pyspark.sql("CREATE VIEW v (a, b) AS SELECT 1")
    with fails("CREATE_VIEW_COLUMN_ARITY_MISMATCH.TOO_MANY_DATA_COLUMNS", "21S01"):
        pyspark.sql("CREATE VIEW v (a) AS SELECT 1, 2")
    with fails("COLUMN_ALREADY_EXISTS", "42711"):
        pyspark.sql("CREATE VIEW v AS SELECT 1 AS a, 2 AS a")
    with fails("SCHEMA_NOT_FOUND", "42704"):
        pyspark.sql("CREATE VIEW nobody.v AS SELECT 1 AS a")
    assert rows(pyspark, "SHOW VIEWS LIKE 'v'") == []
    pyspark.catalog.dropTempView("mine")


def test_a_view_takes_no_rows(pyspark, schema, table):
    pyspark.sql("CREATE VIEW v AS SELECT * FROM t")
    for call in (lambda: pyspark.sql("INSERT INTO v VALUES (1, 'x')"), lambda: pyspark.sql("TRUNCATE TABLE v"),
                 lambda: pyspark.sql("ALTER TABLE v ADD COLUMNS (x INT)")):
        with fails("EXPECT_TABLE_NOT_VIEW.NO_ALTERNATIVE", "42809"):
            call()
    assert rows(pyspark, "SELECT * FROM t") == [(1, "a")]


def test_a_view_keeps_its_columns(pyspark, schema, table):
    pyspark.sql("CREATE VIEW v AS SELECT * FROM t")
    pyspark.sql("ALTER TABLE t ADD COLUMNS (extra INT)")
    assert pyspark.table("v").columns == ["id", "name"]
    pyspark.sql("DROP TABLE t")
    with fails("TABLE_OR_VIEW_NOT_FOUND", "42P01"):
        pyspark.table("v").collect()
    pyspark.sql("CREATE TABLE t (id INT) USING parquet")
    with fails("INCOMPATIBLE_VIEW_SCHEMA_CHANGE", "51024"):
        pyspark.table("v").collect()


def test_names_in_a_view_are_those_of_its_schema(pyspark, schema, table):
    pyspark.sql("CREATE VIEW inner_view AS SELECT name FROM t")
    pyspark.sql("CREATE VIEW outer_view AS WITH x AS (SELECT name FROM inner_view) SELECT concat(name, '!') AS b FROM x")
    pyspark.sql("USE default")
    pyspark.sql("CREATE TEMP VIEW t AS SELECT 'temporary' AS name")
    assert rows(pyspark, f"SELECT b FROM {schema}.outer_view") == [("a!",)]
    pyspark.catalog.dropTempView("t")


def test_a_view_cannot_stand_on_itself(pyspark, schema):
    pyspark.sql("CREATE VIEW v AS SELECT 1 AS a")
    pyspark.sql("CREATE VIEW w AS SELECT * FROM v")
    with fails("RECURSIVE_VIEW", "42K0H", viewIdent=full(schema, "v")):
        pyspark.sql("CREATE OR REPLACE VIEW v AS SELECT * FROM w")
    assert rows(pyspark, "SELECT * FROM w") == [(1,)]


def test_altering_the_other_kind(pyspark, schema, table):
    pyspark.sql("CREATE VIEW v AS SELECT 1 AS a")
    with fails("EXPECT_VIEW_NOT_TABLE.USE_ALTER_TABLE", "42809", operation="ALTER VIEW", tableName="`t`"):
        pyspark.sql("ALTER VIEW t RENAME TO u")
    with fails("EXPECT_VIEW_NOT_TABLE.NO_ALTERNATIVE", "42809", operation="ALTER VIEW ... AS", tableName=table):
        pyspark.sql("ALTER VIEW t AS SELECT 1 AS a")
    with fails("EXPECT_TABLE_NOT_VIEW.USE_ALTER_VIEW", "42809"):
        pyspark.sql("ALTER TABLE v SET TBLPROPERTIES ('a' = '1')")
    pyspark.sql("ALTER VIEW v SET TBLPROPERTIES ('a' = '1')")
    assert rows(pyspark, "SHOW TBLPROPERTIES v") == [("a", "1")]


def test_a_view_has_the_settings_that_it_was_made_with(pyspark, schema):
    pyspark.conf.set("spark.sql.ansi.enabled", "false")
    pyspark.sql("CREATE VIEW v AS SELECT CAST('x' AS INT) AS c")
    pyspark.conf.set("spark.sql.ansi.enabled", "true")
    assert rows(pyspark, "SELECT c FROM v") == [(None,)]
