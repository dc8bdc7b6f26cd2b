# SPDX-License-Identifier: Apache-2.0
"""make bench: the bronze job and its yardsticks in one run, in alternating rounds. What it found goes to the terminal, to
build/bench/bronze.json and into docs/performance.md. Parts: rounds (whole jobs), s3, lab (1,000 rows a batch), steady (a
stream at a fixed rate), read (the files read by Spark and DuckDB). A part or a peer that fails does not stop the rest."""
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
import traceback

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT / "tools"), str(ROOT / "tests"), str(ROOT / "bench")]
import engines  # noqa: E402  (the paths come first)
import measure  # noqa: E402
import report  # noqa: E402
import steady  # noqa: E402
from servers.kafka import Kafka  # noqa: E402
from servers.minio import Minio  # noqa: E402
from servers.process import ServerMissing  # noqa: E402

PARTS = ("rounds", "s3", "lab", "steady", "read")


def figures(usage: measure.Usage, topic, folder: pathlib.Path | None) -> dict:
    found = {k: v for k, v in dataclasses.asdict(usage).items() if k not in ("commits", "output", "code")}
    return {**found, "rows_per_s": topic.records / usage.wall_s, "cpu_s_per_million": usage.cpu_s * 1e6 / topic.records,
            "bytes_written": measure.folder_bytes(folder) if folder else 0}


def median_of(rounds: list[dict]) -> dict:
    keys = {key for r in rounds for key in r}
    return {key: statistics.median(r[key] for r in rounds) if all(r.get(key) is not None for r in rounds) else None
            for key in sorted(keys)}


def guarded(what: str, call, *arguments):
    """The result, or nothing when it fails: that is said, and the rest goes on."""
    try:
        return call(*arguments)
    except ServerMissing as missing:
        print(f"bench: skipped {what}: {missing}", flush=True)
    except Exception:  # noqa: BLE001  (whatever a peer does)
        print(f"bench: {what} failed:\n{traceback.format_exc(limit=2)[-2000:]}", flush=True)
    return None


def participants(options, work: pathlib.Path, s3) -> list:
    sasl = not options.plaintext
    made = [lambda: engines.RawConsume(work, sasl), lambda: engines.Sluice(work, sasl)]
    if "limits" not in options.skip:
        made += [lambda: engines.ReadyColumns(work, sasl), lambda: engines.Naive(work, sasl)]
    if s3 is not None:
        made.append(lambda: engines.SluiceOnS3(work, sasl, s3))
    if "peers" not in options.skip:
        made += [lambda: engines.Peer(work, sasl, "duckdb"), lambda: engines.Peer(work, sasl, "polars")]
    if "spark" not in options.skip:
        made.append(lambda: engines.Spark(work, sasl, warm=options.warm))
    return [engine for engine in (guarded("a participant", make) for make in made) if engine is not None]


def whole_jobs(options, broker, everyone: list) -> dict:
    topic = engines.fill(broker, "reviews", options.partitions, options.records)
    rounds: dict[str, list[dict]] = {}
    broken: set[str] = set()
    for number in range(options.rounds):
        for engine in everyone:
            is_spark = isinstance(engine, engines.Spark)
            if engine.name in broken or (is_spark and number >= options.spark_rounds):
                continue
            usage = guarded(engine.name, engine.run, topic)
            if usage is None:
                broken.add(engine.name)
                continue
            rounds.setdefault(engine.name, []).append(figures(usage, topic, engine.folder()))
            for warm in engine.warm_usage if is_spark else []:
                rounds.setdefault(f"{engine.name}, warm query", []).append(figures(warm, topic, None))
            print(f"bench: round {number + 1}, {engine.name}: {usage.cpu_s:.2f} CPU s, {usage.wall_s:.2f} s, "
                  f"{usage.peak_mb:.0f} MB", flush=True)
    return rounds


