# SPDX-License-Identifier: Apache-2.0
"""Records checkpoints, sink logs and file names that a real Spark writes, for the tests under src/checkpoint and
src/connectors/file. Run it with the Python of a PySpark installation:

    PYTHON tools/record_checkpoint.py tests/golden/checkpoint [KAFKA_BOOTSTRAP KAFKA_JARS_FOLDER]

With the last two the Kafka recording alone is made again.

Writes <folder>/<spark version>/...; machine paths become file:///sluice-golden. Data files are not kept, their names
are (names.json, uuids as <uuid>)."""
import json
import pathlib
import re
import shutil
import sys
import tempfile
import time

import pyspark
from py4j.protocol import Py4JError
from pyspark.errors import PySparkException
from pyspark.sql import SparkSession, functions as F

PLACEHOLDER = "/sluice-golden"
UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")


def session():
    jars = ",".join(map(str, pathlib.Path(sys.argv[3]).glob("*.jar"))) if len(sys.argv) > 3 else ""
    return (SparkSession.builder.master("local[2]").config("spark.jars", jars).appName("record").config("spark.ui.enabled", "false")
            .config("spark.sql.shuffle.partitions", "2").config("spark.sql.session.timeZone", "UTC")
            .config("spark.sql.streaming.fileSink.log.compactInterval", "3").getOrCreate())


def keep(source: pathlib.Path, target: pathlib.Path, work: pathlib.Path):
    """Copies a log folder without side files, machine paths replaced."""
    for path in sorted(source.rglob("*")):
        relative = path.relative_to(source)
        if path.is_dir() or path.name.startswith(".") or path.suffix == ".parquet":
            continue
        out = target / relative
        out.parent.mkdir(parents=True, exist_ok=True)
        out.write_bytes(path.read_bytes().replace(str(work).encode(), PLACEHOLDER.encode()))


def data_files(folder: pathlib.Path):
    names = [str(p.relative_to(folder)) for p in folder.rglob("*.parquet") if not p.name.startswith(".")]
    return sorted(UUID.sub("<uuid>", name) for name in names)


def rate_to_parquet(spark, work, out):
    """Three batches and a compacted one."""
    stream = spark.readStream.format("rate-micro-batch").option("rowsPerBatch", 3).option("numPartitions", 2).load()
    query = (stream.writeStream.format("parquet").option("path", str(work / "rate-sink"))
             .option("checkpointLocation", str(work / "rate")).start())
    while not (work / "rate/commits/3").exists():
        time.sleep(0.05)
        if not query.isActive:
            raise RuntimeError(query.exception())
    query.stop()
    keep(work / "rate", out / "rate", work)
    keep(work / "rate-sink", out / "rate-sink", work)


def files_to_parquet(spark, work, out):
    """A file source, offset log of format 2 where this Spark has it, a partitioned sink with odd values."""
    values = ["plain", "a b", "x/y", "q=1", "per%cent", "co:lon", "quo'te", 'dou"ble', "hash#", "star*", "ques?tion",
              "back\\slash", "br{ace}", "sq[uare]", "caret^", "tab\there", "line\nfeed", "umläut", "", "a,b", "~t", "<lt>", "del\x7f"]
    rows = [(i, v) for i, v in enumerate(values)] + [(99, None)]
    (work / "input").mkdir()
    for i in range(2):
        (spark.createDataFrame(rows, "n int, p string").coalesce(1).write.mode("append").parquet(str(work / "input")))
    stream = spark.readStream.schema("n int, p string").option("maxFilesPerTrigger", 1).parquet(str(work / "input"))
    query = (stream.writeStream.format("parquet").partitionBy("p").option("path", str(work / "files-sink"))
             .option("checkpointLocation", str(work / "files")).trigger(availableNow=True).start())
    query.awaitTermination()
    keep(work / "files", out / "files", work)
    keep(work / "files-sink", out / "files-sink", work)
    return {"partitioned": data_files(work / "files-sink"),
            "values": [{"n": n, "p": p} for n, p in rows]}


def partition_types(spark, work):
    """How partition values of other types are spelled."""
    frame = spark.range(1).select(
        F.col("id").alias("n"), F.lit(True).alias("b"), F.expr("cast(-5 as tinyint)").alias("t"), F.expr("1.5D").alias("d"),
        F.expr("date'2024-02-03'").alias("day"), F.expr("timestamp'2024-02-03 04:05:06.789'").alias("ts"),
        F.expr("timestamp'2024-02-03 04:05:06'").alias("ts0"), F.expr("cast(12.30 as decimal(10,2))").alias("dec"))
    frame.write.partitionBy("b", "t", "d", "day", "ts", "ts0", "dec").parquet(str(work / "types"))
    return data_files(work / "types")


def codec_names(spark, work):
    names = {}
    for codec in ["none", "uncompressed", "snappy", "gzip", "zstd", "lz4", "lz4_raw", "lz4raw", "SNAPPY"]:
        target = work / f"codec-{codec}"
        try:
            spark.range(5).coalesce(1).write.option("compression", codec).option("maxRecordsPerFile", 3).parquet(str(target))
            names[codec] = data_files(target)
        except (PySparkException, Py4JError) as error:  # recorded: which names this Spark refuses
            names[codec] = type(error).__name__
    return names


def kafka_to_parquet(spark, work, out, bootstrap):
    rows = spark.range(6).selectExpr("cast(id as string) as key", "concat('value ', id) as value")
    topic = f"golden-{int(time.time())}"
    rows.write.format("kafka").option("kafka.bootstrap.servers", bootstrap).option("topic", topic).save()
    stream = (spark.readStream.format("kafka").option("kafka.bootstrap.servers", bootstrap).option("subscribe", topic)
              .option("startingOffsets", "earliest").option("maxOffsetsPerTrigger", 4).load())
    query = (stream.writeStream.format("parquet").option("path", str(work / "kafka-sink"))
             .option("checkpointLocation", str(work / "kafka")).trigger(availableNow=True).start())
    query.awaitTermination()
    progress = [json.loads(p.json if hasattr(p, "json") else json.dumps(p)) for p in query.recentProgress]
    text = json.dumps(progress, indent=1).replace(str(work), PLACEHOLDER).replace(topic, "golden")
    out.mkdir(parents=True, exist_ok=True)
    (out / "kafka-progress.json").write_text(text + "\n")
    keep(work / "kafka", out / "kafka", work)
    keep(work / "kafka-sink", out / "kafka-sink", work)


def main():
    out = pathlib.Path(sys.argv[1]) / pyspark.__version__
    work = pathlib.Path(tempfile.mkdtemp(prefix="record"))
    spark = session()
    spark.sparkContext.setLogLevel("ERROR")
    if len(sys.argv) > 2:
        kafka_to_parquet(spark, work, out, sys.argv[2])
    else:
        record_without_kafka(spark, work, out)
    spark.stop()
    shutil.rmtree(work)


def record_without_kafka(spark, work, out):
    for name in ["rate", "rate-sink", "files", "files-sink"]:
        shutil.rmtree(out / name, ignore_errors=True)
    rate_to_parquet(spark, work, out)
    if pyspark.__version__ >= "4.2":
        spark.conf.set("spark.sql.streaming.offsetLog.formatVersion", "2")
    names = files_to_parquet(spark, work, out)
    names["types"] = partition_types(spark, work)
    names["codecs"] = codec_names(spark, work)
    (out / "names.json").write_text(json.dumps(names, indent=1, ensure_ascii=True, sort_keys=True) + "\n")


if __name__ == "__main__":
    main()
