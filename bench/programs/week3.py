# SPDX-License-Identifier: Apache-2.0
"""week3.py REVIEWS.tsv CUSTOMERS FOLDER   reviews joined with customers: a window, a pivot, a Python function, a partitioned table."""
import sys

from pyspark.sql import SparkSession, Window
from pyspark.sql.functions import col, count, desc, row_number, split, udf

spark = SparkSession.builder.appName("week3").master("local[*]").config("spark.ui.enabled", "false").getOrCreate()
spark.sparkContext.setLogLevel("ERROR")
parts = split(col("value"), "\t")
reviews = spark.read.text(sys.argv[1]).select(
    parts[1].cast("int").alias("customer_id"), parts[2].alias("review_id"), parts[6].alias("product_category"),
    parts[7].cast("int").alias("star_rating"), parts[8].cast("int").alias("helpful_votes"), parts[14].cast("date").alias("purchase_date"))
customers = spark.read.parquet(sys.argv[2])


@udf("string")
def initials(name):
    return "".join(word[0] for word in name.split())


joined = reviews.join(customers, "customer_id")
print(joined.count())
best = Window.partitionBy("state").orderBy(desc("helpful_votes"), "review_id")
(joined.withColumn("place", row_number().over(best)).filter("place = 1").withColumn("who", initials("customer_name"))
 .select("state", "who", "review_id", "helpful_votes").orderBy("state").show(60, truncate=False))
joined.groupBy("product_category").pivot("star_rating", [1, 2, 3, 4, 5]).count().orderBy("product_category").show()
reviews.join(customers, "customer_id", "left_anti").agg(count("*")).show()
joined.write.mode("overwrite").partitionBy("state").parquet(sys.argv[3])
spark.read.parquet(sys.argv[3]).groupBy("state").count().orderBy(desc("count"), "state").show(5)
spark.stop()
