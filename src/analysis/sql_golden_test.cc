// SPDX-License-Identifier: Apache-2.0
// The queries of tests/golden/sql against what Spark answered (tools/record_sql.py): column names, types, nullability,
// and the class and SQLSTATE of what it refuses. Rows are compared where queries run.
#include <arrow/api.h>
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <set>

#include "analysis/analyzer.h"
#include "analysis/fixed_catalog.h"
#include "analysis/sql/parser.h"
#include "types/spark_type.h"

namespace sluice {
namespace {

using nlohmann::json;

std::filesystem::path Folder() {
  return std::filesystem::path(SLUICE_SOURCE_DIR) / "tests" / "golden" / "sql";
}

json ReadJson(const std::filesystem::path& path) {
  std::ifstream file(path);
  EXPECT_TRUE(file.good()) << path;
  return json::parse(file);
}

// Queries that Sluice refuses by name or answers otherwise, with the reason.
std::set<std::string> KnownDifferences() {
  std::set<std::string> known;
  const json entries = ReadJson(Folder() / "differences.json");
  for (const auto& entry : entries) known.insert(entry["sql"].get<std::string>());
  return known;
}

void DropMetadata(json* schema) {
  if (schema->is_object()) schema->erase("metadata");
  if (schema->is_structured()) {
    for (auto& part : *schema) DropMetadata(&part);
  }
}

std::string Canonical(json schema) {
  DropMetadata(&schema);
  return schema.dump();
}

// "" when the query is analyzed as it was recorded, else how it differs.
std::string Difference(const json& test, const json& recording, Catalog& catalog) {
  Conf conf;
  EXPECT_TRUE(conf.Set("spark.sql.ansi.enabled", recording["ansi"].get<bool>() ? "true" : "false").ok());
  EXPECT_TRUE(conf.Set("spark.sql.session.timeZone", recording["timeZone"].get<std::string>()).ok());
  spark::connect::Relation relation;
  relation.mutable_sql()->set_query(test["sql"].get<std::string>());
  const Result<PlanPtr> plan = Analyzer(catalog, conf).Resolve(relation);
  if (test.contains("schema")) {
    if (!plan.ok()) return plan.status().ToString();
    const std::string expected = Canonical(test["schema"]);
    const std::string actual = Canonical(json::parse(SchemaToSparkJson(*(*plan)->schema)));
    if (expected != actual) return fmt::format("Spark  {}\n  Sluice {}", expected, actual);
    // The optimizer must keep the schema's names and types.
    const PlanPtr optimized = Optimize(*plan, EvalContext());
    if (!optimized->schema->Equals(*(*plan)->schema)) return "the optimizer changed the schema";
    return "";
  }
  if (plan.ok()) return "analyzed, but Spark says " + test["error"].get<std::string>();
  const SparkErrorDetail* error = FindSparkError(plan.status());
  if (error == nullptr) return "no Spark error: " + plan.status().ToString();
  // Spark's older errors have no state.
  const std::string state = test["sqlState"].is_null() ? "" : test["sqlState"].get<std::string>();
  if (error->error_class != test["error"] || error->sqlstate != state) {
    return fmt::format("Spark {} {}, Sluice: {}", test["error"].dump(), test["sqlState"].dump(),
                       plan.status().ToString());
  }
  return "";
}

class SqlGoldenTest : public ::testing::TestWithParam<std::string> {
 protected:
  SqlGoldenTest() {
    const json views = ReadJson(Folder() / "views.json");
    for (const auto& [name, view] : views.items()) {
      const auto schema = ParseSparkSchema(view["ddl"].get<std::string>()).ValueOrDie();
      catalog_.AddView(name, MakeNode(plan::LocalRows(), {}, schema));
    }
  }

  FixedCatalog catalog_;
};

TEST_P(SqlGoldenTest, AnalyzesAsSpark) {
  const json recording = ReadJson(Folder() / (GetParam() + ".json"));
  const std::set<std::string> known = KnownDifferences();
  ASSERT_GT(recording["cases"].size(), 10U);
  for (const json& test : recording["cases"]) {
    const std::string sql = test["sql"].get<std::string>();
    const std::string difference = Difference(test, recording, catalog_);
    if (known.count(sql) > 0) {
      EXPECT_NE(difference, "") << sql << "\n  is as in Spark now: take it out of differences.json";
    } else {
      EXPECT_EQ(difference, "") << sql;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Groups, SqlGoldenTest,
                         ::testing::Values("lab", "select", "aggregate", "order", "errors", "ansi_off", "names", "sets",
                                           "joins", "generators", "window", "grouping", "subqueries", "lambdas",
                                           "collections", "aggregates_more", "texts", "intervals", "within_group",
                                           "sessions", "calls"),
                         [](const auto& info) { return info.param; });

}  // namespace
}  // namespace sluice
