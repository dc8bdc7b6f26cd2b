# SPDX-License-Identifier: Apache-2.0
"""Runs inside Spark's own virtual environment: one JVM that carries out jobs given as JSON lines until input ends."""
import contextlib
import functools
import glob
import json
import os
import re
import sys
import traceback

import pyspark
from pyspark.sql import DataFrame, SparkSession, functions


def added_jars(folders: list[str]) -> list[str]:
    """The jars that Spark does not bring itself: an older Scala before its own would break it."""
    def artifact(jar: str) -> str:
        return re.sub(r"-[0-9][^/]*$", "", os.path.basename(jar))

    own = {artifact(jar) for jar in glob.glob(os.path.join(os.path.dirname(pyspark.__file__), "jars", "*.jar"))}
    return [jar for folder in folders for jar in sorted(glob.glob(f"{folder}/*.jar")) if artifact(jar) not in own]


def session(options: dict) -> SparkSession:
    builder = (SparkSession.builder.master(options.get("master", "local[2]")).appName("interop")
               .config("spark.ui.enabled", "false").config("spark.sql.shuffle.partitions", "2")
               .config("spark.driver.memory", "1g").config("spark.driver.host", "127.0.0.1")
               .config("spark.driver.bindAddress", "127.0.0.1").config("spark.sql.session.timeZone", "UTC")
               .config("spark.driver.extraClassPath", ":".join(added_jars(options["jars"]))))
    for key, value in options.get("conf", {}).items():
        builder = builder.config(key, value)
    if options.get("hive"):
        builder = builder.enableHiveSupport()
    spark = builder.getOrCreate()
    spark.sparkContext.setLogLevel("ERROR")
    return spark


def stream(spark: SparkSession, job: dict) -> dict:
    for key, value in job.get("settings", {}).items():
        spark.conf.set(key, value)
    rows = functools.reduce(DataFrame.unionAll, [spark.readStream.format("kafka").options(**source).load().selectExpr(*job["inner"])
                                                 for source in job["sources"]])
    if job.get("where"):
        rows = rows.where(job["where"])
    if job.get("join"):
        table, condition = job["join"]
        rows = rows.alias("r").join(spark.read.parquet(table).alias("c"), functions.expr(condition), "left")
    writer = rows.selectExpr(*job["outer"]).writeStream.format("parquet").outputMode("append").options(**job["sink"])
    if job.get("partition_by"):
        writer = writer.partitionBy(*job["partition_by"])
    query = writer.trigger(availableNow=True).start(job["path"])
    if job.get("no_wait"):
        return {"started": True}
    query.awaitTermination()
    for key in job.get("settings", {}):
        spark.conf.unset(key)
    return {"batches": [p["batchId"] for p in map(lambda p: json.loads(p.json) if hasattr(p, "json") else p,
                                                   query.recentProgress)]}


def file_stream(spark: SparkSession, job: dict) -> dict:
    rows = spark.readStream.format(job.get("format", "parquet")).schema(job["schema"]).options(**job["options"]).load(job["path"])
    writer = rows.writeStream.format(job.get("sink", "parquet")).options(**job.get("sink_options", {}))
    writer.option("checkpointLocation", job["checkpoint"]).trigger(availableNow=True).start(job["out"]).awaitTermination()
    return {}


def write(spark: SparkSession, job: dict) -> dict:
    rows = spark.read.schema(job["schema"]).json(job["path"])
    rows.write.format(job["format"]).options(**job.get("options", {})).partitionBy(*job.get("partition_by", [])).save(job["out"])
    return {}


def windowed(rows, *lengths):
    return rows.groupBy(functions.window("ts", *lengths).alias("w"), "k")


def sessions(rows, gap):
    grouped = rows.groupBy(functions.session_window("ts", gap).alias("w"), "k")
    return grouped.agg(*(functions.expr(e) for e in ["count(*) AS n", "sum(v) AS a", "first(v) AS b", "last(v) AS c"])).selectExpr(
        "w.start AS s", "w.end AS e", "k", *"nabc")


