// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <arrow/type_fwd.h>

#include <memory>
#include <string>

#include "expr/column_io.h"
#include "expr/expr.h"

namespace sluice {

class CastExpr : public Expr {
 public:
  // `shown`: its text when a function such as to_date is really a cast; else CAST(..).
  CastExpr(ExprPtr child, std::shared_ptr<arrow::DataType> target, CastMode mode, bool implicit,
           std::string shown = {});
  CastMode mode() const { return mode_; }
  bool implicit() const { return implicit_; }
  std::string ToString() const override;
  Result<std::shared_ptr<arrow::Array>> EvalImpl(Evaluation& evaluation) const override;
  ExprPtr WithChildren(std::vector<ExprPtr> children) const override;
  std::string NodeKey() const override;

 private:
  CastMode mode_;
  bool implicit_;
  std::string shown_;
};

// Whether Spark has the cast at all.
bool CanCast(const arrow::DataType& from, const arrow::DataType& to, bool ansi);
// The child of an implicit cast, or the expression itself.
const Expr& SkipImplicitCasts(const Expr& expr);

// How a column is cast.
struct CastCall {
  CastMode mode;
  const EvalContext& context;
};

using ArrayPtr = std::shared_ptr<arrow::Array>;
using TypePtr = std::shared_ptr<arrow::DataType>;

// Any cast that CanCast allows. An error of a row carries it.
Result<ArrayPtr> CastColumn(const ArrayPtr& column, const TypePtr& to, const CastCall& call);

// By kind of source and target; called by CastColumn.
Result<ArrayPtr> CastToString(const ArrayPtr& column, const TypePtr& to, const CastCall& call);
Result<ArrayPtr> CastFromString(const ArrayPtr& column, const TypePtr& to, const CastCall& call);
Result<ArrayPtr> CastNumber(const ArrayPtr& column, const TypePtr& to, const CastCall& call);
Result<ArrayPtr> CastDecimal(const ArrayPtr& column, const TypePtr& to, const CastCall& call);
Result<ArrayPtr> CastToDecimal(const ArrayPtr& column, const TypePtr& to, const CastCall& call);
Result<ArrayPtr> CastDatetime(const ArrayPtr& column, const TypePtr& to, const CastCall& call);
Result<ArrayPtr> CastNested(const ArrayPtr& column, const TypePtr& to, const CastCall& call);

// kNull: NULL even under ANSI.
enum class CastOutcome { kOk, kMalformed, kOverflow, kNull };

// The error of one value under ANSI.
Status CastError(CastOutcome outcome, const arrow::Array& column, int64_t row, const arrow::DataType& to);

// Casts value by value: convert(In, Out*) -> CastOutcome. A value that fails is NULL unless under ANSI.
template <typename Out, typename In, typename Convert>
Result<ArrayPtr> CastRows(const ArrayPtr& column, const TypePtr& to, const CastCall& call, Convert convert) {
  const int64_t rows = column->length();
  ColumnWriter<Out> writer(rows, PoolOf(call.context));
  SLUICE_RETURN_IF_ERROR(writer.Allocate());
  SLUICE_RETURN_IF_ERROR(writer.validity().SetFrom({column}));
  const ColumnReader<In> reader(*column);
  for (int64_t row = 0; row < rows; ++row) {
    if (writer.validity().IsNull(row)) continue;
    Out value{};
    const CastOutcome outcome = convert(reader[row], &value);
    if (outcome == CastOutcome::kOk) {
      SLUICE_RETURN_IF_ERROR(writer.Set(row, value));
    } else if (call.mode == CastMode::kAnsi && outcome != CastOutcome::kNull) {
      return CastError(outcome, *column, row, *to);
    } else {
      SLUICE_RETURN_IF_ERROR(writer.SetNull(row));
    }
  }
  return writer.Finish(to);
}

}  // namespace sluice
