# SPDX-License-Identifier: Apache-2.0
"""Kafka misbehaves: the release program on a real broker that restarts, falls silent, loses records, changes its topics
and passwords. Whatever happens, the table holds each record that can still be read once, and what cannot be read is told.
The broker is this file's own."""
import json
import signal
import time
import uuid

import pytest
from confluent_kafka import Consumer, KafkaException, Producer, TopicPartition
from confluent_kafka.admin import (AdminClient, ScramCredentialInfo, ScramMechanism, UserScramCredentialUpsertion)
from conftest import start
from rig import program, table
from rig.pipeline import Pipeline
from rig.reviews import reviews
from rig.topics import Topic
from servers.kafka import Kafka

pytestmark = pytest.mark.fault_sample(6)
CLEANER = {"log.cleaner.backoff.ms": 100, "log.cleaner.min.cleanable.ratio": 0.01, "log.cleaner.dedupe.buffer.size": 4194304,
           "log.cleaner.threads": 1}


@pytest.fixture(scope="module")
def broker():
    kafka = start(Kafka, **CLEANER)
    yield kafka
    kafka.close()


@pytest.fixture
def admin(broker):
    return AdminClient({"bootstrap.servers": broker.bootstrap})


@pytest.fixture
def pipeline(broker, tmp_path):
    """Makes a pipeline on a topic of its own, with records."""
    def make(records: int = 0, partitions: int = 2, config: dict | None = None, **options) -> Pipeline:
        topic = Topic(broker, partitions, f"faults-{uuid.uuid4().hex[:8]}", config, exact=True)
        if records:
            topic.produce(reviews(0, records))
        return Pipeline(topic, tmp_path / "table", tmp_path / "checkpoint", **options)
    return make


def rows(pipeline) -> list[tuple]:
    return table.identities(table.part_files(pipeline.table))


def check(pipeline, where: str, expected: list | None = None) -> None:
    table.assert_exactly_once(rows(pipeline), pipeline.topic.expected() if expected is None else expected, where)


def commits(pipeline) -> int:
    return len(table.log_numbers(pipeline.checkpoint / "commits"))


def wait(seconds: float, condition, what: str) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"not in {seconds} s: {what}"
        time.sleep(0.05)


def delete_records(admin, topic, offsets: dict[int, int]) -> None:
    """As retention does, at once."""
    asked = [TopicPartition(topic.name, partition, offset) for partition, offset in offsets.items()]
    for future in admin.delete_records(asked).values():
        future.result(30)


def left(topic, offsets: dict[int, int]) -> list[tuple]:
    return [r for r in topic.expected() if r[2] >= offsets.get(r[1], 0)]


def grow(running, pipeline, number: int, count: int = 20) -> None:
    """Produces records and waits until they are in a batch of their own."""
    before = commits(pipeline)
    pipeline.topic.produce(reviews(number, count))
    running.wait_until(lambda: commits(pipeline) > before, 90, f"a batch with records from {number}")


def end(running, code: int = 0) -> program.Done:
    running.signal(signal.SIGTERM)
    done = running.wait(90)
    assert done.code == code, done.all[-3000:]
    return done


@pytest.mark.parametrize("how", ["restart", "kill"])
def test_broker_restarts_in_mid_run(sluice, broker, pipeline, tmp_path, how):
    job = pipeline(40, max_offsets=20, sasl=True)
    with sluice.start("run", "--log-level", "trace", job.write_sql(tmp_path / "job", "processingTime 50 milliseconds")) as running:
        running.wait_until(lambda: commits(job) >= 2, 60, "two batches")
        broker.kill() if how == "kill" else broker.stop()
        time.sleep(1.5)  # idle polls meet a broker that is not there
        broker.start()
        grow(running, job, 40)
        grow(running, job, 60)
        end(running)
    sluice.ok("run", job.write_sql(tmp_path / "last"))
    check(job, "after the restart")


def test_broker_silent_for_a_while(sluice, broker, pipeline, tmp_path):
    """Stopped shorter than the time-outs: waited out. The query is in the middle of reading."""
    job = pipeline(30_000, max_offsets=5_000)
    with sluice.start("run", job.write_sql(tmp_path)) as running:
        running.wait_until(lambda: commits(job) >= 1, 60, "a batch")
        broker.child.send_signal(signal.SIGSTOP)
        time.sleep(3)
        assert running.child.poll() is None
        broker.child.send_signal(signal.SIGCONT)
        assert running.wait(120).code == 0
    check(job, "after the silence")


