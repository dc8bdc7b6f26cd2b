# SPDX-License-Identifier: Apache-2.0
"""Queries that keep state, made to fail at each of their calls (see test_crash_points.py), and started again: what they
gave and what they keep must be what a run without a fault gives and keeps, batch by batch.

A batch without rows, which brings out the windows that the watermark has passed, is not made up for by a restart (Spark
does not either): where the fault came before it was planned, table and state are judged as they are one batch before.

`make test` runs a seeded sample (--seed), `make crash` all that the kinds below say."""
import dataclasses
import json
import pathlib
import shutil
import urllib.parse

import pytest
from places import LocalPlace, a_place
from rig import table
from rig.pipeline import quoted
from sweep import Sweep, assert_whole, count_of_cases, rows_of  # noqa: F401  (a fixture)

SAMPLE, KILLS_THEN_CUTS, KILLS_THEN_CUTS_SAMPLE = 2, 200, 2

# second and key of each record, four of which are a batch
RECORDS = [(1, "a"), (2, "b"), (3, "a"), (11, "a"), (25, "c"), (12, "b"), (31, "a"), (5, "late"),
           (60, "d"), (33, "a"), (2, "late"), (61, "d")]
MORE = [(70, "a"), (62, "d"), (71, "a"), (40, "late"), (90, "e"), (85, "d"), (91, "e"), (70, "a")]
ROWS = "(SELECT timestamp_seconds(CAST(split(value, ',')[0] AS INT)) AS {0}t, split(value, ',')[1] AS {0}k, offset AS {0}v " \
       "FROM (SELECT CAST(value AS STRING) AS value, offset FROM STREAM {{source}})) WATERMARK {0}t DELAY OF INTERVAL {1} SECONDS"
LEFT, RIGHT = ROWS.format("l", 10), ROWS.format("r", 10)
COUNT = f"SELECT window.start AS s, lk, count(*) AS n, sum(lv) AS total FROM {LEFT} GROUP BY window(lt, '10 seconds'), lk"
# By kind: the sink, its mode, the query, and how many cases of each depth are drawn for `make crash` (None: all).
KINDS = {
    "count": ("parquet", "append", COUNT, None),
    "snapshots": ("parquet", "append", COUNT, 100),
    "update": ("noop", "update", COUNT, 50),
    "distinct": ("parquet", "append", f"SELECT DISTINCT lt, lk FROM {LEFT}", 50),
    "join": ("parquet", "append", f"SELECT lk, lv, rv FROM {LEFT} LEFT JOIN {RIGHT} ON lk = rk AND rt >= lt AND rt <= lt + INTERVAL 5 SECONDS",
             100),
}
# Snapshots after two versions, and files that nobody needs any more are deleted at once.
TIDY = {"stateStore.minDeltasForSnapshot": "2", "stateStore.maintenanceInterval": "1ms", "minBatchesToRetain": "1"}


@dataclasses.dataclass
class Query:
    table: str  # empty: the sink keeps nothing
    checkpoint: str
    kind: str
    topic: object

    def write_sql(self, folder: pathlib.Path) -> pathlib.Path:
        sink, mode, select, _ = KINDS[self.kind]
        source = (f"read_kafka(bootstrapServers => '{self.topic.kafka.bootstrap}', subscribe => '{self.topic.name}', "
                  "startingOffsets => 'earliest', maxOffsetsPerTrigger => '4')")
        settings = {"shuffle.partitions": "2", **{f"streaming.{k}": v for k, v in (TIDY if self.kind == "snapshots" else {}).items()}}
        location = self.table if "://" in self.table else f"file://{self.table}"
        words = [*(f"SET spark.sql.{k} = {v};\n" for k, v in settings.items()), f"CREATE STREAMING TABLE t USING {sink}",
                 f" LOCATION {quoted(location)}" if self.table else "",
                 f"\nOPTIONS (checkpointLocation {quoted(self.checkpoint)}, outputMode '{mode}', trigger 'availableNow')",
                 f"\nAS {select.format(source=source)};\n"]
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / "query.sql"
        path.write_text("".join(words))
        return path


@dataclasses.dataclass
class Found:
    """Of a place: the rows of each batch by the sink log, those of a plain listing, and the state's files."""
    by_batch: list[list[str]]
    listed: list[str]
    state: dict[str, bytes]

    @classmethod
    def of(cls, place, query: Query):
        listed, by_batch = [], []
        if query.table:
            listed, folder = rows_of(place.listing()), place.local_table()
            for number in table.log_numbers(folder / "_spark_metadata"):
                lines = (folder / "_spark_metadata" / str(number)).read_text().split("\n")[1:]
                by_batch.append(rows_of([pathlib.Path(urllib.parse.unquote(json.loads(line)["path"]).removeprefix("file://"))
                                         for line in lines]))
        else:
            place.listing()  # on S3 this is what brings the files here
        root = place.local_checkpoint() / "state"
        return cls(by_batch, listed, {str(f.relative_to(root)): f.read_bytes() for f in root.rglob("*")
                                      if f.is_file() and not f.name.startswith(".")})


