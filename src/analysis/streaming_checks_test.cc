// SPDX-License-Identifier: Apache-2.0
// tests/golden/sql/streaming.json: which plans Spark starts as a stream, and how it refuses the others.
#include "analysis/streaming_checks.h"

#include <arrow/api.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "analysis/analyzer.h"
#include "analysis/fixed_catalog.h"
#include "base/spark_error.h"
#include "types/spark_type.h"

namespace sluice {
namespace {

using nlohmann::json;

json Recorded(const std::string& file) {
  std::ifstream in(std::filesystem::path(SLUICE_SOURCE_DIR) / "tests" / "golden" / "sql" / file);
  return json::parse(in);
}

class StreamingChecksTest : public ::testing::Test {
 protected:
  StreamingChecksTest() {
    plan::Scan rate;
    rate.source.streaming = true;
    rate.source.format = "rate";
    const PlanPtr events =
        MakeNode(std::move(rate), {},
                 arrow::schema({arrow::field("timestamp", TimestampType()), arrow::field("value", arrow::int64())}));
    catalog_.AddView("events", events);
    for (const auto& [view, delay_ms] : {std::pair("marked", 10'000), std::pair("others", 20'000)}) {
      const ExprPtr time = std::make_shared<ColumnExpr>(0, "timestamp", TimestampType(), true);
      catalog_.AddView(view, MakeNode(plan::Watermark{time, delay_ms}, {events}, events->schema));
    }
    const auto numbers = ParseSparkSchema(Recorded("views.json")["numbers"]["ddl"].get<std::string>()).ValueOrDie();
    catalog_.AddView("numbers", MakeNode(plan::LocalRows(), {}, numbers));
  }

  Result<PlanPtr> Resolve(const std::string& sql) {
    spark::connect::Relation relation;
    relation.mutable_sql()->set_query(sql);
    return Analyzer(catalog_, Conf()).Resolve(relation);
  }

