// SPDX-License-Identifier: Apache-2.0
// The public API as a user's program uses it, in process.
#include <arrow/api.h>
#include <arrow/c/bridge.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <thread>

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

TEST(Client, UnionsByPlaceAndByName) {
  SparkSession spark = NewSession();
  const DataFrame left = spark.sql("SELECT 1 AS a, 'x' AS b");
  const DataFrame right = spark.sql("SELECT 'y' AS B, 2L AS a");
  EXPECT_THAT(left.unionAll(left).collect(), ElementsAre(ElementsAre("1", "x"), ElementsAre("1", "x")));
  EXPECT_THAT(left.unionByName(right).collect(), ElementsAre(ElementsAre("1", "x"), ElementsAre("2", "y")));
  EXPECT_THAT(left.unionByName(right).dtypes(), ElementsAre(std::pair<std::string, std::string>("a", "bigint"),
                                                            std::pair<std::string, std::string>("b", "string")));
  const DataFrame more = spark.sql("SELECT 3 AS a, true AS c");
  EXPECT_THAT(left.unionByName(more, true).collect(),
              ElementsAre(ElementsAre("1", "x", std::nullopt), ElementsAre("3", std::nullopt, "true")));
  EXPECT_THAT(left.unionAll(left).intersect(left).collect(), ElementsAre(ElementsAre("1", "x")));
  EXPECT_TRUE(left.subtract(left).collect().empty());
  try {
    left.unionByName(more).collect();
    FAIL();
  } catch (const SparkException& error) {
    EXPECT_EQ(error.getErrorClass(), "UNRESOLVED_COLUMN_AMONG_FIELD_NAMES");
  }
}

TEST(Client, JoinsByNamesAndByConditions) {
  SparkSession spark = NewSession();
  const DataFrame left = spark.sql("SELECT id, id * 10 AS tens FROM range(3)");
  const DataFrame right = spark.sql("SELECT id + 1 AS id, 'r' AS b FROM range(3)");
  EXPECT_THAT(left.join(right, "id").orderBy({"id"}).collect(),
              ElementsAre(ElementsAre("1", "10", "r"), ElementsAre("2", "20", "r")));
  EXPECT_THAT(left.join(right, {"id"}, "left").columns(), ElementsAre("id", "tens", "b"));
  EXPECT_EQ(left.join(right, {"id"}, "full_outer").count(), 4);
  EXPECT_EQ(left.join(right, "id", "left_anti").collect().size(), 1u);
  EXPECT_THAT(left.alias("l").join(right.alias("r"), col("l.id") == col("r.id")).columns(),
              ElementsAre("id", "tens", "id", "b"));
  EXPECT_EQ(left.crossJoin(right).count(), 9);
  EXPECT_THROW(left.join(right, "id", "sideways"), SparkException);
}

TEST(Client, WindowsLookAtOtherRows) {
  SparkSession spark = NewSession();
  const auto by_parity = Window::partitionBy(col("id") % lit(2)).orderBy("id");
  const auto rows = spark.range(5)
                        .select(col("id"), functions::row_number().over(by_parity).as("n"),
                                functions::sum("id").over(by_parity.rowsBetween(-1, Window::currentRow)).as("s"),
                                functions::lag("id", 1, lit(-1)).over(by_parity).as("l"))
                        .orderBy("id")
                        .collect();
  EXPECT_THAT(rows, ElementsAre(ElementsAre("0", "1", "0", "-1"), ElementsAre("1", "1", "1", "-1"),
                                ElementsAre("2", "2", "2", "0"), ElementsAre("3", "2", "4", "1"),
                                ElementsAre("4", "3", "6", "2")));
}

