# SPDX-License-Identifier: Apache-2.0
"""A job moves from Spark to Sluice and back between two batches: every record exactly once, for every reader."""
import pathlib
import time

import pyarrow
import pyarrow.parquet
import pytest
from conftest import start
from rig import table, topics
from rig.pipeline import Pipeline
from rig.reviews import reviews
from rig.spark import Spark
from servers.kafka import Kafka


def count(sluice, location) -> list[tuple]:
    text = f"SELECT topic, partition, offset FROM parquet.`{location}` ORDER BY 1, 2, 3"
    lines = sluice.ok("sql", "--format", "csv", text).out.split()[1:]
    return [(name, int(partition), int(offset)) for name, partition, offset in (line.split(",") for line in lines)]


def assert_whole(sluice, spark, topic, folder: pathlib.Path, checkpoint: pathlib.Path, where: str) -> None:
    expected = topic.expected()
    table.assert_exactly_once(table.identities(table.part_files(folder)), expected, f"{where}, plain listing")
    table.assert_exactly_once(table.identities(table.logged_files(folder)), expected, f"{where}, sink log")
    table.assert_exactly_once(spark.identities(folder), expected, f"{where}, Spark's reader")
    table.assert_exactly_once(count(sluice, folder), expected, f"{where}, Sluice's reader")
    batches = table.log_numbers(checkpoint / "offsets")
    assert batches == table.log_numbers(checkpoint / "commits") == list(range(len(batches)))
    verified = sluice.run("checkpoint", "verify", checkpoint, "--sink", folder)
    assert verified.code == 0, verified.all


def alternate(sluice, spark, topic, pipeline: Pipeline, folder, engines: str, **job) -> None:
    for turn, engine in enumerate(engines):
        topic.produce(reviews(turn * 300, 300))
        if engine == "s":
            spark.stream(pipeline, **job)
        else:
            sluice.ok("run", pipeline.write_sql(sluice.cwd))
        assert_whole(sluice, spark, topic, folder, pipeline.checkpoint, f"turn {turn} ({engine})")


@pytest.mark.parametrize("version", ["spark", "spark3"])
def test_spark_sluice_spark_sluice(sluice, topic, tmp_path, version, request):
    """100 rows a batch, so that a compact file of each engine is read by the other."""
    spark = request.getfixturevalue(version)
    pipeline = Pipeline(topic(), tmp_path / "table", tmp_path / "checkpoint", sasl=True, max_offsets=100)
    alternate(sluice, spark, pipeline.topic, pipeline, tmp_path / "table", "sLsL")
    assert (tmp_path / "table/_spark_metadata/9.compact").exists()


def test_sluice_begins_and_spark_goes_on(sluice, spark, topic, tmp_path):
    pipeline = Pipeline(topic(3), tmp_path / "table", tmp_path / "checkpoint", max_offsets=60)
    alternate(sluice, spark, pipeline.topic, pipeline, tmp_path / "table", "LsL")


@pytest.mark.parametrize("version", ["spark", "spark3"])
def test_two_clusters_into_one_table(sluice, topic, tmp_path, version, request):
    """A union: offsets with two lines, a folder below `sources` for each, as Spark numbers them."""
    spark = request.getfixturevalue(version)
    other = start(Kafka)
    try:
        here, there = topic(), topics.Topic(other, 1, "elsewhere")
        pipeline = Pipeline(here, tmp_path / "table", tmp_path / "checkpoint", sasl=True, max_offsets=200, others=[there])
        for turn, engine in enumerate("sLsL"):
            here.produce(reviews(turn * 300, 300))
            there.produce(reviews(turn * 50, 50 if turn != 2 else 0))  # once, one of them has nothing new
            spark.stream(pipeline) if engine == "s" else sluice.ok("run", pipeline.write_sql(tmp_path))
            expected = sorted(here.expected() + there.expected())
            where = f"turn {turn} ({engine})"
            table.assert_exactly_once(table.identities(table.part_files(pipeline.table)), expected, where)
            table.assert_exactly_once(spark.identities(pipeline.table), expected, f"{where}, Spark's reader")
            table.assert_exactly_once(count(sluice, pipeline.table), expected, f"{where}, Sluice's reader")
        assert sorted(folder.name for folder in (pipeline.checkpoint / "sources").iterdir()) == ["0", "1"]
        last = max(table.log_numbers(pipeline.checkpoint / "offsets"))
        assert len((pipeline.checkpoint / "offsets" / str(last)).read_text().splitlines()) == 4, "version, metadata, two sources"
        verified = sluice.run("checkpoint", "verify", pipeline.checkpoint, "--sink", pipeline.table)
        assert verified.code == 0, verified.all
    finally:
        other.close()


