# SPDX-License-Identifier: Apache-2.0
"""Servers and Sparks, each started once and only when a test asks for it. A server that cannot be had is a skip for a
user and a failure when CI=true. Samples and histories are drawn anew in each run; the last lines say by which seed."""
import os
import pathlib
import random

import pytest
from rig import program, topics
from rig.spark import Spark
from servers.kafka import PASSWORD, Kafka
from servers.minio import ROOT_PASSWORD, Minio
from servers.process import ServerMissing


def pytest_addoption(parser):
    parser.addoption("--all-crash-points", action="store_true", help="the full sweep, not a seeded sample")
    parser.addoption("--crash-cases", type=int, help="of each sweep of a query with state, so many cases drawn by the seed")
    parser.addoption("--all-budgets", action="store_true", help="every case of the memory budget, not a sample")
    parser.addoption("--all-bombs", action="store_true", help="2,000 bombs, not a seeded sample")
    parser.addoption("--all-faults", action="store_true", help="every fault case, not a seeded sample")
    parser.addoption("--all-clients", action="store_true", help="clients of Spark Connect that others wrote")
    parser.addoption("--on-spark", action="store_true",
                     help="run the tests of Python functions on a real Spark Connect server instead of Sluice")
    parser.addoption("--spark-s3", action="store_true", help="run the tests that need Spark's AWS bundle")
    parser.addoption("--batches", type=int, default=250, help="of the test that file handles and memory do not grow")
    parser.addoption("--log-entries", type=int, default=100_000, help="of the large sink log")
    parser.addoption("--seed", type=int, help="of samples and histories (SLUICE_SEED; drawn when there is none)",
                     default=int(os.environ.get("SLUICE_SEED") or random.SystemRandom().randint(1, 1_000_000)))


def pytest_terminal_summary(terminalreporter, config):
    terminalreporter.write_line(f"samples and histories: replay them with --seed {config.getoption('--seed')}")


def start(kind, *arguments, **options):
    """A server; one that cannot be had is a skip for a user and a failure when CI=true."""
    try:
        return kind(*arguments, **options)
    except ServerMissing as missing:
        if os.environ.get("CI") == "true":
            pytest.fail(str(missing), pytrace=False)
        pytest.skip(str(missing))


def closing(server):
    try:
        yield server
    finally:
        server.close()


@pytest.fixture(scope="session")
def kafka():
    yield from closing(start(Kafka))


@pytest.fixture(scope="session")
def minio():
    yield from closing(start(Minio))


@pytest.fixture(scope="session")
def minio_tls():
    yield from closing(start(Minio, tls=True))


@pytest.fixture(scope="session")
def spark():
    """Spark 4.2.0, the reference version."""
    yield from closing(start(Spark, "4.2.0"))


@pytest.fixture(scope="session")
def spark3():
    """Spark 3.5.7, which most jobs installed today run on."""
    yield from closing(start(Spark, "3.5.7"))


@pytest.fixture
def topic(kafka):
    """A factory of topics with names of their own."""
    return lambda *arguments, **options: topics.Topic(kafka, *arguments, **options)


@pytest.fixture
def sluice(tmp_path):
    """Sluice in a working folder of its own, without credentials from this machine."""
    return program.Sluice(tmp_path / "cwd")


@pytest.fixture
def seed(request) -> int:
    return request.config.getoption("--seed")


def keep_samples(config, items) -> None:
    """Of a file marked fault_sample(n), n tests drawn by the seed; a test asked for by name stays."""
    files: dict = {}
    for item in items:
        if item.get_closest_marker("fault_sample"):
            files.setdefault(item.fspath, []).append(item)
    dropped = set()
    for tests in files.values():
        count = tests[0].get_closest_marker("fault_sample").args[0]
        if not config.getoption("keyword") and len(tests) > count:
            dropped.update(set(tests) - set(random.Random(config.getoption("--seed")).sample(tests, count)))
    config.hook.pytest_deselected(items=[item for item in items if item in dropped])
    items[:] = [item for item in items if item not in dropped]


def pytest_ignore_collect(collection_path, config):
    """What only a named command runs: it fetches more than the tests need."""
    return collection_path.name == "clients" and not config.getoption("--all-clients") or None


def pytest_collection_modifyitems(config, items):
    for item in items:
        if item.get_closest_marker("spark_s3") and not config.getoption("--spark-s3"):
            item.add_marker(pytest.mark.skip(reason="needs Spark's AWS bundle (655 MB): make interop-s3"))
    if not config.getoption("--all-faults"):
        keep_samples(config, items)
    # What every test printed is searched for secrets, so that one goes last.
    items.sort(key=lambda item: pathlib.Path(item.fspath).name == "test_secrets.py")
