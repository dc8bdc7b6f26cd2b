# SPDX-License-Identifier: Apache-2.0
"""What is typed wrong in the first hour: each mistake is named at once, with what to do instead."""
import json
import signal
import socket

import pytest
from rig.pipeline import Pipeline
from rig.reviews import reviews

STREAM = ("CREATE STREAMING TABLE t USING parquet LOCATION '{location}' OPTIONS (checkpointLocation 'c') "
          "AS SELECT value FROM STREAM read_kafka(bootstrapServers => '{broker}', subscribe => 't'{more})")

# What is typed, the exit code, what must be said.
TYPED = [
    (["rnu", "x.sql"], 2, ["no command 'rnu'", "Did you mean run?"]),
    (["sql", "SELEC 1"], 2, ["Did you mean SELECT?", "SELEC 1", "^"]),
    (["sql", "report.sql"], 2, ["--file report.sql"]),
    (["sql", "SELECT cuont(1)"], 1, ["cuont", "Did you mean count?"]),
    (["sql", "SELECT * FROM csv.`reviews.csv`"], 1, ["PATH_NOT_FOUND", "reviews.csv"]),
    (["sql", "SELECT * FROM 'reviews.tsv.gz'"], 1, ["PATH_NOT_FOUND", "reviews.tsv.gz"]),
    (["sql", "SELECT * FROM delta.`/lake`"], 1, ["delta", "there are csv, json, parquet and text"]),
    (["sql", "SELECT '${NOT_SET_ANYWHERE}'"], 2, ["NOT_SET_ANYWHERE"]),
    (["sql", "SELECT * FROM STREAM read_kafka(bootstrapServers => '127.0.0.1:1', subscribe => 't')"], 1, ["without STREAM"]),
    (["sql", "--conf", "spark.sluice.memroy=1g", "SELECT 1"], 2, ["Did you mean spark.sluice.memory?"]),
    (["sql", "SELECT 1 FROM '/nowhere/at/all'"], 1, ["/nowhere/at/all"]),
    (["sql", "SELECT 'not closed"], 2, ["not closed", "^"]),
    (["sql", "SELECT star_ratng FROM (SELECT 5 AS star_rating)"], 1, ["star_ratng", "star_rating"]),
    (["sql", "--format", "xml", "SELECT 1"], 2, ["table, vertical, csv, json or markdown"]),
    (["sql", "SELECT 1", "--file", "x.sql"], 2, ["not both"]),
    (["run", "nowhere.sql"], 2, ["nowhere.sql"]),
    (["run"], 2, ["FILE"]),
    (["topic", "show", "t"], 2, ["--pipeline", "--bootstrap"]),
    (["completion", "fish"], 2, ["bash and zsh"]),
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
    (STREAM.format(location="/t", broker="127.0.0.1:1", more="").replace("parquet", "delta"), 1, ["delta"]),
    (STREAM.format(location="s3a://hwe-Fall 2025/t", broker="127.0.0.1:1", more=""), 1, ["hwe-Fall 2025"]),
    (STREAM.format(location="/t", broker="127.0.0.1:1", more="").replace("trigger", "x").replace("checkpointLocation 'c'", ""),
     2, ["^"]),
    (STREAM.format(location="/t", broker="127.0.0.1:1", more="").replace("SELECT value", "SELECT valeu"), 1,
     ["valeu", "value"]),
    ("SELECT 1", 2, ["CREATE STREAMING TABLE"]),
], ids=["empty variable", "unknown argument", "no STREAM", "no LOCATION", "no such sink",
        "no bucket's name", "empty OPTIONS", "misspelt column", "nothing to run"])
def test_mistake_in_a_pipeline_is_named(sluice, sql, code, said):
    (sluice.cwd / "p.sql").write_text(sql)
    done = sluice.run("run", "p.sql", env={"HANDLE": "", "AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "b"})
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


def test_other_columns_than_the_last_batch_had(sluice, topic, tmp_path):
    source = topic()
    pipeline = Pipeline(source, tmp_path / "table", tmp_path / "checkpoint")
    for batch, (column, kind) in enumerate([("review_date", "STRING"), ("review_date", "STRING"), ("purchase_date", "STRING"),
                                            ("purchase_date", "DATE")]):
        source.produce(reviews(10 * batch, 10))
        pipeline.select = ["parts[0] AS marketplace", f"CAST(parts[14] AS {kind}) AS {column}"]
        done = sluice.ok("run", pipeline.write_sql(tmp_path))
        said = [line for line in done.err.splitlines() if "columns of the query" in line]
        assert len(said) == (1 if batch > 1 else 0), done.all
        if batch == 2:
            assert "purchase_date is new, review_date is missing" in said[0]
        if batch == 3:
            assert "purchase_date was STRING and is DATE" in said[0]


def test_a_byte_order_mark_before_the_first_name(sluice):
    (sluice.cwd / ".env").write_bytes(b"\xef\xbb\xbfFIRST=one\r\nSECOND=two\r\n")
    assert sluice.ok("sql", "--format", "csv", "SELECT '${FIRST}${SECOND}' AS x").out == "x\nonetwo\n"


def test_a_wrong_endpoint_is_named_with_where_it_came_from(sluice, refused):
    (sluice.cwd / ".env").write_text(f"AWS_ENDPOINT_URL=http://{refused}\nAWS_ACCESS_KEY_ID=a\nAWS_SECRET_ACCESS_KEY=b\n")
    done = sluice.run("sql", "--conf", "spark.hadoop.fs.s3a.attempts.maximum=2", "SELECT * FROM 's3a://lake/t'")
    assert done.code == 1 and f"Requests go to http://{refused}, as AWS_ENDPOINT_URL says" in done.err, done.all
    assert str(sluice.cwd / ".env") in done.err, done.all


def test_an_authority_of_ones_own_may_stand_in_the_env_file(sluice, kafka, topic, tmp_path, monkeypatch):
    monkeypatch.delenv("SSL_CERT_FILE", raising=False)  # the real environment would win
    source = topic()
    source.produce([b"hello"])
    pipeline = Pipeline(source, tmp_path / "table", tmp_path / "checkpoint", sasl=True)
    for option in ("kafka.ssl.truststore.location", "kafka.ssl.truststore.type"):
        del pipeline.source[option]
    command = ("topic", "tail", source.name, "--format", "json", "--pipeline", pipeline.write_sql(tmp_path))
    done = sluice.run(*command)
    assert done.code == 1 and "kafka.ssl.truststore.location = '/path/ca.pem'" in done.err, done.all
    assert "ssl.ca.location" not in done.err, "an option that is not taken"
    (sluice.cwd / "mine.env").write_text(f"SSL_CERT_FILE={kafka.ca_file}\n")
    assert json.loads(sluice.ok(*command, "--env-file", "mine.env").out)["value"] == "hello"


def test_a_location_that_cannot_be_made(sluice, topic):
    source = topic()
    source.produce([b"x"])
    (sluice.cwd / "p.sql").write_text(STREAM.format(location="/proc/nope/t", broker=source.kafka.bootstrap,
                                                    more=", startingOffsets => 'earliest'")
                                      .replace("subscribe => 't'", f"subscribe => '{source.name}'"))
    done = sluice.run("run", "--available-now", "p.sql")
    assert done.code == 1 and "/proc/nope" in done.err, done.all
