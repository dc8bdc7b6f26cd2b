# SPDX-License-Identifier: Apache-2.0
"""The whole job on real servers: Kafka by SASL_SSL and SCRAM-SHA-512, S3 by a session token, the table queried."""
import csv
import io
import json
import pathlib
import re
import signal

import pyarrow.fs as fs
import pyarrow.parquet as pq
import pytest
from rig import lab, program, table
from rig.pipeline import Pipeline
from rig.reviews import COLUMNS, reviews

EXAMPLE = program.ROOT / "examples" / "bronze_reviews.sql"
PART = re.compile(r"part-\d{5}-[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}-c000\.snappy\.parquet")


def query(sluice, text: str) -> list[dict]:
    return list(csv.DictReader(io.StringIO(sluice.ok("sql", "--format", "csv", text).out)))


def with_authority(text: str, topic, checkpoint) -> str:
    """The example as it stands, for a topic of this test and a broker whose CA no system knows."""
    ca = "`kafka.ssl.truststore.type` => 'PEM',\n    `kafka.ssl.truststore.location` => '${KAFKA_CA_FILE}',\n    "
    text = text.replace("subscribe => 'reviews'", f"subscribe => '{topic.name}'")
    text = text.replace("`kafka.security.protocol`", ca + "`kafka.security.protocol`")
    return text.replace("/tmp/kafka-checkpoint", str(checkpoint))


def s3_files(minio):
    return fs.S3FileSystem(access_key=minio.access_key, secret_key=minio.secret_key, session_token=minio.token,
                           endpoint_override=minio.endpoint, region="us-east-1")


def test_example_sql_from_kafka_to_s3_and_back(sluice, kafka, minio, topic):
    reviews_topic = topic(partitions=3)
    sent = reviews(0, 5000)
    reviews_topic.produce(sent)
    settings = lab.environment(kafka, minio, "example")
    dotenv = sluice.cwd / ".env"
    dotenv.write_text("".join(f"{k}={v}\n" for k, v in settings.items() if k not in ("CLASS", "HANDLE")))
    sql = sluice.cwd / "bronze.sql"
    sql.write_text(with_authority(EXAMPLE.read_text(), reviews_topic, sluice.cwd / "checkpoint"))
    sluice.ok("run", "--available-now", "--param", "CLASS=fall", "--param", "HANDLE=example", sql)

    path = "s3a://hwe-fall/example/bronze/reviews"
    (row,) = query(sluice, f"SELECT count(*) AS n, count(DISTINCT review_id) AS ids FROM parquet.`{path}`")
    assert row == {"n": "5000", "ids": "5000"}
    keys = minio.list("example/bronze/reviews/part-", bucket="hwe-fall")
    tables = [pq.read_table(f"hwe-fall/{key}", filesystem=s3_files(minio)) for key in keys]
    assert sum(t.num_rows for t in tables) == 5000
    lines = ["\t".join(str(row[c]) for c in COLUMNS).encode() for t in tables for row in t.to_pylist()]
    assert sorted(lines) == sorted(sent)
    # 1,000 rows a batch shared over three partitions and rounded down: what Spark itself makes of it.
    assert table.log_numbers(sluice.cwd / "checkpoint" / "commits") == [0, 1, 2, 3, 4, 5]


def test_validation_queries_of_the_lab(sluice, kafka, topic, tmp_path):
    reviews_topic = topic()
    reviews_topic.produce(reviews(0, 2000))
    pipeline = Pipeline(reviews_topic, tmp_path / "table", tmp_path / "checkpoint", sasl=True, kafka_columns=False)
    sluice.ok("run", pipeline.write_sql(tmp_path))
    expected = pq.read_table([str(f) for f in table.part_files(tmp_path / "table")])
    source = f"parquet.`{tmp_path}/table`"
    titles = query(sluice, f"SELECT product_title FROM {source} ORDER BY product_title LIMIT 10")
    assert [t["product_title"] for t in titles] == sorted(expected["product_title"].to_pylist(), key=str.encode)[:10]
    stars = query(sluice, f"SELECT star_rating, count(*) AS n FROM {source} GROUP BY star_rating ORDER BY n DESC LIMIT 3")
    counts = sorted((c["counts"] for c in expected["star_rating"].value_counts().to_pylist()), reverse=True)[:3]
    assert [int(s["n"]) for s in stars] == counts
    times = query(sluice, f"SELECT DISTINCT review_timestamp FROM {source}")
    assert len(times) == len(set(expected["review_timestamp"].to_pylist()))


