# SPDX-License-Identifier: Apache-2.0
"""`checkpoint replay-bad` killed (-9) at each of its calls, locally and on S3. Whoever goes on from there, `replay-bad`,
the query or Spark, and then `replay-bad` to its end: each record that was set aside is in the table once.

`make test` runs a seeded sample (--seed), `make crash` all."""
import json
import random
import shutil

import pytest
from places import LocalPlace, S3Place
from rig import table
from rig.pipeline import Pipeline
from rig.reviews import reviews

SAMPLE = 2  # of a place and a way to go on
GOES_ON = ("replay-bad", "the query", "Spark")
POISON = b"too few"


@pytest.fixture(params=["local", "s3"])
def place(request, tmp_path):
    place = LocalPlace(tmp_path) if request.param == "local" else S3Place(tmp_path, request.getfixturevalue("minio"))
    yield place
    place.close()


class Job:
    """A query that has set records aside, and its mended pipeline; `bad` in words of a command."""

    def __init__(self, place, topic, folder):
        base = place.base
        options = {"max_offsets": 8, "settings": {"spark.sluice.badRecords.path": f"{base}/bad"}}
        self.pipeline = Pipeline(topic, f"{base}/table", f"{base}/checkpoint", select=["parts[2] AS review_id"], **options)
        self.mended = Pipeline(topic, f"{base}/table", f"{base}/checkpoint", select=["get(parts, 2) AS review_id"], **options)
        self.broken, self.job = self.pipeline.write_sql(folder / "broken"), self.mended.write_sql(folder / "mended")
        self.replay = ("checkpoint", "replay-bad", f"{base}/checkpoint", "--pipeline")


def go_on(who: str, sluice, job: Job, spark) -> None:
    if who == "Spark":
        spark().stream(job.mended)
    else:
        sluice.ok(*(job.replay if who == "replay-bad" else ("run",)), job.job)


def judge(place, sluice, topic) -> None:
    table.assert_exactly_once(table.identities(place.listing()), topic.expected(), "plain listing")
    table.assert_exactly_once(table.identities(place.logged()), topic.expected(), "sink log")
    offsets, commits = place.batches("offsets"), place.batches("commits")
    assert offsets == commits == list(range(len(offsets))), f"logs: {offsets} {commits}"


@pytest.mark.parametrize("who", GOES_ON)
def test_killed_at_every_call_each_record_is_put_through_once(place, who, sluice, minio, topic, tmp_path, pytestconfig, seed, request):
    if who == "Spark" and place.name == "s3":
        pytest.skip("Spark needs its AWS bundle there")
    sluice.env.update(minio.env())
    reviews_topic = topic(2)
    records = reviews(0, 16)
    records[1::5] = [POISON] * len(records[1::5])
    reviews_topic.produce(records)
    job = Job(place, reviews_topic, tmp_path)
    sluice.ok("run", job.broken)
    place.save()
    with place.start(sluice, job.job, command=job.replay) as running:
        assert running.wait(90).code == 0
    judge(place, sluice, reviews_topic)
    calls = place.calls()
    assert len(calls) > 8, calls
    todo = [(at, way) for at in range(1, len(calls) + 1) for way in ("before", "after")]
    if not pytestconfig.getoption("--all-crash-points"):
        todo = random.Random(seed).sample(todo, SAMPLE)
    findings = []
    for at, way in todo:
        place.restore()
        with place.start(sluice, job.job, at, way, command=job.replay) as running:
            running.wait(90)
        try:
            go_on(who, sluice, job, lambda: request.getfixturevalue("spark"))
            sluice.ok(*job.replay, job.job)
            judge(place, sluice, reviews_topic)
            again = sluice.ok(*job.replay, job.job).out
            assert "no bad records to put through again" in again, again
        except AssertionError as wrong:
            findings.append(f"{way} at {calls[at - 1]}: {wrong}")
            print(f"FINDING {place.name}, {who}: {findings[-1]}", flush=True)
    print(f"replay-bad, {place.name}, then {who}: {len(calls)} calls, {len(todo)} cases, {len(findings)} findings", flush=True)
    assert not findings, "\n".join(findings[:20])


@pytest.mark.parametrize("sink_log", ["ours", "Spark's"])
def test_bad_records_of_a_batch_that_spark_ended(sluice, spark, topic, tmp_path, sink_log):
    """Killed while a batch sets records aside; Spark goes on, and does not write what Sluice reads. Had the sink the batch,
    its bad records count; else Spark ran it itself (with the mended expression) and they are in the table."""
    place = LocalPlace(tmp_path)
    reviews_topic = topic(1)
    reviews_topic.produce([*reviews(0, 3), POISON])
    job = Job(place, reviews_topic, tmp_path)
    with place.start(sluice, job.broken) as running:
        assert running.wait(90).code == 0
    calls = place.calls()
    name = "_committed/0" if sink_log == "ours" else "_spark_metadata/0"
    at = next(number for number, call in enumerate(calls, 1) if name in call)
    for log in ("table", "checkpoint", "bad"):
        shutil.rmtree(place.base / log)  # as before the first run, so that its calls are counted the same
    with place.start(sluice, job.broken, at, "before") as running:
        assert running.wait(90).code == -9
    spark.stream(job.mended)
    reviews_topic.produce([POISON])
    sluice.ok("run", job.broken)
    entries = [json.loads(line) for file in (place.base / "bad").glob("query=*/batch=*/*.jsonl") for line in file.read_text().splitlines()]
    assert sorted(entry["offset"] for entry in entries) == ([3, 4] if sink_log == "ours" else [4])
    committed = list((place.base / "bad").glob("query=*/_committed/[0-9]*"))
    named = [line for entry in committed for line in entry.read_text().splitlines()[1:]]
    assert len(named) == len(entries), [entry.read_text() for entry in committed]
    sluice.ok(*job.replay, job.job)
    judge(place, sluice, reviews_topic)
