# SPDX-License-Identifier: Apache-2.0
"""make bench: the bronze job on Spark, on Sluice and as raw consume in one run, in alternating rounds, and the lab's own
setting of 1,000 rows a batch. A table to the terminal, all figures to build/bench/bronze.json."""
import argparse
import dataclasses
import json
import os
import pathlib
import platform
import shutil
import statistics
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT / "tools"), str(ROOT / "tests"), str(ROOT / "bench")]
import engines  # noqa: E402  (the paths come first)
import measure  # noqa: E402
import report  # noqa: E402
from servers.kafka import Kafka  # noqa: E402
from servers.process import ServerMissing  # noqa: E402


def one_round(engine, topic) -> dict:
    usage = engine.run(topic)
    folder = engine.folder()
    found = {k: v for k, v in dataclasses.asdict(usage).items() if k not in ("commits", "output", "code")}
    found["rows_per_s"] = topic.records / usage.wall_s
    found["bytes_written"] = measure.folder_bytes(folder) if folder else 0
    return found


def median_of(rounds: list[dict]) -> dict:
    keys = {key for r in rounds for key in r}
    return {key: statistics.median(r[key] for r in rounds) if all(r.get(key) is not None for r in rounds) else None
            for key in sorted(keys)}


def small_batches(engine, topic, batches: int) -> dict:
    """Costs of a batch between the tenth commit and the last: start-up apart."""
    usage = engine.run(topic, max_offsets=topic.records // batches)
    skip = min(10, batches // 2)
    walls = sorted(measure.batch_walls(engine.folder() / "checkpoint/commits")[skip:])
    first, last = usage.commits[skip], usage.commits[-1]
    count = len(usage.commits) - 1 - skip
    return {"batches": len(usage.commits), "wall_s": usage.wall_s, "cpu_s": usage.cpu_s, "peak_mb": usage.peak_mb,
            "batch_wall_p50_ms": statistics.median(walls) * 1000, "batch_wall_p99_ms": walls[int(len(walls) * 0.99)] * 1000,
            "batch_cpu_ms": (last[1] - first[1]) / count * 1000}


def optional(kind, *arguments) -> list:
    try:
        return [kind(*arguments)]
    except ServerMissing as missing:
        print(f"bench: skipped {kind.__name__} {arguments[2:]}: {missing}")
        return []


def participants(options, work: pathlib.Path) -> list:
    sasl = not options.plaintext
    found = [engines.RawConsume(work, sasl), engines.Sluice(work, sasl)]
    if options.limits:
        found += [engines.Naive(work, sasl), engines.ReadyColumns(work, sasl)]
    if options.peers:
        found += optional(engines.Peer, work, sasl, "duckdb") + optional(engines.Peer, work, sasl, "polars")
    if not options.no_spark:
        found += optional(engines.Spark, work, sasl)
    return found


def bench(options, broker, work: pathlib.Path) -> dict:
    topic = engines.fill(broker, "reviews", options.partitions, options.records)
    everyone = participants(options, work)
    rounds: dict[str, list[dict]] = {engine.name: [] for engine in everyone}
    for number in range(options.rounds):
        for engine in everyone:
            rounds[engine.name].append(one_round(engine, topic))
            print(f"bench: round {number + 1}, {engine.name}: {rounds[engine.name][-1]['cpu_s']:.2f} CPU s, "
                  f"{rounds[engine.name][-1]['wall_s']:.2f} s", flush=True)
    small = {}
    if options.lab_batches:
        lab = engines.fill(broker, "lab", options.partitions, options.lab_batches * 1000)
        for engine in everyone:
            if isinstance(engine, (engines.Sluice, engines.Spark)):
                small[engine.name] = small_batches(engine, lab, options.lab_batches)
    return {"records": options.records, "partitions": options.partitions, "rounds": rounds,
            "security": "PLAINTEXT" if options.plaintext else "SASL_SSL", "cores": os.cpu_count(),
            "machine": platform.machine(), "when": time.strftime("%Y-%m-%d"),
            "median": {name: median_of(figures) for name, figures in rounds.items()}, "small_batches": small}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--records", type=int, default=1_000_000)
    parser.add_argument("--partitions", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--lab-batches", type=int, default=100, help="batches of 1,000 rows (0: leave out)")
    parser.add_argument("--plaintext", action="store_true")
    parser.add_argument("--no-spark", action="store_true")
    parser.add_argument("--limits", action="store_true", help="the naive loop and Arrow's writer alone, too")
    parser.add_argument("--peers", action="store_true", help="DuckDB and Polars from a file, too")
    options = parser.parse_args()
    out = ROOT / "build" / "bench"
    work = out / "work"
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True)
    broker = Kafka(detached=False)
    try:
        found = bench(options, broker, work)
    finally:
        broker.close()
        shutil.rmtree(work, ignore_errors=True)
    (out / "bronze.json").write_text(json.dumps(found, indent=1) + "\n")
    print(report.table(found))
    print(f"All figures: {(out / 'bronze.json').relative_to(ROOT)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
