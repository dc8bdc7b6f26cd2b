// SPDX-License-Identifier: Apache-2.0
#include "expr/try_expr.h"

#include <arrow/api.h>

#include <numeric>

#include "expr/branch.h"
#include "expr/column_io.h"
#include "expr/gather.h"

namespace sluice {
namespace {

using ArrayPtr = std::shared_ptr<arrow::Array>;

// Spark's own errors alone: what Sluice lacks or bounds stays an error.
bool IsOfValues(const Status& status) {
  const SparkErrorDetail* detail = FindSparkError(status);
  return detail != nullptr && detail->kind == ErrorKind::kUser &&
         detail->error_class.find("SLUICE") == std::string::npos;
}

// What could be evaluated: pieces, and for each row its place in all of them together, or -1.
struct Found {
  arrow::ArrayVector pieces;
  RowList places;
  int64_t size = 0;
};

// Halves the rows until those that fail stand alone.
Status Collect(Evaluation& evaluation, const ExprPtr& expr, const RowList& rows, Found* found) {
  if (rows.empty()) return Status::OK();
  const auto values = EvalRows(evaluation, expr, rows);
  if (values.ok()) {
    for (const int64_t row : rows) found->places[static_cast<size_t>(row)] = found->size++;
    found->pieces.push_back(*values);
    return Status::OK();
  }
  if (!IsOfValues(values.status())) return values.status();
  if (rows.size() == 1) return Status::OK();
  const auto middle = rows.begin() + static_cast<std::ptrdiff_t>(rows.size() / 2);
  SLUICE_RETURN_IF_ERROR(Collect(evaluation, expr, RowList(rows.begin(), middle), found));
  return Collect(evaluation, expr, RowList(middle, rows.end()), found);
}

}  // namespace

TryExpr::TryExpr(ExprPtr child, std::string shown) : Expr(child->type(), true, {child}), shown_(std::move(shown)) {}

Result<ArrayPtr> TryExpr::EvalImpl(Evaluation& evaluation) const {
  auto all = evaluation.Eval(children()[0]);
  if (all.ok() || !IsOfValues(all.status())) return all;
  const int64_t rows = evaluation.input().num_rows();
  Found found;
  found.places.assign(static_cast<size_t>(rows), -1);
  RowList every(static_cast<size_t>(rows));
  std::iota(every.begin(), every.end(), 0);
  SLUICE_RETURN_IF_ERROR(Collect(evaluation, children()[0], every, &found));
  if (found.pieces.empty()) return arrow::MakeArrayOfNull(type(), rows, PoolOf(evaluation.context()));
  SLUICE_ASSIGN(auto values, arrow::Concatenate(found.pieces, PoolOf(evaluation.context())));
  return TakeRows(values, found.places, PoolOf(evaluation.context()));
}

ExprPtr TryExpr::WithChildren(std::vector<ExprPtr> children) const {
  return std::make_shared<TryExpr>(std::move(children[0]), shown_);
}

}  // namespace sluice
