# SPDX-License-Identifier: Apache-2.0
"""Random histories on real servers: records and partitions arrive, Sluice runs, is killed, told to stop or meets a broker
that restarts or an S3 that fails for a while, settings change, and real Spark carries out batches in between. Afterwards
every record is in the table once. `make test` lives 1 (--seed), `make crash` 30; --seed N begins with another one."""
import contextlib
import json
import random
import signal
import subprocess

import pytest
from conftest import closing, start
from places import LocalPlace, S3Place
from rig import table
from rig.pipeline import Pipeline
from rig.reviews import reviews
from rig.topics import Topic
from servers.kafka import Kafka

STEPS = {"local": ["produce", "produce", "add partition", "settings", "run", "kill", "kill", "term", "broker", "spark"],
         "s3": ["produce", "produce", "add partition", "settings", "run", "kill", "kill", "term", "broker", "s3 errors"]}


def script(seed: int) -> tuple[str, list[tuple]]:
    """Place and steps of a seed: plain values, so that a failure can print them."""
    dice = random.Random(seed)
    place = "local" if seed % 2 else "s3"
    steps = [("produce", 200)]
    for _ in range(dice.randint(6, 10)):
        what = dice.choice(STEPS[place])
        draw = {"produce": lambda: dice.randint(1, 400), "kill": lambda: round(dice.uniform(0.02, 0.6), 3),
                "term": lambda: round(dice.uniform(0.02, 0.6), 3), "broker": lambda: round(dice.uniform(0.02, 0.4), 3),
                "s3 errors": lambda: (dice.randint(1, 30), dice.randint(1, 12), dice.choice(["error", "lost", "reset"])),
                "settings": lambda: {"limit": dice.choice([None, 37, 90]), "minPartitions": dice.choice([None, "5"]),
                                     "codec": dice.choice(["snappy", "zstd"])}}
        steps.append((what, draw[what]() if what in draw else None))
    return place, steps


class History:
    def __init__(self, place, sluice, kafka, folder):
        self.place, self.sluice, self.kafka, self.folder = place, sluice, kafka, folder
        self.topic = Topic(kafka, 2, name="history")
        self.settings = {"limit": 90, "minPartitions": None, "codec": "snappy"}
        self.produced, self.killed, self.foreign = 0, False, False

    def pipeline(self) -> Pipeline:
        options = {"minPartitions": self.settings["minPartitions"]} if self.settings["minPartitions"] else {}
        return Pipeline(self.topic, f"{self.place.base}/table", f"{self.place.base}/checkpoint",
                        max_offsets=self.settings["limit"], options=options,
                        settings={"spark.sql.parquet.compression.codec": self.settings["codec"]})

    def job(self):
        return self.pipeline().write_sql(self.folder / "job")

    def interrupted(self, seconds: float, act) -> None:
        with self.sluice.start("run", self.job()) as running:
            with contextlib.suppress(subprocess.TimeoutExpired):
                running.child.wait(seconds)
            act(running)
            running.wait(180)

    def do(self, what: str, value, spark) -> None:
        if what == "produce":
            self.topic.produce(reviews(self.produced, value))
            self.produced += value
        elif what == "add partition":
            self.topic.add_partitions(1)
        elif what == "settings":
            self.settings = value
        elif what == "run":
            self.sluice.ok("run", self.job(), timeout=180)
        elif what == "kill":
            self.killed = True
            self.interrupted(value, lambda running: running.signal(signal.SIGKILL))
        elif what == "term":
            self.interrupted(value, lambda running: running.signal(signal.SIGTERM))
        elif what == "broker":
            self.interrupted(value, lambda _: self.kafka.restart())
        elif what == "s3 errors":
            first, count, way = value
            self.place.proxy.reset(lambda n, _method, _path: way if first <= n < first + count else None)
            with self.sluice.start("run", self.job(), env={"AWS_ENDPOINT_URL": self.place.proxy.endpoint}) as running:
                running.wait(180)
        elif what == "spark" and table.log_numbers(self.place.base / "checkpoint" / "commits"):
            self.foreign |= self.killed
            spark().stream(self.pipeline())

    def judge(self) -> None:
        self.sluice.ok("run", self.job(), timeout=180)
        expected = self.topic.expected()
        pipeline = self.pipeline()
        if self.foreign:  # Spark ran a batch of a killed Sluice again: our files of it are nobody's
            self.sluice.ok("checkpoint", "clean", pipeline.checkpoint, "--sink", pipeline.table)
        table.assert_exactly_once(table.identities(self.place.listing()), expected, "plain listing")
        table.assert_exactly_once(table.identities(self.place.logged()), expected, "sink log")
        offsets, commits = self.place.batches("offsets"), self.place.batches("commits")
        assert offsets == commits == list(range(len(offsets))), f"logs: {offsets} {commits}"
        self.sluice.ok("checkpoint", "verify", pipeline.checkpoint, "--sink", pipeline.table)


@pytest.fixture(scope="module")
def mortal_kafka():
    """A broker of our own: it is restarted under everybody who uses it."""
    yield from closing(start(Kafka))


def test_every_record_once_after_any_history(mortal_kafka, minio, sluice, tmp_path, seed, pytestconfig, request):
    sluice.env.update(minio.env())
    count = 30 if pytestconfig.getoption("--all-crash-points") else 1
    for number in range(seed, seed + count):
        name, steps = script(number)
        folder = tmp_path / str(number)
        folder.mkdir()
        place = LocalPlace(folder) if name == "local" else S3Place(folder, minio)
        history = History(place, sluice, mortal_kafka, folder)
        try:
            for what, value in steps:
                history.do(what, value, lambda: request.getfixturevalue("spark"))
            history.judge()
        except Exception as wrong:
            pytest.fail(f"history --seed {number} ({name}):\n{json.dumps(steps)}\n{wrong}", pytrace=False)
        finally:
            place.close()
        print(f"history {number} ({name}): {len(steps)} steps", flush=True)