# Queries that keep state, over rows of ts, k and v.
STATE_QUERIES = {
    "tumbling": lambda rows: windowed(rows, "10 seconds").count().selectExpr("w.start AS s", "k", "`count` AS n"),
    "aggregates": lambda rows: windowed(rows, "10 seconds").agg(
        *(functions.expr(e) for e in ["sum(v) AS a", "avg(v) AS b", "min(v) AS c", "max(k) AS d", "first(v) AS e", "stddev(v) AS f",
                                      "count(v) AS g", "max(struct(v, k)) AS h", "min(array(v, 1)) AS i", "max_by(k, v) AS j",
                                      "min_by(v, k) AS l", "max(struct(array(v), struct(k))) AS m"])).selectExpr(
                                          "w.start AS s", "k", *"abcdefghijlm"),
    "sliding": lambda rows: windowed(rows, "10 seconds", "5 seconds", "1 second").count().selectExpr("w.start AS s", "k", "`count` AS n"),
    "sessions": lambda rows: sessions(rows, "8 seconds"),
    "gaps": lambda rows: sessions(rows, functions.expr("CASE WHEN v % 2 = 0 THEN '4 seconds' ELSE '9 seconds' END")),
}


@contextlib.contextmanager
def settings(spark: SparkSession, job: dict):
    for key, value in job.get("settings", {}).items():
        spark.conf.set(key, value)
    try:
        yield
    finally:
        for key in job.get("settings", {}):
            spark.conf.unset(key)


def state_stream(spark: SparkSession, job: dict) -> dict:
    rows = spark.readStream.schema(job["schema"]).parquet(job["path"]).withWatermark("ts", "10 seconds")
    writer = STATE_QUERIES[job["kind"]](rows).writeStream.format("parquet").option("checkpointLocation", job["checkpoint"])
    with settings(spark, job):
        writer.trigger(availableNow=True).start(job["out"]).awaitTermination()
    return {}


def join_stream(spark: SparkSession, job: dict) -> dict:
    """A query over the streams l and r, of files with the columns k, t and v behind the side's letter; `again` is r as a
    source of its own."""
    for name, side, delay in (("l", "l", "10 seconds"), ("r", "r", "20 seconds"), ("again", "r", "20 seconds")):
        rows = spark.readStream.schema(f"{side}k STRING, {side}t TIMESTAMP, {side}v INT").parquet(f"{job['path']}/{side}")
        rows.withWatermark(f"{side}t", delay).createOrReplaceTempView(name)
    writer = spark.sql(job["sql"]).writeStream.format("parquet").option("checkpointLocation", job["checkpoint"])
    with settings(spark, job):
        writer.trigger(availableNow=True).start(job["out"]).awaitTermination()
    return {}


def value(cell):
    if isinstance(cell, (bytes, bytearray)):
        return {"hex": bytes(cell).hex()}
    return cell if cell is None or isinstance(cell, (int, float, str, bool, list)) else str(cell)


def read(spark: SparkSession, job: dict) -> dict:
    reader = spark.read.format(job.get("format", "parquet")).options(**job.get("options", {}))
    rows = (reader.schema(job["schema"]) if "schema" in job else reader).load(job["path"])
    schema = rows.schema.jsonValue()
    if job.get("select"):
        rows = rows.selectExpr(*job["select"])
    return {"schema": schema, "rows": [[value(c) for c in row] for row in rows.collect()]}


def sql(spark: SparkSession, job: dict) -> dict:
    return {"rows": [[value(c) for c in row] for row in spark.sql(job["text"]).collect()]}


JOBS = {"stream": stream, "file_stream": file_stream, "state_stream": state_stream,
        "join_stream": join_stream, "write": write, "read": read, "sql": sql}


def answer(spark: SparkSession, line: str) -> dict:
    job = json.loads(line)
    try:
        return {"ok": True, **JOBS[job["op"]](spark, job)}
    except Exception as error:  # the message is what a test compares
        get = getattr(error, "getErrorClass", None) or getattr(error, "getCondition", None)
        return {"ok": False, "error": str(error), "class": get() if get else None, "trace": traceback.format_exc()[-3000:]}


def main() -> None:
    replies = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what the JVM prints is no reply
    spark = session(json.loads(sys.argv[1]))
    print(json.dumps({"ok": True, "version": spark.version}), file=replies, flush=True)
    for line in sys.stdin:
        print(json.dumps(answer(spark, line)), file=replies, flush=True)


if __name__ == "__main__":
    main()
