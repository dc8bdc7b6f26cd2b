# SPDX-License-Identifier: Apache-2.0
"""Two writers where there may be one: somebody stops, by name, and the table stays right."""
import shutil
import signal
import time

import pytest
from rig import table
from rig.pipeline import Pipeline
from rig.reviews import reviews


@pytest.mark.parametrize("place", ["local", "s3"])
def test_two_processes_on_one_checkpoint(sluice, minio, topic, tmp_path, place):
    sluice.env.update(minio.env())
    base = tmp_path if place == "local" else f"s3a://{minio.bucket}/fence"
    pipeline = Pipeline(topic(), f"{base}/table", f"{base}/checkpoint", max_offsets=50)
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
    if place == "local":
        files = table.part_files(tmp_path / "table")
    else:
        files = []
        for key in minio.list("fence/table/part-"):
            files.append(tmp_path / key.rpartition("/")[2])
            files[-1].write_bytes(minio.get(key))
    table.assert_exactly_once(table.identities(files), pipeline.topic.expected(), f"after the fence, {place}")


def test_second_query_into_one_folder(sluice, topic, tmp_path):
    first = Pipeline(topic(), tmp_path / "table", tmp_path / "c1", max_offsets=30)
    first.topic.produce(reviews(0, 100))
    sluice.ok("run", first.write_sql(tmp_path / "1"))
    second = Pipeline(topic(), tmp_path / "table", tmp_path / "c2", max_offsets=30)
    second.topic.produce(reviews(0, 300))
    done = sluice.run("run", second.write_sql(tmp_path / "2"))
    assert done.code in (1, 2), "Spark skips the batches in silence here"
    assert "_spark_metadata" in done.err or "another" in done.err
    table.assert_exactly_once(table.identities(table.part_files(tmp_path / "table")), first.topic.expected(), "untouched")


def test_fresh_checkpoint_on_a_used_folder(sluice, topic, tmp_path):
    """People keep checkpoints in /tmp and lose them in a reboot: Spark then loses rows and says nothing."""
    pipeline = Pipeline(topic(), tmp_path / "table", tmp_path / "checkpoint")
    pipeline.topic.produce(reviews(0, 100))
    sluice.ok("run", pipeline.write_sql(tmp_path))
    shutil.rmtree(tmp_path / "checkpoint")
    before = pipeline.topic.expected()
    pipeline.topic.produce(reviews(100, 100))
    done = sluice.run("run", pipeline.write_sql(tmp_path))
    assert done.code in (1, 2) and "checkpoint" in done.err
    table.assert_exactly_once(table.identities(table.part_files(tmp_path / "table")), before, "untouched")


def test_process_that_sleeps_through_its_batch(sluice, minio, topic, tmp_path):
    """Stopped inside a batch on S3, replaced by another process, then woken: it may not add or replace anything."""
    sluice.env.update(minio.env())
    base = f"s3a://{minio.bucket}/sleeper"
    pipeline = Pipeline(topic(), f"{base}/table", f"{base}/checkpoint", max_offsets=20_000)
    pipeline.topic.produce(reviews(0, 40_000))
    with sluice.start("run", pipeline.write_sql(tmp_path)) as sleeper:
        sleeper.wait_until(lambda: minio.list("sleeper/checkpoint/offsets/"), what="a planned batch")
        sleeper.signal(signal.SIGSTOP)
        sluice.ok("run", pipeline.write_sql(tmp_path / "other"))
        before = minio.list("sleeper/table/")
        sleeper.signal(signal.SIGCONT)
        sleeper.wait(60)
    assert minio.list("sleeper/table/") == before
    files = []
    for key in before:
        if "/part-" in key:
            files.append(tmp_path / key.rpartition("/")[2])
            files[-1].write_bytes(minio.get(key))
    table.assert_exactly_once(table.identities(files), pipeline.topic.expected(), "after waking")
