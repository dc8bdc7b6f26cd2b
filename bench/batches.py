# SPDX-License-Identifier: Apache-2.0
"""make bench-batches: what a small batch costs. 1,000 rows a batch from two partitions over SASL_SSL: time to the first
commit, wall and CPU of a batch beside its fsyncs alone, counts of fsyncs, requests to S3. A table to the terminal, all
figures to build/bench/batches.json."""
import argparse
import json
import os
import pathlib
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
from rig import requests  # noqa: E402
from rig.pipeline import Pipeline  # noqa: E402
from rig.s3_proxy import S3Proxy  # noqa: E402
from servers.kafka import Kafka  # noqa: E402
from servers.minio import Minio  # noqa: E402
from servers.process import ServerMissing  # noqa: E402

ROWS = 1000


class Job:
    """The bronze job over `topic`, `rows` a batch, begun anew by each run."""

    def __init__(self, folder: pathlib.Path, topic, rows: int = ROWS):
        self.folder, self.topic, self.rows = folder, topic, rows

    def command(self) -> list:
        engines.fresh(self.folder)
        pipeline = Pipeline(self.topic, self.folder / "table", self.folder / "checkpoint", sasl=True,
                            max_offsets=self.rows, kafka_columns=False)
        return [engines.PROGRAMS / "sluice", "run", "--progress", "none", pipeline.write_sql(self.folder)]

    def run(self, every: float = 0.002) -> measure.Usage:
        return measure.run(self.command(), self.folder / "checkpoint/commits", log=self.folder / "log", every=every)


def milliseconds(seconds: list[float]) -> dict:
    ordered = sorted(seconds)
    return {"p50_ms": statistics.median(ordered) * 1000, "p99_ms": ordered[int(len(ordered) * 0.99)] * 1000}


def first_commits(broker, folder: pathlib.Path, rounds: int) -> dict:
    job = Job(folder, engines.fill(broker, "first", 2, 2 * ROWS))
    job.run()  # the broker has served this topic once
    return {"rounds": rounds, **milliseconds([job.run(every=0.0005).first_commit_s for _ in range(rounds)])}


def publish(path: pathlib.Path, content: bytes) -> None:
    """A file made durable under its name, as a batch's files are."""
    temporary = path.with_name(f".{path.name}.tmp")
    file = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666)
    os.write(file, content)
    os.fdatasync(file)
    os.link(temporary, path)
    os.unlink(temporary)
    os.close(file)
    parent = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    os.fsync(parent)
    os.close(parent)


def fsyncs_alone(folder: pathlib.Path, batches: int, part_bytes: int) -> dict:
    """The five files of a batch, of their sizes, one after the other, with nothing else."""
    engines.fresh(folder)
    for name in ("offsets", "table", "log", "commits"):
        (folder / name).mkdir()
    times = []
    for batch in range(batches):
        start = time.monotonic()
        publish(folder / f"offsets/{batch}", b"x" * 1500)
        for task in range(2):
            publish(folder / f"table/part-{task}-{batch}", b"x" * part_bytes)
        publish(folder / f"log/{batch}", b"x" * 500)
        publish(folder / f"commits/{batch}", b"x" * 29)
        times.append(time.monotonic() - start)
    return milliseconds(times)


def fsync_counts(job: Job, batches: int) -> float:
    trace = job.folder.with_name("strace")
    command = ["strace", "-f", "-c", "-e", "trace=fsync,fdatasync", "-o", trace, *job.command()]
    subprocess.run([str(word) for word in command], check=True)
    counts = re.findall(r"^ *[\d.]+ +[\d.]+ +\d+ +(\d+).* f(?:data)?sync$", trace.read_text(), re.MULTILINE)
    return sum(map(int, counts)) / batches


