# SPDX-License-Identifier: Apache-2.0
"""A real Spark in a process of its own, kept for a whole test session: its start costs ten seconds."""
import json
import os
import pathlib
import shutil
import signal
import subprocess

from servers import kafka, process

WORKER = pathlib.Path(__file__).with_name("spark_worker.py")


class SparkFailed(Exception):
    """A job failed inside Spark; `condition` is its error class where it has one."""

    def __init__(self, reply: dict):
        super().__init__(reply["error"])
        self.condition = reply.get("class")


class Spark:
    """version: "4.2.0" or "3.5.7". Jobs run one after the other."""

    def __init__(self, version: str, master: str = "local[2]", conf: dict | None = None, hive: bool = False,
                 s3: bool = False):
        home = process.CACHE / f"spark-{version}"
        jars = [home / "kafka-jars", *([home / "s3-jars"] if s3 else [])]
        if not all((j / ".done").exists() for j in jars):
            raise process.ServerMissing(f"no PySpark {version}{' with S3' if s3 else ''}: tools/deps.sh test")
        self.folder = process.temporary_folder("spark")
        options = {"jars": [str(j) for j in jars], "master": master, "hive": hive, "conf": {
            "spark.sql.warehouse.dir": str(self.folder / "warehouse"), "spark.local.dir": str(self.folder / "local"),
            "spark.hadoop.javax.jdo.option.ConnectionURL": f"jdbc:derby:;databaseName={self.folder}/metastore;create=true",
            "spark.driver.extraJavaOptions": f"-Dderby.system.home={self.folder}", **(conf or {})}}
        env = {**os.environ, "JAVA_HOME": str(pathlib.Path(kafka.java()).parents[1]), "PYSPARK_PYTHON": str(home / "bin/python"),
               "SPARK_LOCAL_IP": "127.0.0.1"}
        self.log = self.folder / "spark.log"
        with open(self.log, "wb") as log:
            self.child = subprocess.Popen(
                ["nice", "-n", "10", str(home / "bin/python"), str(WORKER), json.dumps(options)], env=env, cwd=self.folder,
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, text=True, start_new_session=True)
        self.version = self._reply()["version"]

    def _reply(self) -> dict:
        line = self.child.stdout.readline()
        if not line:
            raise RuntimeError(f"Spark ended:\n{process.tail(self.log, 40)}")
        reply = json.loads(line)
        if not reply["ok"]:
            raise SparkFailed(reply)
        return reply

    def job(self, job: dict) -> dict:
        self.child.stdin.write(json.dumps(job) + "\n")
        self.child.stdin.flush()
        return self._reply()

    def stream(self, pipeline, **more) -> dict:
        return self.job(pipeline.spark_job(**more))

    def identities(self, path) -> list[tuple]:
        reply = self.job({"op": "read", "path": str(path), "select": ["topic", "partition", "offset"]})
        return sorted(tuple(row) for row in reply["rows"])

    def kill(self) -> None:
        """kill -9 of Python and JVM, as a power cut would end them."""
        if self.child.poll() is None:
            os.killpg(self.child.pid, signal.SIGKILL)
            self.child.wait()

    def close(self) -> None:
        if self.child.poll() is None:
            self.child.stdin.close()  # the worker ends with its input, and the JVM with the worker
            try:
                self.child.wait(15)
            except subprocess.TimeoutExpired:
                self.kill()
        shutil.rmtree(self.folder, ignore_errors=True)
