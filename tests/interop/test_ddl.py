# SPDX-License-Identifier: Apache-2.0
"""`sluice ddl athena`: the statement is taken by Spark SQL with Hive support, and the table it makes has the rows."""
import re

import pytest
from conftest import start
from rig.pipeline import Pipeline
from rig.reviews import reviews
from rig.spark import Spark


@pytest.fixture(scope="module")
def hive():
    spark = start(Spark, "4.2.0", hive=True, conf={"spark.sql.hive.convertMetastoreParquet": "false"})  # read as Hive does
    yield spark
    spark.close()


@pytest.mark.parametrize("partitioned", [False, True])
def test_athena_ddl(sluice, hive, minio, topic, tmp_path, partitioned):
    sluice.env.update(minio.env())
    name = "partitioned" if partitioned else "plain"
    pipeline = Pipeline(topic(), f"s3a://{minio.bucket}/ddl/{name}", tmp_path / "checkpoint", kafka_columns=False,
                        partition_by=["star_rating"] if partitioned else None)
    pipeline.topic.produce(reviews(0, 200))
    sluice.ok("run", pipeline.write_sql(tmp_path))
    text = sluice.ok("ddl", "athena", pipeline.table, "--table", f"lake.{name}").out
    location = f"s3://{minio.bucket}/ddl/{name}/"
    assert f"'{location}'" in text
    statements = [s.strip() for s in re.sub(r"(?m)^--.*$", "", text).split(";") if s.strip()]
    assert statements[0].startswith("CREATE EXTERNAL TABLE")
    assert ("MSCK REPAIR TABLE" in text) == partitioned

    copy = tmp_path / "copy"
    for key in minio.list(f"ddl/{name}/"):
        target = copy / key.removeprefix(f"ddl/{name}/")
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(minio.get(key))
    hive.job({"op": "sql", "text": "CREATE DATABASE IF NOT EXISTS lake"})
    for statement in statements:
        hive.job({"op": "sql", "text": statement.replace(location, f"file://{copy}/")})
    rows = hive.job({"op": "sql", "text": f"SELECT count(*), count(DISTINCT review_id), count(DISTINCT star_rating), "
                                          f"count(review_timestamp) FROM lake.{name}"})["rows"]
    assert rows == [[200, 200, 5, 200]]