TEST(Client, RowsBecomeSeveralAndColumnsRows) {
  SparkSession spark = NewSession();
  const DataFrame lists = spark.sql("SELECT id, array_repeat('x', CAST(id AS INT)) AS list FROM range(3)");
  EXPECT_THAT(lists.select(col("id"), functions::posexplode_outer("list").as({"at", "text"})).collect(),
              ElementsAre(ElementsAre("0", std::nullopt, std::nullopt), ElementsAre("1", "0", "x"),
                          ElementsAre("2", "0", "x"), ElementsAre("2", "1", "x")));
  const DataFrame wide = spark.sql("SELECT 'k' AS k, 1 AS a, 2 AS b");
  EXPECT_THAT(wide.unpivot({"k"}, {"a", "b"}, "name", "value").collect(),
              ElementsAre(ElementsAre("k", "a", "1"), ElementsAre("k", "b", "2")));
  const DataFrame long_rows =
      spark.sql("SELECT * FROM VALUES ('x', 'a', 1), ('x', 'b', 2), ('y', 'a', 3) AS t(k, n, v)");
  EXPECT_THAT(long_rows.groupBy("k").pivot("n").sum("v").orderBy("k").collect(),
              ElementsAre(ElementsAre("x", "1", "2"), ElementsAre("y", "3", std::nullopt)));
  EXPECT_EQ(long_rows.rollup({"k", "n"}).count().count(), 6);
  EXPECT_EQ(long_rows.cube({"k", "n"}).count().count(), 8);
  EXPECT_EQ(long_rows.dropDuplicates({"k"}).count(), 2);
}

