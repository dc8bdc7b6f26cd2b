# SPDX-License-Identifier: Apache-2.0
"""make bench-state: queries that keep state over Kafka, by Sluice and by real Spark in alternating rounds of one run: counts by
window and key, small batches, duplicates, a join of two streams. What it found goes to the terminal, to build/bench/state.json and
into docs/performance.md."""
import argparse
import dataclasses
import json
import os
import pathlib
import platform
import re
import shutil
import statistics
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT / "tools"), str(ROOT / "tests"), str(ROOT / "bench")]
import engines  # noqa: E402  (the paths come first)
import measure  # noqa: E402
import report  # noqa: E402
from rig import table  # noqa: E402
from rig.pipeline import quoted  # noqa: E402
from servers import kafka  # noqa: E402

BEGIN, END = "<!-- bench: written by make bench-state -->", "<!-- bench: end of state -->"
COUNT = "SELECT window.start AS s, lk, count(*) AS n FROM l GROUP BY window(lt, '5 minutes'), lk"
SECONDS = COUNT.replace("5 minutes", "1 second")  # of few records: a thousand are a second
JOIN = "SELECT lk, lt, rt FROM l JOIN r ON lk = rk AND rt >= lt AND rt <= lt + INTERVAL 10 SECONDS"


@dataclasses.dataclass(frozen=True)
class Case:
    """`distinct`: dropDuplicates of these columns of l, which Sluice's SQL writes as SELECT DISTINCT."""
    sql: str
    keys: int
    records: int = 1_000_000
    batch: int = 250_000
    partitions: int = 4
    sides: str = "l"
    distinct: tuple = ()
    heap: str = "1g"


CASES = {
    "count, 10,000 keys": Case(COUNT, 10_000),
    "count, 1,000,000 keys": Case(COUNT, 1_000_000, heap="4g"),
    "batches of 1,000 rows, 4 state partitions": Case(SECONDS, 500, records=20_000, batch=1000),
    "batches of 1,000 rows, 200 state partitions": Case(SECONDS, 500, records=12_000, batch=1000, partitions=200),
    "duplicates, 1,000,000 keys": Case("SELECT DISTINCT lk, lt FROM l", 1_000_000, distinct=("lk", "lt"), heap="4g"),
    "join of 2 x 1,000,000 rows": Case(JOIN, 1_000_000, sides="lr", heap="4g"),
}


class Run:
    """One case over its topics, `folder` for its files."""

    def __init__(self, case: Case, bootstrap: str, topic: str, folder: pathlib.Path):
        self.case, self.folder = case, folder
        self.streams = {side: {"delay": "10 seconds", "select": [f"timestamp_millis(CAST(split(value, ',')[0] AS BIGINT)) AS {side}t",
                                                                 f"split(value, ',')[1] AS {side}k"],
                               "source": {"kafka.bootstrap.servers": bootstrap, "subscribe": topic, "startingOffsets": "earliest",
                                          "maxOffsetsPerTrigger": str(case.batch)}} for side in case.sides}

    def sluice(self) -> measure.Usage:
        folder = engines.fresh(self.folder / "sluice")
        sql = self.case.sql
        for side, stream in self.streams.items():
            source = ", ".join(f"`{key}` => {quoted(value)}" for key, value in stream["source"].items())
            rows = (f"(SELECT {', '.join(stream['select'])} FROM (SELECT CAST(value AS STRING) AS value FROM STREAM read_kafka({source}))) "
                    f"WATERMARK {side}t DELAY OF INTERVAL 10 SECONDS")
            sql = re.sub(rf"\b(FROM|JOIN) {side}\b", lambda found: f"{found[1]} {rows} {side}", sql)
        job = folder / "job.sql"
        job.write_text(f"SET spark.sql.shuffle.partitions = {self.case.partitions};\n"
                       f"CREATE STREAMING TABLE t USING parquet LOCATION {quoted(f'file://{folder}/table')}\n"
                       f"OPTIONS (checkpointLocation {quoted(folder / 'checkpoint')}, trigger 'availableNow')\nAS {sql};\n")
        return measure.run([engines.PROGRAMS / "sluice", "run", "--progress", "none", "--memory", "4g", job], log=folder / "log")

    def spark(self) -> tuple[measure.Usage, dict]:
        """The whole job, and the same query once more in its JVM."""
        folder = engines.fresh(self.folder / "spark")
        job = {"bench": str(ROOT / "bench"), "jars": engines.Spark.jars(), "heap": self.case.heap, "sql": self.case.sql,
               "distinct": list(self.case.distinct), "streams": self.streams, "folders": [str(folder), str(folder / "warm")],
               "settings": {"spark.sql.shuffle.partitions": str(self.case.partitions), "spark.sql.session.timeZone": "UTC"}}
        env = engines.spark_environment(self.folder)
        usage = measure.run([engines.SPARK / "bin/python", ROOT / "bench/state_job.py", json.dumps(job)], env=env, log=folder / "log",
                            limit=1200)
        first, warm = [json.loads(line) for line in usage.output.splitlines() if line.startswith('{"query"')]
        usage.cpu_s -= warm["cpu_s"] - first["cpu_s"]
        usage.wall_s -= warm["wall_s"]
        usage.peak_mb = first["peak_mb"]
        return usage, {"cpu_s": warm["cpu_s"] - first["cpu_s"], "wall_s": warm["wall_s"]}

    def rows(self, engine: str) -> int:
        return sum(table.pq.ParquetFile(file).metadata.num_rows for file in table.logged_files(self.folder / engine / "table"))


