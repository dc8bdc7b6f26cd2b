# SPDX-License-Identifier: Apache-2.0
"""A query that waits for data needs little memory, and wakes up; so does a server without clients."""
import pathlib

from rig import table
from rig.pipeline import Pipeline
from rig.reviews import reviews

IDLE_MB = 50
SERVER_MB = 30
LEAST_MB = 10  # of any run: less was not measured


def resident_mb(pid: int) -> float:
    status = pathlib.Path(f"/proc/{pid}/status").read_text()
    return int(status.split("VmRSS:")[1].split()[0]) * 1024 / 1e6


def test_an_idle_query_is_small(sluice, topic, tmp_path):
    source = topic(partitions=2)
    source.produce(reviews(0, 20000))
    pipeline = Pipeline(source, tmp_path / "t", tmp_path / "c", sasl=True)

    def committed() -> int:
        return len(table.identities(table.logged_files(tmp_path / "t"))) if (tmp_path / "t/_spark_metadata/0").exists() else 0

    with sluice.start("run", pipeline.write_sql(tmp_path, trigger="processingTime 0 seconds")) as running:
        pid = running.child.pid
        running.wait_until(lambda: committed() == 20000, 120, "all reviews")
        busy = resident_mb(pid)
        assert busy > LEAST_MB, f"busy with {busy:.0f} MB: not measured"
        running.wait_until(lambda: LEAST_MB < resident_mb(pid) < IDLE_MB, 60, f"less than {IDLE_MB} MB, busy with {busy:.0f}")
        source.produce(reviews(20000, 100))
        running.wait_until(lambda: committed() == 20100, 120, "reviews after the rest")
    table.assert_exactly_once(table.identities(table.logged_files(tmp_path / "t")), source.expected(), "the table")


def test_an_idle_server_is_small(sluice):
    with sluice.start("server", "--port", "0") as running:
        running.wait_until(lambda: "ready on" in running.printed(), 60, "the ready line")
        busy = resident_mb(running.child.pid)
        running.wait_until(lambda: LEAST_MB / 2 < resident_mb(running.child.pid) < SERVER_MB, 30,
                           f"less than {SERVER_MB} MB, {busy:.0f} at first")
