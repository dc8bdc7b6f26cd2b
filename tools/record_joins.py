# SPDX-License-Identifier: Apache-2.0
"""Records joins of two streams that Spark runs: tests/golden/state/joins.json.

Usage: record_joins.py      with the Python of a PySpark 4.2.0, JAVA_HOME set

{"turns": [{"l": [row, ..], "r": [row, ..]}, ..],      the rows of one JSON file of each stream
 "kinds": {name: {"sql": .., "runs": whether every turn is a run of its own, else all are one run, a file of each stream a batch,
                  "rows": [[batch, [row, ..]], ..], "watermarks": [milliseconds, of each batch],
                  "state": {"<operator>/<partition>/<store>": [{key: value or null}, .. of each delta, as hexadecimal digits]}}}}
The views: l (lk STRING, lt TIMESTAMP, lv INT), ten seconds of watermark; r (rk, rt, rv), twenty; w has r without one.
"""
import json
import os
import pathlib
import shutil
import struct
import tempfile

GOLDEN = pathlib.Path(__file__).resolve().parent.parent / "tests" / "golden" / "state" / "joins.json"


def row(side: str, key, second, value) -> dict:
    time = None if second is None else f"2026-01-01T{second // 3600:02}:{second // 60 % 60:02}:{second % 60:02}.000Z"
    return {f"{side}k": key, f"{side}t": time, f"{side}v": value}


# Of each turn the rows of both streams: key, second, value.
TURNS = [
    ([("a", 10, 1), ("a", 11, 2), ("b", 12, 3), (None, 12, 4), ("a key of more than twelve bytes", 12, -1), ("d", None, 5)],
     [("a", 13, 1), ("c", 14, 2), ("a", 13, 3), (None, 12, 4), ("d", 12, 5), ("b", None, 6)]),
    ([("a", 30, 6), ("c", 14, 7), ("a", 14, 8), ("e", 31, 9)],
     [("a", 31, 7), ("a", 30, None), ("f", 40, 8), ("b", 12, 9)]),
    ([("a", 33, 10), ("f", 38, 11), ("e", 32, 12), ("a", 2, 13), ("b", 29, 30)],
     [("e", 33, 9), ("a", 34, 2), ("a", 1, 11), ("g", 50, 12), ("b", 20, 31)]),
    ([("g", 50, 14), ("h", 70, 15), (None, 60, 16)],
     [("h", 71, 13), ("a", 35, 14), ("f", 43, 15), (None, 60, 16), ("h", 64, 17)]),
    ([("h", 75, 1), ("i", 130, 17), ("h", 70, 0)],
     [("i", 131, 16), ("h", 79, 17), ("j", 140, 18)]),
    ([("k", 300, 18)], [("k", 300, 19)]),
]
RANGE = "lk = rk AND rt >= lt AND rt <= lt + INTERVAL 5 SECONDS"
KINDS = {
    "semi in runs": f"SELECT * FROM l LEFT SEMI JOIN r ON {RANGE}",
    "left in runs": f"SELECT * FROM l LEFT JOIN r ON {RANGE}",
    "inner": f"SELECT * FROM l JOIN r ON {RANGE}",
    "left": f"SELECT * FROM l LEFT JOIN r ON {RANGE}",
    "right": f"SELECT * FROM l RIGHT JOIN r ON {RANGE}",
    "full": f"SELECT * FROM l FULL JOIN r ON {RANGE}",
    "semi": f"SELECT * FROM l LEFT SEMI JOIN r ON {RANGE}",
    "inner by time": "SELECT * FROM l JOIN r ON lk = rk AND lt = rt",
    "left by time": "SELECT lk, lv, rv FROM l LEFT JOIN r ON lt = rt AND lk = rk",
    "full by time": "SELECT * FROM l FULL JOIN r ON lk = rk AND lt = rt",
    "semi by time": "SELECT lv FROM l LEFT SEMI JOIN r ON lk = rk AND lt = rt",
    "by window": "SELECT lk, a.w.end AS e, lv, rv FROM (SELECT window(lt, '10 seconds') AS w, * FROM l) a JOIN "
                 "(SELECT window(rt, '10 seconds') AS w, * FROM r) b ON lk = rk AND a.w = b.w",
    "left with conditions of one side": f"SELECT lk, lv, rv FROM l LEFT JOIN r ON {RANGE} AND lv > 2 AND rv > 1",
    "right with conditions of one side": f"SELECT lk, lv, rv FROM l RIGHT JOIN r ON {RANGE} AND lv > 2 AND rv > 1",
    "full with conditions of one side": f"SELECT lk, lv, rv FROM l FULL JOIN r ON {RANGE} AND lv > 2 AND rv > 1",
    "without times": "SELECT lk, lv, rv FROM l JOIN r ON lk = rk",
    "one watermark": "SELECT * FROM l JOIN (SELECT * FROM w) r ON lk = rk AND lt < rt AND rt < lt + INTERVAL 20 SECONDS",
    "by expressions": "SELECT * FROM l JOIN r ON upper(lk) = upper(rk) AND lv + 1 = rv AND lt - INTERVAL 10 SECONDS < rt "
                      "AND rt BETWEEN lt AND lt + INTERVAL 1 MINUTE",
    "filtered": f"SELECT lv, rv FROM l JOIN r ON {RANGE} WHERE lv > 1 AND rv < 12",
}


