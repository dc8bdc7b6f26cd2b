// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <arrow/api.h>
#include <arrow/json/from_string.h>

#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/spark_error.h"
#include "connectors/registry.h"
#include "exec/operator.h"
#include "expr/expr.h"
#include "plan/plan.h"
#include "types/spark_type.h"

// Inputs whose rows a test writes down.
namespace sluice::scripted {

using BatchPtr = std::shared_ptr<arrow::RecordBatch>;

// Rows as a JSON list of objects: Rows(schema, R"([{"a": 1}, {"a": null}])").
inline BatchPtr Rows(const std::shared_ptr<arrow::Schema>& schema, const std::string& json) {
  auto array = arrow::json::ArrayFromJSONString(arrow::struct_(schema->fields()), json).ValueOrDie();
  auto batch = arrow::RecordBatch::FromStructArray(array).ValueOrDie();
  return arrow::RecordBatch::Make(schema, batch->num_rows(), batch->columns());
}

inline std::shared_ptr<arrow::Array> Values(const std::shared_ptr<arrow::DataType>& type, const std::string& json) {
  return arrow::json::ArrayFromJSONString(type, json).ValueOrDie();
}

inline ExprPtr Column(const std::shared_ptr<arrow::Schema>& schema, const std::string& name) {
  const int index = schema->GetFieldIndex(name);
  return std::make_shared<ColumnExpr>(index, name, schema->field(index)->type(), true);
}

// An expression computed by a function of the test's, over its children's columns.
class FunctionExpr : public Expr {
 public:
  using Body = std::function<Result<std::shared_ptr<arrow::Array>>(const std::vector<std::shared_ptr<arrow::Array>>&)>;
  FunctionExpr(std::shared_ptr<arrow::DataType> type, std::vector<ExprPtr> children, Body body)
      : Expr(std::move(type), true, std::move(children)), body_(std::move(body)) {}
  std::string ToString() const override { return "scripted"; }
  Result<std::shared_ptr<arrow::Array>> EvalImpl(Evaluation& evaluation) const override {
    std::vector<std::shared_ptr<arrow::Array>> args;
    for (const ExprPtr& child : children()) {
      SLUICE_ASSIGN(auto arg, evaluation.Eval(child));
      args.push_back(std::move(arg));
    }
    return body_(args);
  }
  ExprPtr WithChildren(std::vector<ExprPtr> children) const override {
    return std::make_shared<FunctionExpr>(type(), std::move(children), body_);
  }

 private:
  Body body_;
};

// A boolean of an int64 column's values; null of null.
inline ExprPtr Where(ExprPtr column, std::function<bool(int64_t)> test) {
  return std::make_shared<FunctionExpr>(
      arrow::boolean(), std::vector<ExprPtr>{std::move(column)},
      [test = std::move(test)](const auto& args) -> Result<std::shared_ptr<arrow::Array>> {
        const auto& values = static_cast<const arrow::Int64Array&>(*args[0]);
        arrow::BooleanBuilder builder;
        for (int64_t i = 0; i < values.length(); ++i) {
          SLUICE_RETURN_IF_ERROR(values.IsNull(i) ? builder.AppendNull() : builder.Append(test(values.Value(i))));
        }
        return builder.Finish();
      });
}

// The int64 column itself, failing with DIVIDE_BY_ZERO at the first row that is `bad`, and naming it or not.
inline ExprPtr FailWhere(ExprPtr column, std::function<bool(int64_t)> bad, bool names_row = true) {
  return std::make_shared<FunctionExpr>(
      arrow::int64(), std::vector<ExprPtr>{std::move(column)},
      [bad = std::move(bad), names_row](const auto& args) -> Result<std::shared_ptr<arrow::Array>> {
        const auto& values = static_cast<const arrow::Int64Array&>(*args[0]);
        for (int64_t i = 0; i < values.length(); ++i) {
          if (values.IsNull(i) || !bad(values.Value(i))) continue;
          const Status error = UserError("DIVIDE_BY_ZERO", "bad value " + std::to_string(values.Value(i)));
          return names_row ? WithRow(error, i) : error;
        }
        return args[0];
      });
}
inline ExprPtr FailAt(ExprPtr column, int64_t bad) {
  return FailWhere(std::move(column), [bad](int64_t value) { return value == bad; });
}

// What a test can see of the readers it handed out.
struct ReaderWatch {
  std::atomic<int> slices{0};
  std::atomic<int> opened{0};
  std::atomic<bool> cancelled{false};
};

class ScriptedReader : public SliceReader {
 public:
  ScriptedReader(std::vector<BatchPtr> slices, std::string name = "p0", ReaderWatch* watch = nullptr)
      : slices_(std::move(slices)), name_(std::move(name)), watch_(watch) {}
  Result<BatchPtr> Next() override {
    if (cancelled_) return EnvironmentError("", "cancelled");
    if (next_ == slices_.size()) return nullptr;
    if (watch_ != nullptr) ++watch_->slices;
    if (next_ > 0) first_row_ += slices_[next_ - 1]->num_rows();
    return slices_[next_++];
  }
  std::string PlaceOf(int64_t row) const override { return name_ + " row " + std::to_string(first_row_ + row); }
  void Cancel() override {
    cancelled_ = true;
    if (watch_ != nullptr) watch_->cancelled = true;
  }