def test_broker_silent_for_longer_than_the_time_outs(sluice, broker, pipeline, tmp_path):
    options = {"kafkaConsumer.pollTimeoutMs": "2000", "kafka.default.api.timeout.ms": "2000"}
    job = pipeline(40, max_offsets=20, options=options)
    with sluice.start("run", job.write_sql(tmp_path, "processingTime 50 milliseconds")) as running:
        running.wait_until(lambda: commits(job) >= 2, 60, "two batches")
        broker.child.send_signal(signal.SIGSTOP)
        try:
            done = running.wait(60)
        finally:
            broker.child.send_signal(signal.SIGCONT)
    assert done.code == 1 and "SLUICE_KAFKA" in done.err and "2000 ms" in done.err, done.all[-2000:]
    assert "kafka.default.api.timeout.ms" in done.err or "kafkaConsumer.pollTimeoutMs" in done.err
    job.topic.produce(reviews(40, 10))
    sluice.ok("run", job.write_sql(tmp_path / "again"))
    check(job, "after the failure")


@pytest.mark.parametrize("planned", [False, True], ids=["idle", "inside a planned batch"])
def test_retention_passes_the_lag(sluice, admin, pipeline, tmp_path, planned):
    job = pipeline(100)
    sluice.ok("run", job.write_sql(tmp_path / "1"))
    job.topic.produce(reviews(100, 100))
    if planned:  # killed inside batch 1: offsets/1 is there, its commit is not
        sluice.run("run", "--conf", "spark.sluice.shutdownTimeout=0s", job.write_sql(tmp_path / "2"))
        (tmp_path / "checkpoint/commits/1").unlink()
        (tmp_path / "checkpoint/commits/.1.crc").unlink(missing_ok=True)
        (tmp_path / "table/_spark_metadata/1").unlink()
        (tmp_path / "table/_spark_metadata/.1.crc").unlink(missing_ok=True)
        for file in table.part_files(job.table):
            if file not in table.logged_files(job.table):
                file.unlink()
    before = [r for r in job.topic.expected() if r[2] < 50]
    delete_records(admin, job.topic, {0: 80, 1: 60})
    done = sluice.run("run", job.write_sql(tmp_path / "3"))
    assert done.code == 1 and "KAFKA_DATA_LOSS" in done.err and "failOnDataLoss" in done.err, done.all[-2000:]
    assert job.topic.name in done.err
    check(job, "nothing was added", before)
    lenient = Pipeline(job.topic, job.table, job.checkpoint, options={"failOnDataLoss": "false"})
    done = sluice.ok("run", "--progress", "json", lenient.write_sql(tmp_path / "4"))
    assert "KAFKA_DATA_LOSS" in done.err, "the loss is told"
    losses = [json.loads(line)["sources"][0]["metrics"].get("dataLosses") for line in done.out.splitlines()]
    assert losses and int(losses[-1]) == 2, "one for each partition"
    check(job, "what was left", sorted(before + left(job.topic, {0: 80, 1: 60})))
    job.topic.produce(reviews(200, 20))
    sluice.ok("run", job.write_sql(tmp_path / "5"))
    check(job, "and on", sorted(before + left(job.topic, {0: 80, 1: 60})))


def test_topic_deleted(sluice, pipeline, tmp_path):
    job = pipeline(40)
    sluice.ok("run", job.write_sql(tmp_path / "1"))
    job.topic.delete()
    done = sluice.run("run", job.write_sql(tmp_path / "2"))
    assert done.code == 1 and ("KAFKA_DATA_LOSS" in done.err or "UNKNOWN_TOPIC" in done.err), done.all[-2000:]
    assert job.topic.name in done.err
    check(job, "untouched")


def test_topic_deleted_under_a_running_query(sluice, pipeline, tmp_path):
    job = pipeline(40)
    with sluice.start("run", job.write_sql(tmp_path, "processingTime 50 milliseconds")) as running:
        running.wait_until(lambda: commits(job) >= 1, 60, "a batch")
        job.topic.delete()
        done = running.wait(90)
    assert done.code == 1 and ("KAFKA_DATA_LOSS" in done.err or "UNKNOWN_TOPIC" in done.err), done.all[-2000:]
    check(job, "untouched")


