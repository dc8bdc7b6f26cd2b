# SPDX-License-Identifier: Apache-2.0
"""Two writers where there may be one: somebody stops, by name, and the table stays right, locally and on S3."""
import pathlib
import shutil
import signal
import time

import pytest
from rig import table
from rig.pipeline import Pipeline
from rig.reviews import reviews


class Place:
    """Where table and checkpoint are: a local folder, or a prefix on S3."""

    def __init__(self, kind: str, minio, folder: pathlib.Path):
        self.kind, self.minio, self.folder = kind, minio, folder
        self.prefix = f"fence-{folder.name}"
        self.base = str(folder / "lake") if kind == "local" else f"s3a://{minio.bucket}/{self.prefix}"

    def names(self, below: str) -> list[str]:
        """Files below a folder, with a mark that changes when they do."""
        if self.kind == "local":
            root = self.folder / "lake" / below
            return sorted(f"{f.relative_to(root)} {f.stat().st_mtime_ns} {f.stat().st_size}" for f in root.rglob("*") if f.is_file()
                          and not f.name.startswith("."))
        return sorted(f"{key.removeprefix(f'{self.prefix}/{below}/')} {size}"
                      for key, size in self.minio.list(f"{self.prefix}/{below}/").items())

    def numbers(self, log: str) -> list[int]:
        return sorted(int(name.split()[0]) for name in self.names(f"checkpoint/{log}") if name.split()[0].isdigit())

    def rows(self) -> list[tuple]:
        """By a plain listing."""
        if self.kind == "local":
            return table.identities(table.part_files(self.folder / "lake/table"))
        copy = self.folder / "listing"
        shutil.rmtree(copy, ignore_errors=True)
        copy.mkdir()
        for key in self.minio.list(f"{self.prefix}/table/part-"):
            (copy / key.rpartition("/")[2]).write_bytes(self.minio.get(key))
        return table.identities(table.part_files(copy))

    def remove_checkpoint(self) -> None:
        if self.kind == "local":
            shutil.rmtree(self.folder / "lake/checkpoint")
        else:
            for key in self.minio.list(f"{self.prefix}/checkpoint/"):
                self.minio.delete(key)


@pytest.fixture(params=["local", "s3"])
def place(request, sluice, minio, tmp_path):
    sluice.env.update(minio.env())
    return Place(request.param, minio, tmp_path)


def pipeline_at(place, topic, checkpoint: str = "checkpoint", **more) -> Pipeline:
    return Pipeline(topic, f"{place.base}/table", f"{place.base}/{checkpoint}", **more)


def test_two_processes_on_one_checkpoint(sluice, place, topic, tmp_path):
    pipeline = pipeline_at(place, topic(), max_offsets=50)
    pipeline.topic.produce(reviews(0, 100))
    sluice.ok("run", pipeline.write_sql(tmp_path / "first"))
    job = pipeline.write_sql(tmp_path / "job", "processingTime 100 milliseconds")
    with sluice.start("run", job) as one, sluice.start("run", job) as other:
        deadline = time.monotonic() + 60
        number = 100
        while one.child.poll() is None and other.child.poll() is None:
            assert time.monotonic() < deadline, "both still write"
            pipeline.topic.produce(reviews(number, 50))
            number += 50
            time.sleep(0.1)
        loser, winner = (one, other) if one.child.poll() is not None else (other, one)
        lost = loser.wait(10)
        assert lost.code in (1, 2) and "checkpoint" in lost.err, lost.all
        winner.signal(signal.SIGTERM)
        assert winner.wait(60).code == 0
    sluice.ok("run", pipeline.write_sql(tmp_path / "last"))
    table.assert_exactly_once(place.rows(), pipeline.topic.expected(), "after the fence")
    assert place.numbers("offsets") == place.numbers("commits")


