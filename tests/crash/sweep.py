# SPDX-License-Identifier: Apache-2.0
"""A pipeline that is made to fail at each of its calls in turn, started again and judged: what all sweeps share."""
import random

import pytest
from places import POWER
from rig import table

cases: dict[str, int] = {}  # by what was swept and how it failed


@pytest.fixture(scope="module", autouse=True)
def count_of_cases():
    """Of a file that imports it: says at its end what was swept."""
    cases.clear()
    yield
    total = "".join(f"\n  {count:6} {name}" for name, count in sorted(cases.items()))
    if cases:
        print(f"\ncrash points: {sum(cases.values())} cases{total}")


def report(line: str) -> None:
    """At once, for whoever watches a sweep that takes an hour: `make crash` shows what tests print."""
    print(line, flush=True)


def assert_whole(place, sluice, pipeline) -> None:
    """The logs have no hole, and `checkpoint verify` finds checkpoint and table whole, without an orphan."""
    offsets, commits = place.batches("offsets"), place.batches("commits")
    assert offsets == commits == list(range(len(offsets))), f"logs: {offsets} {commits}"
    if pipeline.table:  # else the sink keeps nothing that a checkpoint could be compared with
        verified = sluice.run("checkpoint", "verify", pipeline.checkpoint, "--sink", pipeline.table)
        assert verified.code == 0, f"verify: {verified.all}"


class Sweep:
    """The job stands at the beginning of what is swept. `judge` raises AssertionError when what the place holds after a
    whole run, or after a fault and a restart, is wrong."""

    def __init__(self, place, sluice, job, judge):
        self.place, self.sluice, self.job, self.judge = place, sluice, job, judge
        self.calls: list[str] = []

    def count(self) -> None:
        self.place.save()
        with self.place.start(self.sluice, self.job) as running:
            counted = running.wait(90)
        assert counted.code == 0, counted.all
        self.judge()
        self.calls = self.place.calls()
        assert len(self.calls) > 10, f"only {self.calls} were counted: does the program call something else?"

    def crash(self, at: int, way: str, **options) -> tuple[bool, str | None]:
        """Whether the run got to that call, and what is wrong with its end."""
        with self.place.start(self.sluice, self.job, at, way, **options) as running:
            crashed = running.wait(90)
        if crashed.code == 0 and len(self.place.calls()) < at:
            return False, None  # fewer calls than in the run that was counted: threads met otherwise
        if crashed.code not in ((-9,) if way in ("before", "after", *POWER) else (0, 1)):
            return True, f"{way} at {at}: exit {crashed.code}: {crashed.err[-800:]}"
        return True, None

    def after_the_fault(self) -> str | None:
        again = self.sluice.run("run", self.job, timeout=90)
        if again.code != 0:
            return f"the restart ended with {again.code}: {again.err[-1500:]}"
        try:
            self.judge()
        except AssertionError as wrong:
            return str(wrong)
        return None

    def one_case(self, at: int, way: str) -> str | None:
        """Returns what is wrong, or None."""
        self.place.restore()
        reached, wrong = self.crash(at, way)
        if not reached:
            return None
        kind = {"lied": "lied", **dict.fromkeys(POWER, "power cut")}.get(way, "failed, killed or lost")
        cases[f"{self.place.name}, {kind}"] = cases.get(f"{self.place.name}, {kind}", 0) + 1
        return wrong or self.after_the_fault()

    def killed_then_cut(self, kill: tuple[int, str], cut: tuple[int, str]) -> str | None:
        """A kill makes nothing durable: what the killed run had not synced is undone by a power cut in the next one."""
        self.place.restore()
        for at, way in (kill, cut):
            reached, wrong = self.crash(at, way, volatile=True)
            if wrong or not reached:
                return wrong
        cases["local, killed, then a power cut"] = cases.get("local, killed, then a power cut", 0) + 1
        return self.after_the_fault()

    def run(self, seed: int, sample: int | None, spark=None, spark_sample: int = 0, expected=()) -> None:
        """All cases, or a sample. Of `spark_sample` of them Spark reads the `expected` identities."""
        self.count()
        todo = self.place.cases(self.calls)
        dice = random.Random(seed)
        if sample:
            todo = dice.sample(todo, min(sample, len(todo)))
        for_spark = set(dice.sample(todo, min(spark_sample, len(todo)))) if spark else ()
        findings = []
        for at, way in todo:
            wrong = self.one_case(at, way)
            if not wrong and (at, way) in for_spark:
                found = spark.identities(self.place.local_table())
                wrong = None if found == expected else f"Spark reads {len(found)} of {len(expected)} rows"
            if wrong:
                findings.append(f"{way} at {self.calls[at - 1] if at <= len(self.calls) else 'the end'}: {wrong}")
                report(f"FINDING {self.place.name}: {findings[-1]}")
        report(f"{self.place.name}: {len(self.calls)} calls, {len(todo)} cases, {len(findings)} findings")
        assert not findings, f"{len(findings)} of {len(todo)} cases (seed {seed}):\n" + "\n".join(findings[:20])

    def kills_then_cuts(self, seed: int, count: int) -> None:
        self.count()
        calls = len(self.calls)
        dice = random.Random(seed)
        findings = []
        for _ in range(count):
            kill = dice.randint(1, calls), dice.choice(["before", "after"])
            cut = dice.randint(1, calls + 2 - kill[0]), dice.choice(POWER)
            if wrong := self.killed_then_cut(kill, cut):
                findings.append(f"{kill}, then {cut}: {wrong}")
                report(f"FINDING {findings[-1]}")
        report(f"{self.place.name}: {calls} calls, {count} kills before a power cut, {len(findings)} findings")
        assert not findings, f"{len(findings)} (seed {seed}):\n" + "\n".join(findings[:20])


def rows_of(files) -> list[str]:
    """What the files hold, as texts, sorted, doubles kept."""
    return sorted(str(row) for row in table.rows(files).to_pylist()) if files else []
