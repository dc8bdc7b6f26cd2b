# SPDX-License-Identifier: Apache-2.0
"""Records that would stop a topic for ever: they cost too much, cannot be a folder's name, or cannot be unpacked. Each is set
aside, or fails the query with its topic, partition, offset and a way out."""
import pathlib

import pyarrow.dataset
import pytest
from confluent_kafka import Producer
from rig.pipeline import quoted
from test_bad_records import bad_lines, identities

SLOW = b"a" * 100 + b"\t1"
POISON = {SLOW: "INVALID_PARAMETER_VALUE.PATTERN", b"grows\t2000000000": "SLUICE_VALUE_TOO_LARGE", b"n\0l\t1": "SLUICE_PARTITION_VALUE",
          b"l" * 300 + b"\t1": "SLUICE_PARTITION_VALUE", b"g\t9000000": "SLUICE_VALUE_TOO_LARGE"}
GOOD = [f"good{i % 3}\t{i}".encode() for i in range(60)]


def write_sql(topic, folder: pathlib.Path, bad_records: bool) -> pathlib.Path:
    settings = f"SET spark.sluice.badRecords.path = {folder}/bad;\n" if bad_records else ""
    path = folder / "pipeline.sql"
    path.write_text(
        f"{settings}CREATE STREAMING TABLE t USING parquet PARTITIONED BY (name) LOCATION {quoted(f'file://{folder}/table')}\n"
        f"OPTIONS (checkpointLocation {quoted(folder / 'checkpoint')}, trigger 'availableNow')\n"
        "AS SELECT parts[0] AS name, length(repeat('ab', CAST(parts[1] AS INT))) AS size, text RLIKE '^(a|aa)+$' AS found, partition, offset\n"
        "FROM (SELECT CAST(value AS STRING) AS text, split(CAST(value AS STRING), '\\t') AS parts, partition, offset\n"
        f"  FROM STREAM read_kafka(bootstrapServers => {quoted(topic.kafka.bootstrap)}, subscribe => {quoted(topic.name)}, startingOffsets => 'earliest'))\n")
    return path


def rows_at(table: pathlib.Path) -> list[tuple[int, int]]:
    """Partition and offset of each row."""
    rows = pyarrow.dataset.dataset(table, format="parquet", exclude_invalid_files=True).to_table().to_pylist()
    return sorted((row["partition"], row["offset"]) for row in rows)


@pytest.fixture
def poisoned(topic):
    source = topic(1)
    values = list(GOOD)
    for number, value in enumerate(POISON):
        values.insert(7 * number + 3, value)
    source.produce(values)
    return source


def test_poison_is_set_aside(sluice, poisoned, tmp_path):
    done = sluice.ok("run", write_sql(poisoned, tmp_path, True), "--memory", "64m")
    lines = bad_lines(tmp_path / "bad")
    bad = {key: value for key, value in poisoned.records.items() if value in POISON}
    assert identities(lines) == sorted((poisoned.name, *key) for key in bad), done.all
    assert {line["offset"]: line["errorClass"] for line in lines} == {key[1]: POISON[value] for key, value in bad.items()}
    assert rows_at(tmp_path / "table") == sorted(key for key, value in poisoned.records.items() if value in GOOD)


@pytest.mark.parametrize("poison", POISON, ids=range(len(POISON)))
def test_poison_is_named_with_a_way_out(sluice, topic, tmp_path, poison):
    source = topic(1)
    source.produce([*GOOD[:5], poison])
    done = sluice.run("run", write_sql(source, tmp_path, False), "--memory", "64m")
    assert done.code == 1 and f"[{POISON[poison]}]" in done.err, done.all
    assert f"topic {source.name}, partition 0, offset 5" in done.err, done.all
    assert any(way in done.err for way in ("--memory", "Simplify the pattern", "spark.sluice.badRecords.path")), done.all