TEST(Client, GetOrCreateGetsTheSessionUntilItIsStopped) {
  SparkSession first = NewSession();
  first.conf().set("my.key", "one");
  SparkSession second = SparkSession::builder().config("my.other", "two").getOrCreate();
  EXPECT_EQ(second.conf().get("my.key"), "one");
  EXPECT_EQ(first.conf().get("my.other"), "two");
  std::thread([second]() mutable { second.stop(); }).join();
  EXPECT_THROW(first.range(1).collect(), SparkException);
  EXPECT_THROW(first.conf().get("my.key"), SparkException);
  SparkSession third = NewSession();
  EXPECT_EQ(third.conf().get("my.key", "none"), "none");
  EXPECT_EQ(third.range(1).collect().size(), 1u);
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

// Each way to hand over SQL text reads it in the session's zone.
TEST(Client, TimestampLiteralsAreInTheSessionsZone) {
  SparkSession spark = NewSession();
  spark.conf().set("spark.sql.session.timeZone", "America/Los_Angeles");
  const std::string seconds = "unix_seconds(TIMESTAMP'2019-07-01 00:00:00')";
  EXPECT_THAT(spark.sql("SELECT " + seconds).collect().at(0), ElementsAre("1561964400"));
  EXPECT_THAT(spark.range(1).selectExpr(seconds).collect().at(0), ElementsAre("1561964400"));
  EXPECT_THAT(spark.range(1).select({expr(seconds)}).collect().at(0), ElementsAre("1561964400"));
  EXPECT_EQ(spark.range(1).filter("1561964400 = " + seconds).count(), 1);
  EXPECT_EQ(spark.sql("SELECT TIMESTAMP'2019-07-01 00:00:00'").columns().at(0), "TIMESTAMP '2019-07-01 00:00:00'");
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

TEST(Client, NamesColumnsAndConstantsMix) {
  using functions::desc;
  using functions::when;
  SparkSession spark = NewSession();
  const DataFrame states = spark.sql(
      "SELECT * FROM (SELECT id, CASE WHEN id % 3 = 0 THEN 'MO' WHEN id % 3 = 1 THEN 'IL' ELSE 'KS' END AS state, "
      "CAST(id % 5 + 1 AS INT) AS stars FROM range(30))");
  const std::vector<std::string> names = {"id", "state"};
  EXPECT_THAT(states.select("id", "state").columns(), ElementsAre("id", "state"));
  EXPECT_THAT(states.select({"id", "state"}).columns(), ElementsAre("id", "state"));
  EXPECT_THAT(states.select(names).columns(), ElementsAre("id", "state"));
  EXPECT_THAT(states.select(col("id"), (col("stars") * 2).as("twice")).columns(), ElementsAre("id", "twice"));
  EXPECT_THAT(states.select("id", col("stars") + 1).columns(), ElementsAre("id", "(stars + 1)"));
  EXPECT_THAT(states.selectExpr({"id", "stars AS s"}).columns(), ElementsAre("id", "s"));
  EXPECT_THAT(states.drop("id", "stars").columns(), ElementsAre("state"));
  EXPECT_THAT(states.drop({"id", "stars"}).columns(), ElementsAre("state"));
  EXPECT_EQ(states.filter(col("state") == "MO").count(), 10);
  EXPECT_EQ(states.filter("MO" == col("state")).count(), 10);
  EXPECT_EQ(states.filter(col("stars") == 5).count(), 6);
  EXPECT_EQ(states.filter(col("stars") == "5").count(), 6);
  EXPECT_EQ(states.filter(col("stars") >= 4 && col("state") != "KS").count(), 8);
  EXPECT_EQ(states.filter(col("state").isin("MO", "IL")).count(), 20);
  EXPECT_EQ(states.filter(col("stars").between(2, 3)).count(), 12);
  EXPECT_EQ(states.filter(col("state").startsWith("M") || col("state").contains("S")).count(), 20);
  const auto sizes =
      states.select(when(col("stars") > 3, "high").when(col("stars") == 3, "mid").otherwise("low").as("x"))
          .groupBy("x")
          .count()
          .orderBy(desc("count"), "x")
          .collect();
  ASSERT_EQ(sizes.size(), 3u);
  EXPECT_THAT(sizes[0], ElementsAre("high", "12"));
  EXPECT_THAT(sizes[1], ElementsAre("low", "12"));
  EXPECT_THROW(col("a").otherwise(1), SparkException);
}

TEST(Client, GroupsByNameAndByExpression) {
  SparkSession spark = NewSession();
  const DataFrame rows = spark.range(6).selectExpr("id % 2 AS k", "id");
  EXPECT_THAT(rows.groupBy("k").avg("id").orderBy("k").collect()[1], ElementsAre("1", "3.0"));
  EXPECT_THAT(rows.groupBy(col("k")).sum("id").sort("k").collect()[0], ElementsAre("0", "6"));
  EXPECT_THAT(rows.groupBy({"k"}).max("id", "k").sort(col("k").desc()).collect()[0], ElementsAre("1", "5", "1"));
  EXPECT_THAT(rows.groupBy("k").agg({{"id", "max"}, {"*", "count"}}).sort("k").collect()[0],
              ElementsAre("0", "4", "3"));
  EXPECT_THAT(rows.groupBy("k").agg(functions::min(col("id")), functions::count(col("id"))).columns(),
              ElementsAre("k", "min(id)", "count(id)"));
  EXPECT_THAT(rows.agg(functions::sum(col("id"))).collect()[0], ElementsAre("15"));
  const auto named = rows.agg(functions::sum("id"), functions::count("*"), functions::countDistinct("k"),
                              functions::avg("id").as("mean"), functions::min("id"), functions::max("id"));
  EXPECT_THAT(named.columns(), ElementsAre("sum(id)", "count(1)", "count(DISTINCT k)", "mean", "min(id)", "max(id)"));
  EXPECT_THAT(named.collect()[0], ElementsAre("15", "6", "2", "2.5", "0", "5"));
}

TEST(Client, FirstAndLastRowsAndSchemas) {
  SparkSession spark = NewSession();
  const DataFrame rows = spark.range(100).selectExpr("id", "CAST(id AS DECIMAL(10,2)) AS d");
  EXPECT_THAT(rows.first().value(), ElementsAre("0", "0.00"));
  EXPECT_EQ(rows.take(3).size(), 3u);
  EXPECT_EQ(rows.head(2).size(), 2u);
  ASSERT_EQ(rows.tail(2).size(), 2u);
  EXPECT_EQ(rows.tail(2)[1][0], "99");
  EXPECT_TRUE(rows.filter("id < 0").isEmpty());
  EXPECT_FALSE(rows.filter("id < 0").first().has_value());
  EXPECT_THAT(rows.dtypes(), ElementsAre(std::pair<std::string, std::string>("id", "bigint"),
                                         std::pair<std::string, std::string>("d", "decimal(10,2)")));
  EXPECT_FALSE(rows.schema()[0].nullable);
  const auto moment = std::chrono::system_clock::time_point(std::chrono::microseconds(1'700'000'000'000'001));
  EXPECT_EQ(spark.range(1).select(functions::lit(moment).as("t")).collect()[0][0], "2023-11-14 22:13:20.000001");
}

TEST(Client, FirstIgnoresNulls) {
  SparkSession spark = NewSession();
  const std::string from = " FROM (SELECT CASE WHEN id > 0 THEN CAST(id + 1 AS INT) END AS v FROM range(3))";
  EXPECT_EQ(spark.sql("SELECT first(v, true)" + from).collect()[0][0], "2");
  EXPECT_EQ(spark.sql("SELECT first(v)" + from).collect()[0][0], std::nullopt);
  EXPECT_EQ(spark.sql("SELECT v" + from).collect()[0][0], std::nullopt) << "NULL is no text";
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
  // Spark gives the caller's default, not the setting's own, while nobody has set it.
  EXPECT_EQ(spark.conf().get("spark.sql.shuffle.partitions", "7"), "7");
  EXPECT_THROW(spark.conf().get("spark.sql.shuffle.partitions", "abc"), SparkException);
  spark.conf().set("spark.sql.shuffle.partitions", "9");
  EXPECT_EQ(spark.conf().get("spark.sql.shuffle.partitions", "7"), "9");
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
        .observe("seen", {expr("count(*)").alias("rows"), expr("max(value)").alias("most")})
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
  EXPECT_THAT(first.lastProgress(), HasSubstr(R"("observedMetrics":{"seen":{"values":[20,19])"));
  const StreamingQuery second = start();
  second.awaitTermination();
  EXPECT_EQ(first.id(), second.id());
  const DataFrame table = spark.read().parquet(folder + "/table");
  EXPECT_EQ(table.count(), 40);
  EXPECT_EQ(table.selectExpr("count(distinct value)").collect()[0][0], "40");
  std::filesystem::remove_all(folder);
}

int FilesIn(const std::string& folder) {
  int files = 0;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    files += entry.path().filename().string().starts_with("part-") ? 1 : 0;
  }
  return files;
}

TEST(Client, FilesAreWrittenAndReadBack) {
  SparkSession spark = NewSession();
  const std::string folder = EmptyFolder("files");
  const DataFrame frame = spark.range(6).withColumn("kind", expr("concat('k', id % 2)"));
  frame.write().mode("error").partitionBy("kind").parquet(folder + "/parquet");
  EXPECT_EQ(spark.read().parquet(folder + "/parquet").where(col("kind") == "k1").count(), 3);
  frame.repartition(3, {col("kind")}).write().parquet(folder + "/by_kind");
  EXPECT_LE(FilesIn(folder + "/by_kind"), 3);
  EXPECT_EQ(spark.read().parquet(folder + "/by_kind").select("kind", "_metadata.file_name").distinct().count(), 2);
  frame.repartitionByRange(2, {col("id").desc()}).write().parquet(folder + "/by_range");
  EXPECT_EQ(spark.read().parquet(folder + "/by_range").where("_metadata.file_name LIKE 'part-00000%'").count(), 3);
  frame.coalesce(1).write().option("header", true).option("compression", "gzip").csv(folder + "/csv");
  const DataFrame csv = spark.read().option("header", true).option("inferSchema", true).csv(folder + "/csv");
  EXPECT_THAT(csv.dtypes(), ElementsAre(std::pair<std::string, std::string>("id", "int"),
                                        std::pair<std::string, std::string>("kind", "string")));
  EXPECT_THAT(csv.orderBy("id").first().value(), ElementsAre("0", "k0"));
  csv.write().mode("overwrite").json(folder + "/json");
  EXPECT_EQ(spark.read().schema("id BIGINT").json(folder + "/json").count(), 6);
  spark.read().json(folder + "/json").select("kind").distinct().write().text(folder + "/text");
  EXPECT_EQ(spark.read().text(folder + "/text").count(), 2);
  EXPECT_TRUE(std::filesystem::exists(folder + "/text/_SUCCESS"));
  EXPECT_FALSE(std::filesystem::exists(folder + "/text/_temporary"));
  try {
    frame.write().parquet(folder + "/parquet");
    FAIL() << "something is there";
  } catch (const SparkException& error) {
    EXPECT_EQ(error.getErrorClass(), "PATH_ALREADY_EXISTS");
  }
  frame.write().mode("ignore").parquet(folder + "/parquet");
  EXPECT_THROW(frame.write().mode("replace"), SparkException);
  frame.write().format("json").option("path", folder + "/named").saveAsTable("named_files");
  EXPECT_EQ(spark.table("named_files").count(), 6);
  spark.sql("INSERT OVERWRITE DIRECTORY '" + folder + "/csv' USING csv SELECT id FROM named_files WHERE id < 2")
      .collect();
  EXPECT_EQ(spark.read().csv(folder + "/csv").count(), 2);
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
  EXPECT_THROW(stream.groupBy({"value"}).count().writeStream().format("noop").outputMode("append").start(),
               SparkException);
  try {
    stream.writeStream().format("parquet").option("path", "/nowhere").start();
    FAIL() << "no checkpoint";
  } catch (const SparkException& error) {
    EXPECT_EQ(error.getErrorClass(), "SLUICE_CHECKPOINT_LOCATION");
  }
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
