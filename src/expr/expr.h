// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <arrow/type_fwd.h>

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/spark_error.h"

namespace sluice {

class Expr;
using ExprPtr = std::shared_ptr<const Expr>;

// What an evaluation may depend on besides its input, and what it may use. One a batch (or query); read-only.
struct EvalContext {
  int64_t now_us = 0;  // current_timestamp(): the batch's timestamp, microseconds since 1970 UTC
  std::string time_zone = "UTC";
  bool ansi = true;
  arrow::MemoryPool* pool = nullptr;  // null: Arrow's default pool
  uint64_t task_seed = 0;             // for rand() and uuid()
  // Bytes of the largest value that a function makes (value_text.h); a larger one is an error of its row.
  int64_t max_value_bytes = 16 << 20;
  // Set by any thread, outlives the evaluation: what still runs ends with OPERATION_CANCELED. Null: never.
  const std::atomic<bool>* cancelled = nullptr;

  Status CheckCancelled() const {
    return cancelled != nullptr && cancelled->load(std::memory_order_relaxed) ? Cancelled() : Status::OK();
  }

 private:
  static Status Cancelled();
};

// One evaluation of a list of expressions over one slice of rows. Remembers the value of each shared sub-expression
// (same Expr object), so that split(x, d) under fifteen parts[i] runs once. One thread at a time.
class Evaluation {
 public:
  Evaluation(const arrow::RecordBatch& input, const EvalContext& context);
  ~Evaluation();
  // The column of `expr`: an Array of input.num_rows() values of expr.type(). An error of a row carries the row's
  // number in the input (SparkErrorDetail::row).
  Result<std::shared_ptr<arrow::Array>> Eval(const ExprPtr& expr);
  // A column for each, in their order.
  Result<std::vector<std::shared_ptr<arrow::Array>>> EvalAll(const std::vector<ExprPtr>& exprs);

  const arrow::RecordBatch& input() const { return input_; }
  const EvalContext& context() const { return context_; }

 private:
  const arrow::RecordBatch& input_;
  const EvalContext& context_;
  struct Memo;
  std::unique_ptr<Memo> memo_;
};

// A resolved, typed expression: immutable, shared, thread-safe. Children are already coerced to what the node needs.
class Expr {
 public:
  virtual ~Expr() = default;
  const std::shared_ptr<arrow::DataType>& type() const { return type_; }
  bool nullable() const { return nullable_; }
  const std::vector<ExprPtr>& children() const { return children_; }
  // As Spark names a column made from it: "split(CAST(value AS STRING), \t, -1)".
  virtual std::string ToString() const = 0;
  // False for rand(), uuid(), and the like, and for everything above them.
  virtual bool deterministic() const { return children_deterministic_; }
  // Called by Evaluation only.
  virtual Result<std::shared_ptr<arrow::Array>> EvalImpl(Evaluation& evaluation) const = 0;
  // The same node over other children (rewrite rules).
  virtual ExprPtr WithChildren(std::vector<ExprPtr> children) const = 0;
  // What the node is besides its children: two nodes with equal keys and equal children have equal values (share.h).
  // Empty: never equal to another node.
  virtual std::string NodeKey() const { return {}; }
  // Where the node stands in the SQL text, for errors of rows; null when unknown.
  const TextPlace* place() const { return place_.get(); }

 protected:
  Expr(std::shared_ptr<arrow::DataType> type, bool nullable, std::vector<ExprPtr> children)
      : type_(std::move(type)), nullable_(nullable), children_(std::move(children)) {
    for (const ExprPtr& child : children_) children_deterministic_ = children_deterministic_ && child->deterministic();
  }

 private:
  std::shared_ptr<arrow::DataType> type_;
  bool nullable_;
  bool children_deterministic_ = true;  // kept: shared children would be asked again and again
  std::vector<ExprPtr> children_;
  std::shared_ptr<const TextPlace> place_;
  friend ExprPtr AtPlace(ExprPtr expr, std::shared_ptr<const TextPlace> place);
  friend ExprPtr AtPlaceOf(ExprPtr expr, const Expr& from);
};

// The node with its place in the SQL text, or with that of the node from which it was made. Only a node that nobody
// else holds yet is changed; others come back as they are.
ExprPtr AtPlace(ExprPtr expr, std::shared_ptr<const TextPlace> place);
ExprPtr AtPlaceOf(ExprPtr expr, const Expr& from);

// Column `index` of the input.
class ColumnExpr : public Expr {
 public:
  ColumnExpr(int index, std::string name, std::shared_ptr<arrow::DataType> type, bool nullable);
  int index() const { return index_; }
  const std::string& name() const { return name_; }
  std::string ToString() const override { return name_; }
  Result<std::shared_ptr<arrow::Array>> EvalImpl(Evaluation& evaluation) const override;
  ExprPtr WithChildren(std::vector<ExprPtr> children) const override;
  std::string NodeKey() const override;

 private:
  int index_;
  std::string name_;
};

// A constant.
class LiteralExpr : public Expr {
 public:
  explicit LiteralExpr(std::shared_ptr<arrow::Scalar> value);
  const std::shared_ptr<arrow::Scalar>& value() const { return value_; }
  std::string ToString() const override;
  Result<std::shared_ptr<arrow::Array>> EvalImpl(Evaluation& evaluation) const override;
  ExprPtr WithChildren(std::vector<ExprPtr> children) const override;
  std::string NodeKey() const override;

 private:
  std::shared_ptr<arrow::Scalar> value_;
};

enum class CastMode { kAnsi, kLegacy, kTry };

// Spark's CAST. UserError DATATYPE_MISMATCH.CAST_WITHOUT_SUGGESTION when Spark has no such cast.
Result<ExprPtr> MakeCast(ExprPtr child, std::shared_ptr<arrow::DataType> target, CastMode mode);
// A cast that Spark would add by itself: the same value, but not shown by ToString(). The child itself when it has the
// type.
Result<ExprPtr> MakeImplicitCast(ExprPtr child, std::shared_ptr<arrow::DataType> target, bool ansi);
// Evaluates an expression without columns to a scalar (constant folding, LIMIT, options).
Result<std::shared_ptr<arrow::Scalar>> EvalConstant(const ExprPtr& expr, const EvalContext& context);
// Replaces nodes bottom-up; `change` returns null to keep a node. Shared nodes stay shared.
ExprPtr Transform(const ExprPtr& expr, const std::function<ExprPtr(const ExprPtr&)>& change);

}  // namespace sluice
