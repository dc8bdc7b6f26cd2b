# SPDX-License-Identifier: Apache-2.0
"""Every call of a batch is made to fail in turn, in four ways: it fails, the process is killed before it, after it, or it
takes effect and is reported as failed. On a local disk also by a cut of the power before it, in two ways, and a link that
is reported and was not made. Calls are counted at three depths: the system calls that change files, the
requests to S3, and all calls through the two seams of the program, to its file systems and to Kafka. After each a
restart runs to the end and the table holds every record once: for a plain listing, for the sink log, for our reader, and
for a sample for Spark.

`make test` runs a seeded sample (--seed), `make crash` all."""
import functools
import random

import pytest
from places import LocalPlace, a_place
from rig import program, table
from rig.pipeline import Pipeline
from rig.reviews import reviews
from sweep import Sweep, assert_whole, count_of_cases  # noqa: F401  (a fixture)

SAMPLES = {"first batches": 12, "over a compaction": 12, "partitioned": 4}
MOST_OF_PARTITIONED = 250  # in the full run: its files are many
KILLS_THEN_CUTS, KILLS_THEN_CUTS_SAMPLE = 250, 5
SPARK_SAMPLE = 4  # of a sweep, read by real Spark: in the full run


def judge(place, sluice, topic, pipeline) -> None:
    table.assert_exactly_once(table.identities(place.listing()), topic.expected(), "plain listing")
    table.assert_exactly_once(table.identities(place.logged()), topic.expected(), "sink log")
    assert_whole(place, sluice, pipeline)
    read = sluice.run("sql", "--format", "csv", f"SELECT topic, partition, offset FROM parquet.`{pipeline.table}`")
    assert read.code == 0, f"sluice sql: {read.all}"
    rows = [line.split(",") for line in read.out.split()[1:]]
    table.assert_exactly_once(sorted((t, int(p), int(o)) for t, p, o in rows), topic.expected(), "sluice sql")


@pytest.fixture(params=["local", "s3", "local seams", "s3 seams"])
def place(request, tmp_path):
    yield from a_place(request, tmp_path)


STAGES = pytest.mark.parametrize("stage", ["first batches", "over a compaction"])


def begin(place, stage, sluice, reviews_topic, folder):
    """The pipeline at the beginning of what is swept."""
    # Two of the fifteen columns: a Parquet file is written in many pieces a column, and each piece is a call.
    select = ["parts[2] AS review_id", "current_timestamp() AS review_timestamp"]
    if stage == "partitioned":  # more folders than are written directly: the rest is sorted
        pipeline = Pipeline(reviews_topic, f"{place.base}/table", f"{place.base}/checkpoint", max_offsets=22,
                            select=[*select, "CAST(offset % 10 AS INT) AS folder"], partition_by=["folder"])
    else:
        pipeline = Pipeline(reviews_topic, f"{place.base}/table", f"{place.base}/checkpoint", max_offsets=4, select=select)
    job = pipeline.write_sql(folder / "job")
    if stage == "partitioned":
        reviews_topic.produce(reviews(0, 44))
    elif stage == "first batches":
        reviews_topic.produce(reviews(0, 8))
    else:  # batches 0 to 8 are there; 9.compact and 10 are swept
        reviews_topic.produce(reviews(0, 36))
        sluice.ok("run", job)
        reviews_topic.produce(reviews(36, 8))
    return pipeline, job


@pytest.mark.parametrize("stage", ["first batches", "over a compaction", "partitioned"])
def test_every_call_fails_in_turn(place, stage, sluice, minio, topic, tmp_path, pytestconfig, seed, request):
    sluice.env.update(minio.env())
    reviews_topic = topic(2)
    pipeline, job = begin(place, stage, sluice, reviews_topic, tmp_path)
    spark = request.getfixturevalue("spark") if pytestconfig.getoption("--all-crash-points") else None
    sample = {"partitioned": MOST_OF_PARTITIONED}.get(stage) if spark else SAMPLES[stage]  # none: every case
    sweep = Sweep(place, sluice, job, functools.partial(judge, place, sluice, reviews_topic, pipeline))
    sweep.run(seed, sample, spark, SPARK_SAMPLE, reviews_topic.expected())


@STAGES
def test_a_power_cut_after_a_kill(stage, sluice, topic, tmp_path, pytestconfig, seed):
    place, reviews_topic = LocalPlace(tmp_path), topic(2)
    pipeline, job = begin(place, stage, sluice, reviews_topic, tmp_path)
    sweep = Sweep(place, sluice, job, functools.partial(judge, place, sluice, reviews_topic, pipeline))
    sweep.kills_then_cuts(seed, KILLS_THEN_CUTS if pytestconfig.getoption("--all-crash-points") else KILLS_THEN_CUTS_SAMPLE)


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
