# SPDX-License-Identifier: Apache-2.0
"""The lab's PySpark program: reads the topic `reviews`, splits each tab-separated value into named columns, adds
review_timestamp and appends Parquet to the bronze folder of the lake. Nothing in it knows of Sluice:
sluice submit examples/week4_bronze.py
"""
import os

from pyspark.sql import SparkSession
from pyspark.sql.functions import col, current_timestamp, split

COLUMNS = ["marketplace", "customer_id", "review_id", "product_id", "product_parent", "product_title", "product_category",
           "star_rating", "helpful_votes", "total_votes", "vine", "verified_purchase", "review_headline", "review_body",
           "purchase_date"]

spark = (SparkSession.builder.appName("week4_bronze").master("local[*]")
         .config("spark.jars.packages", "org.apache.spark:spark-sql-kafka-0-10_2.12:3.1.3,org.apache.hadoop:hadoop-aws:3.3.1")
         .config("spark.sql.shuffle.partitions", "3")
         .config("spark.hadoop.fs.s3a.access.key", os.environ["AWS_ACCESS_KEY_ID"])
         .config("spark.hadoop.fs.s3a.secret.key", os.environ["AWS_SECRET_ACCESS_KEY"])
         .config("spark.hadoop.fs.s3a.session.token", os.environ["AWS_SESSION_TOKEN"])
         .config("spark.hadoop.fs.s3a.aws.credentials.provider", "org.apache.hadoop.fs.s3a.TemporaryAWSCredentialsProvider")
         .getOrCreate())
spark.sparkContext.setLogLevel("WARN")
logger = spark.sparkContext._jvm.org.apache.log4j
logger.LogManager.getLogger("org.apache.kafka").setLevel(logger.Level.ERROR)

jaas = (f"org.apache.kafka.common.security.scram.ScramLoginModule required username=\"{os.environ['HWE_USERNAME']}\" "
        f"password=\"{os.environ['HWE_PASSWORD']}\";")
reviews = (spark.readStream.format("kafka")
           .option("kafka.bootstrap.servers", os.environ["HWE_BOOTSTRAP"])
           .option("subscribe", "reviews")
           .option("startingOffsets", "earliest")
           .option("maxOffsetsPerTrigger", "1000")
           .option("kafka.security.protocol", "SASL_SSL")
           .option("kafka.sasl.mechanism", "SCRAM-SHA-512")
           .option("kafka.sasl.jaas.config", jaas)
           .load())

parts = split(col("value").cast("string"), "\t")
bronze = reviews.select(*(parts.getItem(i).alias(name) for i, name in enumerate(COLUMNS)))
bronze = bronze.withColumn("review_timestamp", current_timestamp())

query = (bronze.writeStream.outputMode("append").format("parquet")
         .option("path", f"s3a://hwe-{os.environ['CLASS']}/{os.environ['HANDLE']}/bronze/reviews")
         .option("checkpointLocation", "/tmp/kafka-checkpoint")
         .start())
query.awaitTermination()
