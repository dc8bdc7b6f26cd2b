// SPDX-License-Identifier: Apache-2.0
// The public API as a user's program uses it, in process.
#include <arrow/api.h>
#include <arrow/c/bridge.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "sluice/sluice.h"

namespace sluice {
namespace {

using functions::col;
using functions::current_timestamp;
using functions::expr;
using functions::lit;
using functions::split;
using testing::ElementsAre;
using testing::HasSubstr;

SparkSession NewSession() {
  return SparkSession::builder().appName("client_test").config("spark.sql.session.timeZone", "UTC").getOrCreate();
}

std::string EmptyFolder(const std::string& name) {
  const std::string folder = testing::TempDir() + "client_test_" + name;
  std::filesystem::remove_all(folder);
  return folder;
}

DataFrame Lines(SparkSession& spark) {
  return spark.sql("SELECT concat('a', id, '\\tb', id, '\\t', id * 2) AS value FROM range(5)");
}

TEST(Client, SelectsFiltersAndSorts) {
  SparkSession spark = NewSession();
  const auto rows = spark.range(10)
                        .withColumn("twice", col("id") * lit(2))
                        .filter("id > 5")
                        .where(col("twice") != lit(14))
                        .orderBy({col("id").desc()})
                        .collect();
  ASSERT_EQ(rows.size(), 3u);
  EXPECT_THAT(rows[0], ElementsAre("9", "18"));
  EXPECT_THAT(rows[2], ElementsAre("6", "12"));
}

TEST(Client, BothWaysToSplitGiveTheSameRows) {
  SparkSession spark = NewSession();
  const auto parts = Lines(spark)
                         .selectExpr("split(cast(value as string), '\\t') as parts")
                         .selectExpr("parts[0] as a", "parts[1] as b", "cast(parts[2] as int) as c")
                         .collect();
  const auto nested = Lines(spark)
                          .withColumn("a", split(col("value"), "\t").getItem(0))
                          .withColumn("b", split(col("value"), "\t").getItem(1))
                          .withColumn("c", split(col("value"), "\t").getItem(2).cast("int"))
                          .drop("value")
                          .collect();
  ASSERT_EQ(parts.size(), 5u);
  EXPECT_THAT(parts[3], ElementsAre("a3", "b3", "6"));
  EXPECT_EQ(parts, nested);
}

TEST(Client, AggregatesAndShows) {
  SparkSession spark = NewSession();
  const DataFrame grouped =
      spark.range(6).selectExpr("id % 2 as k", "id").groupBy({"k"}).agg({functions::sum(col("id")).as("s")});
  EXPECT_EQ(grouped.orderBy({col("k")}).showString(),
            "+---+---+\n|  k|  s|\n+---+---+\n|  0|  6|\n|  1|  9|\n+---+---+\n");
  EXPECT_EQ(spark.range(7).count(), 7);
  EXPECT_THAT(spark.range(3).showString(2), HasSubstr("only showing top 2 rows"));
}

TEST(Client, ErrorsHaveSparksClass) {
  SparkSession spark = NewSession();
  try {
    spark.range(1).selectExpr("nonesuch").collect();
    FAIL();
  } catch (const SparkException& error) {
    EXPECT_THAT(error.getErrorClass(), HasSubstr("UNRESOLVED_COLUMN"));
    EXPECT_EQ(error.getSqlState(), "42703");
  }
  EXPECT_THROW(spark.sql("SELEC 1"), SparkException);
  EXPECT_THROW(spark.conf().set("spark.sql.ansi.enabled", "maybe"), SparkException);
}

TEST(Client, SettingsAndVersion) {
  SparkSession spark = NewSession();
  EXPECT_EQ(spark.version(), "4.2.0");
  EXPECT_EQ(spark.conf().get("spark.sql.ansi.enabled"), "true");
  spark.conf().set("my.key", "v");
  EXPECT_EQ(spark.conf().get("my.key"), "v");
  spark.conf().unset("my.key");
  EXPECT_EQ(spark.conf().get("my.key", "fallback"), "fallback");
  EXPECT_THROW(spark.conf().get("my.key"), SparkException);
}

TEST(Client, ViewsAndSchemas) {
  SparkSession spark = NewSession();
  spark.range(3).createOrReplaceTempView("numbers");
  EXPECT_EQ(spark.sql("SELECT max(id) FROM numbers").collect()[0][0], "2");
  EXPECT_THAT(spark.table("numbers").columns(), ElementsAre("id"));
  EXPECT_THAT(spark.table("numbers").schemaJson(), HasSubstr(R"("type":"long")"));
  EXPECT_FALSE(spark.table("numbers").isStreaming());
}

TEST(Client, RowsLeaveByTheArrowStreamInterface) {
  SparkSession spark = NewSession();
  ArrowArrayStream stream;
  spark.sql("SELECT id, concat('row ', id) AS s FROM range(3)").toArrow(&stream);
  const auto table = arrow::ImportRecordBatchReader(&stream).ValueOrDie()->ToTable().ValueOrDie();
  EXPECT_EQ(table->num_rows(), 3);
  EXPECT_TRUE(table->schema()->field(1)->type()->Equals(arrow::utf8()));
}

TEST(Client, AStreamWritesParquetThatCanBeReadBack) {
  SparkSession spark = NewSession();
  const std::string folder = EmptyFolder("stream");
  const auto start = [&] {
    return spark.readStream()
        .format("rate-micro-batch")
        .option("rowsPerBatch", 20)
        .load()
        .withColumn("at", current_timestamp())
        .writeStream()
        .format("parquet")
        .option("path", folder + "/table")
        .option("checkpointLocation", folder + "/checkpoint")
        .trigger(Trigger::AvailableNow())
        .start();
  };
  const StreamingQuery first = start();
  first.awaitTermination();
  EXPECT_FALSE(first.isActive());
  EXPECT_THAT(first.lastProgress(), HasSubstr(R"("numInputRows":20)"));
  const StreamingQuery second = start();
  second.awaitTermination();
  EXPECT_EQ(first.id(), second.id());
  const DataFrame table = spark.read().parquet(folder + "/table");
  EXPECT_EQ(table.count(), 40);
  EXPECT_EQ(table.selectExpr("count(distinct value)").collect()[0][0], "40");
  std::filesystem::remove_all(folder);
}

TEST(Client, SeveralQueriesInOneSession) {
  SparkSession spark = NewSession();
  const auto start = [&](const std::string& name) {
    return spark.readStream()
        .format("rate-micro-batch")
        .option("rowsPerBatch", 5)
        .load()
        .writeStream()
        .format("memory")
        .queryName(name)
        .trigger(Trigger::ProcessingTime("10 milliseconds"))
        .start();
  };
  const StreamingQuery a = start("a");
  const StreamingQuery b = start("b");
  EXPECT_EQ(spark.streams().active().size(), 2u);
  EXPECT_EQ(spark.streams().get(a.runId())->name(), "a");
  while (spark.table("a").count() < 10 || spark.table("b").count() < 10) EXPECT_TRUE(a.isActive() && b.isActive());
  a.stop();
  EXPECT_FALSE(a.isActive());
  EXPECT_TRUE(b.isActive());
  EXPECT_FALSE(b.awaitTermination(1));
  spark.stop();
  EXPECT_THROW(spark.range(1).count(), SparkException);
}

TEST(Client, AFailedQueryThrowsFromAwaitTermination) {
  SparkSession spark = NewSession();
  const StreamingQuery query = spark.readStream()
                                   .format("rate-micro-batch")
                                   .option("rowsPerBatch", 5)
                                   .load()
                                   .selectExpr("split('a', ',')[cast(value as int)] as x")
                                   .writeStream()
                                   .format("noop")
                                   .start();
  try {
    query.awaitTermination();
    FAIL();
  } catch (const StreamingQueryException& error) {
    EXPECT_EQ(error.getErrorClass(), "INVALID_ARRAY_INDEX");
  }
  EXPECT_THAT(query.exception().value_or(""), HasSubstr("INVALID_ARRAY_INDEX"));
}

TEST(Client, WhatIsNotThereIsRefusedByName) {
  SparkSession spark = NewSession();
  const DataFrame stream = spark.readStream().format("rate").load();
  EXPECT_TRUE(stream.isStreaming());
  EXPECT_THROW(stream.collect(), SparkException);
  EXPECT_THROW(stream.writeStream().format("noop").trigger(Trigger::Continuous("1 second")).start(), SparkException);
  EXPECT_THROW(
      stream.groupBy({"value"}).count().writeStream().format("memory").queryName("c").outputMode("complete").start(),
      SparkException);
  EXPECT_THROW(stream.writeStream().format("parquet").option("path", "/nowhere").start(), SparkException)
      << "no checkpoint";
}

TEST(Client, DotenvFillsTheEnvironment) {
  const std::string path = testing::TempDir() + "client_test.env";
  ::unsetenv("CLIENT_TEST_A");
  ::setenv("CLIENT_TEST_B", "real", 1);
  std::ofstream(path) << "CLIENT_TEST_A=file\nCLIENT_TEST_B=file\n";
  EXPECT_TRUE(loadDotenv(path));
  EXPECT_STREQ(std::getenv("CLIENT_TEST_A"), "file");
  EXPECT_STREQ(std::getenv("CLIENT_TEST_B"), "real");
  EXPECT_FALSE(loadDotenv(path + ".none"));
}

}  // namespace
}  // namespace sluice
