# SPDX-License-Identifier: Apache-2.0
"""How each engine is made to do the bronze job."""
import glob
import json
import os
import pathlib
import re
import shutil
import subprocess
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


def add_reviews(topic: Topic, first: int, rate: int, records: int) -> float:
    """Adds reviews to a topic, so many a second; when the first one was due, in seconds since 1970."""
    done = subprocess.run([str(PROGRAMS / "bench/produce"), "--more", str(first), str(rate), topic.name,
                           str(topic.partitions), str(records), f"bootstrap.servers={topic.kafka.bootstrap}"],
                          capture_output=True, text=True, check=True)
    return float(done.stdout)


def fresh(folder: pathlib.Path) -> pathlib.Path:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder


def spark_environment(work: pathlib.Path, **more: str) -> dict[str, str]:
    """Of a process that runs Spark, with its own Python and its files below `work`."""
    return {**os.environ, "JAVA_HOME": str(pathlib.Path(kafka.java()).parents[1]), "SPARK_LOCAL_IP": "127.0.0.1",
            "PYSPARK_PYTHON": str(SPARK / "bin/python"), "SPARK_LOCAL_DIRS": str(work / "spark-local"), **more}


def python_programs(work: pathlib.Path, submit_arguments: str) -> dict[str, tuple[list, dict]]:
    """What stands before a PySpark program, and its environment: by `sluice submit`, and by Spark's own Python."""
    spark = spark_environment(work, PYSPARK_SUBMIT_ARGS=f"--driver-memory 4g {submit_arguments} pyspark-shell")
    return {"Sluice": ([PROGRAMS / "sluice", "submit"], {**os.environ, "PYSPARK_PYTHON": sys.executable}),
            "Spark": ([SPARK / "bin/python"], spark)}


class Engine:
    """One way to do the job: run() returns its usage, folder() where its Parquet files are."""

    name = ""

    def __init__(self, work: pathlib.Path, sasl: bool):
        self.work, self.sasl = work, sasl
        self.shape: dict = {}  # further arguments of Pipeline: what the job selects, by what the table is partitioned

    def pipeline(self, topic: Topic, folder: pathlib.Path, max_offsets: int | None = None, **more) -> Pipeline:
        return Pipeline(topic, folder / "table", folder / "checkpoint", sasl=self.sasl, max_offsets=max_offsets,
                        **{"kafka_columns": False, **self.shape, **more})


class Sluice(Engine):
    name = "Sluice"

    def run(self, topic: Topic, max_offsets: int | None = None) -> measure.Usage:
        folder = fresh(self.folder())
        job = self.pipeline(topic, folder, max_offsets).write_sql(folder)
        return measure.run([PROGRAMS / "sluice", "run", "--progress", "none", job], folder / "checkpoint/commits",
                           log=folder / "log")

    def steady(self, topic: Topic) -> tuple[list, dict, pathlib.Path]:
        folder = fresh(self.folder())
        job = self.pipeline(topic, folder, kafka_columns=True).write_sql(folder, "processingTime 0 seconds")
        return [PROGRAMS / "sluice", "run", "--progress", "none", job], dict(os.environ), folder

    def folder(self) -> pathlib.Path:
        return self.work / "sluice"


class SluiceOnS3(Engine):
    """The table on S3, the checkpoint on the local disk."""

    name = "Sluice, table on S3"

    def __init__(self, work, sasl, s3):
        super().__init__(work, sasl)
        self.s3, self.runs = s3, 0

    def run(self, topic: Topic) -> measure.Usage:
        folder = fresh(self.work / "sluice-s3")
        self.runs += 1
        pipeline = self.pipeline(topic, folder)
        pipeline.table = f"s3a://{self.s3.bucket}/bench/{self.runs}"
        return measure.run([PROGRAMS / "sluice", "run", "--progress", "none", pipeline.write_sql(folder)],
                           folder / "checkpoint/commits", {**os.environ, **self.s3.env()}, folder / "log")

    def folder(self):
        return None


class Spark(Engine):
    """The first query of a fresh JVM is the whole job; further ones in the same JVM are warm."""

    name = "Spark 4.2.0"

    def __init__(self, work, sasl, warm: int = 0):
        super().__init__(work, sasl)
        if not (SPARK / "kafka-jars/.done").exists():
            raise process.ServerMissing("no PySpark 4.2.0: tools/deps.sh test")
        self.queries = 1 + warm
        self.warm_usage: list[measure.Usage] = []  # of the last run

    @staticmethod
    def jars() -> str:
        def artifact(jar):
            return re.sub(r"-[0-9][^/]*$", "", os.path.basename(jar))

        own = {artifact(j) for j in glob.glob(f"{SPARK}/lib/python*/site-packages/pyspark/jars/*.jar")}
        return ":".join(j for j in sorted(glob.glob(f"{SPARK}/kafka-jars/*.jar")) if artifact(j) not in own)

    def command(self, pipeline: Pipeline | None, **more) -> tuple[list, dict]:
        job = {"bench": str(ROOT / "bench"), "jars": self.jars(), "tables": [], **more}
        if pipeline is not None:
            job |= {"source": pipeline.source, "inner": pipeline.inner, "outer": pipeline.outer,
                    "partition_by": pipeline.partition_by}
        env = spark_environment(self.work)
        return [SPARK / "bin/python", ROOT / "bench/spark_job.py", json.dumps(job)], env

    def run(self, topic: Topic, max_offsets: int | None = None) -> measure.Usage:
        folder = fresh(self.work / "spark")
        tables = [str(folder / f"warm-{n}" if n else folder) for n in range(self.queries if max_offsets is None else 1)]
        command, env = self.command(self.pipeline(topic, folder, max_offsets), tables=tables)
        usage = measure.run(command, folder / "checkpoint/commits", env, folder / "log")
        queries = [json.loads(line) for line in usage.output.splitlines() if line.startswith('{"query"')]
        # What the warm queries took is not the whole job's.
        usage.wall_s -= sum(q["wall_s"] for q in queries[1:])
        usage.cpu_s -= queries[-1]["cpu_s"] - queries[0]["cpu_s"]
        if len(queries) > 1:
            usage.peak_mb = queries[0]["peak_mb"]
        self.warm_usage = [measure.Usage(wall_s=q["wall_s"], cpu_s=q["cpu_s"] - before["cpu_s"], peak_mb=q["peak_mb"])
                           for before, q in zip(queries, queries[1:])]
        return usage

    def steady(self, topic: Topic) -> tuple[list, dict, pathlib.Path]:
        folder = fresh(self.work / "spark")
        command, env = self.command(self.pipeline(topic, folder, kafka_columns=True), tables=[str(folder)], steady=True)
        return command, env, folder

    def read(self, folders: list[pathlib.Path]) -> list[float]:
        """Seconds to read each folder whole, in this order, in one JVM."""
        command, env = self.command(None, read=[str(f) for f in folders])
        output = measure.run(command, env=env, log=self.work / "read.log").output
        return [json.loads(line)["wall_s"] for line in output.splitlines() if line.startswith('{"query"')]

    def folder(self) -> pathlib.Path:
        return self.work / "spark" / "table"


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

    def read(self, folders: list[pathlib.Path]) -> list[float]:
        """Seconds in which DuckDB reads each folder whole, in this order, in one process."""
        output = measure.run([PEERS / "bin/python", ROOT / "bench/peer_job.py", "read", *folders],
                             log=self.work / "read.log").output
        return [float(line) for line in output.splitlines()]

    def folder(self) -> pathlib.Path:
        return self.work / self.kind
