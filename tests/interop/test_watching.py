# SPDX-License-Identifier: Apache-2.0
"""What a running query shows to the outside: metrics, health and readiness, a consumer group's lag, structured logs."""
import json
import signal
import socket
import time

import pytest
from confluent_kafka import ConsumerGroupTopicPartitions
from confluent_kafka.admin import AdminClient
from rig import table
from rig.metrics import Metrics, free_port, get
from rig.pipeline import Pipeline
from rig.reviews import reviews


def poisoned(first: int, number: int) -> list[bytes]:
    return [*reviews(first, number - 1), b"too few fields"]


def test_metrics_of_a_running_query(sluice, minio, topic, tmp_path):
    sluice.env.update(minio.env())
    source = topic(2)
    source.produce(poisoned(0, 300))
    base = f"s3a://{minio.bucket}/watched"
    pipeline = Pipeline(source, f"{base}/table", f"{base}/checkpoint", max_offsets=100,
                        settings={"spark.sluice.badRecords.path": f"{base}/bad"})
    port = free_port()
    with sluice.start("run", "--metrics-port", port, pipeline.write_sql(tmp_path, "processingTime 200 milliseconds")) as run:
        run.wait_until(lambda: get(port, "/ready")[0] == 200, 60, "/ready")
        run.wait_until(lambda: Metrics(get(port, "/metrics")[1]).value("sluice_query_input_rows_total") == 300, 60, "rows")
        assert get(port, "/health") == (200, "ok\n")
        assert get(port, "/")[0] == 404
        metrics = Metrics(get(port, "/metrics")[1])
        assert metrics.value("sluice_query_batches_total") == 3
        assert metrics.value("sluice_query_output_rows_total") == 299
        assert metrics.value("sluice_query_bad_records_total") == 1
        assert metrics.value("sluice_query_state", state="running") == 1
        assert metrics.value("sluice_query_last_batch_id") == 2
        assert abs(metrics.value("sluice_query_last_batch_timestamp_seconds") - time.time()) < 120
        for partition in ("0", "1"):
            assert metrics.value("sluice_kafka_lag_records", topic=source.name, partition=partition) == 0
        for phase in ("latestOffset", "walCommit", "addBatch", "commitOffsets", "triggerExecution"):
            assert metrics.value("sluice_query_phase_duration_seconds_count", phase=phase) >= 3, phase
            assert metrics.value("sluice_query_phase_duration_seconds_bucket", phase=phase, le="+Inf") >= 3
        limit = metrics.value("sluice_memory_limit_bytes")
        assert limit == 128 << 20
        assert 0 < metrics.value("sluice_memory_used_bytes") <= metrics.value("sluice_memory_peak_bytes") <= limit
        assert metrics.value("sluice_s3_retries_total") == 0
        assert 0 <= metrics.value("sluice_s3_credentials_age_seconds") < 120
        assert metrics.families["sluice_query_phase_duration_seconds"].type == "histogram"
        run.signal(signal.SIGTERM)
        assert run.wait(60).code == 0


def test_health_is_answered_whatever_other_peers_do(sluice, topic, tmp_path):
    source = topic(1)
    source.produce(reviews(0, 10))
    pipeline = Pipeline(source, tmp_path / "table", tmp_path / "checkpoint")
    port = free_port()
    with sluice.start("run", "--metrics-port", port, pipeline.write_sql(tmp_path, "processingTime 200 milliseconds")) as run:
        run.wait_until(lambda: get(port, "/ready")[0] == 200, 60, "/ready")
        idle = [socket.create_connection(("127.0.0.1", port)) for _ in range(100)]
        for number, peer in enumerate(idle):
            if number % 2:
                peer.sendall(b"GET /metrics HTTP/1.1\r\nHost: ")
        began = time.monotonic()
        for path in ("/health", "/ready", "/metrics"):
            assert get(port, path)[0] == 200, path
        assert time.monotonic() - began < 3
        for peer in idle:
            peer.close()
        with socket.create_connection(("127.0.0.1", port), timeout=20) as peer:
            peer.sendall(b"GET /metrics HTTP/1.1\r\nHost: evil.example:80\r\n\r\n")
            reply = b"".join(iter(lambda: peer.recv(65536), b""))
        assert reply.startswith(b"HTTP/1.1 403 ") and b"sluice_" not in reply, reply
        run.signal(signal.SIGTERM)
        assert run.wait(60).code == 0


