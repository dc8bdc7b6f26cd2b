# SPDX-License-Identifier: Apache-2.0
"""Records that cannot be evaluated: set aside exactly once through kill -9, put through again exactly once too."""
import base64
import json
import random
import subprocess

import pytest
from rig import table
from rig.pipeline import Pipeline
from rig.reviews import COLUMNS, reviews

POISON = [b"too\tfew", b"", b"\xff\xfe", b"x" * 5000]
MENDED = [f"get(parts, {i}) AS {name}" for i, name in enumerate(COLUMNS)]


def poisoned(number: int, every: int) -> list[bytes]:
    records = reviews(0, number)
    records[::every] = [POISON[i % len(POISON)] for i in range(len(records[::every]))]
    return records


def bad_lines(folder) -> list[dict]:
    """The records that are set aside, as a careful reader takes them: files that an entry of _committed names."""
    found = []
    for log in folder.glob("query=*/_committed"):
        for entry in log.glob("[0-9]*"):  # a kill may leave one that is not whole yet, under a hidden name
            lines = entry.read_text().split("\n")
            assert lines[0] == "v1"
            for file in map(json.loads, lines[1:]):
                path = log.parent / f"batch={entry.name}" / file["file"]
                text = path.read_bytes()
                assert len(text) == file["bytes"] and text.count(b"\n") == file["records"], path
                found += [{**json.loads(line), "batch": int(entry.name)} for line in text.splitlines()]
    return found


def identities(lines: list[dict]) -> list[tuple]:
    return sorted((line["topic"], line["partition"], line["offset"]) for line in lines)


def kill_until_done(sluice, words: list, random_: random.Random, kills: int, longest: float) -> int:
    """Starts the command again and again, killed after ever other times; the last one runs to its end."""
    killed = 0
    for n in range(kills):
        with sluice.start(*words) as running:
            try:
                running.child.wait(random_.uniform(0.02, longest * (n + 1) / kills))
            except subprocess.TimeoutExpired:  # still at work
                running.kill()
                killed += 1
    sluice.ok(*words)
    return killed


@pytest.fixture
def pipeline(topic, tmp_path):
    source = topic(2)
    source.produce(poisoned(1200, 40), headers=[("trace", b"\x00\xff"), ("none", None)], keys=[f"k{i}" for i in range(1200)])
    return Pipeline(source, tmp_path / "table", tmp_path / "checkpoint", max_offsets=200,
                    settings={"spark.sluice.badRecords.path": f"{tmp_path}/bad"})


def test_set_aside_with_the_whole_record(sluice, pipeline, tmp_path):
    done = sluice.ok("run", pipeline.write_sql(tmp_path))
    assert "5 bad records set aside" in done.err
    lines = bad_lines(tmp_path / "bad")
    expected = sorted((pipeline.topic.name, p, o) for (p, o), value in pipeline.topic.records.items() if value in POISON)
    table.assert_exactly_once(identities(lines), expected, "set aside")
    for line in lines:
        value = base64.b64decode(line["value"])
        assert value == pipeline.topic.records[line["partition"], line["offset"]]
        assert base64.b64decode(line["key"]).startswith(b"k")
        assert line["headers"] == [{"key": "trace", "value": "AP8="}, {"key": "none", "value": None}]
        assert (line["errorClass"], line["sqlState"]) == ("INVALID_ARRAY_INDEX", "22003")
        assert "There is no element" in line["message"] and line["timestamp"] > 1_600_000_000_000
    rows = table.identities(table.part_files(tmp_path / "table"))
    table.assert_exactly_once(sorted(rows + expected), pipeline.topic.expected(), "table and bad records")


def test_limits_fail_the_query_by_name(sluice, pipeline, tmp_path):
    for setting, value in (("maxPerBatch", "4"), ("maxRatio", "0.02")):
        done = sluice.run("run", pipeline.write_sql(tmp_path), "--conf", f"spark.sluice.badRecords.{setting}={value}")
        assert done.code == 1 and f"spark.sluice.badRecords.{setting}" in done.err, done.all
        assert "[SLUICE_BAD_RECORDS_LIMIT]" in done.err
        assert bad_lines(tmp_path / "bad") == [] and table.log_numbers(tmp_path / "checkpoint" / "commits") == []
    sluice.ok("run", pipeline.write_sql(tmp_path))


