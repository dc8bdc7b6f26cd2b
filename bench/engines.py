# SPDX-License-Identifier: Apache-2.0
"""How each engine is made to do the bronze job."""
import glob
import json
import os
import pathlib
import re
import shutil
import sys

import measure
from rig.pipeline import Pipeline
from servers import kafka, process

ROOT = pathlib.Path(__file__).resolve().parent.parent
PROGRAMS = ROOT / "build" / "release"
SPARK = process.CACHE / "spark-4.2.0"
PEERS = process.CACHE / "bench-peers"


class Topic:
    """What rig.pipeline asks of a topic, without a client library in this process."""

    def __init__(self, broker, name: str, partitions: int, records: int):
        self.kafka, self.name, self.partitions, self.records = broker, name, partitions, records


def client_properties(broker, sasl: bool) -> list[str]:
    if not sasl:
        return [f"bootstrap.servers={broker.bootstrap}"]
    return [f"bootstrap.servers={broker.sasl_bootstrap}", "security.protocol=SASL_SSL", "sasl.mechanism=SCRAM-SHA-512",
            f"sasl.username={broker.user}", f"sasl.password={broker.password}", f"ssl.ca.location={broker.ca_file}"]


def fill(broker, name: str, partitions: int, records: int) -> Topic:
    measure.run([PROGRAMS / "bench/produce", name, partitions, records, f"bootstrap.servers={broker.bootstrap}"])
    return Topic(broker, name, partitions, records)


def fresh(folder: pathlib.Path) -> pathlib.Path:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder


class Engine:
    """One way to do the job. run() returns the usage, with `bytes` and `rows`."""

    name = ""

    def __init__(self, work: pathlib.Path, sasl: bool):
        self.work, self.sasl = work, sasl

    def pipeline(self, topic: Topic, folder: pathlib.Path, max_offsets: int | None) -> Pipeline:
        return Pipeline(topic, folder / "table", folder / "checkpoint", sasl=self.sasl, max_offsets=max_offsets,
                        kafka_columns=False)


class Sluice(Engine):
    name = "Sluice"

    def run(self, topic: Topic, max_offsets: int | None = None) -> measure.Usage:
        folder = fresh(self.work / "sluice")
        job = self.pipeline(topic, folder, max_offsets).write_sql(folder)
        return measure.run([PROGRAMS / "sluice", "run", "--progress", "none", job], folder / "checkpoint/commits",
                           log=folder / "log")

    def folder(self) -> pathlib.Path:
        return self.work / "sluice"


class Spark(Engine):
    name = "Spark 4.2.0"

    def __init__(self, work, sasl, repeats: int = 1):
        super().__init__(work, sasl)
        if not (SPARK / "kafka-jars/.done").exists():
            raise process.ServerMissing("no PySpark 4.2.0: tools/deps.sh test")
        self.repeats = repeats

    @staticmethod
    def jars() -> str:
        def artifact(jar):
            return re.sub(r"-[0-9][^/]*$", "", os.path.basename(jar))

        own = {artifact(j) for j in glob.glob(f"{SPARK}/lib/python*/site-packages/pyspark/jars/*.jar")}
        return ":".join(j for j in sorted(glob.glob(f"{SPARK}/kafka-jars/*.jar")) if artifact(j) not in own)

    def run(self, topic: Topic, max_offsets: int | None = None) -> measure.Usage:
        folder = fresh(self.work / "spark")
        pipeline = self.pipeline(topic, folder, max_offsets)
        job = {"jars": self.jars(), "source": pipeline.source, "inner": pipeline.inner, "outer": pipeline.outer,
               "tables": [str(folder / f"{n}" if n else folder) for n in range(self.repeats)]}
        env = {**os.environ, "JAVA_HOME": str(pathlib.Path(kafka.java()).parents[1]), "SPARK_LOCAL_IP": "127.0.0.1",
               "PYSPARK_PYTHON": str(SPARK / "bin/python"), "SPARK_LOCAL_DIRS": str(folder / "local")}
        return measure.run([SPARK / "bin/python", ROOT / "bench/spark_job.py", json.dumps(job)],
                           folder / "checkpoint/commits", env, folder / "log")

    def folder(self) -> pathlib.Path:
        return self.work / "spark"


class RawConsume(Engine):
    name = "raw consume"

    def run(self, topic: Topic) -> measure.Usage:
        return measure.run([PROGRAMS / "bench/raw_consume", topic.name, topic.partitions, topic.records,
                            *client_properties(topic.kafka, self.sasl)])

    def folder(self):
        return None


class Naive(Engine):
    name = "naive loop"

    def run(self, topic: Topic) -> measure.Usage:
        return measure.run([PROGRAMS / "bench/naive", fresh(self.work / "naive"), topic.name, topic.partitions,
                            topic.records, *client_properties(topic.kafka, self.sasl)])

    def folder(self) -> pathlib.Path:
        return self.work / "naive"


class ReadyColumns(Engine):
    name = "Arrow writer, ready columns"

    def run(self, topic: Topic) -> measure.Usage:
        folder = fresh(self.work / "ready")
        usage = measure.run([PROGRAMS / "bench/ready_columns", folder, topic.records], log=folder / "log")
        own = json.loads(usage.output)
        usage.cpu_s, usage.wall_s = own["cpu_s"], own["wall_s"]
        return usage

    def folder(self) -> pathlib.Path:
        return self.work / "ready"


class Peer(Engine):
    """DuckDB or Polars, from a file: no Kafka in it."""

    def __init__(self, work, sasl, kind: str):
        super().__init__(work, sasl)
        self.kind, self.name = kind, {"duckdb": "DuckDB, from a file", "polars": "Polars, from a file"}[kind]
        if not (PEERS / "bin/python").exists():
            raise process.ServerMissing("no DuckDB and Polars: tools/deps.sh bench")

    def run(self, topic: Topic) -> measure.Usage:
        lines = self.work / f"reviews-{topic.records}.tsv"
        if not lines.exists():
            measure.run([PROGRAMS / "bench/produce", "--file", lines, topic.records])
        folder = fresh(self.work / self.kind)
        return measure.run([PEERS / "bin/python", ROOT / "bench/peer_job.py", self.kind, lines, folder / "out.parquet"],
                           log=folder / "log")

    def folder(self) -> pathlib.Path:
        return self.work / self.kind