def test_not_ready_while_kafka_is_away(sluice, topic, tmp_path):
    source = topic(1)
    source.produce(reviews(0, 10))
    pipeline = Pipeline(source, tmp_path / "table", tmp_path / "checkpoint",
                        options={"kafka.bootstrap.servers": f"127.0.0.1:{free_port()}"})
    port = free_port()
    with sluice.start("run", "--metrics-port", port, pipeline.write_sql(tmp_path, "processingTime 1 second")) as run:
        run.wait_until(lambda: get(port, "/health")[0] == 200, 60, "/health")
        code, text = get(port, "/ready")
        assert code == 503 and ("starting" in text or "no query" in text)


def test_a_taken_port_is_an_error_by_name(sluice, topic, tmp_path):
    pipeline = Pipeline(topic(1), tmp_path / "table", tmp_path / "checkpoint")
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        done = sluice.run("run", "--metrics-port", taken.getsockname()[1], pipeline.write_sql(tmp_path))
    assert done.code == 1 and "spark.sluice.metrics.port" in done.err, done.all


def test_a_consumer_group_shows_the_lag(sluice, kafka, topic, tmp_path):
    source = topic(2)
    source.produce(reviews(0, 500))
    pipeline = Pipeline(source, tmp_path / "table", tmp_path / "checkpoint", max_offsets=200)
    done = sluice.ok("run", pipeline.write_sql(tmp_path), "--conf", "spark.sluice.kafka.commitGroup=watchers")
    admin = AdminClient({"bootstrap.servers": kafka.bootstrap})

    def committed(group: str) -> dict[int, int]:
        answer = admin.list_consumer_group_offsets([ConsumerGroupTopicPartitions(group)])[group].result(30)
        return {p.partition: p.offset for p in answer.topic_partitions if p.topic == source.name}

    assert committed("watchers") == dict(enumerate(source.end)), done.err
    source.produce(reviews(500, 60))
    assert sum(source.end) - sum(committed("watchers").values()) == 60, "the lag that Kafka's tools would show"
    described = admin.describe_consumer_groups(["watchers"])["watchers"].result(30)
    assert described.members == [], "nobody joins the group"
    # A group that is not there makes nothing fail; the source's own option wins.
    pipeline.source["commitGroup"] = "others"
    sluice.ok("run", pipeline.write_sql(tmp_path), "--conf", "spark.sluice.kafka.commitGroup=watchers")
    assert committed("others") == dict(enumerate(source.end)) and sum(committed("watchers").values()) == 500
    table.assert_exactly_once(table.identities(table.part_files(tmp_path / "table")), source.expected(), "table")


@pytest.mark.parametrize("by_setting", [False, True])
def test_every_line_of_a_json_log_is_json(sluice, topic, tmp_path, by_setting):
    source = topic(1)
    source.produce(reviews(0, 100))
    pipeline = Pipeline(source, tmp_path / "table", tmp_path / "checkpoint", max_offsets=50)
    form = ["--conf", "spark.sluice.log.format=json"] if by_setting else ["--log-format", "json"]
    done = sluice.ok("run", "--log-level", "debug", *form, pipeline.write_sql(tmp_path))
    lines = [json.loads(line) for line in done.err.splitlines()]
    assert len(lines) >= 4 and all({"time", "level", "message"} <= line.keys() for line in lines)
    batches = [line for line in lines if "batchId" in line]
    assert {line["batchId"] for line in batches} == {0, 1}
    assert len({(line["queryId"], line["runId"]) for line in batches}) == 1
    # An error that ends the process is such a line too.
    source.produce([b"too few fields"])
    failed = sluice.run("run", *form, pipeline.write_sql(tmp_path))
    errors = [json.loads(line) for line in failed.err.splitlines()]
    assert failed.code == 1 and errors[-1]["level"] == "error" and "INVALID_ARRAY_INDEX" in errors[-1]["message"]
