# SPDX-License-Identifier: Apache-2.0
"""make bench-start: what it takes to begin. `sluice --version` beside an empty program that is linked to the same Arrow,
`sluice sql "select 1"`, and memory, CPU and requests of a query that waits for data. A table to the terminal, all figures
to build/bench/start.json."""
import argparse
import json
import os
import pathlib
import shutil
import statistics
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT / "tools"), str(ROOT / "tests"), str(ROOT / "bench")]
import engines  # noqa: E402  (the paths come first)
import report  # noqa: E402
from rig.pipeline import Pipeline  # noqa: E402
from rig.s3_proxy import S3Proxy  # noqa: E402
from servers.kafka import Kafka  # noqa: E402
from servers.minio import Minio  # noqa: E402
from servers.process import ServerMissing  # noqa: E402

COMMANDS = {
    "an empty program with the same Arrow": [engines.PROGRAMS / "bench/empty"],
    "sluice --version": [engines.PROGRAMS / "sluice", "--version"],
    'sluice sql "select 1"': [engines.PROGRAMS / "sluice", "sql", "select 1"],
}


def once(command: list) -> dict:
    start = time.monotonic()
    child = subprocess.Popen([str(word) for word in command], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(child.pid, 0)
    wall = time.monotonic() - start
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode:
        raise RuntimeError(f"{command} ended with {child.returncode}")
    return {"ms": wall * 1000, "cpu_ms": (usage.ru_utime + usage.ru_stime) * 1000, "peak_mb": usage.ru_maxrss / 1000}


def starts(rounds: int) -> dict:
    found = {name: [] for name in COMMANDS}
    for number in range(rounds + 1):
        for name, command in COMMANDS.items():
            figures = once(command)
            if number > 0:  # the first fills the page cache
                found[name].append(figures)
    return {name: {key: statistics.median(f[key] for f in figures) for key in figures[0]} for name, figures in found.items()}


def process_figures(pid: int) -> tuple[float, float]:
    """CPU seconds and resident MB of a process."""
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK"), int(fields[21]) * os.sysconf("SC_PAGE_SIZE") / 1e6


def watch(child, seconds: float, proxy) -> dict:
    """From when the last batch is done; CPU by the kernel's ticks of 10 ms."""
    before = len(proxy.requests) if proxy else 0
    cpu, _ = process_figures(child.pid)
    start, most = time.monotonic(), 0.0
    while time.monotonic() - start < seconds:
        time.sleep(0.2)
        most = max(most, process_figures(child.pid)[1])
    used = process_figures(child.pid)[0] - cpu
    return {"seconds": seconds, "cpu_percent": used / seconds * 100, "resident_mb": most,
            "requests": len(proxy.requests) - before if proxy else None}


def idle(topic, folder: pathlib.Path, base: str, env: dict, seconds: float, proxy=None) -> dict:
    """A query that has read an empty topic's nothing; on S3 it has its table and checkpoint there."""
    engines.fresh(folder)
    pipeline = Pipeline(topic, f"{base}/table", f"{base}/checkpoint", sasl=True, kafka_columns=False)
    command = [engines.PROGRAMS / "sluice", "run", "--progress", "none", pipeline.write_sql(folder, trigger="processingTime 0 seconds")]
    with open(folder / "log", "wb") as log:
        child = subprocess.Popen([str(w) for w in command], stdin=subprocess.DEVNULL, stdout=log, stderr=log, env={**os.environ, **env})
    try:
        time.sleep(3)  # until the start is over; what comes later is the figure
        if child.poll() is not None:
            raise RuntimeError((folder / "log").read_text())
        return watch(child, seconds, proxy)
    finally:
        child.terminate()
        child.wait(60)


def idle_queries(options, work: pathlib.Path) -> dict:
    broker = Kafka(detached=False)
    found = {}
    try:
        topic = engines.fill(broker, "idle", 2, 2000)
        found["an idle query, local table"] = idle(topic, work / "idle", str(work / "local"), {}, options.seconds)
        try:
            minio = Minio()
        except ServerMissing as missing:
            print(f"bench: no figures of S3: {missing}")
            return found
        proxy = S3Proxy(minio.endpoint)
        try:
            env = {**minio.env(), "AWS_ENDPOINT_URL": proxy.endpoint}
            found["an idle query, table on S3"] = idle(topic, work / "idle-s3", f"s3a://{minio.bucket}/idle", env, options.seconds, proxy)
        finally:
            proxy.close()
            minio.close()
    finally:
        broker.close()
    return found


def table_of(found: dict) -> str:
    empty = next(iter(found["starts"].values()))
    rows = [[name, f"{f['ms']:.1f}", f"{f['ms'] - empty['ms']:+.1f}", f"{f['cpu_ms']:.1f}", f"{f['peak_mb']:.0f}"]
            for name, f in found["starts"].items()]
    text = [f"median of {found['rounds']} starts, alternating",
            report._markdown(["", "wall ms", "above empty", "CPU ms", "peak MB"], rows)]
    if found["idle"]:
        rows = [[name, f"{f['resident_mb']:.0f}", f"{f['cpu_percent']:.2f}", "" if f["requests"] is None else str(f["requests"])]
                for name, f in found["idle"].items()]
        text += ["", f"{next(iter(found['idle'].values()))['seconds']:.0f} s without new data",
                 report._markdown(["", "resident MB", "CPU % of a core", "requests to S3"], rows)]
    return "\n".join(text)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=40)
    parser.add_argument("--seconds", type=float, default=20, help="how long an idle query is watched (0: not at all)")
    options = parser.parse_args()
    out = ROOT / "build" / "bench"
    work = engines.fresh(out / "start")
    try:
        found = {"when": time.strftime("%Y-%m-%d"), "rounds": options.rounds, "starts": starts(options.rounds),
                 "idle": idle_queries(options, work) if options.seconds > 0 else {}}
    finally:
        shutil.rmtree(work, ignore_errors=True)
    (out / "start.json").write_text(json.dumps(found, indent=1) + "\n")
    print(table_of(found))
    print(f"All figures: {(out / 'start.json').relative_to(ROOT)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
