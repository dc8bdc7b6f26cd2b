# SPDX-License-Identifier: Apache-2.0
"""What is typed wrong in the first hour: each mistake is named at once, with what to do instead. No server is needed."""
import signal
import socket

import pytest

STREAM = ("CREATE STREAMING TABLE t USING parquet LOCATION '{location}' OPTIONS (checkpointLocation 'c') "
          "AS SELECT value FROM STREAM read_kafka(bootstrapServers => '{broker}', subscribe => 't'{more})")

# What is typed, the exit code, what must be said.
TYPED = [
    (["rnu", "x.sql"], 2, ["no command 'rnu'", "Did you mean run?"]),
    (["sql", "SELEC 1"], 2, ["Did you mean SELECT?", "SELEC 1", "^"]),
    (["sql", "report.sql"], 2, ["--file report.sql"]),
    (["sql", "CREATE OR REPLACE TEMP VIEW v AS SELECT 1"], 2, ["CREATE VIEW"]),
    (["sql", "SELECT cuont(1)"], 1, ["cuont", "Did you mean count?"]),
    (["sql", "SELECT * FROM csv.`reviews.csv`"], 1, ["csv", "not there yet"]),
    (["sql", "SELECT * FROM 'reviews.tsv.gz'"], 2, [".tsv.gz"]),
    (["sql", "SELECT * FROM delta.`/lake`"], 1, ["delta", "not there yet"]),
    (["sql", "SELECT '${NOT_SET_ANYWHERE}'"], 2, ["NOT_SET_ANYWHERE"]),
    (["sql", "SELECT * FROM STREAM read_kafka(bootstrapServers => '127.0.0.1:1', subscribe => 't')"], 1, ["without STREAM"]),
    (["sql", "--conf", "spark.sluice.memroy=1g", "SELECT 1"], 2, ["Did you mean spark.sluice.memory?"]),
    (["checkpoint", "show", "nowhere"], 2, ["no checkpoint at", "nowhere"]),
    (["checkpoint", "verify", "nowhere", "--sink", "nowhere"], 2, ["no checkpoint at"]),
]


@pytest.mark.parametrize("words, code, said", TYPED, ids=[" ".join(words)[:40] for words, _, _ in TYPED])
def test_mistake_is_named(sluice, words, code, said):
    done = sluice.run(*words)
    assert done.code == code, done.all
    for text in said:
        assert text in done.err, done.all
    assert done.seconds < 5


def test_alone_it_prints_its_help(sluice):
    done = sluice.run()
    assert done.code == 2 and "run" in done.out and "checkpoint" in done.out, done.all


def test_queries_from_files_and_standard_input(sluice):
    (sluice.cwd / "report.sql").write_text("SET spark.sql.ansi.enabled = false;\nSELECT 1 + 1 AS two;")
    assert sluice.ok("sql", "--format", "csv", "--file", "report.sql").out == "two\n2\n"
    (sluice.cwd / "wrong.sql").write_text("-- a report\nSELECT 1 +\n  FROM")
    done = sluice.run("sql", "--file", "wrong.sql")
    assert done.code == 2 and "wrong.sql" in done.err and "^" in done.err, done.all


@pytest.mark.parametrize("sql, code, said", [
    (STREAM.format(location="s3a://lake/${HANDLE}/t", broker="127.0.0.1:1", more=""), 2, ["HANDLE", "is empty", "p.sql"]),
    (STREAM.format(location="/t", broker="127.0.0.1:1", more=", startingOffset => 'earliest'"), 2,
     ["startingOffset", "Did you mean startingOffsets?"]),
    (STREAM.format(location="/t", broker="127.0.0.1:1", more="").replace("STREAM read", "read"), 1, ["FROM STREAM read_kafka"]),
    (STREAM.format(location="/t", broker="127.0.0.1:1", more="").replace("LOCATION '/t' ", ""), 1, ["LOCATION"]),
], ids=["empty variable", "unknown argument", "no STREAM", "no LOCATION"])
def test_mistake_in_a_pipeline_is_named(sluice, sql, code, said):
    (sluice.cwd / "p.sql").write_text(sql)
    done = sluice.run("run", "p.sql", env={"HANDLE": ""})
    assert done.code == code, done.all
    for text in said:
        assert text in done.err, done.all


@pytest.fixture
def refused() -> str:
    """An address at which nothing listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return f"127.0.0.1:{probe.getsockname()[1]}"


def test_a_port_that_refuses_is_told_within_ten_seconds(sluice, refused):
    (sluice.cwd / "p.sql").write_text(STREAM.format(location=sluice.cwd / "t", broker=refused, more=""))
    done = sluice.run("run", "p.sql")
    assert done.code == 1 and "No Kafka broker can be reached" in done.err and refused in done.err, done.all
    assert done.err.count("No Kafka broker can be reached") == 1, "one line a failure"
    assert done.seconds < 13, f"{done.seconds:.0f} s"


def test_a_signal_while_nothing_runs_ends_at_once(sluice, refused):
    (sluice.cwd / "p.sql").write_text(STREAM.format(location=sluice.cwd / "t", broker=refused, more=""))
    with sluice.start("run", "p.sql") as running:
        running.wait_until(lambda: (sluice.cwd / "c" / "metadata").exists(), what="a started query")
        running.signal(signal.SIGINT)
        done = running.wait(8)
    assert done.code == 0 and "no batch was run" in done.err, done.all
