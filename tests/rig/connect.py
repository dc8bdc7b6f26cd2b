# SPDX-License-Identifier: Apache-2.0
"""`sluice server` and the light PySpark client, each client in a session of its own."""
import contextlib
import pathlib
import re
import signal

from rig import program


def end_without_asking() -> None:
    """Clients that are left when Python ends ask their servers once more, and those that are gone for ten minutes."""
    from pyspark.sql.connect.client.core import SparkConnectClient

    SparkConnectClient._on_exit = lambda self: None


class Server:
    """A server on a free port; use as a context manager, which stops it."""

    def __init__(self, folder: pathlib.Path, *flags, env: dict | None = None):
        end_without_asking()
        folder.mkdir(parents=True, exist_ok=True)
        self.running = program.Sluice(folder, env).start("server", "--port", "0", *flags)
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
    try:
        yield spark
    finally:
        spark.stop()