class Judge:
    """The first call is for the run without a fault, which the later ones are compared with."""

    def __init__(self, place, sluice, query: Query):
        self.place, self.sluice, self.query = place, sluice, query
        self.right: Found | None = None
        self.dumps: list[str] = []  # of the state after each batch

    def dump(self, batch: int) -> str:
        words = ("checkpoint", "state", self.query.checkpoint, "--format", "csv", "--operator", "0", "--batch", str(batch))
        names = ([f"{side}-{kind}" for side in ("left", "right") for kind in ("keyToNumValues", "keyWithIndexToValue")]
                 if self.query.kind == "join" else ["default"])
        return "\n".join("\n".join(sorted(self.sluice.ok(*words, "--store", name).out.splitlines())) for name in names)

    def __call__(self) -> None:
        found = Found.of(self.place, self.query)
        last = self.place.batches("commits")[-1]
        assert_whole(self.place, self.sluice, self.query)
        if self.right is None:
            self.remember(found, last)
            return
        batches = len(self.dumps)
        assert last in (batches - 1, batches - 2), f"{last + 1} batches instead of {batches}"
        if found.by_batch:
            assert found.by_batch == self.right.by_batch[:last + 1], f"the batches gave {found.by_batch}"
            assert found.listed == sorted(row for rows in found.by_batch for row in rows), f"a listing has {found.listed}"
        self.judge_state(found, last)

    def remember(self, found: Found, last: int) -> None:
        self.right = found
        assert last >= 3 and found.listed == sorted(row for rows in found.by_batch for row in rows)
        kept = min(int(pathlib.Path(name).name.split(".")[0]) for name in found.state if not name.endswith(("metadata", "schema")))
        self.dumps = ["" if batch + 1 < kept and self.query.kind == "snapshots" else self.dump(batch) for batch in range(last + 1)]

    def judge_state(self, found: Found, last: int) -> None:
        """Each store of each partition has what it must have; where the bytes are others, the rows are the same."""
        for name, content in self.right.state.items():
            version, _, kind = pathlib.Path(name).name.partition(".")
            if kind and (int(version) > last + 1 or kind == "snapshot" or self.query.kind == "snapshots"):
                continue
            assert name in found.state, f"state/{name} is missing"
            assert kind or found.state[name] == content, f"state/{name} has other bytes"
        extra = [name for name in found.state if name not in self.right.state and not name.endswith(".snapshot")]
        assert not extra or self.query.kind == "snapshots", f"state has also {extra}"
        if {name: found.state.get(name) for name in self.right.state} != self.right.state:
            assert self.dump(last) == self.dumps[last], f"the state after batch {last} is\n{self.dump(last)}\nnot\n{self.dumps[last]}"


def begin(place, kind: str, sluice, topic, folder: pathlib.Path):
    query = Query(f"{place.base}/table" if KINDS[kind][0] == "parquet" else "", f"{place.base}/checkpoint", kind, topic)
    job = query.write_sql(folder / "job")
    add(topic, RECORDS)
    if kind == "snapshots":  # four batches are there; what is swept begins by reading their state
        sluice.ok("run", job)
        add(topic, MORE)
    return query, job


def add(topic, records) -> None:
    topic.produce([f"{second},{key}".encode() for second, key in records])


@pytest.fixture(params=["local", "s3", "local seams", "s3 seams"])
def place(request, tmp_path):
    yield from a_place(request, tmp_path)


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_every_call_of_a_query_with_state_fails_in_turn(place, kind, sluice, minio, topic, tmp_path, pytestconfig, seed):
    sluice.env.update(minio.env())
    query, job = begin(place, kind, sluice, topic(2), tmp_path)
    most = KINDS[kind][3] if pytestconfig.getoption("--all-crash-points") else SAMPLE
    Sweep(place, sluice, job, Judge(place, sluice, query)).run(seed, pytestconfig.getoption("--crash-cases") or most)


@pytest.mark.parametrize("kind", ["count", "snapshots"])
def test_a_power_cut_after_a_kill(kind, sluice, topic, tmp_path, pytestconfig, seed):
    place = LocalPlace(tmp_path)
    query, job = begin(place, kind, sluice, topic(2), tmp_path)
    most = KILLS_THEN_CUTS if pytestconfig.getoption("--all-crash-points") else KILLS_THEN_CUTS_SAMPLE
    count = pytestconfig.getoption("--crash-cases") or most
    Sweep(place, sluice, job, Judge(place, sluice, query)).kills_then_cuts(seed, count)
