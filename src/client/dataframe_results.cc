// SPDX-License-Identifier: Apache-2.0
// The calls of DataFrame that run something or ask the service about a plan.
#include <arrow/api.h>
#include <arrow/c/bridge.h>

#include <algorithm>
#include <cstdlib>
#include <deque>
#include <iostream>
#include <iterator>

#include "analysis/connect_types.h"
#include "base/printable.h"
#include "client/errors.h"
#include "client/handles.h"
#include "exec/operator.h"
#include "types/spark_type.h"

namespace sluice {
namespace {

using spark::connect::AnalyzePlanRequest;
using spark::connect::Relation;

std::shared_ptr<arrow::Schema> SchemaOf(const PlanHandle& plan) {
  AnalyzePlanRequest request;
  *request.mutable_schema()->mutable_plan()->mutable_root() = plan.relation;
  return ValueOrThrow(SchemaFromConnect(plan.session->Analyze(std::move(request)).schema().schema()));
}

// Rows of an Execution for consumers outside: plain strings instead of views.
class PlainRows : public arrow::RecordBatchReader {
 public:
  PlainRows(Execution execution, std::shared_ptr<arrow::Schema> schema)
      : execution_(std::move(execution)), schema_(std::move(schema)) {}
  std::shared_ptr<arrow::Schema> schema() const override { return schema_; }
  Status ReadNext(std::shared_ptr<arrow::RecordBatch>* out) override {
    SLUICE_ASSIGN(auto batch, execution_.rows->Next());
    if (batch != nullptr) {
      SLUICE_ASSIGN(batch, ToPlainBatch(batch));
    }
    *out = std::move(batch);
    return Status::OK();
  }

 private:
  Execution execution_;
  std::shared_ptr<arrow::Schema> schema_;
};

Row RowOf(const arrow::RecordBatch& batch, int64_t row, const std::string& time_zone) {
  Row values;
  for (const auto& column : batch.columns()) {
    if (column->IsNull(row)) {
      values.emplace_back();
    } else {
      values.emplace_back(ValueOrThrow(FormatValue(*column, row, time_zone)));
    }
  }
  return values;
}

}  // namespace

std::string DataFrame::schemaJson() const {
  return SchemaToSparkJson(*SchemaOf(*plan_));
}

std::vector<SchemaField> DataFrame::schema() const {
  std::vector<SchemaField> fields;
  const std::shared_ptr<arrow::Schema> known = SchemaOf(*plan_);
  for (const auto& field : known->fields()) {
    fields.push_back({field->name(), SparkSimpleString(*field->type()), field->nullable()});
  }
  return fields;
}

std::vector<std::pair<std::string, std::string>> DataFrame::dtypes() const {
  std::vector<std::pair<std::string, std::string>> types;
  for (SchemaField& field : schema()) types.emplace_back(std::move(field.name), std::move(field.type));
  return types;
}

std::vector<std::string> DataFrame::columns() const {
  return SchemaOf(*plan_)->field_names();
}

void DataFrame::printSchema() const {
  AnalyzePlanRequest request;
  *request.mutable_tree_string()->mutable_plan()->mutable_root() = plan_->relation;
  std::cout << ForStdout(plan_->session->Analyze(std::move(request)).tree_string().tree_string()) << "\n";
}

void DataFrame::explain() const {
  AnalyzePlanRequest request;
  *request.mutable_explain()->mutable_plan()->mutable_root() = plan_->relation;
  std::cout << ForStdout(plan_->session->Analyze(std::move(request)).explain().explain_string()) << "\n";
}

bool DataFrame::isStreaming() const {
  AnalyzePlanRequest request;
  *request.mutable_is_streaming()->mutable_plan()->mutable_root() = plan_->relation;
  return plan_->session->Analyze(std::move(request)).is_streaming().is_streaming();
}

std::string DataFrame::showString(int rows, int truncate) const {
  Relation relation;
  auto* show = relation.mutable_show_string();
  *show->mutable_input() = plan_->relation;
  show->set_num_rows(rows);
  show->set_truncate(truncate);
  const Execution execution = plan_->session->Execute(std::move(relation));
  const auto batch = ValueOrThrow(execution.rows->Next());
  return ValueOrThrow(FormatValue(*batch->column(0), 0, "UTC"));
}

void DataFrame::show(int rows, bool truncate) const {
  std::cout << ForStdout(showString(rows, truncate ? 20 : 0)) << std::endl;
}

std::vector<Row> DataFrame::collect() const {
  const Execution execution = plan_->session->Execute(plan_->relation);
  const std::string time_zone = plan_->session->TimeZone();
  std::vector<Row> rows;
  while (const auto batch = ValueOrThrow(execution.rows->Next())) {
    for (int64_t row = 0; row < batch->num_rows(); ++row) rows.push_back(RowOf(*batch, row, time_zone));
  }
  return rows;
}

std::vector<Row> DataFrame::take(int rows) const {
  return limit(rows).collect();
}

std::optional<Row> DataFrame::first() const {
  std::vector<Row> rows = take(1);
  if (rows.empty()) return std::nullopt;
  return std::move(rows.front());
}

std::vector<Row> DataFrame::tail(int rows) const {
  const Execution execution = plan_->session->Execute(plan_->relation);
  const std::string time_zone = plan_->session->TimeZone();
  std::deque<Row> last;
  while (const auto batch = ValueOrThrow(execution.rows->Next())) {
    for (int64_t row = std::max<int64_t>(batch->num_rows() - rows, 0); row < batch->num_rows(); ++row) {
      last.push_back(RowOf(*batch, row, time_zone));
      if (static_cast<int64_t>(last.size()) > rows) last.pop_front();
    }
  }
  return {std::make_move_iterator(last.begin()), std::make_move_iterator(last.end())};
}

int64_t DataFrame::count() const {
  const std::vector<Row> rows = groupBy(std::vector<Column>()).count().collect();
  return std::atoll(rows.at(0).at(0).value_or("0").c_str());
}

void DataFrame::toArrow(ArrowArrayStream* out) const {
  Execution execution = plan_->session->Execute(plan_->relation);
  const auto empty = ValueOrThrow(arrow::RecordBatch::MakeEmpty(execution.schema));
  const auto plain = ValueOrThrow(ToPlainBatch(empty));
  ThrowIfError(arrow::ExportRecordBatchReader(std::make_shared<PlainRows>(std::move(execution), plain->schema()), out));
}

}  // namespace sluice