def fill(bootstrap: str, case: Case) -> str:
    topic = f"events-{case.records}-{case.keys}"
    made = subprocess.run([sys.executable, str(ROOT / "bench/events.py"), bootstrap, topic, "2", str(case.records), str(case.keys)],
                          capture_output=True, text=True, check=False)
    if made.returncode and "already exists" not in made.stderr:
        raise RuntimeError(made.stderr[-2000:])
    return topic


def one_round(run: Run) -> dict:
    ours = run.sluice()
    theirs, warm = run.spark()
    rows = run.rows("sluice")
    assert rows == run.rows("spark") > 0, f"Sluice gives {rows} rows, Spark {run.rows('spark')}"
    return {"sluice_cpu_s": ours.cpu_s, "sluice_wall_s": ours.wall_s, "sluice_peak_mb": ours.peak_mb, "spark_cpu_s": theirs.cpu_s,
            "spark_wall_s": theirs.wall_s, "spark_peak_mb": theirs.peak_mb, "warm_cpu_s": warm["cpu_s"], "warm_wall_s": warm["wall_s"],
            "rows": rows}


def text(found: dict) -> str:
    rows = [[name, f"{m['rows']:,.0f}", *(f"{m[key] / m['sluice_cpu_s']:.1f}" for key in ("spark_cpu_s", "warm_cpu_s")),
             f"{m['spark_peak_mb'] / m['sluice_peak_mb']:.1f}"] for name, m in found["median"].items()]
    rounds = report.rounds_of(found["rounds"])
    return (f"Spark 4.2.0 over Sluice, each from process start to end, {rounds} of one run, {found['cores']} cores, {found['machine']}, "
            f"{found['when']}:\n\n" +
            report._markdown(["", "rows given", "CPU, whole job", "CPU, warm query", "peak memory"], rows))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--cases", nargs="*", default=list(CASES),
                        help="beginnings of their names; of the others what the last run found stays")
    parser.add_argument("--no-docs", action="store_true", help="leave docs/performance.md as it is")
    options = parser.parse_args()
    work = engines.fresh(ROOT / "build/bench/work-state")
    broker = kafka.Kafka(detached=False)
    each: dict[str, list[dict]] = {}
    try:
        for number in range(options.rounds):
            for name, case in CASES.items():
                if not any(name.startswith(wanted) for wanted in options.cases):
                    continue
                each.setdefault(name, []).append(one_round(Run(case, broker.bootstrap, fill(broker.bootstrap, case), work)))
                print(f"bench: round {number + 1}, {name}: {each[name][-1]}", flush=True)
    finally:
        broker.close()
        shutil.rmtree(work, ignore_errors=True)
    keep(options.rounds, each, docs=not options.no_docs)


def keep(rounds: int, each: dict[str, list[dict]], docs: bool) -> None:
    kept = ROOT / "build/bench/state.json"
    before = json.loads(kept.read_text()) if kept.exists() else {"each": {}}
    each = {name: (before["each"] | each)[name] for name in CASES if name in before["each"] | each}
    found = {"rounds": rounds, "cores": os.cpu_count(), "machine": platform.machine(), "when": time.strftime("%Y-%m-%d"), "each": each,
             "median": {name: {key: statistics.median(r[key] for r in runs) for key in runs[0]} for name, runs in each.items()}}
    kept.write_text(json.dumps(found, indent=1) + "\n")
    print(text(found))
    if docs:
        report.put(BEGIN, END, text(found))


if __name__ == "__main__":
    main()
