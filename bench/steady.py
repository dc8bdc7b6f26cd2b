# SPDX-License-Identifier: Apache-2.0
"""A steady stream at a fixed rate: how long after it was due to be sent is a record in the table?"""
import json
import os
import pathlib
import signal
import subprocess
import sys
import time

import measure
import pyarrow.parquet

ENOUGH_S = 120


class Table:
    """What the sink log makes visible, and when. Entries are read once, as they come."""

    def __init__(self, folder: pathlib.Path):
        self.log, self.next, self.files, self.seen = folder / "table/_spark_metadata", 0, [], set()

    def look(self) -> None:
        """Takes in new entries: each file with the time at which it became visible."""
        while True:
            entry = next((f for f in (self.log / f"{self.next}", self.log / f"{self.next}.compact") if f.exists()), None)
            if entry is None:
                return
            visible = entry.stat().st_ctime  # an entry is linked or renamed to its name
            for line in entry.read_text().splitlines()[1:]:
                path = json.loads(line)["path"].removeprefix("file://")
                if path not in self.seen:
                    self.seen.add(path)
                    self.files.append((path, visible))
            self.next += 1

    def rows(self) -> int:
        return sum(pyarrow.parquet.read_metadata(path).num_rows for path, _ in self.files)


def latencies(table: Table, first: int, start: float, rate: int, partitions: int) -> list[float]:
    """Of each record after number `first`, in ms, sorted. Numbers go to the partitions in turn."""
    found = []
    for path, visible in table.files:
        rows = pyarrow.parquet.read_table(path, columns=["partition", "offset"])
        for partition, offset in zip(rows["partition"].to_pylist(), rows["offset"].to_pylist()):
            number = offset * partitions + partition
            if number > first:
                found.append((visible - start - (number - first) / rate) * 1000)
    return sorted(found)


def wait_for_rows(table: Table, rows: int, child: subprocess.Popen) -> None:
    deadline = time.monotonic() + ENOUGH_S
    while table.look() or table.rows() < rows:
        if child.poll() is not None or time.monotonic() > deadline:
            raise RuntimeError(f"{table.rows()} of {rows} rows came")
        time.sleep(0.02)


def run(engine, topic, produce, rate: int, seconds: int) -> dict:
    """`engine.steady(topic)` gives command, environment and folder of an endless query with the Kafka columns;
    `produce(first, rate, records)` adds records to the topic and returns when the first one was due."""
    command, env, folder = engine.steady(topic)
    with open(folder / "log", "wb") as log:
        child = subprocess.Popen([str(word) for word in command], env=env, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                                 start_new_session=True)
    try:
        table = Table(folder)
        wait_for_rows(table, topic.records, child)
        cpu = measure.session_cpu(child.pid)
        first, records = topic.records, rate * seconds
        start = produce(first, rate, records)
        topic.records += records
        wait_for_rows(table, topic.records, child)
        cpu = measure.session_cpu(child.pid) - cpu
        found = latencies(table, first, start, rate, topic.partitions)
        return {"rate": rate, "seconds": seconds, "p50_ms": found[len(found) // 2], "p99_ms": found[len(found) * 99 // 100],
                "max_ms": found[-1], "cpu_share": cpu / seconds, "batches": table.next,
                "peak_mb": measure.session_peak(child.pid)}
    finally:
        end(child)


def end(child: subprocess.Popen) -> None:
    """Ends the session of `child`: asked first, then killed."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        try:
            os.killpg(child.pid, number)
            child.wait(10)
        except ProcessLookupError:
            break
        except subprocess.TimeoutExpired:
            print(f"bench: {child.args[0]} does not end by itself", file=sys.stderr)
    child.wait()