def small_batches(engine, topic, batches: int) -> dict:
    """Costs of a batch between the tenth commit and the last: start-up apart."""
    usage = engine.run(topic, max_offsets=topic.records // batches)
    skip = min(10, batches // 2)
    checkpoint = engine.folder().parent / "checkpoint" if engine.folder().name == "table" else engine.folder() / "checkpoint"
    walls = sorted(measure.batch_walls(checkpoint / "commits")[skip:])
    first, last = next(c for c in usage.commits if c[0] > skip), usage.commits[-1]
    return {"batches": skip + len(walls) + 1, "wall_s": usage.wall_s, "cpu_s": usage.cpu_s, "peak_mb": usage.peak_mb,
            "first_commit_s": usage.first_commit_s,
            "batch_wall_p50_ms": statistics.median(walls) * 1000, "batch_wall_p99_ms": walls[int(len(walls) * 0.99)] * 1000,
            "batch_cpu_ms": (last[2] - first[2]) / max(last[0] - first[0], 1) * 1000}


def streaming_engines(everyone: list) -> list:
    return [engine for engine in everyone if isinstance(engine, (engines.Sluice, engines.Spark))]


def lab(options, broker, everyone: list) -> dict:
    topic = engines.fill(broker, "lab", options.partitions, options.lab_batches * 1000)
    found = {e.name: guarded(f"{e.name}, small batches", small_batches, e, topic, options.lab_batches)
             for e in streaming_engines(everyone)}
    return {name: figure for name, figure in found.items() if figure}


def steady_stream(options, broker, everyone: list) -> dict:
    found = {}
    for number, engine in enumerate(streaming_engines(everyone)):
        topic = engines.fill(broker, f"steady-{number}", options.partitions, 1000)

        def produce(first, rate, records, topic=topic):
            return engines.add_reviews(topic, first, rate, records)

        figure = guarded(f"{engine.name}, steady stream", steady.run, engine, topic, produce, options.steady_rate,
                         options.steady_seconds)
        if figure:
            found[engine.name] = figure
    return found


def read_back(work: pathlib.Path, everyone: list) -> dict:
    """Median seconds in which Spark and DuckDB read the tables of Sluice and of Spark: what the rounds left."""
    tables = {"Sluice": work / "sluice/table", "Spark 4.2.0": work / "spark/table"}
    readers = [e for e in everyone if hasattr(e, "read") and getattr(e, "kind", "") != "polars"]
    if not all(folder.exists() for folder in tables.values()):
        return {}
    found = {}
    for reader in readers:
        order = [*tables.values()] * 5  # alternating; the first of each warms up
        seconds = guarded(f"{reader.name} reads", reader.read, order)
        if seconds:
            name = "DuckDB" if isinstance(reader, engines.Peer) else reader.name
            found[name] = {table: statistics.median(seconds[len(tables) + i::len(tables)])
                           for i, table in enumerate(tables)}
    return found


def bench(options, broker, work: pathlib.Path, s3) -> dict:
    everyone = participants(options, work, s3)
    found = {"records": options.records, "partitions": options.partitions, "cores": os.cpu_count(),
             "security": "PLAINTEXT" if options.plaintext else "SASL_SSL", "machine": platform.machine(),
             "when": time.strftime("%Y-%m-%d"), "rounds": {}, "small_batches": {}, "steady": {}, "read": {}}
    if "rounds" not in options.skip:
        found["rounds"] = guarded("whole jobs", whole_jobs, options, broker, everyone) or {}
    if "read" not in options.skip:
        found["read"] = read_back(work, everyone)
    if "lab" not in options.skip:
        found["small_batches"] = guarded("small batches", lab, options, broker, everyone) or {}
    if "steady" not in options.skip:
        found["steady"] = guarded("steady stream", steady_stream, options, broker, everyone) or {}
    return {**found, "median": {name: median_of(rounds) for name, rounds in found["rounds"].items()}}


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--records", type=int, default=1_000_000)
    parser.add_argument("--partitions", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--spark-rounds", type=int, default=3, help="rounds in which Spark takes part")
    parser.add_argument("--warm", type=int, default=2, help="further queries in Spark's JVM")
    parser.add_argument("--lab-batches", type=int, default=100, help="batches of 1,000 rows")
    parser.add_argument("--steady-rate", type=int, default=5000, help="records a second")
    parser.add_argument("--steady-seconds", type=int, default=20)
    parser.add_argument("--plaintext", action="store_true")
    parser.add_argument("--skip", nargs="*", default=[], choices=[*PARTS, "limits", "peers", "spark"],
                        help="parts, or participants: the limits, DuckDB and Polars, Spark")
    parser.add_argument("--no-docs", action="store_true", help="leave docs/performance.md as it is")
    return parser.parse_args()


def main() -> int:
    options = parse()
    out = ROOT / "build" / "bench"
    work = out / "work"
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True)
    broker = Kafka(detached=False)
    s3 = guarded("S3", Minio) if "s3" not in options.skip else None
    try:
        found = bench(options, broker, work, s3)
    finally:
        broker.close()
        if s3 is not None:
            s3.close()
        shutil.rmtree(work, ignore_errors=True)
    (out / "bronze.json").write_text(json.dumps(found, indent=1) + "\n")
    print(report.text(found))
    if not options.no_docs:
        report.write_docs(found)
    print(f"All figures: {(out / 'bronze.json').relative_to(ROOT)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
