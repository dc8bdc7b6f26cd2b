# SPDX-License-Identifier: Apache-2.0
"""Every call of a batch is made to fail in turn, in four ways: it fails, the process is killed before it, after it, or it
takes effect and is reported as failed. On a local disk also by a cut of the power before it, in two ways, and a link that
is reported and was not made. Calls are counted at three depths: the system calls that change files, the
requests to S3, and all calls through the two seams of the program, to its file systems and to Kafka. After each a
restart runs to the end and the table holds every record once: for a plain listing, for the sink log, for our reader, and
for a sample for Spark.

`make test` runs a seeded sample (--seed), `make crash` all."""
import random

import pytest
from places import FAULTY_SLUICE, POWER, LocalPlace, S3Place, Seams
from rig import program, table
from rig.pipeline import Pipeline
from rig.reviews import reviews

SAMPLES = {"first batches": 12, "over a compaction": 12, "partitioned": 4}
MOST_OF_PARTITIONED = 250  # in the full run: its files are many
KILLS_THEN_CUTS, KILLS_THEN_CUTS_SAMPLE = 250, 5
SPARK_SAMPLE = 4  # of a sweep, read by real Spark: in the full run
cases: dict[str, int] = {}


@pytest.fixture(scope="module", autouse=True)
def count_of_cases():
    yield
    total = "".join(f"\n  {count:6} {name}" for name, count in sorted(cases.items()))
    print(f"\ncrash points: {sum(cases.values())} cases{total}")


@pytest.fixture(params=["local", "s3", "local seams", "s3 seams"])
def place(request, tmp_path):
    kind, _, seams = request.param.partition(" ")
    place = LocalPlace(tmp_path) if kind == "local" else S3Place(tmp_path, request.getfixturevalue("minio"))
    if seams:
        assert FAULTY_SLUICE.exists(), f"{FAULTY_SLUICE} is not built: tools/build.sh release faulty_sluice"
    yield Seams(place) if seams else place
    place.close()


def judge(place, sluice, topic, pipeline) -> None:
    table.assert_exactly_once(table.identities(place.listing()), topic.expected(), "plain listing")
    table.assert_exactly_once(table.identities(place.logged()), topic.expected(), "sink log")
    offsets, commits = place.batches("offsets"), place.batches("commits")
    assert offsets == commits == list(range(len(offsets))), f"logs: {offsets} {commits}"
    verified = sluice.run("checkpoint", "verify", pipeline.checkpoint, "--sink", pipeline.table)
    assert verified.code == 0, f"verify: {verified.all}"
    read = sluice.run("sql", "--format", "csv", f"SELECT topic, partition, offset FROM parquet.`{pipeline.table}`")
    assert read.code == 0, f"sluice sql: {read.all}"
    rows = [line.split(",") for line in read.out.split()[1:]]
    table.assert_exactly_once(sorted((t, int(p), int(o)) for t, p, o in rows), topic.expected(), "sluice sql")


def one_case(place, sluice, topic, pipeline, job, at: int, way: str) -> str | None:
    """Returns what is wrong, or None."""
    place.restore()
    with place.start(sluice, job, at, way) as running:
        crashed = running.wait(90)
    if crashed.code == 0 and len(place.calls()) < at:
        return None  # fewer calls than in the run that was counted: threads met otherwise
    kind = {"lied": "lied", **dict.fromkeys(POWER, "power cut")}.get(way, "failed, killed or lost")
    cases[f"{place.name}, {kind}"] = cases.get(f"{place.name}, {kind}", 0) + 1
    if crashed.code not in ((-9,) if way in ("before", "after", *POWER) else (0, 1)):
        return f"exit {crashed.code}: {crashed.err[-800:]}"
    return after_the_fault(place, sluice, topic, pipeline, job)


def killed_then_cut(place, sluice, topic, pipeline, job, kill: tuple[int, str], cut: tuple[int, str]) -> str | None:
    """A kill makes nothing durable: what the killed run had not synced is undone by a power cut in the next one."""
    place.restore()
    for at, way in (kill, cut):
        with place.start(sluice, job, at, way, volatile=True) as running:
            crashed = running.wait(90)
        if crashed.code == 0 and len(place.calls()) < at:
            return None  # fewer calls than were counted
        if crashed.code != -9:
            return f"{way} at {at}: exit {crashed.code}: {crashed.err[-800:]}"
    cases["local, killed, then a power cut"] = cases.get("local, killed, then a power cut", 0) + 1
    return after_the_fault(place, sluice, topic, pipeline, job)


def after_the_fault(place, sluice, topic, pipeline, job) -> str | None:
    again = sluice.run("run", job, timeout=90)
    if again.code != 0:
        return f"the restart ended with {again.code}: {again.err[-1500:]}"
    try:
        judge(place, sluice, topic, pipeline)
    except AssertionError as wrong:
        return str(wrong)
    return None


def sweep(place, sluice, topic, pipeline, job, seed: int, spark, sample: int | None) -> None:
    place.save()
    with place.start(sluice, job) as running:
        counted = running.wait(90)
    assert counted.code == 0, counted.all
    judge(place, sluice, topic, pipeline)
    calls, batches = place.calls(), place.batches("commits")
    assert len(calls) > 10, f"only {calls} were counted: does the program call something else?"
    todo = place.cases(calls)
    dice = random.Random(seed)
    if sample:
        todo = dice.sample(todo, min(sample, len(todo)))
    for_spark = set(dice.sample(todo, min(SPARK_SAMPLE, len(todo)))) if spark else ()
    findings = []
    for at, way in todo:
        wrong = one_case(place, sluice, topic, pipeline, job, at, way)
        if not wrong and (at, way) in for_spark:
            found = spark.identities(place.local_table())
            wrong = None if found == topic.expected() else f"Spark reads {len(found)} of {len(topic.expected())} rows"
        if wrong:
            findings.append(f"{way} at {calls[at - 1] if at <= len(calls) else 'the end'}: {wrong}")
            report(f"FINDING {place.name}: {findings[-1]}")
    report(f"{place.name}: {len(calls)} calls, {len(todo)} cases, {len(findings)} findings")
    assert not findings, f"{len(findings)} of {len(todo)} cases (seed {seed}):\n" + "\n".join(findings[:20])


def report(line: str) -> None:
    """At once, for whoever watches a sweep that takes an hour: `make crash` shows what tests print."""
    print(line, flush=True)


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
    sweep(place, sluice, reviews_topic, pipeline, job, seed, spark, sample)


@STAGES
def test_a_power_cut_after_a_kill(stage, sluice, topic, tmp_path, pytestconfig, seed):
    place, reviews_topic = LocalPlace(tmp_path), topic(2)
    pipeline, job = begin(place, stage, sluice, reviews_topic, tmp_path)
    place.save()
    with place.start(sluice, job) as running:
        assert running.wait(90).code == 0
    count = len(place.calls())
    dice = random.Random(seed)
    findings = []
    for _ in range(KILLS_THEN_CUTS if pytestconfig.getoption("--all-crash-points") else KILLS_THEN_CUTS_SAMPLE):
        kill = dice.randint(1, count), dice.choice(["before", "after"])
        cut = dice.randint(1, count + 2 - kill[0]), dice.choice(POWER)
        if wrong := killed_then_cut(place, sluice, reviews_topic, pipeline, job, kill, cut):
            findings.append(f"{kill}, then {cut}: {wrong}")
            report(f"FINDING {findings[-1]}")
    assert not findings, f"{len(findings)} (seed {seed}):\n" + "\n".join(findings[:20])


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