@pytest.mark.parametrize("kills", [12])
def test_exactly_once_through_kills(sluice, spark, pipeline, tmp_path, seed, kills):
    random_ = random.Random(seed)
    killed = kill_until_done(sluice, ["run", pipeline.write_sql(tmp_path)], random_, kills, 0.5)
    assert killed > 0, "no run was killed: the machine is too fast for the test"
    poison = sorted((pipeline.topic.name, p, o) for (p, o), value in pipeline.topic.records.items() if value in POISON)
    folder = tmp_path / "bad"
    table.assert_exactly_once(identities(bad_lines(folder)), poison, "by the entries")
    listed = [json.loads(line) for file in folder.glob("query=*/batch=*/*.jsonl") for line in file.read_text().splitlines()]
    table.assert_exactly_once(identities(listed), poison, "by a plain listing")
    rows = table.identities(table.part_files(tmp_path / "table"))
    table.assert_exactly_once(sorted(rows + poison), pipeline.topic.expected(), "table and bad records")
    table.assert_exactly_once(spark.identities(tmp_path / "table"), rows, "the table by Spark")


def test_put_through_again_once(sluice, spark, pipeline, tmp_path, seed):
    """`checkpoint replay-bad` with the mended pipeline, killed again and again: each record is in the table once."""
    sluice.ok("run", pipeline.write_sql(tmp_path))
    mended = Pipeline(pipeline.topic, pipeline.table, pipeline.checkpoint, max_offsets=200, settings=pipeline.settings,
                      select=MENDED)
    words = ["checkpoint", "replay-bad", tmp_path / "checkpoint", "--pipeline", mended.write_sql(tmp_path / "mended")]
    kill_until_done(sluice, words, random.Random(seed), 10, 0.3)
    expected = pipeline.topic.expected()
    table.assert_exactly_once(table.identities(table.part_files(tmp_path / "table")), expected, "after the replay")
    table.assert_exactly_once(table.identities(table.logged_files(tmp_path / "table")), expected, "by the sink log")
    assert "no bad records to put through again" in sluice.ok(*words).out
    # The query goes on after it, and so could Spark: the batch has an empty range.
    pipeline.topic.produce(reviews(5000, 100))
    spark.stream(mended)
    mended.topic.produce(reviews(6000, 100))
    sluice.ok("run", mended.write_sql(tmp_path / "mended"))
    table.assert_exactly_once(table.identities(table.logged_files(tmp_path / "table")), pipeline.topic.expected(), "later")


def test_what_still_fails_is_set_aside_again(sluice, pipeline, tmp_path):
    sluice.ok("run", pipeline.write_sql(tmp_path))
    words = ["checkpoint", "replay-bad", tmp_path / "checkpoint", "--pipeline"]
    assert "30 bad records put through again, 30 set aside again" in sluice.ok(*words, pipeline.write_sql(tmp_path)).out
    mended = Pipeline(pipeline.topic, pipeline.table, pipeline.checkpoint, settings=pipeline.settings, select=MENDED)
    assert "30 bad records put through again, 0 set aside again" in sluice.ok(*words, mended.write_sql(tmp_path)).out
    rows = table.identities(table.part_files(tmp_path / "table"))
    table.assert_exactly_once(rows, pipeline.topic.expected(), "after the second replay")


def test_replay_of_another_checkpoint_is_refused(sluice, pipeline, tmp_path):
    sluice.ok("run", pipeline.write_sql(tmp_path))
    done = sluice.run("checkpoint", "replay-bad", tmp_path / "other", "--pipeline", pipeline.write_sql(tmp_path))
    assert done.code == 2 and str(tmp_path / "other") in done.err
