# SPDX-License-Identifier: Apache-2.0
"""State that is several times as large as the memory budget: exact, over restarts and kills, within the budget, and
nothing of it is left on the disk."""
import contextlib
import os
import pathlib
import random
import time

import numpy
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from rig import table
from rig.pipeline import quoted

KEYS = 1_000_000
FILES = 12
BUDGET = 64 << 20
ROOM = 80_000_000  # of the process besides its budget, as in test_memory_budget
LEAST = 20_000_000  # of any run: less was not measured


def add_files(folder: pathlib.Path, numbers: range) -> None:
    """Files 0 to 9 have each key once, in no order; each further one a share of them again, and the last a later time."""
    folder.mkdir(exist_ok=True)
    keys = numpy.random.default_rng(7).permutation(KEYS)
    for number in numbers:
        some = keys[number::10] if number < 10 else keys[number % 10::20]
        seconds = some % 50 if number + 1 < FILES else some % 50 + 600
        columns = {"k": some, "t": pa.array((1_767_225_600 + seconds) * 1_000_000, pa.timestamp("us", "UTC"))}
        hidden = folder / f".{number}"
        pq.write_table(pa.table(columns), hidden)
        os.utime(hidden, (1_700_000_000 + number, 1_700_000_000 + number))
        hidden.rename(folder / f"part-{number}.parquet")


QUERIES = {
    "distinct": "SELECT DISTINCT k FROM {source}",
    "count": "SELECT k, count(*) AS n FROM {source} WATERMARK t DELAY OF INTERVAL 60 SECONDS GROUP BY window(t, '1 minute'), k",
}


class Query:
    def __init__(self, sluice, folder: pathlib.Path, kind: str):
        self.sluice, self.folder, self.spill = sluice, folder, folder / "spill"
        self.spill.mkdir()
        self.source, self.out, self.checkpoint = folder / "in", folder / "out", folder / "checkpoint"
        self.statement = folder / "stream.sql"
        stream = f"STREAM read_files({quoted(self.source)}, format => 'parquet', maxFilesPerTrigger => 1)"
        self.statement.write_text(
            "SET spark.sql.shuffle.partitions = 3;\nSET spark.sql.streaming.stateStore.maintenanceInterval = 0s;\n"
            "SET spark.sql.streaming.stateStore.minDeltasForSnapshot = 3;\n"
            f"CREATE STREAMING TABLE t USING parquet LOCATION {quoted(f'file://{self.out}')}\n"
            f"OPTIONS (checkpointLocation {quoted(self.checkpoint)}, trigger 'availableNow')\n"
            f"AS {QUERIES[kind].format(source=stream)};\n")

    def start(self, **options):
        return self.sluice.start("run", "--memory", str(BUDGET), "--conf", "spark.sluice.threads=2", self.statement,
                                 env={"TMPDIR": str(self.spill)}, **options)

    def committed(self) -> int:
        with contextlib.suppress(FileNotFoundError):
            return sum(name.isdigit() for name in os.listdir(self.checkpoint / "commits"))
        return 0

    def run(self) -> int:
        """Runs to the end; the largest resident size in bytes."""
        peak_kb = 0
        with self.start() as running:
            while running.child.poll() is None:
                with contextlib.suppress(OSError, StopIteration):
                    lines = pathlib.Path(f"/proc/{running.child.pid}/status").read_text().splitlines()
                    peak_kb = max(peak_kb, int(next(line for line in lines if line.startswith("VmHWM")).split()[1]))
                time.sleep(0.01)
            done = running.wait()
        assert done.code == 0, done.err[-4000:]
        return peak_kb * 1024

    def rows(self) -> pa.Table:
        return pa.concat_tables([pq.read_table(file) for file in table.logged_files(self.out)])


@pytest.mark.parametrize("kind", sorted(QUERIES))
def test_state_larger_than_the_budget(sluice, tmp_path, kind):
    query = Query(sluice, tmp_path, kind)
    add_files(query.source, range(0, 6))
    peaks = [query.run()]
    add_files(query.source, range(6, FILES))
    # A kill in the midst of a batch: what was spilled had no name.
    with query.start() as running:
        running.wait_until(lambda: query.committed() >= 8, 240, "two more batches are committed")
        time.sleep(random.Random(3).random())
        running.kill()
    assert list(query.spill.iterdir()) == []
    assert query.committed() < FILES
    peaks.append(query.run())
    print(f"{kind}: {[round(peak / 1e6) for peak in peaks]} MB")
    assert list(query.spill.iterdir()) == []
    rows = query.rows()
    counts = dict(zip(*(array.tolist() for array in numpy.unique(rows["k"].to_numpy(), return_counts=True))))
    assert len(counts) == KEYS and set(counts.values()) == {1}
    if kind == "count":
        again = numpy.random.default_rng(7).permutation(KEYS)[0::20]  # of the file before the last
        n = rows["n"].to_numpy()
        assert n.sum() == KEYS + len(again) and n.max() == 2
        assert set(rows["k"].to_numpy()[n == 2].tolist()) == set(again.tolist())
    for peak in peaks:
        assert LEAST < peak <= BUDGET + ROOM


def test_spilled_state_on_s3_goes_on_after_a_kill(sluice, minio, tmp_path):
    source, spill, place = tmp_path / "in", tmp_path / "spill", f"s3a://{minio.bucket}/spilled"
    spill.mkdir()
    stream = f"STREAM read_files({quoted(source)}, format => 'parquet', maxFilesPerTrigger => 1)"
    statement = tmp_path / "stream.sql"
    statement.write_text(
        "SET spark.sql.shuffle.partitions = 3;\n"
        f"CREATE STREAMING TABLE t USING parquet LOCATION '{place}/table'\n"
        f"OPTIONS (checkpointLocation '{place}/checkpoint', trigger 'availableNow')\n"
        f"AS {QUERIES['count'].format(source=stream)};\n")
    words = ("run", "--log-level", "info", "--memory", str(BUDGET), "--conf", "spark.sluice.threads=2", statement)
    env = {**minio.env(), "TMPDIR": str(spill)}
    add_files(source, range(0, 6))
    add_files(source, range(FILES - 1, FILES))
    with sluice.start(*words, env=env) as running:
        running.wait_until(lambda: len(minio.list("spilled/checkpoint/commits/")) >= 5, 240, "five batches are committed")
        time.sleep(random.Random(4).random())
        killed = running.kill()
    committed = len(minio.list("spilled/checkpoint/commits/"))
    assert "outgrown its share" in killed.all and committed < 8
    done = sluice.ok(*words, env=env, timeout=240)
    assert "outgrown its share" in done.all, "what is read again is spilled again"
    assert sluice.ok("checkpoint", "verify", f"{place}/checkpoint", "--sink", f"{place}/table", env=env).out == "whole\n"
    (row,) = sluice.ok("sql", "--format", "csv", f"SELECT count(*), count(DISTINCT k), sum(n), max(n) FROM parquet.`{place}/table`",
                       env=env).out.splitlines()[1:]
    assert row == "600000,600000,600000,1"


def test_a_folder_that_cannot_be_written_is_named(sluice, tmp_path):
    query = Query(sluice, tmp_path, "distinct")
    add_files(query.source, range(0, 10))
    query.spill.rmdir()
    with query.start() as running:
        done = running.wait(240)
    assert done.code != 0 and str(query.spill) in done.err, done.err[-2000:]
    query.spill.mkdir()
    query.run()
    assert numpy.array_equal(numpy.sort(query.rows()["k"].to_numpy()), numpy.arange(KEYS))