@pytest.mark.parametrize("version", ["spark", "spark3"])
def test_a_stream_joined_with_a_table(sluice, topic, tmp_path, version, request):
    """The table is read for each batch: what was added to it between two batches counts from then on."""
    spark = request.getfixturevalue(version)
    customers = tmp_path / "customers"
    customers.mkdir()
    reviews_topic = topic()

    def add_customers(first: int, last: int) -> None:
        ids = [str(number) for number in range(first, last)]
        names = pyarrow.table({"customer_id": ids, "customer_name": [f"name {number}" for number in ids]})
        pyarrow.parquet.write_table(names, customers / f"{first}.parquet")

    pipeline = Pipeline(reviews_topic, tmp_path / "table", tmp_path / "checkpoint", sasl=True,
                        select=["CAST(offset AS STRING) AS id", "c.customer_name"],
                        join=(customers, "CAST(r.offset AS STRING) = c.customer_id"))
    for turn, engine in enumerate("sLsL"):
        add_customers(turn * 100, turn * 100 + 50)
        add_customers(turn * 100 - 50, turn * 100)  # too late for the rows of the turn before
        reviews_topic.produce(reviews(turn * 200, 200))
        spark.stream(pipeline) if engine == "s" else sluice.ok("run", pipeline.write_sql(tmp_path))
        rows = spark.job({"op": "read", "path": str(pipeline.table), "select": ["offset", "customer_name"]})["rows"]
        assert len(rows) == 200 * (turn + 1), f"turn {turn} ({engine})"
        for offset, name in rows:
            known = offset % 100 < 50  # each turn, a partition gets a hundred records
            assert name == (f"name {offset}" if known else None), f"turn {turn} ({engine}), offset {offset}"


def test_partition_added_between_engines(sluice, spark, topic, tmp_path):
    pipeline = Pipeline(topic(1), tmp_path / "table", tmp_path / "checkpoint")
    pipeline.topic.produce(reviews(0, 100))
    spark.stream(pipeline)
    pipeline.topic.add_partitions(2)
    pipeline.topic.produce(reviews(100, 100))
    sluice.ok("run", pipeline.write_sql(tmp_path))
    pipeline.topic.produce(reviews(200, 100))
    spark.stream(pipeline)
    assert_whole(sluice, spark, pipeline.topic, tmp_path / "table", tmp_path / "checkpoint", "three partitions")


SLOW = "java_method('java.lang.Thread', 'sleep', CAST(CASE WHEN partition = 1 THEN 200 ELSE 0 END AS BIGINT)) <> 'x'"


@pytest.fixture
def killed_spark(topic, tmp_path):
    """Two tables that Spark began with a whole batch each; then it was killed inside the next one, after the first
    of its tasks had left a part file that no log names."""
    pipelines = []
    reviews_topic = topic(2)
    reviews_topic.produce(reviews(0, 200))
    spark = start(Spark, "4.2.0", master="local[2]")
    try:
        for name in "ab":
            pipelines.append(Pipeline(reviews_topic, tmp_path / name / "table", tmp_path / name / "checkpoint"))
            spark.stream(pipelines[-1])
        reviews_topic.produce(reviews(200, 200))
        for pipeline in pipelines:
            before = len(table.part_files(pipeline.table))
            spark.stream(pipeline, where=SLOW, no_wait=True)
            deadline = time.monotonic() + 60
            while len(orphans(pipeline.table)) == 0:
                assert time.monotonic() < deadline, f"no part file beyond the first {before}"
                time.sleep(0.01)
    finally:
        spark.kill()
        spark.close()
    for pipeline in pipelines:
        assert table.log_numbers(pipeline.checkpoint / "commits") == [0]
        assert table.log_numbers(pipeline.checkpoint / "offsets") == [0, 1]
    return pipelines


