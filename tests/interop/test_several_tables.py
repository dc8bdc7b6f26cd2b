# SPDX-License-Identifier: Apache-2.0
"""A file with views and several streaming tables: they run side by side in one process, and end together."""
import signal

import pyarrow.parquet as pq
from rig import table
from rig.reviews import reviews


def stream(name, topic, folder, more: str = "") -> str:
    return (f"CREATE STREAMING TABLE {name} USING parquet LOCATION '{folder}/{name}' OPTIONS (checkpointLocation "
            f"'{folder}/{name}-checkpoint') AS SELECT {more or '*'} FROM {topic};\n")


def view(name, topic) -> str:
    return (f"CREATE TEMPORARY VIEW {name} AS SELECT split(CAST(value AS STRING), '\\t') AS parts, topic, partition, offset "
            f"FROM STREAM read_kafka(bootstrapServers => '{topic.kafka.bootstrap}', subscribe => '{topic.name}', "
            "startingOffsets => 'earliest');\n")


def rows(folder):
    return pq.read_table([str(file) for file in table.part_files(folder)])


def test_two_tables_over_one_view(sluice, topic, tmp_path):
    source = topic()
    source.produce(reviews(0, 300))
    (sluice.cwd / "two.sql").write_text(
        view("lines", source) + stream("books", "lines", tmp_path, "parts[0] AS marketplace, topic, partition, offset")
        + stream("stars", "lines", tmp_path, "CAST(parts[7] AS INT) AS stars, topic, partition, offset"))
    done = sluice.ok("run", "--available-now", "two.sql")
    for name, column in (("books", "marketplace"), ("stars", "stars")):
        assert rows(tmp_path / name).column_names[0] == column and f"{name} batch 0: 300 rows" in done.err, done.all
        table.assert_exactly_once(table.identities(table.part_files(tmp_path / name)), source.expected(), name)


def test_one_that_fails_ends_all_and_is_named(sluice, topic, tmp_path):
    good, bad = topic(), topic()
    good.produce(reviews(0, 50))
    bad.produce([b"no review"])
    text = (view("good_lines", good) + view("bad_lines", bad) + stream("good", "good_lines", tmp_path)
            + stream("bad", "bad_lines", tmp_path, "parts[14] AS purchase_date"))
    (sluice.cwd / "two.sql").write_text(text)
    done = sluice.run("run", "two.sql", timeout=60)
    assert done.code == 1 and "INVALID_ARRAY_INDEX" in done.err and "bad: failed" in done.err, done.all
    assert done.err.count("INVALID_ARRAY_INDEX") == 1 and "good: stopped" in done.err, done.all


def test_a_signal_ends_all_after_their_batches(sluice, topic, tmp_path):
    one, other = topic(), topic()
    for source in (one, other):
        source.produce(reviews(0, 50))
    (sluice.cwd / "two.sql").write_text(
        view("a", one) + view("b", other) + stream("first", "a", tmp_path) + stream("second", "b", tmp_path))
    with sluice.start("run", "two.sql") as running:
        running.wait_until(lambda: all((tmp_path / f"{name}-checkpoint" / "commits" / "0").exists() for name in
                                       ("first", "second")), what="a batch of each")
        running.signal(signal.SIGTERM)
        done = running.wait(30)
    assert done.code == 0, done.all
    for name in ("first", "second"):
        assert f"{name}: stopped after batch 0; a restart goes on with 1" in done.err, done.all


def test_views_in_queries(sluice):
    text = ("CREATE TEMP VIEW v (a, b) AS SELECT 1, 'x'; SELECT a FROM v; CREATE OR REPLACE TEMP VIEW v AS SELECT 2 AS c;"
            "SELECT c FROM v")
    assert sluice.ok("sql", "--format", "csv", text).out == "a\n1\nc\n2\n"
    done = sluice.run("sql", "CREATE TEMP VIEW v AS SELECT 1; CREATE TEMP VIEW v AS SELECT 2")
    assert done.code == 1 and "already" in done.err, done.all