  FixedCatalog catalog_;
};

// DISTINCT, also that of UNION, is dropDuplicates in Connect's messages, as distinct() of the DataFrame API is: other
// than an aggregation it may run in append and update, and not in complete.
bool IsDistinct(const std::string& sql) {
  return sql.starts_with("SELECT DISTINCT") || sql.find(" UNION SELECT") != std::string::npos;
}

TEST_F(StreamingChecksTest, RefusesWhatSparkRefuses) {
  int refused = 0;
  int started = 0;
  const json recording = Recorded("streaming.json");
  for (const json& test : recording["cases"]) {
    const std::string sql = test["sql"].get<std::string>();
    const std::string mode = test["mode"].get<std::string>();
    const Result<PlanPtr> plan = Resolve(sql);
    ASSERT_TRUE(plan.ok()) << sql << ": " << plan.status().ToString();
    const Status status = CheckStreamingPlan(**plan, mode);
    const bool here_only = HasErrorClass(status, "UNSUPPORTED_FEATURE.SLUICE");
    if (IsDistinct(sql)) {
      const bool refused_mode = HasErrorClass(status, "STREAMING_OUTPUT_MODE.UNSUPPORTED_OPERATION");
      EXPECT_EQ(mode == "complete" ? refused_mode : status.ok(), true)
          << mode << ": " << sql << ": " << status.ToString();
    } else if (test.contains("schema")) {
      EXPECT_TRUE(status.ok() || here_only) << mode << ": " << sql << ": " << status.ToString();
      started += status.ok() ? 1 : 0;
    } else {
      const SparkErrorDetail* error = FindSparkError(status);
      ASSERT_NE(error, nullptr) << mode << ": " << sql;
      EXPECT_EQ(error->error_class, test["error"]) << mode << ": " << sql;
      EXPECT_EQ(error->sqlstate, test["sqlState"].is_null() ? "" : test["sqlState"].get<std::string>()) << sql;
      ++refused;
    }
  }
  EXPECT_GT(refused, 10);
  EXPECT_GE(started, 4);
}

TEST_F(StreamingChecksTest, AWatermarkLetsGroupsLeave) {
  const std::string marked = "FROM events WATERMARK timestamp DELAY OF INTERVAL 10 SECONDS ";
  const std::string windows = "SELECT window.start, window.end, count(*) " + marked;
  const auto check = [&](const std::string& sql, const std::string& mode) {
    const Result<PlanPtr> plan = Resolve(sql);
    EXPECT_TRUE(plan.ok()) << sql << ": " << plan.status().ToString();
    return plan.ok() ? CheckStreamingPlan(**plan, mode) : plan.status();
  };
  EXPECT_TRUE(check(windows + "GROUP BY window(timestamp, '10 seconds')", "append").ok());
  EXPECT_TRUE(check(windows + "GROUP BY window(timestamp, '10 seconds', '5 seconds'), value % 2", "append").ok());
  EXPECT_TRUE(check("SELECT timestamp, count(*) " + marked + "GROUP BY timestamp", "append").ok());
  const std::string twice = "SELECT window(w, '1 minute') AS m, sum(n) FROM (SELECT window AS w, count(*) AS n " +
                            marked + "GROUP BY window(timestamp, '10 seconds'), value) GROUP BY window(w, '1 minute')";
  EXPECT_TRUE(check(twice, "append").ok());
  EXPECT_TRUE(HasErrorClass(check(twice, "update"), "_LEGACY_ERROR_TEMP_3102"));
  // A computation loses the mark.
  EXPECT_TRUE(HasErrorClass(check("SELECT CAST(timestamp AS DATE) AS d, count(*) " + marked + "GROUP BY 1", "append"),
                            "STREAMING_OUTPUT_MODE.UNSUPPORTED_OPERATION"));
  EXPECT_TRUE(HasErrorClass(check("SELECT count(DISTINCT value) " + marked + "GROUP BY timestamp", "append"),
                            "_LEGACY_ERROR_TEMP_3102"));
}

TEST_F(StreamingChecksTest, WhatIsNoWindowIsRefused) {
  const auto error = [&](const std::string& sql) { return Resolve(sql).status(); };
  EXPECT_TRUE(HasErrorClass(error("SELECT * FROM events WATERMARK value DELAY OF INTERVAL 10 SECONDS"),
                            "EVENT_TIME_IS_NOT_ON_TIMESTAMP_TYPE"));
  EXPECT_TRUE(
      HasErrorClass(error("SELECT * FROM events WATERMARK timestamp DELAY OF INTERVAL 10"), "CANNOT_PARSE_INTERVAL"));
  EXPECT_TRUE(
      HasErrorClass(error("SELECT count(*) FROM events GROUP BY window(timestamp, '10 s'), window(timestamp, '5 s')"),
                    "_LEGACY_ERROR_TEMP_1039"));
  EXPECT_FALSE(error("SELECT count(*) FROM events GROUP BY window(timestamp, '5 seconds', '10 seconds')").ok());
}

TEST_F(StreamingChecksTest, ModesWithoutRegardToCase) {
  const PlanPtr plan = Resolve("SELECT value FROM events").ValueOrDie();
  EXPECT_TRUE(CheckStreamingPlan(*plan, "Append").ok());
  EXPECT_TRUE(CheckStreamingPlan(*plan, "").ok());
}

// Spark 4.2.0 refuses each while it runs: "Redefining watermark is disallowed".
TEST_F(StreamingChecksTest, AWatermarkIsSetOnce) {
  const auto time = std::make_shared<ColumnExpr>(0, "timestamp", TimestampType(), true);
  const auto marked = [&](const PlanPtr& rows) { return MakeNode(plan::Watermark{time, 5000}, {rows}, rows->schema); };
  const PlanPtr events = Resolve("SELECT * FROM events").ValueOrDie();
  EXPECT_TRUE(CheckStreamingPlan(*marked(events), "append").ok());
  const PlanPtr once = Resolve("SELECT * FROM marked").ValueOrDie();
  EXPECT_TRUE(HasErrorClass(CheckStreamingPlan(*marked(once), "append"), "_LEGACY_ERROR_TEMP_3076"));
  const PlanPtr grouped =
      Resolve("SELECT window.end AS t FROM marked GROUP BY window(timestamp, '10 seconds')").ValueOrDie();
  EXPECT_TRUE(CheckStreamingPlan(*marked(grouped), "append").ok());
}

}  // namespace
}  // namespace sluice
