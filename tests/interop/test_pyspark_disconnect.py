# SPDX-License-Identifier: Apache-2.0
"""What becomes of a client's streaming queries when the client has gone (spark.sluice.streaming.stopOnDisconnect)."""
import os
import signal
import subprocess
import sys
import time
import uuid

import pytest
from rig import connect

# Starts a query in the session whose id it is given, then does what the last argument says.
PROGRAM = """
import sys
from pyspark.sql.connect.session import SparkSession
url, stops, how = sys.argv[1:]
spark = SparkSession.builder.remote(url).create()
spark.conf.set("spark.sluice.streaming.stopOnDisconnect", stops)
spark.conf.set("spark.sluice.streaming.disconnectTimeout", "3s")
query = spark.readStream.format("rate").load().writeStream.format("noop").start()
print("started", flush=True)
if how == "waits":
    query.awaitTermination()
"""


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    with connect.Server(tmp_path_factory.mktemp("server")) as started:
        yield started


@pytest.fixture
def client(server, tmp_path):
    """Starts a client; it is killed at the end."""
    (tmp_path / "program.py").write_text(PROGRAM)
    started = []

    def start(stops: str, how: str) -> "Client":
        started.append(Client(server, tmp_path / "program.py", stops, how))
        return started[-1]

    yield start
    for one in started:
        one.kill()


class Client:
    def __init__(self, server, program, stops: str, how: str):
        self.url = f"{server.url}/;session_id={uuid.uuid4()};user_id=tester"
        self.child = subprocess.Popen([sys.executable, str(program), self.url, stops, how], stdout=subprocess.PIPE,
                                      env={**os.environ, "PYTHONWARNINGS": "ignore"})
        assert self.child.stdout.readline() == b"started\n"

    def kill(self) -> None:
        if self.child.poll() is None:
            self.child.send_signal(signal.SIGKILL)
            self.child.wait()

    def queries(self) -> int:
        """Those that run in its session, asked for by a client that takes the session over."""
        from pyspark.sql.connect.session import SparkSession

        spark = SparkSession.builder.remote(self.url).create()
        try:
            return len(spark.streams.active)
        finally:  # stop() would end the session
            spark.client.close()
            SparkSession._default_session = SparkSession._active_session.session = None


def test_a_client_that_is_killed_while_it_waits(client):
    waiting = client("true", "waits")
    time.sleep(2)  # it waits by now
    waiting.kill()
    deadline = time.monotonic() + 60
    while waiting.queries() > 0 and time.monotonic() < deadline:
        time.sleep(10)  # each call is one of the session's, and begins the time anew
    assert waiting.queries() == 0


def test_a_query_outlives_its_client_by_default(client):
    waiting = client("false", "waits")
    time.sleep(2)
    waiting.kill()
    time.sleep(9)
    assert waiting.queries() == 1


def test_a_client_that_waits_keeps_its_queries(client):
    waiting = client("true", "waits")
    time.sleep(9)
    assert waiting.child.poll() is None


def test_a_program_that_ends(client):
    ending = client("true", "ends")
    assert ending.child.wait(150) == 0
    deadline = time.monotonic() + 30  # the batch that runs comes to its end
    while ending.queries() > 0 and time.monotonic() < deadline:
        time.sleep(0.2)
    assert ending.queries() == 0


def test_a_program_that_ends_leaves_its_queries_by_default(client):
    ending = client("false", "ends")
    assert ending.child.wait(150) == 0
    time.sleep(2)
    assert ending.queries() == 1
