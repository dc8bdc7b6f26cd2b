# SPDX-License-Identifier: Apache-2.0
"""week2.py REVIEWS.tsv FOLDER   questions about a file of reviews, asked of data frames and in SQL, and one of its columns kept as Parquet."""
import sys

from pyspark.sql import SparkSession
from pyspark.sql.functions import avg, col, count, desc, length
from pyspark.sql.types import IntegerType, StringType, StructField, StructType

NAMES = ["marketplace", "customer_id", "review_id", "product_id", "product_parent", "product_title", "product_category",
         "star_rating", "helpful_votes", "total_votes", "vine", "verified_purchase", "review_headline", "review_body", "purchase_date"]
NUMBERS = {"customer_id", "product_parent", "star_rating", "helpful_votes", "total_votes"}

spark = SparkSession.builder.appName("week2").master("local[*]").config("spark.ui.enabled", "false").getOrCreate()
spark.sparkContext.setLogLevel("ERROR")
schema = StructType([StructField(name, IntegerType() if name in NUMBERS else StringType()) for name in NAMES])
reviews = spark.read.csv(sys.argv[1], sep="\t", schema=schema, quote="")
reviews.printSchema()
print(reviews.count())
reviews.groupBy("star_rating").agg(count("*").alias("n")).orderBy("star_rating").show()
reviews.createOrReplaceTempView("reviews")
spark.sql("""SELECT product_category, COUNT(*) AS n, ROUND(AVG(star_rating), 4) AS stars
             FROM reviews WHERE verified_purchase = 'Y' GROUP BY product_category ORDER BY n DESC, product_category""").show()
reviews.filter((col("star_rating") == 1) & (col("helpful_votes") > 30)).select("review_id", "helpful_votes").orderBy(
    desc("helpful_votes"), "review_id").show(10)
reviews.select(avg(length("review_body")).alias("letters")).show()
reviews.select("product_title").filter(col("product_title").like("%th%")).distinct().agg(count("*")).show()
reviews.select("review_id", "star_rating", "purchase_date").write.mode("overwrite").parquet(sys.argv[2])
print(spark.read.parquet(sys.argv[2]).filter("star_rating = 5").count())
spark.stop()
