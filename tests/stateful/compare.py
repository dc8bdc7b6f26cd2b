#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Compares Sluice with real Spark on drawn queries that keep state: for each batch its rows, its watermark and what its
operators count, over restarts, with late rows, in all output modes.

  compare.py --seed 1 [--count 50] [--out build/stateful] [--record FILE]

Both engines run the same script through Spark Connect, one server of each for all scripts. Prints each difference, ends with 1 if
there is one. Spark's answers are kept in --out: the same seed asks Spark only once. --record writes the scripts with Spark's answers,
which tests/interop/test_drawn_state.py answers without Spark.
"""
import argparse
import datetime
import json
import os
import pathlib
import re
import shutil
import sys
import tempfile

import pyarrow
import pyarrow.parquet

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]
sys.path[:0] = [str(HERE), str(ROOT / "tests"), str(ROOT / "tools")]
import draw  # noqa: E402  (the paths come first)
from rig import connect, table  # noqa: E402

START = datetime.datetime(2026, 1, 1, tzinfo=datetime.timezone.utc)
COUNTS = ("operatorName", "numRowsTotal", "numRowsUpdated", "numRowsRemoved", "numRowsDroppedByWatermark")


def add_files(folder: pathlib.Path, turn: dict, number: int) -> None:
    for side, files in turn.items():
        (folder / side).mkdir(parents=True, exist_ok=True)
        for index, rows in enumerate(files):
            columns = {f"{side}k": pyarrow.array([k for k, _, _ in rows], pyarrow.string()),
                       f"{side}t": pyarrow.array([START + datetime.timedelta(seconds=s) for _, s, _ in rows], pyarrow.timestamp("us", "UTC")),
                       f"{side}v": pyarrow.array([v for _, _, v in rows], pyarrow.int32())}
            hidden, age = folder / side / f".{number}-{index}", 1_700_000_000 + 10 * number + index
            pyarrow.parquet.write_table(pyarrow.table(columns), hidden)
            os.utime(hidden, (age, age))
            hidden.rename(folder / side / f"part-{number}-{index}.parquet")


def printed_batches(text: str) -> dict[int, list]:
    """The rows of each batch that the console sink printed."""
    batches: dict[int, list] = {}
    for part in re.split(r"^Batch: ", text, flags=re.MULTILINE)[1:]:
        lines = [line for line in part.splitlines() if line.startswith("|")]
        batches[int(part.split("\n", 1)[0])] = sorted([cell.strip() for cell in line[1:-1].split("|")] for line in lines[1:])
    return batches


def logged_batches(folder: pathlib.Path) -> dict[int, list]:
    """The rows of each batch that the sink log names; texts as the console has them."""
    batches = {}
    log = folder / "_spark_metadata"
    for number in table.log_numbers(log):
        paths = [json.loads(line)["path"].removeprefix("file://") for line in (log / str(number)).read_text().split("\n")[1:]]
        rows = [row for path in paths for row in pyarrow.parquet.read_table(path).to_pylist()]
        batches[number] = sorted(["NULL" if cell is None else cell for cell in row.values()] for row in rows)
    return batches


class Engine:
    """One server; `printed` gives what it has printed so far."""

    def __init__(self, name: str, url: str, printed):
        self.name, self.url, self.printed = name, url, printed

    def turn(self, drawn: dict, folder: pathlib.Path, out: pathlib.Path) -> dict:
        """Runs the query to the end of what is there. Of each batch its rows and what its operators count."""
        from pyspark.sql import functions as F

        before = len(self.printed())
        with connect.session(self.url, spark__sql__shuffle__partitions=str(drawn["partitions"]), spark__sql__session__timeZone="UTC",
                             spark__sql__streaming__fileSink__log__compactInterval="1000") as spark:
            writer = draw.frame(spark, F, drawn, folder).writeStream.outputMode(drawn["mode"]).option("checkpointLocation", str(out / "checkpoint"))
            if drawn["mode"] == "append":
                writer = writer.format("parquet").option("path", str(out / "table"))
            else:
                writer = writer.format("console").option("numRows", "1000").option("truncate", "false")
            query = writer.trigger(availableNow=True).start()
            query.awaitTermination()
            counts = {progress["batchId"]: [[operator[name] for name in COUNTS] for operator in progress["stateOperators"]]
                      for progress in map(as_dict, query.recentProgress)
                      if (out / "checkpoint/offsets" / str(progress["batchId"])).exists()}  # not when there was nothing to do
        rows = logged_batches(out / "table") if drawn["mode"] == "append" else printed_batches(self.printed()[before:])
        return {"rows": {str(batch): rows.get(batch, []) for batch in counts}, "counts": {str(k): v for k, v in counts.items()},
                "watermarks": {str(batch): watermark(out / "checkpoint", batch) for batch in counts}}


def as_dict(progress) -> dict:
    return progress if isinstance(progress, dict) else json.loads(progress.json)


def watermark(checkpoint: pathlib.Path, batch: int) -> int:
    return json.loads((checkpoint / "offsets" / str(batch)).read_text().split("\n")[1])["batchWatermarkMs"]


def answer(engine: Engine, drawn: dict, folder: pathlib.Path) -> list[dict]:
    """What each turn gave. An error ends the script: its class is the last answer."""
    turns = []
    for number, turn in enumerate(drawn["turns"]):
        add_files(folder / "in", turn, number)
        try:
            turns.append(engine.turn(drawn, folder / "in", folder))
        except Exception as error:  # the class is what is compared
            get = getattr(error, "getCondition", None) or getattr(error, "getErrorClass", None)
            return [*turns, {"error": (get() if get else None) or type(error).__name__, "text": str(error)[:400]}]
    return turns


def differences(theirs: list[dict], ours: list[dict]) -> list[str]:
    found = []
    for number, (spark, sluice) in enumerate(zip(theirs, ours)):
        if "error" in spark or "error" in sluice:
            if spark.get("error") != sluice.get("error"):
                found.append(f"turn {number}: Spark {spark.get('error')} {spark.get('text', '')}, Sluice {sluice.get('error')} {sluice.get('text', '')}")
            continue
        for what in ("watermarks", "rows", "counts"):
            for batch in sorted({*spark[what], *sluice[what]}, key=int):
                if spark[what].get(batch) != sluice[what].get(batch):
                    found.append(f"turn {number}, batch {batch}, {what}: Spark {spark[what].get(batch)}, Sluice {sluice[what].get(batch)}")
    if len(theirs) != len(ours):
        found.append(f"Spark has {len(theirs)} turns, Sluice {len(ours)}")
    return found


def ask(engine: Engine, drawn: dict) -> list[dict]:
    with tempfile.TemporaryDirectory() as folder:
        return answer(engine, drawn, pathlib.Path(folder))


def sluice_engine(folder: pathlib.Path) -> tuple[connect.Server, Engine]:
    server = connect.Server(folder / "server")
    return server, Engine("Sluice", server.url, server.running.printed)


def answers_of_spark(scripts: list[dict], out: pathlib.Path) -> dict[int, list]:
    known = {}
    todo = []
    for drawn in scripts:
        kept = out / f"{drawn['seed']}.json"
        was = json.loads(kept.read_text()) if kept.exists() else {}
        if was.get("script") == drawn:
            known[drawn["seed"]] = was["spark"]
        else:
            todo.append(drawn)
    if not todo:
        return known
    server = connect.SparkServer(out / "spark")
    try:
        engine = Engine("Spark", server.url, lambda: server.log.read_text(errors="replace"))
        for drawn in todo:
            known[drawn["seed"]] = ask(engine, drawn)
            (out / f"{drawn['seed']}.json").write_text(json.dumps({"script": drawn, "spark": known[drawn["seed"]]}) + "\n")
    finally:
        server.close()
    return known


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--count", type=int, default=50)
    parser.add_argument("--out", type=pathlib.Path, default=ROOT / "build/stateful")
    parser.add_argument("--record", type=pathlib.Path)
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    scripts = [draw.script(seed) for seed in range(options.seed, options.seed + options.count)]
    theirs = answers_of_spark(scripts, options.out)
    server, engine = sluice_engine(options.out)
    wrong = batches = rows = 0
    with server:
        for drawn in scripts:
            ours = ask(engine, drawn)
            found = differences(theirs[drawn["seed"]], ours)
            batches += sum(len(turn.get("rows", {})) for turn in ours)
            rows += sum(len(batch) for turn in ours for batch in turn.get("rows", {}).values())
            wrong += bool(found)
            for line in found[:6]:
                print(f"seed {drawn['seed']}, {drawn['kind']}, {drawn['mode']}: {line}", flush=True)
    shutil.rmtree(options.out / "server", ignore_errors=True)
    if options.record:
        lines = [json.dumps({"script": drawn, "spark": theirs[drawn["seed"]]}) for drawn in scripts]
        options.record.write_text("[\n" + ",\n".join(lines) + "\n]\n")
    print(f"stateful: {len(scripts)} scripts, {batches} batches, {rows} rows: {wrong} scripts differ")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