def test_topic_made_again(sluice, broker, pipeline, tmp_path):
    job = pipeline(100)
    sluice.ok("run", job.write_sql(tmp_path / "1"))
    before = job.topic.expected()
    job.topic.delete()
    again = make_again(broker, job.topic.name)
    again.produce(reviews(500, 20))
    done = sluice.run("run", job.write_sql(tmp_path / "2"))
    assert done.code == 1 and "KAFKA_DATA_LOSS" in done.err, done.all[-2000:]
    check(job, "untouched", before)
    lenient = Pipeline(again, job.table, job.checkpoint, options={"failOnDataLoss": "false"})
    done = sluice.ok("run", lenient.write_sql(tmp_path / "3"))
    assert "KAFKA_DATA_LOSS" in done.err
    again.produce(reviews(600, 10))
    sluice.ok("run", lenient.write_sql(tmp_path / "4"))
    # As in Spark: the query goes on at the new end, so what the new topic held by then is not read.
    check(job, "goes on at the new end", sorted(before + [r for r in again.expected() if r[2] >= 10]))


def make_again(broker, name: str) -> Topic:
    deadline = time.monotonic() + 30
    while True:
        try:
            return Topic(broker, 2, name, exact=True)
        except KafkaException as error:  # the deletion is not over
            assert time.monotonic() < deadline, error
            time.sleep(0.1)


def test_partitions_added_while_running(sluice, pipeline, tmp_path):
    job = pipeline(40, partitions=1)
    with sluice.start("run", job.write_sql(tmp_path, "processingTime 50 milliseconds")) as running:
        running.wait_until(lambda: commits(job) >= 1, 60, "a batch")
        job.topic.add_partitions(2)
        grow(running, job, 40, 60)
        wait(60, lambda: len(rows(job)) == 100, "all rows")
        end(running)
    check(job, "three partitions")


def test_added_partition_that_lost_its_beginning(sluice, admin, pipeline, tmp_path):
    job = pipeline(20, partitions=1)
    sluice.ok("run", job.write_sql(tmp_path / "1"))
    before = job.topic.expected()
    job.topic.add_partitions(1)
    job.topic.produce(reviews(20, 40), partition=1)
    delete_records(admin, job.topic, {1: 10})
    done = sluice.run("run", job.write_sql(tmp_path / "2"))
    assert done.code == 1 and "ADDED_PARTITION_DOES_NOT_START_FROM_OFFSET_ZERO" in done.err, done.all[-2000:]
    lenient = Pipeline(job.topic, job.table, job.checkpoint, options={"failOnDataLoss": "false"})
    sluice.ok("run", lenient.write_sql(tmp_path / "3"))
    check(job, "from its earliest", sorted(before + left(job.topic, {0: 20, 1: 10})))


def test_compacted_topic(sluice, broker, pipeline, tmp_path):
    """Most records are gone, at the end of the log too, and none of them is a loss."""
    job = pipeline(partitions=1, config={"cleanup.policy": "compact", "segment.ms": "100", "min.cleanable.dirty.ratio": "0.01"})
    topic = job.topic
    # Three keys, over and over; a new segment begins with the first record after 100 ms.
    for i in range(6):
        topic.produce(reviews(i * 30, 30), keys=[b"key-%d" % (n % 3) for n in range(30)])
        time.sleep(0.15)
    wait(60, lambda: len(visible(broker, topic.name)) < 60, "the cleaner's work")
    seen = visible(broker, topic.name)
    sluice.ok("run", job.write_sql(tmp_path))
    found = {(p, o) for _, p, o in rows(job)}
    later = visible(broker, topic.name)  # the cleaner may have gone on meanwhile
    assert set(later) <= found <= set(seen), "what was there, and no more"
    assert len(rows(job)) == len(found)
    offsets = (tmp_path / "checkpoint/offsets/0").read_text()
    assert f'"0":{topic.end[0]}' in offsets
    topic.produce(reviews(500, 3), keys=[b"new-%d" % n for n in range(3)])
    done = sluice.ok("run", job.write_sql(tmp_path))
    assert "DATA_LOSS" not in done.err
    assert len(rows(job)) == len(found) + 3


def visible(broker, name: str, isolation: str = "read_uncommitted") -> list[tuple[int, int]]:
    """What a plain consumer sees of a topic."""
    consumer = Consumer({"bootstrap.servers": broker.bootstrap, "group.id": uuid.uuid4().hex, "enable.auto.commit": False,
                         "isolation.level": isolation, "enable.partition.eof": True})
    partitions = list(consumer.list_topics(name, 30).topics[name].partitions)
    consumer.assign([TopicPartition(name, p, 0) for p in partitions])
    found, ended = [], set()
    while len(ended) < len(partitions):
        message = consumer.poll(30)
        assert message is not None
        if message.error():
            ended.add(message.partition())
        else:
            found.append((message.partition(), message.offset()))
    consumer.close()
    return found


