# SPDX-License-Identifier: Apache-2.0
"""A table whose sink log names many files: batches go on at their pace over its compactions, in little memory. 1,000,000
entries with --log-entries 1000000 (`make resources`), a tenth of them otherwise."""
import json
import pathlib
import statistics
import uuid

import pytest
from rig.pipeline import Pipeline
from rig.reviews import reviews

BATCHES = 41
LEAST_KB = 20 * 1024  # of any run: less was not measured
MEMORY_KB = 128 * 1024 + 80 * 1024  # the default budget and what the process may have beside it


class LocalLog:
    def __init__(self, folder: pathlib.Path, _minio):
        self.base, self._folder = folder / "lake", folder / "lake/table/_spark_metadata"

    def get(self, name: str) -> bytes:
        return (self._folder / name).read_bytes()

    def put(self, name: str, content: bytes) -> None:
        (self._folder / name).write_bytes(content)


class S3Log:
    def __init__(self, folder: pathlib.Path, minio):
        self._minio, prefix = minio, f"large-{folder.name}"
        self.base, self._folder = f"s3a://{minio.bucket}/{prefix}", f"{prefix}/table/_spark_metadata"

    def get(self, name: str) -> bytes:
        return self._minio.get(f"{self._folder}/{name}")

    def put(self, name: str, content: bytes) -> None:
        self._minio.put(f"{self._folder}/{name}", content)


def lines(base, count: int) -> list[str]:
    where = base if "://" in str(base) else f"file://{base}"
    return [f'{{"path":"{where}/table/part-00000-{uuid.UUID(int=n, version=4)}-c000.snappy.parquet","size":{1000 + n},'
            '"isDir":false,"modificationTime":1795350005920,"blockReplication":1,"blockSize":33554432,"action":"add"}'
            for n in range(count)]


@pytest.mark.parametrize("place", [LocalLog, S3Log])
def test_compactions_of_a_large_log(place, sluice, minio, topic, tmp_path, pytestconfig):
    entries = pytestconfig.getoption("--log-entries")
    sluice.env.update(minio.env())
    log = place(tmp_path, minio)
    numbers = topic(partitions=1)
    pipeline = Pipeline(numbers, f"{log.base}/table", f"{log.base}/checkpoint", max_offsets=20)
    job = pipeline.write_sql(tmp_path / "job")
    numbers.produce(reviews(0, 200))
    sluice.ok("run", job)
    small = log.get("9.compact").decode()
    large = "\n".join([small, *lines(log.base, entries)])
    log.put("9.compact", large.encode())
    numbers.produce(reviews(200, 20 * (BATCHES - 10)))
    peak = 0

    def watch(pid: int) -> bool:
        nonlocal peak
        try:
            status = pathlib.Path(f"/proc/{pid}/status").read_text()
            peak = max(peak, int(status.split("VmHWM:")[1].split()[0]))
        except (OSError, IndexError):
            pass
        return running.child.poll() is not None

    with sluice.start("run", "--progress", "json", job) as running:
        running.wait_until(lambda: watch(running.child.pid), seconds=600, what="the end")
        done = running.wait(10)
    assert done.code == 0, done.err[-3000:]
    took = {p["batchId"]: p["durationMs"] for p in map(json.loads, done.out.splitlines())}
    compacting = [took[n]["triggerExecution"] for n in took if (n + 1) % 10 == 0]
    # Batch 10 also opens everything.
    others = [took[n]["triggerExecution"] for n in took if (n + 1) % 10 and n > 10]
    ratio = statistics.median(compacting) / max(statistics.median(others), 1)
    print(f"\n{entries} entries, {place.__name__}: tenth batches {compacting} ms, others' median "
          f"{statistics.median(others)} ms, ratio {ratio:.2f}, peak {peak / 1024:.0f} MB")
    made = log.get("39.compact").decode()
    assert made.startswith(large), "what was there stays, byte for byte"
    assert made.count("\n") == large.count("\n") + 30
    assert list(took) == list(range(10, BATCHES)) and len(compacting) == 3, f"batches {list(took)}"
    assert LEAST_KB < peak < MEMORY_KB, f"peak {peak} KB"
    # On a busy machine single batches are slow for other reasons; the full run is for a quiet one.
    assert 0.5 <= ratio <= 1.5 or entries < 1_000_000, f"tenth batches {compacting}, others {sorted(others)}"