def test_second_query_into_one_folder(sluice, place, topic, tmp_path):
    first = pipeline_at(place, topic(), "c1", max_offsets=30)
    first.topic.produce(reviews(0, 100))
    sluice.ok("run", first.write_sql(tmp_path / "1"))
    second = pipeline_at(place, topic(), "c2", max_offsets=30)
    second.topic.produce(reviews(0, 300))
    done = sluice.run("run", second.write_sql(tmp_path / "2"))
    assert done.code in (1, 2), "Spark skips the batches in silence here"
    assert "SLUICE_SINK_IN_USE" in done.err, done.err
    table.assert_exactly_once(place.rows(), first.topic.expected(), "untouched")


def test_two_queries_begin_in_one_folder_at_once(sluice, place, topic, tmp_path):
    """Neither sees the other's log at its start. One of them stops, and leaves nothing that a listing would count."""
    both = [pipeline_at(place, topic(), f"c{i}", max_offsets=40) for i in range(2)]
    for pipeline in both:
        pipeline.topic.produce(reviews(0, 400))
    jobs = [p.write_sql(tmp_path / f"job{i}", "processingTime 10 milliseconds") for i, p in enumerate(both)]
    with sluice.start("run", jobs[0]) as one, sluice.start("run", jobs[1]) as other:
        deadline = time.monotonic() + 60
        while one.child.poll() is None and other.child.poll() is None:
            assert time.monotonic() < deadline, "both still write"
            time.sleep(0.02)
        loser = 0 if one.child.poll() is not None else 1
        lost = (one, other)[loser].wait(10)
        assert lost.code in (1, 2), lost.all
        assert "_spark_metadata" in lost.err or "SINK_IN_USE" in lost.err, lost.err
        winner = (one, other)[1 - loser]
        winner.signal(signal.SIGTERM)
        assert winner.wait(60).code == 0
    sluice.ok("run", both[1 - loser].write_sql(tmp_path / "last"))
    table.assert_exactly_once(place.rows(), both[1 - loser].topic.expected(), "the winner's alone")


def test_fresh_checkpoint_on_a_used_folder(sluice, place, topic, tmp_path):
    """People keep checkpoints in /tmp and lose them in a reboot: Spark then loses rows and says nothing."""
    pipeline = pipeline_at(place, topic())
    pipeline.topic.produce(reviews(0, 100))
    sluice.ok("run", pipeline.write_sql(tmp_path))
    place.remove_checkpoint()
    before = pipeline.topic.expected()
    pipeline.topic.produce(reviews(100, 100))
    done = sluice.run("run", pipeline.write_sql(tmp_path))
    assert done.code in (1, 2) and "checkpoint" in done.err
    table.assert_exactly_once(place.rows(), before, "untouched")


@pytest.mark.parametrize("stage", ["in its only batch", "many batches ago"])
def test_process_that_sleeps_through_its_batch(sluice, place, topic, tmp_path, stage):
    """Stopped inside a batch, replaced by another process that goes past it (over a compaction too), then woken, with
    new data waiting: it may not add or replace anything."""
    many = stage == "many batches ago"
    pipeline = pipeline_at(place, topic(), max_offsets=4_000 if many else 20_000)
    pipeline.topic.produce(reviews(0, 48_000 if many else 40_000))
    job = pipeline.write_sql(tmp_path, "processingTime 10 milliseconds")
    with sluice.start("run", job) as sleeper:
        sleeper.wait_until(lambda: place.numbers("offsets"), what="a planned batch")
        sleeper.signal(signal.SIGSTOP)
        sluice.ok("run", "--available-now", job)
        assert len(place.numbers("commits")) >= (12 if many else 2)
        table_before, checkpoint_before = place.names("table"), place.names("checkpoint")
        pipeline.topic.produce(reviews(100_000, 100))
        sleeper.signal(signal.SIGCONT)
        done = sleeper.wait(60)
    assert done.code == 1 and "another" in done.err.lower(), done.all
    assert place.names("table") == table_before and place.names("checkpoint") == checkpoint_before
    sluice.ok("run", "--available-now", job)
    table.assert_exactly_once(place.rows(), pipeline.topic.expected(), "after waking")