class Transaction:
    def __init__(self, broker, topic, first: int, count: int):
        self.topic, self.sent = topic, []
        self.producer = Producer({"bootstrap.servers": broker.bootstrap, "transactional.id": uuid.uuid4().hex})
        self.producer.init_transactions(30)
        self.producer.begin_transaction()
        for value in reviews(first, count):
            self.producer.produce(topic.name, value, partition=0,
                                  on_delivery=lambda error, m: self.sent.append((topic.name, m.partition(), m.offset())))
        self.producer.flush(30)
        assert len(self.sent) == count

    def commit(self) -> list[tuple]:
        self.producer.commit_transaction(30)
        return self.sent

    def abort(self) -> list[tuple]:
        self.producer.abort_transaction(30)
        return self.sent


def test_transactions(sluice, broker, pipeline, tmp_path):
    job = pipeline(partitions=1)
    committed = Transaction(broker, job.topic, 0, 20).commit()
    aborted = Transaction(broker, job.topic, 20, 20).abort()
    open_one = Transaction(broker, job.topic, 40, 20)
    plain = Pipeline(job.topic, tmp_path / "plain", tmp_path / "plain-checkpoint")
    careful = Pipeline(job.topic, tmp_path / "careful", tmp_path / "careful-checkpoint",
                       options={"kafka.isolation.level": "read_committed"})
    sluice.ok("run", plain.write_sql(tmp_path))
    sluice.ok("run", careful.write_sql(tmp_path))
    check(plain, "read_uncommitted, Spark's default, sees all", sorted(committed + aborted + open_one.sent))
    check(careful, "read_committed stops before the open one", sorted(committed))
    later = open_one.commit()
    aborted += Transaction(broker, job.topic, 60, 20).abort()
    sluice.ok("run", plain.write_sql(tmp_path))
    done = sluice.ok("run", careful.write_sql(tmp_path))
    assert "DATA_LOSS" not in done.err, "markers and aborted records are no loss"
    check(plain, "read_uncommitted", sorted(committed + aborted + later))
    check(careful, "read_committed", sorted(committed + later))


def set_password(admin, user: str, password: str) -> None:
    change = UserScramCredentialUpsertion(user, ScramCredentialInfo(ScramMechanism.SCRAM_SHA_512, 4096), password.encode())
    for future in admin.alter_user_scram_credentials([change]).values():
        future.result(30)


def test_password_changed_in_mid_run(sluice, broker, admin, pipeline, tmp_path):
    changed = "changed-canary-4c1f9a"
    program.secrets.add(changed)
    job = pipeline(40, max_offsets=20, sasl=True)
    sql = job.write_sql(tmp_path, "processingTime 50 milliseconds")
    with sluice.start("run", "--log-level", "trace", sql) as running:
        running.wait_until(lambda: commits(job) >= 2, 60, "two batches")
        set_password(admin, broker.user, changed)
        try:
            broker.restart()  # connections that stand are not asked again
            done = running.wait(60)
            assert done.code == 1 and "SLUICE_KAFKA.AUTHENTICATION" in done.err, done.all[-2000:]
            assert not [f for s in (changed, broker.password) for f in program.spellings(s) if f in done.all]
            renewed = Pipeline(job.topic, job.table, job.checkpoint, sasl=True)
            renewed.source["kafka.sasl.jaas.config"] = broker.jaas.replace(broker.password, changed)
            job.topic.produce(reviews(40, 10))
            sluice.ok("run", renewed.write_sql(tmp_path / "renewed"))
        finally:
            set_password(admin, broker.user, broker.password)
    check(job, "with the new password")


def test_record_of_20_mb(sluice, pipeline, tmp_path):
    job = pipeline(partitions=1, config={"max.message.bytes": "33554432"})
    job.topic.produce([*reviews(0, 10), "\t".join(["x" * 20_000_000] * 1 + ["y"] * 14).encode(), *reviews(10, 10)])
    sql = job.write_sql(tmp_path)
    done = sluice.run("run", sql)
    assert done.code == 1 and "SLUICE_MEMORY_BUDGET" in done.err and "--memory" in done.err, done.all[-2000:]
    assert not rows(job)
    sluice.ok("run", "--memory", "192M", sql)
    check(job, "with --memory 192M")


def test_record_above_what_the_client_receives(sluice, pipeline, tmp_path):
    job = pipeline(partitions=1, config={"max.message.bytes": "33554432"})
    job.topic.produce([*reviews(0, 10), b"x" * 30_000_000])
    done = sluice.run("run", job.write_sql(tmp_path))
    assert done.code == 1 and "SLUICE_MEMORY_BUDGET" in done.err and "--memory" in done.err, done.all[-2000:]
    assert done.seconds < 60
