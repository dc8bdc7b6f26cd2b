# SPDX-License-Identifier: Apache-2.0
"""What dbt asks of a Spark Connect server, with the method `session`: one answer a line. Arguments: the address, a folder."""
import os
import pathlib
import sys

os.environ["SPARK_REMOTE"] = sys.argv[1]
os.environ["DBT_SEND_ANONYMOUS_USAGE_STATS"] = "false"

from dbt.cli.main import dbtRunner
from pyspark.sql import SparkSession

HERE = pathlib.Path(__file__).parent
FOLDER = pathlib.Path(sys.argv[2])


def dbt(*command: str) -> list:
    options = ["--project-dir", HERE, "--profiles-dir", HERE, "--target-path", FOLDER / "target", "--log-path", FOLDER / "logs"]
    done = dbtRunner().invoke(["--quiet", *command, *map(str, options)])
    if done.exception:
        raise done.exception
    return done.result


def build(*options: str) -> None:
    for one in dbt("build", *options):
        print(one.node.resource_type, one.node.name, one.status, one.message if one.status in ("error", "fail") else "")


def answer(query: str) -> None:
    print(query, sorted(tuple(row) for row in SparkSession.active().sql(query).collect()))


SparkSession.builder.getOrCreate().sql(f"CREATE DATABASE IF NOT EXISTS dbt_smoke LOCATION '{FOLDER}/dbt'")
build()
build("--select", "numbers", "added")
answer("SELECT * FROM dbt_smoke.groups")
answer("SELECT * FROM dbt_smoke.added")
answer("SHOW TABLES IN dbt_smoke")
for node in sorted(dbt("docs", "generate").nodes.values(), key=lambda node: node.metadata.name):
    print(node.metadata.name, node.metadata.type, [(column.name, column.type) for column in node.columns.values()])
answer("DROP DATABASE dbt_smoke CASCADE")
