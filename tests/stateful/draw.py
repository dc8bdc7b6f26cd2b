# SPDX-License-Identifier: Apache-2.0
"""Draws a script from a seed: a query with state over one or two streams, and turns, in each of which files arrive and the
query runs to the end of what is there. A script is JSON; `frame` makes its query in a session of any engine."""
import random

MODES = {"window": ["append", "update", "complete"], "sliding": ["append", "update", "complete"], "group": ["update", "complete"],
         "session": ["append", "complete"], "dedup": ["append", "update"], "dedup within": ["append", "update"],
         "window of window": ["append"], "dedup, then window": ["append"], "inner": ["append", "update"], "left": ["append"],
         "right": ["append"], "full": ["append"], "semi": ["append"], "inner, then window": ["append"],
         "left, then dedup": ["append"], "union": ["append", "update", "complete"]}
OF_TWO = ("inner", "left", "right", "full", "semi", "inner, then window", "left, then dedup", "union")
AGGREGATES = ["count(*)", "count({0}v)", "sum({0}v)", "avg({0}v)", "min({0}v)", "max({0}v)", "min({0}k)", "max({0}t)", "first({0}v)",
              "last({0}v)", "round(stddev({0}v), 6)", "count_if({0}v > 3)", "bool_or({0}v > 5)", "sum(CAST({0}v AS DECIMAL(9, 2)))",
              "sum({0}v * 1.5D)"]
KEYS = ["a", "b", "c", "d", "a key of more than twelve bytes", None]
CONDITIONS = ["lk = rk AND rt >= lt AND rt <= lt + INTERVAL {0} SECONDS", "lk = rk AND rt BETWEEN lt - INTERVAL {0} SECONDS AND lt + INTERVAL 3 SECONDS",
              "lk = rk AND lt = rt", "lk = rk AND rt > lt AND rt < lt + INTERVAL {0} SECONDS AND lv < rv + 4"]


def _rows(dice: random.Random, front: int) -> list:
    """Key, second, value. Most are near the front, some far behind it."""
    rows = []
    for _ in range(dice.choice([1, 2, 4, 7, 12])):
        back = dice.choice([0, 1, 2, 3, 5, 8, 8, 15, 30, 45])
        rows.append([dice.choice(KEYS), max(1, front - dice.randint(0, back)), dice.choice([None, *range(10)])])
    return rows


def _turns(dice: random.Random, sides: str) -> list:
    turns, front = [], 20
    for _ in range(dice.randint(2, 4)):
        turn = {side: [] for side in sides}
        for _ in range(dice.randint(1, 2)):
            front += dice.choice([0, 3, 7, 12, 25, 40])
            for side in sides:
                if len(sides) == 1 or dice.random() < 0.8:
                    turn[side].append(_rows(dice, front + dice.randint(-4, 4)))
        turns.append(turn)
    return turns


def script(seed: int) -> dict:
    dice = random.Random(seed)
    kind = dice.choice(sorted(MODES))
    sides = "lr" if kind in OF_TWO else "l"
    return {"seed": seed, "kind": kind, "mode": dice.choice(MODES[kind]), "partitions": dice.choice([1, 2, 3]),
            "delay": {side: dice.choice([0, 5, 10, 20]) for side in sides}, "length": dice.choice([4, 10, 15]),
            "slide": dice.choice([3, 5]), "start": dice.choice([0, 2]), "gap": dice.choice([2, 5, 9]),
            "keys": dice.sample(["k", "v"], dice.randint(1, 2)), "by_time": dice.random() < 0.5,
            "condition": dice.choice(CONDITIONS).format(dice.choice([2, 6, 12])),
            "aggregates": dice.sample(AGGREGATES, dice.randint(1, 4)), "turns": _turns(dice, sides)}


def _streams(spark, drawn: dict, folder) -> dict:
    streams = {}
    for side, delay in drawn["delay"].items():
        rows = (spark.readStream.schema(f"{side}k STRING, {side}t TIMESTAMP, {side}v INT").option("maxFilesPerTrigger", "1")
                .parquet(str(folder / side)))
        streams[side] = rows.withWatermark(f"{side}t", f"{delay} seconds")
    return streams


def _windowed(F, rows, drawn: dict, side: str, slide: bool = False):
    words = [f"{drawn['length']} seconds"]
    if slide:
        words += [f"{drawn['slide']} seconds", f"{drawn['start']} seconds"]
    return rows.groupBy(F.window(f"{side}t", *words).alias("w"), *(f"{side}{key}" for key in drawn["keys"]))


def _aggregated(F, groups, drawn: dict, side: str):
    return groups.agg(*(F.expr(text.format(side)).alias(f"a{number}") for number, text in enumerate(drawn["aggregates"])))


def _joined(F, streams: dict, drawn: dict, how: str):
    return streams["l"].join(streams["r"], F.expr(drawn["condition"]), how)


def frame(spark, F, drawn: dict, folder):
    """The query over the files below folder/l and folder/r; every column of its result is a text."""
    streams, kind = _streams(spark, drawn, folder), drawn["kind"]
    rows, keys = streams["l"], [f"l{key}" for key in drawn["keys"]]
    if kind in ("window", "sliding"):
        result = _aggregated(F, _windowed(F, rows, drawn, "l", kind == "sliding"), drawn, "l")
    elif kind == "group":
        result = _aggregated(F, rows.groupBy(*keys), drawn, "l")
    elif kind == "session":
        result = _aggregated(F, rows.groupBy(F.session_window("lt", f"{drawn['gap']} seconds").alias("w"), *keys), drawn, "l")
    elif kind == "dedup":
        result = rows.dropDuplicates([*keys, *(["lt"] if drawn["by_time"] else [])])
    elif kind == "dedup within":
        result = rows.dropDuplicatesWithinWatermark(keys)
    elif kind == "window of window":
        inner = _windowed(F, rows, drawn, "l").agg(F.expr("count(*)").alias("n"), F.expr("sum(lv)").alias("s"))
        result = inner.groupBy(F.window(F.window_time("w"), f"{drawn['length'] * 2} seconds").alias("w")).agg(
            F.expr("sum(n)").alias("n"), F.expr("max(s)").alias("s"))
    elif kind == "dedup, then window":
        result = _aggregated(F, _windowed(F, rows.dropDuplicates([*keys, "lt"]), drawn, "l"), drawn, "l")
    elif kind == "inner, then window":
        result = _aggregated(F, _windowed(F, _joined(F, streams, drawn, "inner").drop("rt"), drawn, "l"), drawn, "l")
    elif kind == "left, then dedup":
        result = _joined(F, streams, drawn, "left_outer").drop("rt").dropDuplicates(["lk", "lt", "rv"])
    elif kind == "union":
        both = rows.union(streams["r"])
        result = _aggregated(F, _windowed(F, both, drawn, "l"), drawn, "l")
    else:
        result = _joined(F, streams, drawn, {"left": "left_outer", "right": "right_outer", "full": "full_outer",
                                             "semi": "left_semi"}.get(kind, kind))
    return result.selectExpr(*(f"CAST({name} AS STRING) AS {name}" for name in result.columns))
