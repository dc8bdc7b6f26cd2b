# SPDX-License-Identifier: Apache-2.0
"""What the shell, systemd or a scheduler sees: 0 ended well, 1 the query failed, 2 bad usage, 3 a batch given up."""
import signal

import pytest
from rig import table
from rig.pipeline import Pipeline
from rig.reviews import reviews


def test_version_and_usage(sluice):
    assert "sluice" in sluice.ok("--version").out.lower()
    assert sluice.run("no-such-command").code == 2
    assert sluice.run("run", "--no-such-flag", "x.sql").code == 2
    assert sluice.run("run", "no-such-file.sql").code == 2
    assert sluice.run("sql", "SELEC 1").code != 0


def test_missing_variable_is_named(sluice):
    (sluice.cwd / "q.sql").write_text(
        "CREATE STREAMING TABLE t USING parquet LOCATION '${MISSING_PLACE}' OPTIONS (checkpointLocation 'c') "
        "AS SELECT value FROM STREAM read_kafka(bootstrapServers => '127.0.0.1:1', subscribe => 't')")
    done = sluice.run("run", "q.sql")
    assert done.code == 2 and "MISSING_PLACE" in done.err


def test_unknown_and_refused_options(sluice, topic, tmp_path):
    reviews_topic = topic()
    reviews_topic.produce(reviews(0, 10))
    refused = Pipeline(reviews_topic, tmp_path / "t1", tmp_path / "c1", options={"kafka.auto.offset.reset": "latest"})
    done = sluice.run("run", refused.write_sql(tmp_path))
    assert done.code in (1, 2) and "auto.offset.reset" in done.err
    ignored = Pipeline(reviews_topic, tmp_path / "t2", tmp_path / "c2", sink_options={"truncate": "false"})
    done = sluice.ok("run", ignored.write_sql(tmp_path))
    assert "truncate" in done.err, "an option that Spark does not know either is warned about"


def test_failed_query_is_1(sluice, topic, tmp_path):
    reviews_topic = topic()
    reviews_topic.produce([b"only one field"])
    done = sluice.run("run", Pipeline(reviews_topic, tmp_path / "t", tmp_path / "c").write_sql(tmp_path))
    assert done.code == 1 and "INVALID_ARRAY_INDEX" in done.err


@pytest.mark.parametrize("sign", [signal.SIGTERM, signal.SIGINT])
def test_signal_between_batches_is_0(sluice, topic, tmp_path, sign):
    pipeline = Pipeline(topic(), tmp_path / "t", tmp_path / "c")
    pipeline.topic.produce(reviews(0, 100))
    with sluice.start("run", pipeline.write_sql(tmp_path, "processingTime 200 milliseconds")) as running:
        running.wait_until(lambda: table.log_numbers(tmp_path / "c" / "commits") == [0], what="the first batch")
        pipeline.topic.produce(reviews(100, 100))
        running.wait_until(lambda: len(table.log_numbers(tmp_path / "c" / "commits")) >= 2, what="a second batch")
        running.signal(sign)
        done = running.wait(20)
    assert done.code == 0, done.all
    assert table.log_numbers(tmp_path / "c" / "offsets") == table.log_numbers(tmp_path / "c" / "commits")
    sluice.ok("run", "--available-now", tmp_path / "pipeline.sql")
    table.assert_exactly_once(table.identities(table.part_files(tmp_path / "t")), pipeline.topic.expected(), "after the signal")


def test_given_up_batch_is_3_and_a_restart_resumes(sluice, topic, tmp_path):
    reviews_topic = topic()
    reviews_topic.produce(reviews(0, 60_000))
    for attempt in range(5):  # the signal must fall into the batch
        pipeline = Pipeline(reviews_topic, tmp_path / f"t{attempt}", tmp_path / f"c{attempt}")
        flags = ["--conf", "spark.sluice.shutdownTimeout=0s"]
        with sluice.start("run", *flags, pipeline.write_sql(tmp_path)) as running:
            running.wait_until(lambda: table.log_numbers(pipeline.checkpoint / "offsets") == [0], what="a planned batch")
            running.signal(signal.SIGTERM)
            done = running.wait(30)
        if done.code == 3:
            break
        assert done.code == 0, done.all
    assert done.code == 3, "five times the batch had ended before the signal"
    assert table.log_numbers(pipeline.checkpoint / "commits") == []
    sluice.ok("run", pipeline.write_sql(tmp_path))
    found = table.identities(table.part_files(pipeline.table))
    table.assert_exactly_once(found, reviews_topic.expected(), "after the batch was given up")