def entries(spark, path: pathlib.Path) -> dict:
    """The entries of a delta."""
    packed = spark._jvm.java.io.ByteArrayInputStream(path.read_bytes())
    stream = spark._jvm.net.jpountz.lz4.LZ4BlockInputStream
    plain = bytes((stream(packed) if spark.version < "4" else stream.newBuilder().build(packed)).readAllBytes())
    found = {}
    while True:
        size, = struct.unpack(">i", plain[:4])
        if size < 0:
            return found
        key, (length,) = plain[4:4 + size], struct.unpack(">i", plain[4 + size:8 + size])
        plain = plain[8 + size:]
        found[key.hex()] = None if length < 0 else plain[:length].hex()
        plain = plain[max(length, 0):]


def streams(spark, folder: pathlib.Path) -> None:
    for side in "lr":
        schema = f"{side}k STRING, {side}t TIMESTAMP, {side}v INT"
        rows = spark.readStream.schema(schema).option("maxFilesPerTrigger", 1).json(str(folder / side))
        rows.withWatermark(f"{side}t", "10 seconds" if side == "l" else "20 seconds").createOrReplaceTempView(side)
        if side == "r":
            rows.createOrReplaceTempView("w")


def add(folder: pathlib.Path, number: int) -> None:
    for side, rows in zip("lr", TURNS[number]):
        path = folder / side / f"{number}.json"
        path.parent.mkdir(exist_ok=True)
        path.write_text("".join(json.dumps(row(side, *one)) + "\n" for one in rows))
        os.utime(path, (1_700_000_000 + number,) * 2)


def run(spark, sql: str, folder: pathlib.Path, emitted: dict) -> None:
    def keep(frame, batch):
        emitted[batch] = sorted(frame.toJSON().collect())

    streams(spark, folder)
    query = (spark.sql(sql).writeStream.option("checkpointLocation", str(folder / "ck")).trigger(availableNow=True)
             .foreachBatch(keep).start())
    query.awaitTermination()


def record(spark, sql: str, runs: bool) -> dict:
    folder = pathlib.Path(tempfile.mkdtemp())
    emitted: dict = {}
    for number in range(len(TURNS)):
        add(folder, number)
        if runs or number + 1 == len(TURNS):
            run(spark, sql, folder, emitted)
    offsets = folder / "ck" / "offsets"
    batches = sorted(int(path.name) for path in offsets.iterdir() if path.name.isdigit())
    watermarks = [json.loads((offsets / str(batch)).read_text().split("\n")[1])["batchWatermarkMs"] for batch in batches]
    state: dict = {}
    for path in sorted((folder / "ck" / "state").glob("*/*/*/*.delta"), key=lambda path: int(path.stem)):
        place = str(path.parent.relative_to(folder / "ck" / "state"))
        assert int(path.stem) == len(state.setdefault(place, [])) + 1
        state[place].append(dict(sorted(entries(spark, path).items())))
    shutil.rmtree(folder, ignore_errors=True)
    return {"sql": sql, "runs": runs, "rows": [[batch, emitted.get(batch, [])] for batch in batches], "watermarks": watermarks,
            "state": dict(sorted(state.items()))}


def main() -> None:
    os.environ["TZ"] = "UTC"
    from pyspark.sql import SparkSession

    spark = (SparkSession.builder.master("local[2]").config("spark.sql.session.timeZone", "UTC").config("spark.ui.enabled", "false")
             .config("spark.sql.shuffle.partitions", "2").config("spark.default.parallelism", "1").getOrCreate())
    spark.sparkContext.setLogLevel("OFF")
    kinds = {}
    for name, sql in KINDS.items():
        kinds[name] = record(spark, sql, name.endswith("in runs"))
        print(name, flush=True)
    spark.stop()
    turns = [{side: [row(side, *one) for one in rows] for side, rows in zip("lr", turn)} for turn in TURNS]
    lines = ",\n".join(f"    {json.dumps(name)}: {json.dumps(kind)}" for name, kind in kinds.items())
    GOLDEN.write_text(f'{{\n  "turns": {json.dumps(turns)},\n  "kinds": {{\n{lines}\n  }}\n}}\n')


if __name__ == "__main__":
    main()
