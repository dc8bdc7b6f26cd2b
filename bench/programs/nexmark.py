# SPDX-License-Identifier: Apache-2.0
"""nexmark.py JOB   one of Nexmark's queries over Kafka topics of its events, as Parquet. JOB is JSON: query, source (options of the
topics, with {} for the topic's name), table, checkpoint."""
import json
import sys

from pyspark.sql import SparkSession
from pyspark.sql.functions import col, count, current_timestamp, expr, session_window, split, struct, timestamp_millis, window
from pyspark.sql.functions import max as highest

COLUMNS = {"person": ["id BIGINT", "name STRING", "city STRING", "state STRING"],
           "auction": ["id BIGINT", "seller BIGINT", "category INT", "reserve BIGINT"],
           "bid": ["auction BIGINT", "bidder BIGINT", "price BIGINT"]}

job = json.loads(sys.argv[1])
spark = (SparkSession.builder.appName("nexmark").master("local[*]").config("spark.ui.enabled", "false")
         .config("spark.sql.shuffle.partitions", "4").config("spark.sql.session.timeZone", "UTC").getOrCreate())
spark.sparkContext.setLogLevel("ERROR")


def events(kind: str, marked: bool = True):
    options = {name: value.format(kind) for name, value in job["source"].items()}
    fields = split(col("value").cast("string"), ",")
    columns = [fields[i + 1].cast(column.split()[1]).alias(column.split()[0]) for i, column in enumerate(COLUMNS[kind])]
    rows = spark.readStream.format("kafka").options(**options).load()
    rows = rows.select(timestamp_millis(fields[0].cast("bigint")).alias("at"), *columns)
    return rows.withWatermark("at", "4 seconds") if marked else rows


def q3():
    """Who sells in which state: sellers of one category, as they come."""
    sellers = events("person").filter("state IN ('OR', 'ID', 'CA')").select(col("id").alias("seller"), "name", "city", "state")
    return events("auction").filter("category = 10").join(sellers, "seller").select("name", "city", "state", "id")


def q5():
    """The auction with the most bids of the last ten seconds, every two seconds."""
    counts = events("bid").groupBy(window("at", "10 seconds", "2 seconds"), "auction").agg(count("*").alias("n"))
    hot = counts.groupBy("window").agg(highest(struct("n", "auction")).alias("hot"))
    return hot.select("window", "hot.n", "hot.auction")


def q7():
    """The highest bid of each ten seconds."""
    best = events("bid").groupBy(window("at", "10 seconds")).agg(highest(struct("price", "auction", "bidder")).alias("bid"))
    return best.select("window", "bid.*")


def q8():
    """Who is new and sells at once: persons and auctions of the same ten seconds."""
    new = events("person").groupBy(window("at", "10 seconds"), "id", "name").agg(count("*").alias("n"))
    selling = events("auction").groupBy(window("at", "10 seconds"), "seller").agg(count("*").alias("auctions"))
    joined = new.alias("p").join(selling.alias("a"), expr("p.id = a.seller AND p.window = a.window"))
    return joined.select("p.id", "p.name", "p.window", "a.auctions")


def q11():
    """Bids of a bidder in one go."""
    return events("bid").groupBy(session_window("at", "1 seconds"), "bidder").agg(count("*").alias("n"))


def q12():
    """Bids of a bidder in each second of the clock."""
    arrived = events("bid", marked=False).drop("at").withColumn("arrived", current_timestamp()).withWatermark("arrived", "0 seconds")
    return arrived.groupBy(window("arrived", "1 second"), "bidder").agg(count("*").alias("n"))


result = {query.__name__: query for query in (q3, q5, q7, q8, q11, q12)}[job["query"]]()
(result.writeStream.format("parquet").outputMode("append").option("checkpointLocation", job["checkpoint"]).trigger(availableNow=True)
 .start(job["table"]).awaitTermination())
spark.stop()
