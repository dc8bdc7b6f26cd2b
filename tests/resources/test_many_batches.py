# SPDX-License-Identifier: Apache-2.0
"""File handles and memory of the release program over many batches: `make resources` runs 10,000, `make test` some."""
import os
import pathlib

from rig import table
from rig.pipeline import Pipeline

GROWTH_KB = 8 * 1024
LEAST_KB = 10 * 1024  # of any run: less was not measured


def handles(pid: int) -> int:
    return len(os.listdir(f"/proc/{pid}/fd"))


def memory_kb(pid: int) -> int:
    status = pathlib.Path(f"/proc/{pid}/status").read_text()
    return int(status.split("VmRSS:")[1].split()[0])


def newest(folder: pathlib.Path) -> int:
    return max(table.log_numbers(folder), default=-1)


def test_handles_and_memory_do_not_grow(sluice, topic, tmp_path, request):
    batches = request.config.getoption("--batches")
    numbers = topic(partitions=1)
    numbers.produce([str(n).encode() for n in range(batches)])
    pipeline = Pipeline(numbers, tmp_path / "t", tmp_path / "c", max_offsets=1, select=["value"],
                        settings={"spark.sql.streaming.fileSink.log.cleanupDelay": "1s"})
    seen = []  # (batch, handles, memory)
    with sluice.start("run", pipeline.write_sql(tmp_path)) as running:
        pid = running.child.pid
        for share in (0.2, 0.4, 0.6, 0.8, 0.95):
            running.wait_until(lambda: newest(tmp_path / "c" / "commits") >= batches * share - 1, seconds=1800,
                               what=f"batch {batches * share}")
            seen.append((newest(tmp_path / "c" / "commits"), handles(pid), memory_kb(pid)))
        done = running.wait(600)
    assert done.code == 0, done.err[-3000:]
    print(f"\nbatch, handles, memory in KB: {seen}")
    table.assert_exactly_once(table.identities(table.logged_files(tmp_path / "t")), numbers.expected(), "the table")
    assert all(open_ >= 5 and kb >= LEAST_KB for _, open_, kb in seen), f"not measured: {seen}"
    assert max(h for _, h, _ in seen) <= seen[0][1] + 2, f"file handles grow: {seen}"
    assert seen[-1][2] <= seen[0][2] + GROWTH_KB, f"memory grows: {seen}"
    for log in ("offsets", "commits"):
        assert len(table.log_numbers(tmp_path / "c" / log)) <= 120, "old entries are purged"