def test_files_are_as_spark_writes_them(sluice, topic, tmp_path):
    reviews_topic = topic()
    reviews_topic.produce(reviews(0, 500))
    pipeline = Pipeline(reviews_topic, tmp_path / "table", tmp_path / "checkpoint", kafka_columns=False)
    sluice.ok("run", pipeline.write_sql(tmp_path))
    files = table.part_files(tmp_path / "table")
    assert sorted(files) == sorted(table.logged_files(tmp_path / "table"))
    for file in files:
        assert PART.fullmatch(file.name), file.name
        assert not list(file.parent.glob(".*.tmp"))
        parquet = pq.ParquetFile(file)
        root = parquet.schema
        assert [root.column(i).name for i in range(len(root))] == [*COLUMNS, "review_timestamp"]
        timestamp = root.column(15)
        assert (timestamp.physical_type, timestamp.max_definition_level) == ("INT96", 0), "INT96 and required"
        assert {(root.column(i).physical_type, root.column(i).logical_type.type, root.column(i).max_definition_level)
                for i in range(15)} == {("BYTE_ARRAY", "STRING", 1)}
        assert "spark_schema" in str(root).split("\n")[1]
        assert {parquet.metadata.row_group(0).column(i).compression for i in range(16)} == {"SNAPPY"}
        footer = parquet.metadata.metadata
        assert footer[b"org.apache.spark.version"] == b"4.2.0"
        fields = json.loads(footer[b"org.apache.spark.sql.parquet.row.metadata"])["fields"]
        assert [(f["name"], f["type"], f["nullable"]) for f in fields] == [
            *((name, "string", True) for name in COLUMNS), ("review_timestamp", "timestamp", False)]
        assert "sluice" in parquet.metadata.created_by.lower()


def test_a_schema_written_here_is_the_schema_spark_writes(sluice, spark, topic, tmp_path):
    reviews_topic = topic()
    reviews_topic.produce(reviews(0, 20))
    ours = Pipeline(reviews_topic, tmp_path / "ours", tmp_path / "ours-checkpoint")
    theirs = Pipeline(reviews_topic, tmp_path / "theirs", tmp_path / "theirs-checkpoint")
    sluice.ok("run", ours.write_sql(tmp_path))
    spark.stream(theirs)
    schemas = [pq.ParquetFile(table.part_files(tmp_path / who)[0]) for who in ("ours", "theirs")]
    # The dump begins with the address of a Python object.
    assert str(schemas[0].schema).split("\n")[1:] == str(schemas[1].schema).split("\n")[1:]
    key = b"org.apache.spark.sql.parquet.row.metadata"
    assert schemas[0].metadata.metadata[key] == schemas[1].metadata.metadata[key]
    drop = ["review_timestamp"]
    rows = [table.rows(table.part_files(tmp_path / who)).drop_columns(drop).sort_by("review_id") for who in ("ours", "theirs")]
    assert rows[0].equals(rows[1])


def test_checkpoint_on_s3_and_tls(sluice, minio_tls, topic, tmp_path):
    reviews_topic = topic()
    reviews_topic.produce(reviews(0, 300))
    sluice.env.update(minio_tls.env())
    base = f"s3a://{minio_tls.bucket}/all on=s3"
    pipeline = Pipeline(reviews_topic, f"{base}/table", f"{base}/checkpoint", sasl=True, max_offsets=100)
    sluice.ok("run", pipeline.write_sql(tmp_path))
    reviews_topic.produce(reviews(300, 50))
    sluice.ok("run", pipeline.write_sql(tmp_path))
    (row,) = query(sluice, f"SELECT count(*) AS n, count(DISTINCT partition, offset) AS d FROM parquet.`{base}/table`")
    assert row == {"n": "350", "d": "350"}
    keys = minio_tls.list("all on=s3/checkpoint/")
    assert {k.split("/")[2] for k in keys} >= {"metadata", "offsets", "commits", "sources"}
    assert not [k for k in keys if k.endswith((".crc", ".tmp"))], "only a local Hadoop file system has such"
    assert sluice.run("checkpoint", "verify", f"{base}/checkpoint", "--sink", f"{base}/table").code == 0


def test_cpp_program_of_the_lab(sluice, kafka, minio, tmp_path):
    with lab.reviews_topic(kafka) as reviews_topic:
        reviews_topic.produce(reviews(0, 2500))
        settings = lab.environment(kafka, minio, lab.NAME)
        (sluice.cwd / ".env").write_text("".join(f"{k}={v}\n" for k, v in settings.items()))
        with lab.start(kafka, sluice.cwd, tmp_path / "checkpoint") as running:
            commits = tmp_path / "checkpoint" / "commits"
            running.wait_until(lambda: len(table.log_numbers(commits)) >= 3, 60, "three batches")
            running.signal(signal.SIGTERM)
            done = running.wait(60)
            assert done.code == 0, done.all
            last = table.log_numbers(commits)[-1]
            assert f"batch {last}: " in done.err and "rows in all" in done.err, "spark.sluice.progress"
            assert f"stopped after batch {last}; a restart goes on with {last + 1}" in done.err, "spark.sluice.stopOnSignal"
            assert table.log_numbers(tmp_path / "checkpoint" / "offsets")[-1] == last, "the batch was finished"
    sluice.env.update(settings)
    path = f"s3a://hwe-fall/{lab.NAME}/bronze/reviews"
    (row,) = query(sluice, f"SELECT count(*) AS n, count(DISTINCT review_id) AS ids FROM parquet.`{path}`")
    assert row == {"n": "2500", "ids": "2500"}