 private:
  std::vector<BatchPtr> slices_;
  std::string name_;
  ReaderWatch* watch_;
  size_t next_ = 0;
  int64_t first_row_ = 0;
  std::atomic<bool> cancelled_{false};
};

// A finite relation of some partitions, each of some slices.
class ScriptedSource : public BatchSource {
 public:
  explicit ScriptedSource(std::vector<std::vector<BatchPtr>> partitions, ReaderWatch* watch = nullptr)
      : partitions_(std::move(partitions)), watch_(watch) {}
  Result<std::vector<InputPartition>> PlanTasks() override {
    std::vector<InputPartition> tasks;
    for (size_t i = 0; i < partitions_.size(); ++i) tasks.push_back({"p" + std::to_string(i), nullptr});
    return tasks;
  }
  Result<std::unique_ptr<SliceReader>> OpenReader(const InputPartition& input, const std::vector<int>&) override {
    if (watch_ != nullptr) ++watch_->opened;
    const size_t index = std::stoul(input.identity.substr(1));
    return std::make_unique<ScriptedReader>(partitions_[index], input.identity, watch_);
  }

 private:
  std::vector<std::vector<BatchPtr>> partitions_;
  ReaderWatch* watch_;
};

// Plan nodes.
inline std::shared_ptr<PlanNode> ScanNode(std::shared_ptr<arrow::Schema> schema, bool streaming) {
  plan::Scan scan;
  scan.source.format = "scripted";
  scan.source.streaming = streaming;
  return MakeNode(std::move(scan), {}, std::move(schema));
}

inline PlanPtr ProjectNode(PlanPtr input, std::vector<ExprPtr> exprs) {
  arrow::FieldVector fields;
  for (size_t i = 0; i < exprs.size(); ++i) fields.push_back(arrow::field("c" + std::to_string(i), exprs[i]->type()));
  return MakeProject(std::move(input), std::move(exprs), arrow::schema(fields));
}

// A node whose output is its input's columns.
inline std::shared_ptr<PlanNode> Over(const PlanPtr& input, PlanOp op) {
  return MakeNode(std::move(op), {input}, input->schema);
}

// All slices of an operator in one batch.
inline Result<BatchPtr> Drain(Operator& rows) {
  std::vector<BatchPtr> slices;
  for (;;) {
    SLUICE_ASSIGN(auto slice, rows.Next());
    if (slice == nullptr) break;
    slices.push_back(std::move(slice));
  }
  if (slices.empty()) return arrow::RecordBatch::MakeEmpty(rows.schema());
  return arrow::ConcatenateRecordBatches(slices);
}

}  // namespace sluice::scripted
