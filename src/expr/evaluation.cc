// SPDX-License-Identifier: Apache-2.0
#include <arrow/api.h>
#include <fmt/format.h>

#include <unordered_map>

#include "base/logging.h"
#include "expr/expr.h"
#include "types/spark_type.h"

namespace sluice {

namespace {

Status AtPlaceInText(const Status& status, const Expr& expr) {
  if (expr.place() == nullptr) return status;
  TextPlace place = *expr.place();
  place.fragment = Redact(place.fragment);
  return WithPlace(status, std::move(place));
}

}  // namespace

Status EvalContext::Cancelled() {
  return EnvironmentError("OPERATION_CANCELED", "The query was cancelled.");
}

// Holds the expressions too, so that an address cannot come to mean another one.
struct Evaluation::Memo {
  std::unordered_map<ExprPtr, std::shared_ptr<arrow::Array>> values;
};

Evaluation::Evaluation(const arrow::RecordBatch& input, const EvalContext& context)
    : input_(input), context_(context), memo_(std::make_unique<Memo>()) {}

Evaluation::~Evaluation() = default;

Result<std::shared_ptr<arrow::Array>> Evaluation::Eval(const ExprPtr& expr) {
  // Only an expression that others hold too can be asked for again; leaves that cost nothing are not worth it.
  const bool shared = expr.use_count() > 1 && !expr->children().empty();
  if (shared) {
    if (const auto found = memo_->values.find(expr); found != memo_->values.end()) return found->second;
  }
  SLUICE_RETURN_IF_ERROR(context_.CheckCancelled());
  Result<std::shared_ptr<arrow::Array>> result = expr->EvalImpl(*this);
  if (!result.ok()) return AtPlaceInText(result.status(), *expr);
  auto value = result.MoveValueUnsafe();
  if (value->length() != input_.num_rows()) {
    return InternalError(
        fmt::format("{} gave {} values for {} rows", expr->ToString(), value->length(), input_.num_rows()));
  }
  if (shared) memo_->values.emplace(expr, value);
  return value;
}

Result<arrow::ArrayVector> Evaluation::EvalAll(const std::vector<ExprPtr>& exprs) {
  arrow::ArrayVector columns;
  columns.reserve(exprs.size());
  for (const ExprPtr& expr : exprs) {
    SLUICE_ASSIGN(auto column, Eval(expr));
    columns.push_back(std::move(column));
  }
  return columns;
}

}  // namespace sluice
