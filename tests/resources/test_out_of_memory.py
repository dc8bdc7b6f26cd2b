# SPDX-License-Identifier: Apache-2.0
"""Memory that the system does not give, at any point of a run: the address space is limited, in steps from what suffices
down to what barely lets the program start. It ends by an error or dies, and goes on exactly once without the limit."""
import os
import pathlib
import random
import shutil

import pytest
from rig import program, table
from rig.pipeline import Pipeline

MEGABYTE = 1 << 20
STEP = 8 * MEGABYTE  # between enough and too little
CASES, CASES_SAMPLE = 80, 5
ENDS = {1: "an error", -6: "abort", -11: "a signal", 127: "not started"}


class Limited:
    """The pipeline, run from its beginning under a limit. Its batches grow, so that memory ends in one or another."""

    def __init__(self, sluice, numbers, folder):
        numbers.produce([os.urandom(2_000 * (n // 20 + 1)).hex().encode() for n in range(200)])
        self.sluice, self.topic = sluice, numbers
        self.pipeline = Pipeline(numbers, folder / "t", folder / "c", max_offsets=20, select=["value"])
        self.job = self.pipeline.write_sql(folder)
        self.prlimit = pathlib.Path(shutil.which("prlimit") or pytest.skip("there is no prlimit here"))

    def run(self, limit: int):
        for folder in (self.pipeline.table, self.pipeline.checkpoint):
            shutil.rmtree(folder, ignore_errors=True)
        return self.sluice.run(f"--as={limit}", program.SLUICE, "run", self.job, program=self.prlimit, timeout=90)

    def enough(self) -> int:
        low, high = 16 * MEGABYTE, 1024 * MEGABYTE
        assert self.run(high).code == 0
        while high - low > STEP:
            middle = (low + high) // 2
            low, high = (low, middle) if self.run(middle).code == 0 else (middle, high)
        return high

    def judge(self) -> None:
        for files in (table.part_files(self.pipeline.table), table.logged_files(self.pipeline.table)):
            table.assert_exactly_once(table.identities(files), self.topic.expected(), "after the restart")
        # The hidden temporary files of a process that died are all that may be left.
        verified = self.sluice.ok("checkpoint", "verify", self.pipeline.checkpoint, "--sink", self.pipeline.table)
        orphans = [line for line in verified.out.splitlines() if line.startswith("orphan") and not line.endswith(".tmp")]
        assert not orphans, verified.out


def test_memory_ends_at_any_point(sluice, topic, tmp_path, pytestconfig, seed):
    limited = Limited(sluice, topic(partitions=2), tmp_path)
    enough = limited.enough()
    dice = random.Random(seed)
    ends, batches = {}, {}
    cases = CASES if pytestconfig.getoption("--batches") >= 10_000 else CASES_SAMPLE
    for drawn in range(4 * cases):
        # What a run needs varies, so that some limits below what sufficed once suffice again: those are drawn anew.
        if drawn >= cases and sum(ends.values()) >= 3:
            break
        limit = dice.randint(enough // 2, enough)
        done = limited.run(limit)
        if done.code == 0:
            continue
        assert done.code in ENDS, f"{limit} bytes: exit {done.code}\n{done.err[-2000:]}"
        planned = len(table.log_numbers(limited.pipeline.checkpoint / "offsets"))
        ends[ENDS[done.code]] = ends.get(ENDS[done.code], 0) + 1
        batches[planned] = batches.get(planned, 0) + 1
        sluice.ok("run", limited.job)
        limited.judge()
    print(f"\nmemory ended in {sum(ends.values())} runs below {enough // MEGABYTE} MB: {ends}; batches planned by then: "
          f"{dict(sorted(batches.items()))}")
    assert sum(ends.values()) >= 3
