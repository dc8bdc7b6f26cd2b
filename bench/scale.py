# SPDX-License-Identifier: Apache-2.0
"""make bench-scale: does the cost stay flat as things grow? CPU of a row from 1 to 256 partitions, a batch at number 10
and at number 10,000, CPU of a byte from values of 10 KB to 1 MB, and a table of 100,000 files. A table to the terminal,
all figures to build/bench/scale.json."""
import argparse
import json
import os
import pathlib
import random
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
from rig.pipeline import Pipeline  # noqa: E402
from rig.topics import Topic  # noqa: E402
from servers.kafka import Kafka  # noqa: E402

LINKS = 20_000  # of one file, below what file systems allow
EDGE = 100  # batches that stand for the early and for the late ones


def run(topic, folder: pathlib.Path, max_offsets: int | None = None, **more) -> measure.Usage:
    engines.fresh(folder)
    pipeline = Pipeline(topic, folder / "table", folder / "checkpoint", max_offsets=max_offsets, **more)
    return measure.run([engines.PROGRAMS / "sluice", "run", "--progress", "none", pipeline.write_sql(folder)], log=folder / "log")


def by_partitions(broker, work: pathlib.Path, options) -> list[dict]:
    """The whole run's CPU, and without its files: a run with the same files and hardly a row is taken off."""
    found = []
    for partitions in (1, 16, 256):
        full = engines.fill(broker, f"p{partitions}", partitions, options.records)
        bare = engines.fill(broker, f"e{partitions}", partitions, partitions * 2)
        rounds = []
        for _ in range(options.rounds):
            files, whole = run(bare, work / "bare"), run(full, work / "full")
            rounds.append((whole.cpu_s, files.cpu_s, whole.wall_s, whole.peak_mb))
        whole, files, wall, peak = (statistics.median(r[i] for r in rounds) for i in range(4))
        found.append({"partitions": partitions, "cpu_s": whole, "files_cpu_s": files, "wall_s": wall, "peak_mb": peak,
                      "us_a_row": (whole - files) / options.records * 1e6})
    return found


def by_batches(broker, work: pathlib.Path, options) -> dict:
    """In memory, so that a disk that fills says nothing; batches are told apart by the times of their first files."""
    topic = engines.fill(broker, "many", 2, options.batches * options.batch_rows)
    memory = pathlib.Path("/dev/shm") if os.access("/dev/shm", os.W_OK) else work
    folder = memory / f"sluice-scale-{os.getpid()}"
    try:
        usage = run(topic, folder, max_offsets=options.batch_rows)
        times = sorted(f.stat().st_mtime_ns / 1e6 for f in (folder / "table").glob("part-00000-*"))
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    walls = [b - a for a, b in zip(times, times[1:])]
    first, last = walls[10:10 + EDGE], walls[-EDGE:]
    return {"batches": len(times), "rows": options.batch_rows, "cpu_ms": usage.cpu_s / len(times) * 1000, "first_p50_ms": statistics.median(first),
            "last_p50_ms": statistics.median(last), "first_mean_ms": statistics.mean(first),
            "last_mean_ms": statistics.mean(last), "peak_mb": usage.peak_mb}


def values(count: int, size: int, text: str, pick: random.Random) -> list[bytes]:
    """Two columns; the second is a piece of the text, so that values of every size pack equally well."""
    starts = (pick.randrange(len(text) - size) for _ in range(count))
    return [f"{number}\t{text[start:start + size]}"[:size].encode() for number, start in enumerate(starts)]


