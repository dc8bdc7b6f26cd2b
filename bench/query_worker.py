# SPDX-License-Identifier: Apache-2.0
"""query_worker.py duckdb|spark TABLE   runs each line of its input as SQL over the view t and prints a JSON line: seconds,
CPU seconds, rows. One process, so that all but the first query are warm. TABLE is a folder of Parquet files."""
import glob
import json
import os
import sys
import time


def duckdb_runner(table: str):
    import duckdb

    connection = duckdb.connect()
    connection.sql("SET TimeZone = 'UTC'")
    connection.sql(f"CREATE VIEW t AS SELECT * FROM read_parquet({glob.glob(table + '/*.parquet')!r})")
    return lambda sql: connection.sql(sql).fetchall()


def spark_runner(table: str):
    from pyspark.sql import SparkSession

    spark = (SparkSession.builder.master("local[*]").config("spark.ui.enabled", "false")
             .config("spark.driver.memory", "2g").config("spark.sql.session.timeZone", "UTC")
             .config("spark.driver.host", "127.0.0.1").config("spark.driver.bindAddress", "127.0.0.1").getOrCreate())
    spark.sparkContext.setLogLevel("ERROR")
    spark.read.parquet(table).createOrReplaceTempView("t")
    return lambda sql: [tuple(row) for row in spark.sql(sql).collect()]


def tree_cpu() -> float:
    """CPU seconds of this process and of its children (Spark's JVM)."""
    tick, total, me = os.sysconf("SC_CLK_TCK"), 0.0, os.getpid()
    for name in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{name}/stat") as stat:
                fields = stat.read().rsplit(")", 1)[1].split()
        except OSError:
            continue
        if int(name) == me or int(fields[1]) == me:
            total += (int(fields[11]) + int(fields[12])) / tick
    return total


def main() -> None:
    replies = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    run = {"duckdb": duckdb_runner, "spark": spark_runner}[sys.argv[1]](sys.argv[2])
    for line in sys.stdin:
        cpu, start = tree_cpu(), time.monotonic()
        rows = run(line.strip())
        reply = {"s": time.monotonic() - start, "cpu_s": tree_cpu() - cpu,
                 "rows": [[None if c is None else str(c) for c in row] for row in rows]}
        print(json.dumps(reply), file=replies, flush=True)


if __name__ == "__main__":
    main()
