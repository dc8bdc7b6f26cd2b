# SPDX-License-Identifier: Apache-2.0
"""What Ibis asks of a Spark Connect server: one answer a line. Argument: the address."""
import sys

import ibis
from pyspark.sql import SparkSession

session = SparkSession.builder.remote(sys.argv[1]).getOrCreate()
spark = ibis.pyspark.connect(session)
numbers = spark.sql("SELECT id, id % 3 AS k FROM range(10)")
print("schema", dict(numbers.schema().items()))
groups = numbers.group_by("k").agg(n=numbers.count(), s=numbers.id.sum()).order_by("k")
print("groups", groups.execute().values.tolist())
spark.create_view("numbers", numbers, overwrite=True)
print("view", spark.table("numbers").filter(ibis._.id > 6).id.max().execute())
made = ibis.memtable({"a": [1, 2, 3]})
print("made", spark.execute(made.filter(made.a > 1).order_by("a")).a.tolist())
session.stop()