def by_value_size(broker, work: pathlib.Path, options) -> list[dict]:
    total, select, found = 200_000_000, ["parts[0] AS n", "parts[1] AS text"], []
    pick = random.Random(1)
    text = " ".join(pick.choices([f"w{i * 7919 % 10007}" for i in range(4096)], k=1_500_000))
    start = statistics.median(run(engines.fill(broker, "none", 2, 2), work / "start").cpu_s for _ in range(options.rounds))
    for size in (10_000, 100_000, 1_000_000):
        topic = Topic(broker, partitions=2)
        for _ in range(total // size // 200):
            topic.produce(values(200, size, text, pick))
        cpu = statistics.median(run(topic, work / "values", select=select).cpu_s for _ in range(options.rounds))
        found.append({"value_bytes": size, "cpu_s": cpu, "ns_a_byte": (cpu - start) / total * 1e9})
    return found


def of_many_files(work: pathlib.Path, options) -> dict:
    """A folder without a log: the worst case, where the folder itself has to be listed."""
    table, seed = work / "files", work / "seed"
    engines.fresh(table)
    for number in range(-(-options.files // LINKS)):
        subprocess.run([engines.PROGRAMS / "bench/write_table", seed / str(number), "100", "1"], check=True)
        (file, *_) = (seed / str(number)).glob("part-00000-*")
        for i in range(min(LINKS, options.files - number * LINKS)):
            os.link(file, table / f"part-{number:03}-{i:05}.parquet")
    trace, query = work / "trace", f"SELECT product_title FROM parquet.`{table}` LIMIT 1"
    begin = time.monotonic()
    subprocess.run([engines.PROGRAMS / "sluice", "sql", query], check=True, stdout=subprocess.DEVNULL)
    found = {"files": options.files, "first_row_s": time.monotonic() - begin}
    if shutil.which("strace"):
        subprocess.run(["strace", "-f", "-qq", "-e", "trace=openat", "-o", trace, engines.PROGRAMS / "sluice", "sql", query],
                       check=True, stdout=subprocess.DEVNULL)
        found["listings"] = len(re.findall(rf'"{re.escape(str(table))}/?", [^)]*O_DIRECTORY', trace.read_text()))
    return found


def table_of(found: dict) -> str:
    rows = [[f"{p['partitions']} partitions", f"{p['us_a_row']:.2f} us CPU a row",
             f"{p['us_a_row'] / found['partitions'][0]['us_a_row']:.2f}",
             f"files {p['files_cpu_s']:.2f} CPU s, whole {p['cpu_s']:.2f} CPU s, {p['wall_s']:.2f} s, {p['peak_mb']:.0f} MB"]
            for p in found["partitions"]]
    batches = found["batches"]
    rows += [["batches from 10 on", f"{batches['first_mean_ms']:.2f} ms", "1.00", f"p50 {batches['first_p50_ms']:.2f} ms"],
             [f"batches to {batches['batches']:,}, {batches['rows']} rows each", f"{batches['last_mean_ms']:.2f} ms",
              f"{batches['last_mean_ms'] / batches['first_mean_ms']:.2f}",
              f"p50 {batches['last_p50_ms']:.2f} ms, peak {batches['peak_mb']:.0f} MB"]]
    rows += [[f"values of {v['value_bytes'] // 1000} KB", f"{v['ns_a_byte']:.2f} ns CPU a byte",
              f"{v['ns_a_byte'] / found['values'][0]['ns_a_byte']:.2f}", f"{v['cpu_s']:.2f} CPU s"] for v in found["values"]]
    files = found["files"]
    rows.append([f"a table of {files['files']:,} files", f"{files['first_row_s']:.2f} s to a first row", "",
                 f"listed {files['listings']} time(s)" if "listings" in files else ""])
    return f"{found['cores']} cores, median of {found['rounds']} rounds\n" + report._markdown(["", "cost", "ratio", ""], rows)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--records", type=int, default=1_000_000)
    parser.add_argument("--batches", type=int, default=10_000)
    parser.add_argument("--batch-rows", type=int, default=100, help="the lab's batches have 1,000")
    parser.add_argument("--files", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    out = ROOT / "build" / "bench"
    work = engines.fresh(out / "scale")
    found = {"when": time.strftime("%Y-%m-%d"), "cores": os.cpu_count(), "rounds": options.rounds}
    try:
        found["files"] = of_many_files(work, options)
        broker = Kafka(detached=False)
        try:
            for name, part in (("partitions", by_partitions), ("batches", by_batches), ("values", by_value_size)):
                found[name] = part(broker, work, options)
                print(f"bench: {name}: {found[name]}", flush=True)
        finally:
            broker.close()
    finally:
        shutil.rmtree(work, ignore_errors=True)
    (out / "scale.json").write_text(json.dumps(found, indent=1) + "\n")
    print(table_of(found))
    print(f"All figures: {(out / 'scale.json').relative_to(ROOT)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
