# SPDX-License-Identifier: Apache-2.0
"""The progress events of a Kafka-to-Parquet job are those that real Spark reported of the same job."""
import json
import pathlib
import re

from rig.pipeline import Pipeline

GOLDEN = pathlib.Path(__file__).parents[1] / "golden/checkpoint/4.2.0/kafka-progress.json"
UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")


def without_measures(event: dict, topic: str, table: str) -> dict:
    """What depends on the run, replaced by its kind; a SQL file names its query after the table;
    and Sluice tells numOutputRows, which Spark's file sink does not know."""
    text = json.dumps(event).replace(topic, "golden").replace(table, "/sluice-golden/kafka-sink")
    event = json.loads(TIME.sub("<time>", UUID.sub("<uuid>", text)))
    event["name"] = event["batchDuration"] = event["durationMs"] = None
    for part in [event, *event["sources"]]:
        for rate in ("inputRowsPerSecond", "processedRowsPerSecond"):
            part[rate] = type(part[rate]).__name__
    event["sink"]["numOutputRows"] = None
    return event


def test_events_are_sparks(sluice, topic, tmp_path):
    source = topic(2)
    for partition in range(2):
        source.produce([b"value"] * 3, partition=partition)
    table = tmp_path / "table"
    pipeline = Pipeline(source, table, tmp_path / "checkpoint", max_offsets=4, select=["parts[0] AS a"])
    done = sluice.ok("run", "--progress", "json", pipeline.write_sql(tmp_path))
    ours = [json.loads(line) for line in done.all.splitlines() if line.startswith('{"id"')]
    theirs = json.loads(GOLDEN.read_text())
    assert {event["name"] for event in ours} == {"bronze"}
    assert [list(event["durationMs"]) for event in ours] == [list(event["durationMs"]) for event in theirs]
    assert [without_measures(event, source.name, str(table)) for event in ours] == \
        [without_measures(event, "golden", "/sluice-golden/kafka-sink") for event in theirs]


def test_once_is_one_batch_whatever_the_rate_limit(sluice, topic, tmp_path):
    source = topic(1)
    source.produce([b"value"] * 6)
    pipeline = Pipeline(source, tmp_path / "table", tmp_path / "checkpoint", max_offsets=4, select=["parts[0] AS a"])
    done = sluice.ok("run", "--progress", "json", pipeline.write_sql(tmp_path, trigger="once"))
    ours = [json.loads(line) for line in done.all.splitlines() if line.startswith('{"id"')]
    assert [(event["batchId"], event["numInputRows"]) for event in ours] == [(0, 6)]
