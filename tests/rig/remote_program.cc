// SPDX-License-Identifier: Apache-2.0
// What a program of the C++ API sees of a server; each answer is a line. The same lines come from every server.
#include <sluice/sluice.h>

#include <iostream>

using sluice::functions::col;
using sluice::functions::lit;

namespace {

void PrintRows(const std::string& what, const std::vector<sluice::Row>& rows) {
  std::cout << what << ":";
  for (const auto& row : rows) {
    for (const auto& value : row) std::cout << " " << value.value_or("NULL");
    std::cout << ";";
  }
  std::cout << "\n";
}

template <typename Call>
void PrintError(const std::string& what, Call call) {
  try {
    call();
    std::cout << what << ": no error\n";
  } catch (const sluice::StreamingQueryException& error) {
    std::cout << what << ": StreamingQueryException " << error.getErrorClass() << " " << error.getSqlState() << "\n";
  } catch (const sluice::SparkException& error) {
    std::cout << what << ": " << error.getErrorClass() << " " << error.getSqlState() << "\n";
  }
}

void run() {
  auto spark = sluice::SparkSession::builder()
                   .appName("remote_program")
                   .config("spark.sql.session.timeZone", "Asia/Tokyo")
                   .getOrCreate();
  std::cout << "version: " << spark.version() << "\n";
  std::cout << "zone: " << spark.conf().get("spark.sql.session.timeZone") << "\n";
  PrintRows("rows", spark.range(6).withColumn("twice", col("id") * lit(2)).filter("id > 3").collect());
  const auto all = spark.sql(
      "SELECT 'a text that is longer than a view holds' AS s, CAST(NULL AS INT) AS i, 1.50BD AS d, "
      "timestamp'2026-03-04 05:06:07.8' AS t, date'2026-03-04' AS day, array('x', NULL) AS a, "
      "map('k', struct(1 AS n, 'v' AS v)) AS m, X'0aff' AS b, interval '1' day AS iv");
  PrintRows("types", all.collect());
  std::cout << "schema: " << all.schemaJson() << "\n";
  PrintRows("none", all.filter("false").collect());
  std::cout << "columns: " << all.filter("false").columns().size() << "\n";
  std::cout << "count: " << spark.range(0, 250000, 1).count() << "\n";
  PrintRows("tail", spark.range(0, 25000).orderBy("id").tail(2));
  spark.range(3).createOrReplaceTempView("three");
  PrintRows("view", spark.sql("SELECT sum(id) FROM three").collect());
  std::cout << spark.range(2).showString(20, 20);
  PrintError("table", [&] { spark.table("nope").collect(); });
  PrintError("column", [&] { spark.range(1).select(col("nope")).collect(); });
  PrintError("syntax", [&] { spark.sql("SELECT 1 +"); });
  PrintError("division", [&] { spark.sql("SELECT 1 / (id - 1) FROM range(3)").collect(); });
  PrintError("setting", [&] { spark.conf().get("no.such.setting"); });

  auto query =
      spark.readStream().format("rate").option("rowsPerSecond", 10).load().writeStream().format("noop").start();
  std::cout << "active: " << query.isActive() << " " << query.awaitTermination(1) << "\n";
  std::cout << "found: " << spark.streams().active().size() << " " << spark.streams().get(query.id()).has_value()
            << "\n";
  query.stop();
  std::cout << "stopped: " << query.isActive() << " " << query.exception().has_value() << "\n";
  auto failing = spark.readStream()
                     .format("rate")
                     .option("rowsPerSecond", 10)
                     .load()
                     .selectExpr("assert_true(value < 0)")
                     .writeStream()
                     .format("noop")
                     .start();
  PrintError("failed", [&] { failing.awaitTermination(); });
  spark.stop();
  PrintError("after the end", [&] { spark.range(1).count(); });
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
