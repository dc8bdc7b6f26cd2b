# SPDX-License-Identifier: Apache-2.0
"""Every call of a batch that changes files (or every request to S3) is made to fail in turn, in four ways: it fails, the
process is killed before it, after it, or it takes effect and is reported as failed. After each, a restart runs to the end
and the table holds every record once: for a plain listing, for the sink log, for our reader.

`make test` runs a seeded sample (--seed), `make crash` all."""
import random

import pytest
from places import WAYS, LocalPlace, S3Place
from rig import program, table
from rig.pipeline import Pipeline
from rig.reviews import reviews

SAMPLE = 20
cases = {"run": 0}


@pytest.fixture(scope="module", autouse=True)
def count_of_cases():
    yield
    print(f"\ncrash points: {cases['run']} cases")


@pytest.fixture(params=["local", "s3"])
def place(request, tmp_path):
    if request.param == "local":
        yield LocalPlace(tmp_path)
        return
    minio = request.getfixturevalue("minio")
    place = S3Place(tmp_path, minio)
    yield place
    place.close()


def judge(place, sluice, topic, pipeline) -> None:
    table.assert_exactly_once(table.identities(place.listing()), topic.expected(), "plain listing")
    table.assert_exactly_once(table.identities(place.logged()), topic.expected(), "sink log")
    offsets, commits = place.batches("offsets"), place.batches("commits")
    assert offsets == commits == list(range(len(offsets))), f"logs: {offsets} {commits}"
    verified = sluice.run("checkpoint", "verify", pipeline.checkpoint, "--sink", pipeline.table)
    assert verified.code == 0, f"verify: {verified.all}"


def one_case(place, sluice, topic, pipeline, job, at: int, way: str) -> str | None:
    """Returns what is wrong, or None."""
    place.restore()
    with place.start(sluice, job, at, way) as running:
        crashed = running.wait(60)
    cases["run"] += 1
    if crashed.code not in ((-9,) if way in ("before", "after") else (0, 1)):
        return f"exit {crashed.code}: {crashed.err[-800:]}"
    again = sluice.run("run", job, timeout=60)
    if again.code != 0:
        return f"the restart ended with {again.code}: {again.err[-1500:]}"
    try:
        judge(place, sluice, topic, pipeline)
    except AssertionError as wrong:
        return str(wrong)
    return None


def sweep(place, sluice, topic, pipeline, job, config, seed: int) -> None:
    place.save()
    with place.start(sluice, job) as running:
        assert running.wait(60).code == 0
    judge(place, sluice, topic, pipeline)
    calls = place.calls()
    assert len(calls) > 10, f"only {calls} were counted: does the program call something else?"
    todo = [(at, way) for at in range(1, len(calls) + 1) for way in WAYS]
    if not config.getoption("--all-crash-points"):
        todo = random.Random(seed).sample(todo, min(SAMPLE, len(todo)))
    findings = []
    for at, way in todo:
        wrong = one_case(place, sluice, topic, pipeline, job, at, way)
        if wrong:
            findings.append(f"{way} at {calls[at - 1]}: {wrong}")
    assert not findings, f"{len(findings)} of {len(todo)} cases (seed {seed}):\n" + "\n".join(findings[:20])


@pytest.mark.parametrize("stage", ["first batches", "over a compaction"])
def test_every_call_fails_in_turn(place, stage, sluice, minio, topic, tmp_path, pytestconfig, seed):
    sluice.env.update(minio.env())
    reviews_topic = topic(2)
    pipeline = Pipeline(reviews_topic, f"{place.base}/table", f"{place.base}/checkpoint", max_offsets=20)
    job = pipeline.write_sql(tmp_path / "job")
    if stage == "first batches":
        reviews_topic.produce(reviews(0, 40))
    else:  # batches 0 to 7 are there; 8, 9.compact and 10 are swept
        reviews_topic.produce(reviews(0, 160))
        sluice.ok("run", job)
        reviews_topic.produce(reviews(160, 60))
    sweep(place, sluice, reviews_topic, pipeline, job, pytestconfig, seed)


def test_killed_at_random_moments(sluice, spark, topic, tmp_path, seed):
    """No counting, no library: kill -9 at times drawn by the seed, until a run gets through; Spark reads the result."""
    dice = random.Random(seed)
    pipeline = Pipeline(topic(3), tmp_path / "table", tmp_path / "checkpoint", max_offsets=3000)
    pipeline.topic.produce(reviews(0, 30_000))
    job = pipeline.write_sql(tmp_path)
    for _ in range(25):
        with sluice.start("run", job) as running:
            try:
                running.child.wait(dice.uniform(0.03, 0.4))
            except program.subprocess.TimeoutExpired:
                running.kill()
        if len(table.log_numbers(tmp_path / "checkpoint" / "commits")) >= 11:
            break
    sluice.ok("run", job)
    found = table.identities(table.part_files(tmp_path / "table"))
    table.assert_exactly_once(found, pipeline.topic.expected(), "plain listing")
    table.assert_exactly_once(spark.identities(tmp_path / "table"), pipeline.topic.expected(), "Spark's reader")
