# SPDX-License-Identifier: Apache-2.0
"""week5.py BRONZE CUSTOMERS FOLDER   the silver table: the stream of bronze reviews, joined with the customers, as Parquet."""
import sys

from pyspark.sql import SparkSession
from pyspark.sql.functions import col, current_timestamp

spark = SparkSession.builder.appName("week5").master("local[*]").config("spark.ui.enabled", "false").getOrCreate()
spark.sparkContext.setLogLevel("ERROR")
bronze = spark.readStream.schema(spark.read.parquet(sys.argv[1]).schema).parquet(sys.argv[1])
customers = spark.read.parquet(sys.argv[2])
silver = (bronze.filter(col("verified_purchase") == "Y").withColumn("customer_id", col("customer_id").cast("int"))
          .join(customers, "customer_id").withColumn("silver_timestamp", current_timestamp()))
query = (silver.writeStream.outputMode("append").format("parquet").option("path", f"{sys.argv[3]}/silver")
         .option("checkpointLocation", f"{sys.argv[3]}/checkpoint").trigger(availableNow=True).start())
query.awaitTermination()
spark.read.parquet(f"{sys.argv[3]}/silver").groupBy("gender").count().orderBy("gender").show()
spark.stop()