@pytest.mark.parametrize("codec", ["zstd", "gzip", "lz4", "snappy"])
def test_a_batch_that_unpacks_to_too_much(sluice, topic, tmp_path, codec):
    source = topic(1, config={"max.message.bytes": "33554432"})
    producer = Producer({"bootstrap.servers": source.kafka.bootstrap, "compression.type": codec, "message.max.bytes": 33554432, "log_level": 0})
    for value in (b"good0\t1", b"good1\t" + b"0" * 15_000_000 + b"1", b"good2\t2"):
        producer.produce(source.name, value, partition=0)
        assert producer.flush(60) == 0
    small = sluice.run("run", write_sql(source, tmp_path, False), "--memory", "64m")
    assert small.code == 1 and "[SLUICE_KAFKA.CANNOT_UNPACK]" in small.err and "--memory" in small.err, small.all
    assert f"topic {source.name}, partition 0, offset 1" in small.err, small.all
    sluice.ok("run", write_sql(source, tmp_path, False), "--memory", "256m")


@pytest.mark.parametrize("codec", ["zstd", "lz4"])
def test_a_batch_that_unpacks_to_too_much_is_set_aside(sluice, topic, tmp_path, codec):
    """Batches of several records, so that the end of one is not the next offset: one at the partition's beginning, one inside."""
    source = topic(2, config={"max.message.bytes": "33554432"})
    producer = Producer({"bootstrap.servers": source.kafka.bootstrap, "compression.type": codec, "message.max.bytes": 33554432,
                         "batch.size": 33554432, "linger.ms": 2000, "log_level": 0})
    # The first to the other partition: a client that does not know the partitions yet may send the first record of a batch alone.
    producer.produce(source.name, b"good9\t9", partition=1)
    assert producer.flush(60) == 0
    large = b"bad\t" + b"0" * 9_000_000 + b"1"
    for batch in ([large] * 3, [b"good0\t1", b"good1\t2"], [large] * 2, [b"good2\t3"]):
        for value in batch:
            producer.produce(source.name, value, partition=0)
        assert producer.flush(60) == 0
    done = sluice.ok("run", write_sql(source, tmp_path, True), "--memory", "64m")
    lines = bad_lines(tmp_path / "bad")
    assert [(line["offset"], line["value"], line["errorClass"]) for line in lines] == [
        (0, None, "SLUICE_KAFKA.CANNOT_UNPACK"), (5, None, "SLUICE_KAFKA.CANNOT_UNPACK")], done.all
    assert "offsets 0 to 2" in lines[0]["message"] and "offsets 5 to 6" in lines[1]["message"], lines
    assert rows_at(tmp_path / "table") == [(0, 3), (0, 4), (0, 7), (1, 0)]


@pytest.mark.parametrize("codec", ["none", "zstd"])
def test_a_record_that_is_too_large_is_set_aside(sluice, topic, tmp_path, codec):
    """Each stands alone in its batch, which can be unpacked: it has more than an eighth of the budget all the same."""
    source = topic(1, config={"max.message.bytes": "33554432"})
    producer = Producer({"bootstrap.servers": source.kafka.bootstrap, "compression.type": codec, "message.max.bytes": 33554432, "log_level": 0})
    large = b"bad\t" + b"0" * 9_000_000 + b"1"
    for value in (large, b"good0\t1", large, large, b"good1\t2", large):
        producer.produce(source.name, value, partition=0)
        assert producer.flush(60) == 0
    done = sluice.ok("run", write_sql(source, tmp_path, True), "--memory", "64m")
    lines = bad_lines(tmp_path / "bad")
    assert [(line["offset"], line["value"], line["errorClass"]) for line in lines] == [
        (offset, None, "SLUICE_MEMORY_BUDGET") for offset in (0, 2, 3, 5)], done.all
    assert rows_at(tmp_path / "table") == [(0, 1), (0, 4)]
    sluice.ok("checkpoint", "replay-bad", tmp_path / "checkpoint", "--pipeline", tmp_path / "pipeline.sql")
    again = [line for line in bad_lines(tmp_path / "bad") if line["batch"] == 1]
    assert [(line["offset"], line["leftOut"], line["errorClass"]) for line in again] == [
        (offset, True, "SLUICE_RECORD_LEFT_OUT") for offset in (0, 2, 3, 5)], again
    assert rows_at(tmp_path / "table") == [(0, 1), (0, 4)]
