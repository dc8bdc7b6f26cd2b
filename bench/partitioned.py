# SPDX-License-Identifier: Apache-2.0
"""make bench-partitioned: the bronze job into a table in partition folders, by Sluice and by real Spark, in alternating
rounds of one run; Sluice without folders beside them. What it found goes to the terminal, to build/bench/partitioned.json
and into docs/performance.md."""
import argparse
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
from rig import table  # noqa: E402
from rig.pipeline import SELECT_REVIEWS  # noqa: E402
from servers.kafka import Kafka  # noqa: E402

BEGIN, END = "<!-- bench: written by make bench-partitioned -->", "<!-- bench: end of partitioned -->"
# "01-01" to "12-28"; 10,000 values of the last digits of a review's number
FOLDERS = {336: "substring(parts[14], 6)", 10_000: "right(parts[2], 4)"}


def participants(options, work: pathlib.Path) -> list[tuple[str, engines.Engine]]:
    plain = engines.Sluice(work, not options.plaintext)
    made = [("Sluice, no folders", plain)]
    for values in options.values:
        for engine in (engines.Sluice(work, not options.plaintext), engines.Spark(work, not options.plaintext)):
            engine.shape = {"select": [*SELECT_REVIEWS, "current_timestamp() AS review_timestamp",
                                       f"{FOLDERS[values]} AS folder"], "partition_by": ["folder"]}
            made.append((f"{engine.name}, {values:,} folders", engine))
    return made


def figures(topic, usage: measure.Usage, folder: pathlib.Path) -> dict:
    files = table.part_files(folder)
    rows = sum(table.pq.ParquetFile(f).metadata.num_rows for f in files)
    assert rows == topic.records, f"{folder}: {rows} rows"
    return {"rows_per_s": topic.records / usage.wall_s, "wall_s": usage.wall_s, "cpu_s": usage.cpu_s,
            "peak_mb": usage.peak_mb, "files": len(files), "megabytes": measure.folder_bytes(folder) / 1e6}


def rounds(options, broker, work: pathlib.Path) -> dict[str, list[dict]]:
    topic = engines.fill(broker, "reviews", options.partitions, options.records)
    found: dict[str, list[dict]] = {}
    for number in range(options.rounds):
        for name, engine in participants(options, work):
            if isinstance(engine, engines.Spark) and number >= options.spark_rounds:
                continue
            usage = engine.run(topic)
            folder = engine.folder() if isinstance(engine, engines.Spark) else engine.folder() / "table"
            found.setdefault(name, []).append(figures(topic, usage, folder))
            print(f"bench: round {number + 1}, {name}: {found[name][-1]}", flush=True)
    return found


def text(found: dict) -> str:
    rows = [[name, *(report._figure(m[key], form) for key, form in
                     (("rows_per_s", ",.0f"), ("cpu_s", ".2f"), ("wall_s", ".2f"), ("peak_mb", ",.0f"), ("files", ",.0f"),
                      ("megabytes", ".0f")))] for name, m in found["median"].items()]
    lines = [f"{found['records']:,} reviews of 456 bytes, {found['partitions']} partitions, {found['security']}, "
             f"{found['cores']} cores, {found['machine']}, {found['when']}; medians of up to {found['rounds']} alternating "
             f"rounds:", "", report._markdown(["", "rows/s", "CPU s", "wall s", "peak MB", "files", "MB written"], rows), ""]
    for name, m in found["median"].items():
        theirs = found["median"].get(name.replace("Sluice", report.SPARK))
        if name.startswith("Sluice") and theirs:
            lines.append(f"- Spark's whole job over Sluice's, {name.partition(', ')[2]}: CPU {theirs['cpu_s'] / m['cpu_s']:.1f}, "
                         f"wall {theirs['wall_s'] / m['wall_s']:.1f}, memory {theirs['peak_mb'] / m['peak_mb']:.1f}, "
                         f"files {theirs['files'] / m['files']:.2f}")
    return "\n".join(lines)


def write_docs(found: dict) -> None:
    before, rest = report.PAGE.read_text().split(BEGIN)
    report.PAGE.write_text(f"{before}{BEGIN}\n{text(found)}\n{END}{rest.split(END)[1]}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--records", type=int, default=1_000_000)
    parser.add_argument("--partitions", type=int, default=2)
    parser.add_argument("--values", type=int, nargs="*", default=[336], choices=[*FOLDERS], help="partition folders")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--spark-rounds", type=int, default=1)
    parser.add_argument("--plaintext", action="store_true")
    parser.add_argument("--no-docs", action="store_true", help="leave docs/performance.md as it is")
    options = parser.parse_args()
    work = ROOT / "build/bench/work-partitioned"
    engines.fresh(work)
    broker = Kafka(detached=False)
    try:
        found = rounds(options, broker, work)
    finally:
        broker.close()
        shutil.rmtree(work, ignore_errors=True)
    found = {"records": options.records, "partitions": options.partitions, "cores": os.cpu_count(), "rounds": options.rounds,
             "security": "PLAINTEXT" if options.plaintext else "SASL_SSL", "machine": platform.machine(),
             "when": time.strftime("%Y-%m-%d"), "each": found,
             "median": {name: {key: statistics.median(r[key] for r in each) for key in each[0]}
                        for name, each in found.items()}}
    (ROOT / "build/bench/partitioned.json").write_text(json.dumps(found, indent=1) + "\n")
    print(text(found))
    if not options.no_docs:
        write_docs(found)


if __name__ == "__main__":
    main()
