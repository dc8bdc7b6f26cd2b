# SPDX-License-Identifier: Apache-2.0
"""`sluice server` and the light PySpark client, each client in a session of its own."""
import contextlib
import os
import pathlib
import re
import signal
import socket
import subprocess
import sys

from rig import program
from servers import kafka, process


def end_without_asking() -> None:
    """Clients that are left when Python ends ask their servers once more, and those that are gone for ten minutes."""
    from pyspark.sql.connect.client.core import SparkConnectClient

    SparkConnectClient._on_exit = lambda self: None


class Server:
    """A server on a free port; use as a context manager, which stops it."""

    def __init__(self, folder: pathlib.Path, *flags, env: dict | None = None, prefix: list = ()):
        end_without_asking()
        folder.mkdir(parents=True, exist_ok=True)
        self.running = program.Running([*prefix, program.SLUICE, "server", "--port", "0", *flags], env or {}, folder)
        ready = re.compile(r"sluice: ready on sc://(\S+):(\d+)\n")
        self.running.wait_until(lambda: ready.search(self.running.printed()), 60, "the ready line")
        self.host, port = ready.search(self.running.printed()).groups()
        self.port = int(port)

    @property
    def url(self) -> str:
        return f"sc://localhost:{self.port}"

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.running.child.poll() is None:
            self.stop()

    def stop(self) -> program.Done:
        self.running.signal(signal.SIGTERM)
        return self.running.wait(60)


@contextlib.contextmanager
def session(url: str, **settings):
    """A session of its own, released at the end."""
    from pyspark.sql.connect.session import SparkSession

    builder = SparkSession.builder.remote(url)
    for key, value in settings.items():
        builder = builder.config(key.replace("__", "."), value)
    spark = builder.create()
    # `create` leaves an active session of another server, perhaps a stopped one, in its place.
    SparkSession._default_session = SparkSession._active_session.session = spark
    try:
        yield spark
    finally:
        if is_listening(url):
            spark.stop()
        else:  # the client would try for minutes to release its session
            spark.client.close()
            SparkSession._default_session = SparkSession._active_session.session = None


def is_listening(url: str) -> bool:
    host, _, port = url.removeprefix("sc://").split("/")[0].partition(":")
    with socket.socket() as probe:
        probe.settimeout(5)
        return probe.connect_ex((host.replace("localhost", "127.0.0.1"), int(port))) == 0


class SparkServer:
    """A real Spark Connect server of the reference version, on a free port; Python functions run in this Python."""

    def __init__(self, folder: pathlib.Path, *flags, prefix: list = ()):
        home = process.CACHE / "spark-4.2.0"
        package = next(home.glob("lib/python3*/site-packages/pyspark"), None)
        if package is None:
            raise process.ServerMissing("no PySpark 4.2.0: tools/deps.sh test")
        end_without_asking()
        folder.mkdir(parents=True, exist_ok=True)
        (self.port,) = process.free_ports(1)
        self.log = folder / "spark.log"
        env = {**os.environ, "JAVA_HOME": str(pathlib.Path(kafka.java()).parents[1]), "SPARK_HOME": str(package),
               "PYSPARK_PYTHON": sys.executable, "SPARK_LOCAL_IP": "127.0.0.1"}
        conf = {"spark.connect.grpc.binding.port": self.port, "spark.sql.warehouse.dir": folder / "warehouse",
                "spark.ui.enabled": "false"}
        settings = [flag for flag in flags if flag != "--conf"] + [f"{key}={value}" for key, value in conf.items()]
        command = [*prefix, str(package / "bin/spark-submit"), "--master", "local[2]", "--driver-memory", "1g"]
        for setting in settings:
            command += ["--conf", str(setting)]
        command += ["--class", "org.apache.spark.sql.connect.service.SparkConnectServer", "spark-internal"]
        with open(self.log, "wb") as log:
            self.child = subprocess.Popen(command, env=env, cwd=folder, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        process.wait_for_port(self.port, self.child, 240, self.log)

    @property
    def url(self) -> str:
        return f"sc://localhost:{self.port}"

    def close(self) -> None:
        process.stop(self.child, 60)


def either(request, folder: pathlib.Path, *flags):
    """`sluice server`, or with --on-spark a real Spark Connect server: for tests that hold for both."""
    if request.config.getoption("--on-spark"):
        server = SparkServer(folder, *flags)
        try:
            yield server
        finally:
            server.close()
        return
    with Server(folder, *flags, env={"PYSPARK_PYTHON": sys.executable}) as started:
        yield started
