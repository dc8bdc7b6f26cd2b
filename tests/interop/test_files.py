# SPDX-License-Identifier: Apache-2.0
"""Files of CSV, JSON, text and Parquet: read and written by every door, and exchanged with real Spark."""
import gzip
import json
import os
import pathlib

import pytest
from pyspark.errors import AnalysisException
from pyspark.sql import Row
from rig import connect, table
from rig.pipeline import quoted

ROWS = [{"id": 1, "name": 'a "quoted" one, with a comma', "day": "2024-01-02"}, {"id": 2, "name": "two\nlines", "day": None},
        {"id": 3, "name": "", "day": "2024-02-03"}, {"id": 4, "day": "2024-02-03"}, {"id": 5, "name": " padded ", "day": "2024-01-02"}]
SCHEMA = "id INT, name STRING, day DATE"
OPTIONS = {"csv": {"header": "true", "multiLine": "true", "escape": '"', "ignoreLeadingWhiteSpace": "false",
                   "ignoreTrailingWhiteSpace": "false"}, "json": {}, "parquet": {}}


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    with connect.Server(tmp_path_factory.mktemp("server"), "--conf", "spark.sql.session.timeZone=UTC") as started:
        yield started


@pytest.fixture
def pyspark(server):
    with connect.session(server.url) as spark:
        yield spark


def put_rows(folder: pathlib.Path) -> pathlib.Path:
    folder.mkdir()
    (folder / "a.json").write_text("".join(json.dumps(row) + "\n" for row in ROWS))
    return folder


def expected(file_format: str) -> list:
    """CSV writes an empty text as "", and reads it as NULL."""
    names = [row.get("name") or None if file_format == "csv" else row.get("name") for row in ROWS]
    return [(row["id"], name, row.get("day")) for row, name in zip(ROWS, names)]


def rows_of(frame) -> list:
    return sorted((row["id"], row["name"], None if row["day"] is None else str(row["day"])) for row in frame.collect())


@pytest.mark.parametrize("file_format", ["csv", "json", "parquet"])
@pytest.mark.parametrize("partition_by", [[], ["day"]], ids=["flat", "by day"])
def test_what_one_writes_the_other_reads(pyspark, spark, tmp_path, file_format, partition_by):
    source, options = put_rows(tmp_path / "in"), OPTIONS[file_format]
    compressed = options | ({} if file_format == "parquet" else {"compression": "gzip"})
    rows = pyspark.read.schema(SCHEMA).json(str(source))
    rows.write.format(file_format).options(**compressed).partitionBy(*partition_by).save(str(tmp_path / "ours"))
    spark.job({"op": "write", "path": str(source), "schema": SCHEMA, "format": file_format, "options": compressed,
               "partition_by": partition_by, "out": str(tmp_path / "theirs")})
    for folder in ("ours", "theirs"):
        assert (tmp_path / folder / "_SUCCESS").exists()
        read = {"op": "read", "path": str(tmp_path / folder), "format": file_format, "options": options, "schema": SCHEMA,
                "select": ["id", "name", "day"]}
        found = sorted(tuple(row) for row in spark.job(read)["rows"])
        assert found == expected(file_format), folder
        ours = pyspark.read.schema(SCHEMA).format(file_format).options(**options).load(str(tmp_path / folder))
        assert rows_of(ours) == expected(file_format), folder
    endings = {name.split("-c0")[-1].split(".c0")[-1][2:] for name in (file.name for file in (tmp_path / "theirs").rglob("part-*"))}
    assert endings == {file.name.split("-c0")[-1].split(".c0")[-1][2:] for file in (tmp_path / "ours").rglob("part-*")}
    assert not (tmp_path / "ours" / "_temporary").exists()


def test_save_modes_and_names(pyspark, tmp_path):
    out = str(tmp_path / "out")
    pyspark.range(3).write.csv(out)
    with pytest.raises(AnalysisException, match="PATH_ALREADY_EXISTS"):
        pyspark.range(3).write.csv(out)
    pyspark.range(3).write.mode("ignore").csv(out)
    pyspark.range(3, 5).write.mode("append").csv(out)
    assert sorted(int(row[0]) for row in pyspark.read.csv(out).collect()) == [0, 1, 2, 3, 4]
    pyspark.range(7, 8).write.mode("overwrite").json(out)
    assert pyspark.read.json(out).collect() == [Row(id=7)]
    pyspark.range(10).repartition(3).write.mode("overwrite").parquet(out)
    assert len(list(pathlib.Path(out).glob("part-*.parquet"))) == 3
    pyspark.range(10).coalesce(1).write.mode("overwrite").option("maxRecordsPerFile", 4).parquet(out)
    assert len(list(pathlib.Path(out).glob("part-*.parquet"))) == 3
    pyspark.range(2).write.option("path", str(tmp_path / "named")).saveAsTable("named_rows")
    assert pyspark.table("named_rows").count() == 2
    pyspark.range(5).write.format("noop").mode("overwrite").save()


