-- SPDX-License-Identifier: Apache-2.0
-- The bronze table: every review of the topic `reviews`, its 15 tab-separated fields as columns, exactly once.
--   sluice run examples/bronze_reviews.sql                     until stopped
--   sluice run --available-now examples/bronze_reviews.sql     what is there now, then end
-- ${NAME} comes from --param NAME=VALUE, the environment or .env (see sample.env); AWS keys from there too. An empty one
-- is an error.
CREATE STREAMING TABLE bronze_reviews
USING parquet
LOCATION 's3a://hwe-${CLASS}/${HANDLE}/bronze/reviews'
OPTIONS (
  -- Keep it as long as the table: without it nobody knows which records the table holds. Many systems empty /tmp.
  checkpointLocation '/tmp/kafka-checkpoint',
  trigger 'processingTime 10 seconds',
  queryName 'bronze_reviews')
AS SELECT
  parts[0] AS marketplace,
  parts[1] AS customer_id,
  parts[2] AS review_id,
  parts[3] AS product_id,
  parts[4] AS product_parent,
  parts[5] AS product_title,
  parts[6] AS product_category,
  parts[7] AS star_rating,
  parts[8] AS helpful_votes,
  parts[9] AS total_votes,
  parts[10] AS vine,
  parts[11] AS verified_purchase,
  parts[12] AS review_headline,
  parts[13] AS review_body,
  parts[14] AS purchase_date,
  current_timestamp() AS review_timestamp
FROM (
  SELECT split(CAST(value AS STRING), '\t') AS parts
  FROM STREAM read_kafka(
    bootstrapServers => '${HWE_BOOTSTRAP}',
    subscribe => 'reviews',
    startingOffsets => 'earliest',
    maxOffsetsPerTrigger => 1000,
    `kafka.security.protocol` => 'SASL_SSL',
    `kafka.sasl.mechanism` => 'SCRAM-SHA-512',
    `kafka.sasl.jaas.config` =>
      'org.apache.kafka.common.security.scram.ScramLoginModule required username="${HWE_USERNAME}" password="${HWE_PASSWORD}";'));