def on_s3(job: Job, batches: int, folder: pathlib.Path) -> dict:
    minio = Minio()
    proxy = S3Proxy(minio.endpoint)
    try:
        base = f"s3a://{minio.bucket}/batches"
        pipeline = Pipeline(job.topic, f"{base}/table", f"{base}/checkpoint", sasl=True, max_offsets=job.rows,
                            kafka_columns=False, settings={"spark.sql.streaming.minBatchesToRetain": 10})
        env = {**os.environ, **minio.env(), "AWS_ENDPOINT_URL": proxy.endpoint}
        usage = measure.run([engines.PROGRAMS / "sluice", "run", "--progress", "none", pipeline.write_sql(folder)], env=env)
        per_batch = requests.by_batch(proxy.requests)
        counts = [len(found) for found in per_batch.values()]
        deletes = sum("?delete" in r for found in per_batch.values() for r in found)
        return {"batches": len(per_batch), "wall_s": usage.wall_s, "requests_mean": statistics.mean(counts),
                "requests_most": max(counts), "deletes": deletes}
    finally:
        proxy.close()
        minio.close()


def bench(options, broker, work: pathlib.Path) -> dict:
    found = {"when": time.strftime("%Y-%m-%d"), "cores": os.cpu_count(), "batches": options.batches,
             "first_commit": first_commits(broker, work / "first", options.rounds)}
    job = Job(work / "job", engines.fill(broker, "small", 2, options.batches * ROWS))
    walls, alone, cpu = [], [], []
    for _ in range(options.rounds):
        usage = job.run()
        parts = [f.stat().st_size for f in (job.folder / "table").glob("*.parquet")]
        walls += measure.batch_walls(job.folder / "checkpoint/commits")[10:]
        cpu.append(usage.cpu_s / options.batches * 1000)
        alone.append(fsyncs_alone(work / "alone", options.batches, int(statistics.mean(parts))))
    found["batch"] = {**milliseconds(walls), "cpu_ms": statistics.median(cpu)}
    found["fsyncs_alone"] = {key: statistics.median(a[key] for a in alone) for key in alone[0]}
    if shutil.which("strace"):
        found["fsyncs_a_batch"] = fsync_counts(job, options.batches)
    try:
        found["s3"] = on_s3(job, options.batches, work / "s3")
    except ServerMissing as missing:
        print(f"bench: no figures of S3: {missing}")
    return found


def table_of(found: dict) -> str:
    first, batch, alone, s3 = (found.get(k) for k in ("first_commit", "batch", "fsyncs_alone", "s3"))
    rows = [["first commit, from process start", f"{first['p50_ms']:.0f} ms", f"{first['p99_ms']:.0f} ms"],
            ["a batch", f"{batch['p50_ms']:.2f} ms", f"{batch['p99_ms']:.2f} ms"],
            ["its fsyncs alone", f"{alone['p50_ms']:.2f} ms", f"{alone['p99_ms']:.2f} ms"],
            ["a batch beyond its fsyncs", f"{batch['p50_ms'] - alone['p50_ms']:.2f} ms", ""],
            ["CPU of a batch, start-up in it", f"{batch['cpu_ms']:.2f} ms", ""]]
    if "fsyncs_a_batch" in found:
        rows.append(["fsyncs of a batch", f"{found['fsyncs_a_batch']:.1f}", ""])
    if s3:
        rows += [["requests to S3 of a batch (mean, most)", f"{s3['requests_mean']:.2f}", str(s3["requests_most"])],
                 ["DeleteObjects in the run", f"{s3['deletes']} in {s3['batches']} batches", ""]]
    return (f"{found['batches']} batches of {ROWS:,} reviews from two partitions over SASL_SSL, {found['cores']} cores\n" +
            report._markdown(["", "p50", "p99"], rows))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--batches", type=int, default=200)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    out = ROOT / "build" / "bench"
    work = engines.fresh(out / "batches")
    broker = Kafka(detached=False)
    try:
        found = bench(options, broker, work)
    finally:
        broker.close()
        shutil.rmtree(work, ignore_errors=True)
    (out / "batches.json").write_text(json.dumps(found, indent=1) + "\n")
    print(table_of(found))
    print(f"All figures: {(out / 'batches.json').relative_to(ROOT)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