def orphans(folder) -> set:
    return set(table.part_files(folder)) - set(table.logged_files(folder))


def test_spark_killed_inside_a_batch(sluice, killed_spark, tmp_path):
    cleaned_first, continued_first = killed_spark
    expected = cleaned_first.topic.expected()

    verified = sluice.ok("checkpoint", "verify", cleaned_first.checkpoint, "--sink", cleaned_first.table)
    assert all(file.name in verified.out for file in orphans(cleaned_first.table)), verified.out
    sluice.ok("checkpoint", "clean", cleaned_first.checkpoint, "--sink", cleaned_first.table)
    assert not orphans(cleaned_first.table)
    sluice.ok("run", cleaned_first.write_sql(tmp_path / "a"))
    table.assert_exactly_once(table.identities(table.part_files(cleaned_first.table)), expected, "clean, then continue")

    left = orphans(continued_first.table)
    sluice.ok("run", continued_first.write_sql(tmp_path / "b"))
    table.assert_exactly_once(table.identities(table.logged_files(continued_first.table)), expected, "continued, sink log")
    assert orphans(continued_first.table) == left, "only `clean` removes what another engine wrote"
    sluice.ok("checkpoint", "clean", continued_first.checkpoint, "--sink", continued_first.table)
    table.assert_exactly_once(table.identities(table.part_files(continued_first.table)), expected, "continue, then clean")


@pytest.mark.spark_s3
@pytest.mark.parametrize("engines", ["sLsL", "LsL"])
def test_take_over_on_s3(sluice, kafka, minio, topic, tmp_path, engines):
    """Needs Spark's AWS bundle: make interop-s3."""
    conf = {"spark.hadoop.fs.s3a.endpoint": minio.endpoint, "spark.hadoop.fs.s3a.access.key": minio.access_key,
            "spark.hadoop.fs.s3a.secret.key": minio.secret_key, "spark.hadoop.fs.s3a.session.token": minio.token,
            "spark.hadoop.fs.s3a.path.style.access": "true", "spark.hadoop.fs.s3a.endpoint.region": "us-east-1",
            "spark.hadoop.fs.s3a.aws.credentials.provider":
                "org.apache.hadoop.fs.s3a.TemporaryAWSCredentialsProvider"}
    spark = Spark("4.2.0", conf=conf, s3=True)
    try:
        sluice.env.update(minio.env())
        base = f"s3a://{minio.bucket}/takeover-{engines}"
        pipeline = Pipeline(topic(), f"{base}/table", f"{base}/checkpoint", sasl=True, max_offsets=100)
        for turn, engine in enumerate(engines):
            pipeline.topic.produce(reviews(turn * 300, 300))
            spark.stream(pipeline) if engine == "s" else sluice.ok("run", pipeline.write_sql(sluice.cwd))
            expected = pipeline.topic.expected()
            table.assert_exactly_once(spark.identities(f"{base}/table"), expected, f"turn {turn}, Spark's reader")
            table.assert_exactly_once(count(sluice, f"{base}/table"), expected, f"turn {turn}, Sluice's reader")
            folder = tmp_path / f"listing-{turn}"
            for key in minio.list(f"takeover-{engines}/table/part-"):
                (folder / pathlib.Path(key).name).parent.mkdir(exist_ok=True)
                (folder / pathlib.Path(key).name).write_bytes(minio.get(key))
            table.assert_exactly_once(table.identities(table.part_files(folder)), expected, f"turn {turn}, plain listing")
    finally:
        spark.close()
