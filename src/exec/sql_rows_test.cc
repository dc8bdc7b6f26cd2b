// SPDX-License-Identifier: Apache-2.0
// The queries of tests/golden/sql run over the views of views.json: rows and run-time errors as real Spark gave them
// (tools/record_sql.py). Names and types are compared in analysis.
#include <arrow/api.h>
#include <arrow/compute/initialize.h>
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <set>

#include "analysis/analyzer.h"
#include "analysis/fixed_catalog.h"
#include "exec/planner.h"
#include "expr/function_registry.h"
#include "types/spark_type.h"

namespace sluice {
namespace {

using nlohmann::json;
using Batches = std::vector<std::shared_ptr<arrow::RecordBatch>>;

json Recorded(const std::string& file) {
  std::ifstream in(std::filesystem::path(SLUICE_SOURCE_DIR) / "tests" / "golden" / "sql" / file);
  EXPECT_TRUE(in.good()) << file;
  return json::parse(in);
}

// One column of a view from its texts.
Result<std::shared_ptr<arrow::Array>> TypedColumn(const json& rows, size_t column,
                                                  const std::shared_ptr<arrow::DataType>& type) {
  arrow::StringViewBuilder texts;
  for (const json& row : rows) {
    if (row[column].is_null()) {
      SLUICE_RETURN_IF_ERROR(texts.AppendNull());
    } else {
      SLUICE_RETURN_IF_ERROR(texts.Append(row[column].get<std::string>()));
    }
  }
  SLUICE_ASSIGN(auto values, texts.Finish());
  const auto batch =
      arrow::RecordBatch::Make(arrow::schema({arrow::field("x", StringType())}), values->length(), {values});
  ExprPtr expr = std::make_shared<ColumnExpr>(0, "x", StringType(), true);
  if (arrow::is_nested(type->id())) {
    const auto schema = arrow::Buffer::FromString(SparkSimpleString(*type));
    const ExprPtr ddl = std::make_shared<LiteralExpr>(std::make_shared<arrow::StringViewScalar>(schema));
    SLUICE_ASSIGN(expr, ResolveFunction("from_json", {expr, ddl}, ResolveOptions()));
  } else {
    SLUICE_ASSIGN(expr, MakeCast(expr, type, CastMode::kAnsi));
  }
  const EvalContext context;
  return Evaluation(*batch, context).Eval(expr);
}

Result<PlanPtr> View(const json& view) {
  SLUICE_ASSIGN(const auto schema, ParseSparkSchema(view["ddl"].get<std::string>()));
  std::vector<std::shared_ptr<arrow::Array>> columns;
  for (int i = 0; i < schema->num_fields(); ++i) {
    SLUICE_ASSIGN(auto column, TypedColumn(view["rows"], static_cast<size_t>(i), schema->field(i)->type()));
    columns.push_back(std::move(column));
  }
  const auto rows = static_cast<int64_t>(view["rows"].size());
  plan::LocalRows local{{arrow::RecordBatch::Make(schema, rows, std::move(columns))}};
  return MakeNode(std::move(local), {}, schema);
}

// Rows as lists of texts, as the recordings have them.
Status AppendTexts(const arrow::RecordBatch& batch, const EvalContext& context, std::vector<json>* rows) {
  const size_t first = rows->size();
  rows->resize(first + static_cast<size_t>(batch.num_rows()), json::array());
  Evaluation evaluation(batch, context);
  for (int i = 0; i < batch.num_columns(); ++i) {
    const auto& field = *batch.schema()->field(i);
    ExprPtr column = std::make_shared<ColumnExpr>(i, field.name(), field.type(), true);
    SLUICE_ASSIGN(column, MakeCast(column, StringType(), CastMode::kLegacy));
    SLUICE_ASSIGN(const auto texts, evaluation.Eval(column));
    const auto& views = static_cast<const arrow::StringViewArray&>(*texts);
    for (int64_t row = 0; row < batch.num_rows(); ++row) {
      json& cells = (*rows)[first + static_cast<size_t>(row)];
      cells.push_back(views.IsNull(row) ? json() : json(std::string(views.GetView(row))));
    }
  }
  return Status::OK();
}

Result<std::vector<json>> Run(const std::string& sql, Catalog& catalog, const Conf& conf) {
  spark::connect::Relation relation;
  relation.mutable_sql()->set_query(sql);
  PlannerContext context;
  context.eval.ansi = conf.ansi();
  context.eval.time_zone = conf.time_zone();
  context.threads = 2;
  SLUICE_ASSIGN(PlanPtr plan, Analyzer(catalog, conf).Resolve(relation));
  SLUICE_ASSIGN(auto rows, PlanOperators(Optimize(plan, context.eval), context));
  std::vector<json> texts;
  while (true) {
    SLUICE_ASSIGN(const auto batch, rows->Next());
    if (batch == nullptr) return texts;
    SLUICE_RETURN_IF_ERROR(AppendTexts(*batch, context.eval, &texts));
  }
}

bool IsOrdered(const std::string& sql) {
  const size_t order = sql.rfind("ORDER BY");
  if (order == std::string::npos) return false;
  return std::count(sql.begin() + static_cast<int64_t>(order), sql.end(), ')') ==
         std::count(sql.begin() + static_cast<int64_t>(order), sql.end(), '(');
}

// "" when the query gives what was recorded.
std::string Difference(const json& test, Catalog& catalog, const Conf& conf) {
  const std::string sql = test["sql"].get<std::string>();
  Result<std::vector<json>> rows = Run(sql, catalog, conf);
  if (test.contains("error")) {
    if (rows.ok()) return "gives rows, but Spark fails with " + test["error"].get<std::string>();
    const SparkErrorDetail* error = FindSparkError(rows.status());
    // Spark's older errors have no state.
    const std::string state = test["sqlState"].is_null() ? "" : test["sqlState"].get<std::string>();
    const bool same = error != nullptr && error->error_class == test["error"] && error->sqlstate == state;
    return same ? "" : fmt::format("Spark {}, Sluice: {}", test["error"].dump(), rows.status().ToString());
  }
  if (!rows.ok()) return rows.status().ToString();
  auto expected = test["rows"].get<std::vector<json>>();
  if (!IsOrdered(sql)) {
    std::sort(expected.begin(), expected.end());
    std::sort(rows->begin(), rows->end());
  }
  return *rows == expected ? "" : fmt::format("\n  Spark  {}\n  Sluice {}", json(expected).dump(), json(*rows).dump());
}

class SqlRowsTest : public ::testing::TestWithParam<std::string> {
 protected:
  SqlRowsTest() {
    EXPECT_TRUE(arrow::compute::Initialize().ok());
    const json views = Recorded("views.json");
    for (const auto& [name, view] : views.items()) {
      Result<PlanPtr> plan = View(view);
      EXPECT_TRUE(plan.ok()) << name << ": " << plan.status().ToString();
      if (plan.ok()) catalog_.AddView(name, *plan);
    }
    for (const char* file : {"differences.json", "row_differences.json"}) {
      const json entries = Recorded(file);
      for (const json& entry : entries) known_.insert(entry["sql"].get<std::string>());
    }
  }

