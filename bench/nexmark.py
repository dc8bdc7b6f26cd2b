# SPDX-License-Identifier: Apache-2.0
"""make bench-nexmark: six of Nexmark's queries over Kafka topics of its events, and what a batch of 1,000 changes takes to commit when
1,000,000 keys are kept: the same PySpark programs by `sluice submit` and by Spark's own Python in alternating rounds of one run. What
it found goes to the terminal, to build/bench/nexmark.json and into docs/performance.md."""
import argparse
import json
import os
import pathlib
import platform
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
from servers import kafka  # noqa: E402

BEGIN, END = "<!-- bench: written by make bench-nexmark -->", "<!-- bench: end of nexmark -->"
QUERIES = ["q3", "q5", "q7", "q8", "q11", "q12"]
OF_THE_CLOCK = {"q12"}  # whose rows depend on when it runs
KEYS = 1_000_000


def commands(work: pathlib.Path) -> dict[str, tuple[list, dict]]:
    return engines.python_programs(work, f"--driver-class-path {engines.Spark.jars()}")


def fill(program: str, *words) -> None:
    subprocess.run([sys.executable, str(ROOT / "bench" / program), *map(str, words)], check=True)


def source(bootstrap: str, topic: str, most: int) -> dict:
    return {"kafka.bootstrap.servers": bootstrap, "subscribe": topic, "startingOffsets": "earliest", "maxOffsetsPerTrigger": str(most)}


def rows_of(folder: pathlib.Path) -> list[str]:
    files = table.logged_files(folder) if (folder / "_spark_metadata").exists() else []
    return sorted(str(sorted(row.items())) for row in table.rows(files).to_pylist())


def one_query(query: str, bootstrap: str, work: pathlib.Path) -> dict:
    found, rows = {}, {}
    for name, (command, env) in commands(work).items():
        folder = engines.fresh(work / f"{query}-{name}")
        job = {"query": query, "source": source(bootstrap, "nexmark-{}", 250_000), "table": str(folder / "table"),
               "checkpoint": str(folder / "checkpoint")}
        usage = measure.run([*command, ROOT / "bench/programs/nexmark.py", json.dumps(job)], env=env, log=work / "log", limit=900)
        found[name] = {"cpu_s": usage.cpu_s, "wall_s": usage.wall_s, "peak_mb": usage.peak_mb}
        rows[name] = rows_of(folder / "table")
    if query not in OF_THE_CLOCK:
        assert rows["Sluice"] == rows["Spark"] and rows["Spark"], f"{query}: {len(rows['Sluice'])} rows, Spark's are {len(rows['Spark'])}"
        found["rows"] = len(rows["Spark"])
    return found


def commits(bootstrap: str, partitions: int, work: pathlib.Path) -> dict:
    """Commits of batches of 1,000 records after the one that made all keys."""
    found = {}
    for name, (command, env) in commands(work).items():
        folder = engines.fresh(work / f"commits-{name}")
        topic = f"keys-{partitions}-{name}"
        for records, most, more in ((KEYS, 10 * KEYS, []), (100_000, 1000, ["more"])):
            fill("events.py", bootstrap, topic, 2, records, KEYS, *more)
            job = {"source": source(bootstrap, topic, most), "checkpoint": str(folder / "checkpoint"), "partitions": str(partitions)}
            usage = measure.run([*command, ROOT / "bench/programs/keyed_counts.py", json.dumps(job)], env=env, log=work / "log", limit=1800)
        small = json.loads(next(line for line in usage.output.splitlines() if line.startswith("[{")))
        assert len(small) > 50 and all(batch["rows"] <= 1000 for batch in small), small
        commit = sorted(batch["commit_ms"] for batch in small)
        found[name] = {"batches": len(small), "commit_p50_ms": statistics.median(commit), "commit_p99_ms": commit[int(len(commit) * 0.99)],
                       "batch_p50_ms": statistics.median(batch["batch_ms"] for batch in small)}
    return found


def median_of(runs: list[dict]) -> dict:
    engines_of = {name: {key: statistics.median(run[name][key] for run in runs) for key in runs[0][name]} for name in ("Sluice", "Spark")}
    return {**engines_of, "rows": runs[0].get("rows")}


def text(found: dict) -> str:
    parts = [f"{found['events']:,} events, {found['cores']} cores, {found['machine']}, {found['when']}, {report.rounds_of(found['rounds'])}, "
             "each program whole, Spark over Sluice:"]
    measured = {name: found["queries"][name] for name in QUERIES if name in found["queries"]}
    rows = [[name, f"{m['rows']:,}" if m.get("rows") else "",
             *(f"{m['Spark'][key] / m['Sluice'][key]:.1f}" for key in ("cpu_s", "wall_s", "peak_mb")),
             f"{m['Sluice']['cpu_s']:.2f}", f"{m['Sluice']['peak_mb']:.0f}"] for name, m in measured.items()]
    parts.append(report._markdown(["", "rows given", "CPU", "wall", "peak memory", "Sluice CPU s", "Sluice MB"], rows))
    if found["commits"]:
        rows = [[f"{name}, {partitions} state partitions", f"{m['commit_p50_ms']:.0f}", f"{m['commit_p99_ms']:.0f}", f"{m['batch_p50_ms']:.0f}"]
                for partitions, engines_of in found["commits"].items() for name, m in engines_of.items()]
        parts.append(f"{KEYS:,} keys in state, 1,000 changes a batch, milliseconds as the progress tells them:")
        parts.append(report._markdown(["", "commit p50", "commit p99", "batch p50"], rows))
    return "\n\n".join(parts)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--events", type=int, default=1_000_000)
    parser.add_argument("--queries", nargs="*", default=QUERIES, help="of the others, and of commits, what the last run found stays")
    parser.add_argument("--commits", nargs="*", type=int, default=[4, 200], help="numbers of state partitions")
    parser.add_argument("--no-docs", action="store_true", help="leave docs/performance.md as it is")
    options = parser.parse_args()
    work = engines.fresh(ROOT / "build/bench/work-nexmark")
    broker = kafka.Kafka(detached=False)
    each: dict[str, list[dict]] = {}
    kept = ROOT / "build/bench/nexmark.json"
    found = json.loads(kept.read_text()) if kept.exists() else {"queries": {}, "commits": {}}
    found |= {"rounds": options.rounds, "events": options.events, "cores": os.cpu_count(), "machine": platform.machine(),
              "when": time.strftime("%Y-%m-%d")}
    try:
        fill("nexmark_events.py", broker.bootstrap, "nexmark", 2, options.events)
        for number in range(options.rounds):
            for query in options.queries:
                each.setdefault(query, []).append(one_query(query, broker.bootstrap, work))
                print(f"bench: round {number + 1}, {query}: {each[query][-1]}", flush=True)
                found["queries"][query] = median_of(each[query])
                kept.write_text(json.dumps(found, indent=1) + "\n")  # what comes after may fail
        for partitions in options.commits:
            found["commits"][str(partitions)] = commits(broker.bootstrap, partitions, work)
            print(f"bench: {partitions} state partitions: {found['commits'][str(partitions)]}", flush=True)
            kept.write_text(json.dumps(found, indent=1) + "\n")
    finally:
        broker.close()
        shutil.rmtree(work, ignore_errors=True)
    print(text(found))
    if not options.no_docs:
        report.put(BEGIN, END, text(found))


if __name__ == "__main__":
    main()
