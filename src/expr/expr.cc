// SPDX-License-Identifier: Apache-2.0
#include "expr/expr.h"

#include <arrow/api.h>
#include <fmt/format.h>

#include <unordered_map>

#include "expr/column_io.h"
#include "types/datetime_text.h"
#include "types/number_text.h"
#include "types/spark_type.h"
#include "types/value_formatter.h"

namespace sluice {
namespace {

using ArrayPtr = std::shared_ptr<arrow::Array>;

// Every row has the same view; the bytes are stored once.
Result<ArrayPtr> RepeatedView(const arrow::BaseBinaryScalar& scalar, int64_t rows, arrow::MemoryPool* pool) {
  ViewWriter writer(rows, pool);
  SLUICE_RETURN_IF_ERROR(writer.Allocate());
  if (rows > 0) {
    const std::string_view text(reinterpret_cast<const char*>(scalar.value->data()),
                                static_cast<size_t>(scalar.value->size()));
    SLUICE_RETURN_IF_ERROR(writer.Set(0, text));
    const BinaryView view = writer.view(0);
    for (int64_t row = 1; row < rows; ++row) writer.SetView(row, view);
  }
  return writer.Finish(scalar.type);
}

}  // namespace

ExprPtr AtPlace(ExprPtr expr, std::shared_ptr<const TextPlace> place) {
  // Nodes are immutable once they are shared; this one is still being made.
  if (expr.use_count() == 1) std::const_pointer_cast<Expr>(expr)->place_ = std::move(place);
  return expr;
}

ExprPtr AtPlaceOf(ExprPtr expr, const Expr& from) {
  return from.place_ == nullptr ? expr : AtPlace(std::move(expr), from.place_);
}

ColumnExpr::ColumnExpr(int index, std::string name, std::shared_ptr<arrow::DataType> type, bool nullable)
    : Expr(std::move(type), nullable, {}), index_(index), name_(std::move(name)) {}

Result<ArrayPtr> ColumnExpr::EvalImpl(Evaluation& evaluation) const {
  if (index_ < 0 || index_ >= evaluation.input().num_columns()) {
    return InternalError(fmt::format("column {} ({}) is outside of the input", index_, name_));
  }
  return evaluation.input().column(index_);
}

ExprPtr ColumnExpr::WithChildren(std::vector<ExprPtr>) const {
  return std::make_shared<ColumnExpr>(index_, name_, type(), nullable());
}

std::string ColumnExpr::NodeKey() const {
  // Columns of two inputs may have one index: the keys of a join.
  return fmt::format("column:{}:{}", index_, type()->ToString());
}

LiteralExpr::LiteralExpr(std::shared_ptr<arrow::Scalar> value)
    : Expr(value->type, !value->is_valid, {}), value_(std::move(value)) {}

std::string LiteralExpr::ToString() const {
  if (!value_->is_valid) return "NULL";
  switch (value_->type->id()) {
    case arrow::Type::STRING_VIEW:
      return static_cast<const arrow::BaseBinaryScalar&>(*value_).value->ToString();
    case arrow::Type::BINARY_VIEW: {
      std::string text = "X'";
      for (const unsigned char c : static_cast<const arrow::BaseBinaryScalar&>(*value_).view()) {
        text += fmt::format("{:02X}", c);
      }
      return text + "'";
    }
    case arrow::Type::DATE32: {
      std::string text = "DATE '";
      AppendDate(static_cast<const arrow::Date32Scalar&>(*value_).value, &text);
      return text + "'";
    }
    case arrow::Type::DECIMAL128: {
      std::string text;
      AppendDecimal(static_cast<const arrow::Decimal128Scalar&>(*value_).value,
                    static_cast<const arrow::Decimal128Type&>(*value_->type).scale(), false, &text);
      return text;
    }
    default:
      break;
  }
  auto array = arrow::MakeArrayFromScalar(*value_, 1);
  std::string text;
  if (!array.ok() || !ValueFormatter(TimeZone::Utc(), true).Append(**array, 0, &text).ok()) return value_->ToString();
  return value_->type->id() == arrow::Type::TIMESTAMP
             ? (value_->type->Equals(TimestampType()) ? "TIMESTAMP '" : "TIMESTAMP_NTZ '") + text + "'"
             : text;
}

Result<ArrayPtr> LiteralExpr::EvalImpl(Evaluation& evaluation) const {
  const int64_t rows = evaluation.input().num_rows();
  arrow::MemoryPool* pool = PoolOf(evaluation.context());
  if (!value_->is_valid) return arrow::MakeArrayOfNull(value_->type, rows, pool);
  if (arrow::is_binary_view_like(value_->type->id())) {
    return RepeatedView(static_cast<const arrow::BaseBinaryScalar&>(*value_), rows, pool);
  }
  return arrow::MakeArrayFromScalar(*value_, rows, pool);
}

ExprPtr LiteralExpr::WithChildren(std::vector<ExprPtr>) const {
  return std::make_shared<LiteralExpr>(value_);
}

std::string LiteralExpr::NodeKey() const {
  // Nested values have no cheap exact text.
  if (value_->type->num_fields() > 0) return {};
  if (!value_->is_valid) return "literal:" + value_->type->ToString() + ":NULL";
  if (arrow::is_binary_view_like(value_->type->id())) {
    return "literal:" + value_->type->ToString() + "=" +
           std::string(static_cast<const arrow::BaseBinaryScalar&>(*value_).view());
  }
  if (arrow::is_floating(value_->type->id())) return {};
  return "literal:" + value_->type->ToString() + "=" + value_->ToString();
}

Result<std::shared_ptr<arrow::Scalar>> EvalConstant(const ExprPtr& expr, const EvalContext& context) {
  if (const auto* literal = dynamic_cast<const LiteralExpr*>(expr.get())) return literal->value();
  const auto batch = arrow::RecordBatch::Make(arrow::schema({}), 1, arrow::ArrayVector{});
  Evaluation evaluation(*batch, context);
  SLUICE_ASSIGN(auto array, evaluation.Eval(expr));
  return array->GetScalar(0);
}

namespace {

ExprPtr TransformShared(const ExprPtr& expr, const std::function<ExprPtr(const ExprPtr&)>& change,
                        std::unordered_map<const Expr*, ExprPtr>* done) {
  if (const auto found = done->find(expr.get()); found != done->end()) return found->second;
  std::vector<ExprPtr> children;
  bool changed = false;
  for (const auto& child : expr->children()) {
    children.push_back(TransformShared(child, change, done));
    changed |= children.back() != child;
  }
  ExprPtr result = changed ? AtPlaceOf(expr->WithChildren(std::move(children)), *expr) : expr;
  if (ExprPtr replaced = change(result)) result = std::move(replaced);
  done->emplace(expr.get(), result);
  return result;
}

}  // namespace

ExprPtr Transform(const ExprPtr& expr, const std::function<ExprPtr(const ExprPtr&)>& change) {
  std::unordered_map<const Expr*, ExprPtr> done;
  return TransformShared(expr, change, &done);
}

}  // namespace sluice