def test_readers(pyspark, tmp_path):
    (tmp_path / "a.csv").write_text("id,name\n1,x\n2,y\n")
    (tmp_path / "b.csv").write_text("id,name\n3,z\n")
    with gzip.open(tmp_path / "c.csv.gz", "wt") as file:
        file.write("id,name\n4,w\n")
    frame = pyspark.read.csv(str(tmp_path / "*.csv"), header=True, inferSchema=True)
    assert frame.dtypes == [("id", "int"), ("name", "string")]
    assert sorted(frame.collect()) == [Row(id=1, name="x"), Row(id=2, name="y"), Row(id=3, name="z")]
    assert pyspark.read.option("header", True).csv([str(tmp_path / "a.csv"), str(tmp_path / "c.csv.gz")]).count() == 3
    assert [row.value for row in pyspark.read.text(str(tmp_path / "b.csv")).collect()] == ["id,name", "3,z"]
    assert pyspark.sql(f"SELECT _c1 FROM csv.`{tmp_path}/b.csv` WHERE _c0 = '3'").collect() == [Row(_c1="z")]
    with pytest.raises(AnalysisException, match="PATH_NOT_FOUND"):
        pyspark.read.csv(str(tmp_path / "nowhere*")).collect()


def test_sql_statements(sluice, tmp_path):
    (tmp_path / "a.tsv").write_text("id\tname\n1\tx\n2\ty\n")
    read = f"read_files('{tmp_path}/a.tsv', format => 'csv', header => true, delimiter => '\\t', schema => 'id INT, name STRING')"
    found = sluice.ok("sql", "--format", "csv", f"SELECT id + 1 AS n, name FROM {read} ORDER BY id").out.split()
    assert found == ["n,name", "2,x", "3,y"]
    script = (f"INSERT OVERWRITE DIRECTORY '{tmp_path}/out' USING json SELECT * FROM {read};"
              f"CREATE TABLE t USING parquet LOCATION '{tmp_path}/t' PARTITIONED BY (name) AS SELECT * FROM json.`{tmp_path}/out`;"
              "SELECT name, id FROM t ORDER BY id")
    assert sluice.ok("sql", "--format", "csv", script).out.split() == ["name,id", "x,1", "y,2"]
    assert {file.name for file in (tmp_path / "t").iterdir()} == {"name=x", "name=y", "_SUCCESS"}
    failed = sluice.run("sql", f"SELECT * FROM read_files('{tmp_path}/a.tsv', headr => true)")
    assert failed.code != 0 and "Did you mean header?" in failed.err, failed.all


def stream(source: str, out: pathlib.Path, sink: str, checkpoint: pathlib.Path) -> str:
    return (f"CREATE STREAMING TABLE t USING {sink} LOCATION {quoted(f'file://{out}')}\n"
            f"OPTIONS (checkpointLocation {quoted(checkpoint)}, trigger 'availableNow')\nAS SELECT * FROM STREAM {source}\n")


def add_file(folder: pathlib.Path, number: int) -> None:
    """Ten rows; the files' times are a second apart."""
    folder.mkdir(exist_ok=True)
    hidden = folder / f".{number}"
    hidden.write_text("".join(f'{{"id": {i}, "name": "n {i}, x"}}\n' for i in range(number * 10, number * 10 + 10)))
    os.utime(hidden, (1_700_000_000 + number, 1_700_000_000 + number))
    hidden.rename(folder / f"part {number}.json")


@pytest.mark.parametrize(("source_format", "sink"), [("json", "csv"), ("text", "json")])
def test_streams_of_files_in_turn(sluice, spark, tmp_path, source_format, sink):
    """One checkpoint, one table: through Spark and Sluice, each row once."""
    source, out, checkpoint = tmp_path / "in", tmp_path / "out", tmp_path / "checkpoint"
    schema = "id BIGINT, name STRING" if source_format == "json" else "value STRING"
    sql = tmp_path / "stream.sql"
    read = f"read_files('{source}', format => '{source_format}', schema => '{schema}', maxFilesPerTrigger => 2)"
    sql.write_text(stream(read, out, sink, checkpoint))
    written = 0
    for turn, engine in enumerate("LsLLs"):
        for _ in range(3):
            add_file(source, written)
            written += 1
        if engine == "s":
            spark.job({"op": "file_stream", "path": str(source), "schema": schema, "out": f"file://{out}", "format": source_format,
                       "sink": sink, "checkpoint": str(checkpoint), "options": {"maxFilesPerTrigger": "2"}})
        else:
            sluice.ok("run", sql)
        lines = [line for file in table.logged_files(out) for line in file.read_text().splitlines()]
        assert len(lines) == len(set(lines)) == written * 10, f"turn {turn} ({engine})"
    first = '0,"n 0, x"' if sink == "csv" else json.dumps({"value": '{"id": 0, "name": "n 0, x"}'}, separators=(",", ":"))
    assert first in lines
    verified = sluice.run("checkpoint", "verify", checkpoint, "--sink", out)
    assert verified.code == 0, verified.all


def test_a_stream_of_json_needs_a_schema(sluice, tmp_path):
    add_file(tmp_path / "in", 0)
    sql = tmp_path / "stream.sql"
    sql.write_text(stream(f"json.`{tmp_path}/in`", tmp_path / "out", "csv", tmp_path / "checkpoint"))
    failed = sluice.run("run", sql)
    assert failed.code != 0 and "SLUICE_STREAM_SCHEMA" in failed.err, failed.all
    sql.write_text("SET spark.sql.streaming.schemaInference = true;\n" + sql.read_text())
    sluice.ok("run", sql)
    assert len(table.logged_files(tmp_path / "out")) == 1
