# SPDX-License-Identifier: Apache-2.0
"""A folder of Parquet files as a stream: each file once, through Spark and Sluice in turn, on one checkpoint."""
import os
import pathlib

import pyarrow
import pyarrow.parquet
import pytest
from rig import table
from rig.pipeline import quoted

SCHEMA = "id BIGINT, name STRING"


def add_file(folder: pathlib.Path, number: int) -> None:
    """Ten rows; the files' times are a second apart."""
    folder.mkdir(parents=True, exist_ok=True)
    ids = list(range(number * 10, number * 10 + 10))
    hidden = folder / f".{number}"
    pyarrow.parquet.write_table(pyarrow.table({"id": ids, "name": [f"n{i}" for i in ids]}), hidden)
    os.utime(hidden, (1_700_000_000 + number, 1_700_000_000 + number))
    hidden.rename(folder / f"part {number}.parquet")


def statement(source: str, out: pathlib.Path, checkpoint: pathlib.Path) -> str:
    return (f"CREATE STREAMING TABLE t USING parquet LOCATION {quoted(f'file://{out}')}\n"
            f"OPTIONS (checkpointLocation {quoted(checkpoint)}, trigger 'availableNow')\nAS SELECT * FROM STREAM {source}\n")


def ids_of(folder: pathlib.Path) -> list[int]:
    files = table.logged_files(folder)
    return sorted(i for file in files for i in pyarrow.parquet.read_table(file, columns=["id"])["id"].to_pylist())


@pytest.mark.parametrize("version", ["spark", "spark3"])
def test_spark_and_sluice_in_turn(sluice, tmp_path, version, request):
    spark = request.getfixturevalue(version)
    source, out, checkpoint = tmp_path / "in put", tmp_path / "out", tmp_path / "checkpoint"
    sql = tmp_path / "stream.sql"
    sql.write_text(statement(f"parquet.`{source}`", out, checkpoint))
    written = 0
    for turn, engine in enumerate("sLLsLsL"):
        for _ in range(3):
            add_file(source, written)
            written += 1
        if engine == "s":
            spark.job({"op": "file_stream", "path": str(source), "schema": SCHEMA, "out": str(out), "checkpoint": str(checkpoint),
                       "options": {"maxFilesPerTrigger": "2"}})
        else:
            sluice.ok("run", sql)
        assert ids_of(out) == list(range(written * 10)), f"turn {turn} ({engine})"
    names = {file.name for file in (checkpoint / "sources" / "0").iterdir() if not file.name.startswith(".")}
    assert "9.compact" in names, names
    verified = sluice.run("checkpoint", "verify", checkpoint, "--sink", out)
    assert verified.code == 0, verified.all


def test_partition_folders_and_a_sinks_log(sluice, tmp_path):
    """Folders stand for columns; a table that a stream wrote holds what its log names, and a second stream reads it on."""
    source, middle, out = tmp_path / "in", tmp_path / "middle", tmp_path / "out"
    first, second = tmp_path / "first.sql", tmp_path / "second.sql"
    first.write_text(statement(f"parquet.`{source}`", middle, tmp_path / "first"))
    second.write_text(statement(f"parquet.`{middle}`", out, tmp_path / "second"))
    for day in range(3):
        add_file(source / f"day=2024-01-0{day + 1}", day)
        sluice.ok("run", first)
        (middle / "part-of-nobody.parquet").write_bytes(b"no file of the table")
        sluice.ok("run", second)
        assert ids_of(out) == list(range(day * 10 + 10))
    days = sluice.ok("sql", "--format", "csv", f"SELECT day, count(*) FROM '{out}' GROUP BY day ORDER BY day").out.split()
    assert days == ["day,count(1)", "2024-01-01,10", "2024-01-02,10", "2024-01-03,10"]


def test_a_file_that_is_gone_is_named(sluice, tmp_path):
    source, out, checkpoint = tmp_path / "in", tmp_path / "out", tmp_path / "checkpoint"
    sql = tmp_path / "stream.sql"
    sql.write_text(statement(f"parquet.`{source}`", out, checkpoint))
    add_file(source, 0)
    sluice.ok("run", sql)
    log = checkpoint / "sources" / "0"
    (log / "1").write_text((log / "0").read_text().replace("part%200", "part%201").replace('"batchId":0', '"batchId":1'))
    (log / ".1.crc").unlink(missing_ok=True)
    failed = sluice.run("run", sql)
    assert failed.code == 1 and "FAILED_READ_FILE" in failed.err and "part%201.parquet" in failed.err, failed.all


def test_nothing_there_is_named(sluice, tmp_path):
    sql = tmp_path / "stream.sql"
    sql.write_text(statement(f"parquet.`{tmp_path}/none`", tmp_path / "out", tmp_path / "checkpoint"))
    failed = sluice.run("run", sql)
    assert failed.code == 1 and "PATH_NOT_FOUND" in failed.err, failed.all
