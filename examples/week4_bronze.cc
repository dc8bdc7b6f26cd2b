// SPDX-License-Identifier: Apache-2.0
// Reads the topic `reviews`, splits each tab-separated value into named columns, adds review_timestamp and appends
// Parquet to the bronze folder of the lake. Settings come from the environment or from .env (see sample.env).
#include <sluice/sluice.h>

#include <cstdlib>
#include <iostream>
#include <string>

using sluice::functions::current_timestamp;

namespace {

std::string env(const char* name) {
  const char* value = std::getenv(name);
  if (value == nullptr || *value == '\0')
    throw sluice::SparkException(std::string(name) + " is missing or empty: put it into .env or the environment", "",
                                 "");
  return value;
}

void run() {
  sluice::loadDotenv();
  const std::string bucket = "hwe-" + env("CLASS");
  const std::string path = "s3a://" + bucket + "/" + env("HANDLE") + "/bronze/reviews";
  const std::string jaas = "org.apache.kafka.common.security.scram.ScramLoginModule required username=\"" +
                           env("HWE_USERNAME") + "\" password=\"" + env("HWE_PASSWORD") + "\";";

  auto spark = sluice::SparkSession::builder()
                   .appName("week4_bronze")
                   .config("spark.hadoop.fs.s3a.access.key", env("AWS_ACCESS_KEY_ID"))
                   .config("spark.hadoop.fs.s3a.secret.key", env("AWS_SECRET_ACCESS_KEY"))
                   .config("spark.hadoop.fs.s3a.session.token", env("AWS_SESSION_TOKEN"))
                   .config("spark.hadoop.fs.s3a.aws.credentials.provider",
                           "org.apache.hadoop.fs.s3a.TemporaryAWSCredentialsProvider")
                   .config("spark.sluice.progress", "auto")    // a line a batch; on a terminal one that is drawn over
                   .config("spark.sluice.stopOnSignal", true)  // Ctrl-C lets the running batch finish
                   .getOrCreate();

  auto reviews = spark.readStream()
                     .format("kafka")
                     .option("kafka.bootstrap.servers", env("HWE_BOOTSTRAP"))
                     .option("subscribe", "reviews")
                     .option("startingOffsets", "earliest")
                     .option("maxOffsetsPerTrigger", "1000")
                     .option("kafka.security.protocol", "SASL_SSL")
                     .option("kafka.sasl.mechanism", "SCRAM-SHA-512")
                     .option("kafka.sasl.jaas.config", jaas)
                     .load();

  auto bronze =
      reviews.selectExpr("split(cast(value as string), '\\t') as parts")
          .selectExpr("parts[0] as marketplace", "parts[1] as customer_id", "parts[2] as review_id",
                      "parts[3] as product_id", "parts[4] as product_parent", "parts[5] as product_title",
                      "parts[6] as product_category", "parts[7] as star_rating", "parts[8] as helpful_votes",
                      "parts[9] as total_votes", "parts[10] as vine", "parts[11] as verified_purchase",
                      "parts[12] as review_headline", "parts[13] as review_body", "parts[14] as purchase_date")
          .withColumn("review_timestamp", current_timestamp());

  auto query = bronze.writeStream()
                   .outputMode("append")
                   .format("parquet")
                   .option("path", path)
                   .option("checkpointLocation", "/tmp/kafka-checkpoint")
                   .start();
  query.awaitTermination();
  spark.stop();
}

}  // namespace

int main() {
  try {
    run();
    return 0;
  } catch (const std::exception& error) {
    std::cerr << error.what() << "\n";
    return 1;
  }
}