  FixedCatalog catalog_;
  std::set<std::string> known_;
};

TEST_P(SqlRowsTest, GivesSparksRows) {
  const json recording = Recorded(GetParam() + ".json");
  Conf conf;
  ASSERT_TRUE(conf.Set("spark.sql.ansi.enabled", recording["ansi"].get<bool>() ? "true" : "false").ok());
  ASSERT_TRUE(conf.Set("spark.sql.session.timeZone", recording["timeZone"].get<std::string>()).ok());
  int compared = 0;
  for (const json& test : recording["cases"]) {
    const std::string sql = test["sql"].get<std::string>();
    if (known_.count(sql) > 0 || (!test.contains("rows") && !test.contains("error"))) continue;
    EXPECT_EQ(Difference(test, catalog_, conf), "") << sql;
    ++compared;
  }
  RecordProperty("compared", compared);
  EXPECT_GT(compared, 10);
}

INSTANTIATE_TEST_SUITE_P(Groups, SqlRowsTest,
                         ::testing::Values("lab", "select", "aggregate", "order", "errors", "ansi_off", "names", "sets",
                                           "joins", "generators", "window", "grouping", "subqueries", "lambdas",
                                           "collections", "aggregates_more", "texts", "intervals", "within_group",
                                           "sessions", "calls"),
                         [](const auto& info) { return info.param; });

}  // namespace
}  // namespace sluice
