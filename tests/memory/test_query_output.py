# SPDX-License-Identifier: Apache-2.0
"""What `sluice sql` holds of the rows that it prints does not grow with their number, in any format."""
import pathlib
import subprocess
import time

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from rig import program
from rig.reviews import COLUMNS, reviews

FEW, MANY = 200_000, 400_000
ROOM = 200_000_000  # most of it is the reader's, with a budget of 64 MiB and two threads
GROWTH = 25_000_000  # 200,000 reviews as text are 90 MB
LEAST = 20_000_000  # less was not measured


@pytest.fixture(scope="module")
def tables(tmp_path_factory) -> dict[int, pathlib.Path]:
    folder = tmp_path_factory.mktemp("reviews")
    some = [line.decode().split("\t") for line in reviews(0, 10_000)]
    columns = pa.table({name: [row[i] for row in some] for i, name in enumerate(COLUMNS)})
    for rows in (FEW, MANY):
        with pq.ParquetWriter(folder / f"{rows}.parquet", columns.schema) as writer:
            for _ in range(rows // 10_000):
                writer.write_table(columns, row_group_size=10_000)
    return {rows: folder / f"{rows}.parquet" for rows in (FEW, MANY)}


def peak_of(table: pathlib.Path, rows: int, format: str, folder: pathlib.Path) -> int:
    """The largest resident size of a query that prints all rows."""
    with open(folder / "out", "wb") as out:
        child = subprocess.Popen([program.SLUICE, "sql", "--memory", "64M", "--conf", "spark.sluice.threads=2", "--format",
                                  format, f"SELECT * FROM '{table}'"], stdout=out, stderr=subprocess.PIPE,
                                 env=program.clean_environment({}))
        peak = 0
        while child.poll() is None:
            status = pathlib.Path(f"/proc/{child.pid}/status").read_text()
            peak = max([peak, *(int(line.split()[1]) * 1024 for line in status.splitlines() if line.startswith("VmHWM"))])
            time.sleep(0.01)
    assert child.returncode == 0, child.stderr.read()
    assert (folder / "out").read_bytes().count(b"\n") >= rows
    return peak


@pytest.mark.parametrize("format", ["table", "vertical", "csv", "json", "markdown"])
def test_memory_of_printed_rows(tables, tmp_path, format):
    few, many = (peak_of(tables[rows], rows, format, tmp_path) for rows in (FEW, MANY))
    print(f"{format}: {few / 1e6:.0f} MB, {many / 1e6:.0f} MB")
    assert LEAST < few and many < min(ROOM, few + GROWTH)
