# SPDX-License-Identifier: Apache-2.0
"""The process stays under its budget and 80 MB: with few and many partitions, large records, a slow S3, many open files,
records that all are set aside.
`make memory` tries every case, `make test` a sample by seed."""
import base64
import contextlib
import dataclasses
import json
import pathlib
import random
import subprocess
import time

import pytest
from rig import program
from rig.pipeline import SELECT_REVIEWS, Pipeline
from rig.s3_proxy import S3Proxy
from rig.topics import Topic

PRODUCE = program.ROOT / "build/release/bench/produce"
ROOM = 80_000_000
LEAST = 20_000_000  # of any run: less was not measured
THREADS = 8  # more than the machine may have: what tasks hold must not grow with its cores
REVIEWS = 400_000


@dataclasses.dataclass(frozen=True)
class Case:
    budget: int  # MiB
    partitions: int
    kind: str = "reviews"  # or "large": records of 20 MB; "s3": a slow one; "folders": partitionBy, on a slow S3;
    # "336-folders", "10000-folders", "large-folders": partitionBy so many values, or (of large records) twelve;
    # "bad": no review can be evaluated, and all are set aside on a slow S3; "bad-large": no record of 20 MB can

    @property
    def large(self) -> bool:
        return "large" in self.kind

    @property
    def rows(self) -> int:
        least = 12 if self.kind == "large-folders" else 8
        return max(2 * self.partitions, least) if self.large else REVIEWS

    @property
    def select(self) -> list[str] | None:
        if self.large or self.kind == "bad":
            return ["parts[0] AS name", f"parts[{20 if self.kind.startswith('bad') else 1}] AS value"]
        return FOLDERS.get(self.kind) and [*SELECT_REVIEWS, f"{FOLDERS[self.kind]} AS folder"]

    @property
    def partition_by(self) -> list[str]:
        named = {"folders": ["product_category"], "large-folders": ["offset"], **dict.fromkeys(FOLDERS, ["folder"])}
        return named.get(self.kind, [])

    def __str__(self) -> str:
        return f"{self.kind}-{self.budget}MiB-{self.partitions}"


FOLDERS = {"336-folders": "substring(parts[14], 6)", "10000-folders": "right(parts[2], 4)"}
BUDGETS = (64, 128, 256, 512, 1024, 2048)
WHOLE = ([Case(budget, partitions) for budget in BUDGETS for partitions in (1, 16, 256)]
         + [Case(budget, 16, kind) for kind in ("s3", "folders") for budget in (64, 128, 256, 1024)]
         + [Case(budget, partitions, "336-folders") for budget in (64, 128, 512) for partitions in (2, 16)]
         + [Case(budget, 2, "10000-folders") for budget in (64, 128)] + [Case(192, 1, "large-folders")]
         + [Case(budget, 16, "bad") for budget in (64, 128)] + [Case(192, 4, "bad-large")]
         + [Case(*what, "large") for what in ((192, 2), (192, 4), (192, 16), (512, 4), (2048, 16))])


def pytest_generate_tests(metafunc):
    config = metafunc.config
    cases = WHOLE if config.getoption("--all-budgets") else random.Random(config.getoption("--seed")).sample(WHOLE, 2)
    metafunc.parametrize("case", cases, ids=str)


class Reviews:
    """A topic that the benchmark's producer filled."""

    def __init__(self, kafka, partitions: int):
        self.kafka, self.name = kafka, f"memory-{partitions}"
        subprocess.run([str(PRODUCE), self.name, str(partitions), str(REVIEWS), f"bootstrap.servers={kafka.bootstrap}"],
                       check=True)


@pytest.fixture(scope="module")
def filled(kafka):
    """Topics by what a case needs, each made once."""
    made = {}

    def topic(case: Case):
        key = ("large" if case.large else "reviews", case.partitions)
        if key not in made and key[0] == "reviews":
            made[key] = Reviews(kafka, case.partitions)
        elif key not in made:
            made[key] = Topic(kafka, case.partitions, config={"max.message.bytes": "33554432"})
            noise = base64.b64encode(random.Random(1).randbytes(15_000_000))
            for number in range(case.rows):  # one by one: what the producer holds has a bound, too
                made[key].produce([b"large\t" + noise], partition=number % case.partitions)
        return made[key]

    return topic


def run(sluice, job, case: Case, env: dict) -> int:
    """Runs the pipeline to its end; the largest resident size in bytes. (Not by rusage: a child's maximum begins with
    what the parent held at the fork.)"""
    command = [str(program.SLUICE), "run", "--progress", "none", "--memory", f"{case.budget}M",
               "--conf", f"spark.sluice.threads={THREADS}", str(job)]
    with open(sluice.cwd / "log", "wb") as log:
        child = subprocess.Popen(command, env=program.clean_environment(env), cwd=sluice.cwd, stdout=log, stderr=log)
    peak_kb = 0
    while child.poll() is None:
        with contextlib.suppress(OSError, StopIteration):
            lines = pathlib.Path(f"/proc/{child.pid}/status").read_text().splitlines()
            peak_kb = max(peak_kb, int(next(line for line in lines if line.startswith("VmHWM")).split()[1]))
        time.sleep(0.01)
    assert child.returncode == 0, (sluice.cwd / "log").read_text()[-4000:]
    return peak_kb * 1024


def records_set_aside(minio, prefix: str) -> int:
    entries = [minio.get(key).decode().split("\n")[1:] for key in minio.list(prefix) if "/_committed/" in key]
    return sum(json.loads(line)["records"] for lines in entries for line in lines)


def rows_of(sluice, table, env: dict) -> int:
    done = sluice.ok("sql", "--format", "csv", f"SELECT count(*) AS n FROM parquet.`{table}`", env=env)
    return int(done.out.split()[-1])


def test_the_process_stays_under_its_budget(case, sluice, kafka, filled, minio, tmp_path):
    topic = filled(case)
    bad = case.kind.startswith("bad")
    on_s3 = case.kind in ("s3", "folders") or bad
    proxy = S3Proxy(minio.endpoint, lambda number, method, path: time.sleep(0.3) if method == "PUT" else None)
    env = {**minio.env(), "AWS_ENDPOINT_URL": proxy.endpoint} if on_s3 else {}
    table = f"s3a://{minio.bucket}/memory-{case}" if on_s3 else tmp_path / "table"
    settings = {"spark.sluice.badRecords.path": f"s3a://{minio.bucket}/memory-bad-{case}",
                "spark.sluice.badRecords.maxPerBatch": "0"} if bad else {}
    pipeline = Pipeline(topic, table, tmp_path / "checkpoint", kafka_columns=case.kind == "large-folders",
                        select=case.select, settings=settings, partition_by=case.partition_by)
    job = pipeline.write_sql(sluice.cwd)
    peak = run(sluice, job, case, env)
    print(f"{case}: {peak / 1e6:.0f} MB of {(case.budget * 2**20 + ROOM) / 1e6:.0f} MB")
    assert LEAST <= peak <= case.budget * 2**20 + ROOM
    assert rows_of(sluice, table, env) == (0 if bad else case.rows)
    assert not bad or records_set_aside(minio, f"memory-bad-{case}/") == case.rows
