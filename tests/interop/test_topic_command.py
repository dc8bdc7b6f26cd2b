# SPDX-License-Identifier: Apache-2.0
"""`sluice topic list|show|tail` on a real Kafka."""
import json

from rig.pipeline import Pipeline
from rig.reviews import reviews


def cells(out: str) -> list[list[str]]:
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in out.splitlines() if line.startswith("|")]


def test_list_names_topics_with_their_records(sluice, topic):
    source = topic(3)
    source.produce(reviews(0, 70))
    found = {row[0]: row[1:] for row in cells(sluice.ok("topic", "list", "--bootstrap", source.kafka.bootstrap).out)}
    assert found["topic"] == ["partitions", "records"] and found[source.name] == ["3", "70"]
    assert not any(name.startswith("__") for name in found)


def test_show_has_the_lag_of_a_checkpoint(sluice, topic, tmp_path):
    source = topic(2)
    source.produce(reviews(0, 40), partition=0)
    source.produce(reviews(40, 10), partition=1)
    pipeline = Pipeline(source, tmp_path / "table", tmp_path / "checkpoint")
    sluice.ok("run", pipeline.write_sql(tmp_path))
    source.produce(reviews(50, 7), partition=1)
    command = ("topic", "show", source.name, "--bootstrap", source.kafka.bootstrap)
    assert cells(sluice.ok(*command, "--checkpoint", tmp_path / "checkpoint").out) == [
        ["partition", "earliest", "latest", "records", "committed", "lag"], ["0", "0", "40", "40", "40", "0"],
        ["1", "0", "17", "17", "10", "7"], ["all", "", "", "57", "", "7"]]
    assert cells(sluice.ok(*command).out)[0] == ["partition", "earliest", "latest", "records"]


def test_tail_gives_the_last_records_and_filters(sluice, topic):
    source = topic(2)
    for number in range(30):
        source.produce([f"line {number}".encode()], partition=number % 2)
    command = ("topic", "tail", source.name, "--bootstrap", source.kafka.bootstrap, "--format", "json")
    values = [json.loads(line)["value"] for line in sluice.ok(*command, "-n", "3").out.splitlines()]
    assert sorted(values) == ["line 27", "line 28", "line 29"]
    wanted = [json.loads(line) for line in sluice.ok(*command, "--where", "value LIKE '%7' AND partition = 1").out.splitlines()]
    assert [row["value"] for row in wanted] == ["line 7", "line 17", "line 27"]


def test_kafka_is_reached_as_the_pipeline_does(sluice, topic, tmp_path):
    source = topic()
    source.produce([b"hello"])
    pipeline = Pipeline(source, tmp_path / "table", tmp_path / "checkpoint", sasl=True)
    out = sluice.ok("topic", "tail", source.name, "--pipeline", pipeline.write_sql(tmp_path)).out
    assert "hello" in out


def test_what_is_wrong_is_named(sluice, topic):
    bootstrap = topic().kafka.bootstrap
    for words, code, said in ((("list",), 2, "--bootstrap HOST:PORT"),
                              (("show", "no-such-topic", "--bootstrap", bootstrap), 1, "no topic no-such-topic"),
                              (("tail", "t", "--bootstrap", bootstrap, "-n", "0"), 2, "1 or more"),
                              (("list", "--option", "x=y"), 2, "kafka.NAME=VALUE")):
        done = sluice.run("topic", *words)
        assert done.code == code and said in done.err, done.all
