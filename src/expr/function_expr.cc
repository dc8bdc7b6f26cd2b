// SPDX-License-Identifier: Apache-2.0
#include "expr/function_expr.h"

#include <arrow/api.h>
#include <fmt/format.h>

#include <algorithm>

#include "expr/branch.h"
#include "expr/column_io.h"
#include "expr/gather.h"
#include "expr/repaired_text.h"

namespace sluice {
namespace {

// A divisor that makes a quotient NULL as a NULL does.
bool IsZero(const arrow::Array& column, int64_t row) {
  switch (column.type_id()) {
    case arrow::Type::FLOAT:
      return ColumnReader<float>(column)[row] == 0;
    case arrow::Type::DOUBLE:
      return ColumnReader<double>(column)[row] == 0;
    case arrow::Type::INT8:
    case arrow::Type::INT16:
    case arrow::Type::INT32:
    case arrow::Type::INT64:
    case arrow::Type::DECIMAL128: {
      const int width = column.type()->byte_width();
      const uint8_t* bytes = column.data()->buffers[1]->data() + (column.offset() + row) * width;
      return std::all_of(bytes, bytes + width, [](uint8_t byte) { return byte == 0; });
    }
    default:
      return false;
  }
}

// How often an evaluation of fewer rows may begin inside of another one: each may cost as much as the one around it.
constexpr int kMostNested = 3;
thread_local int nested_evaluations = 0;

// What evaluating `expr` gives after it failed with `failure`, for the rows in which no argument that is known yet is
// NULL, or with `zeros` zero; NULL in the others.
Result<std::shared_ptr<arrow::Array>> EvalWhereValid(Evaluation& evaluation, const ExprPtr& expr,
                                                     const arrow::ArrayVector& known, bool zeros,
                                                     const Status& failure) {
  const int64_t rows = evaluation.input().num_rows();
  RowList open;
  RowList places(static_cast<size_t>(rows), -1);
  for (int64_t row = 0; row < rows; ++row) {
    const bool closed = std::any_of(known.begin(), known.end(), [row, zeros](const auto& arg) {
      return arg != nullptr && (arg->IsNull(row) || (zeros && IsZero(*arg, row)));
    });
    if (closed) continue;
    places[static_cast<size_t>(row)] = static_cast<int64_t>(open.size());
    open.push_back(row);
  }
  const SparkErrorDetail* detail = FindSparkError(failure);
  const bool in_row = detail != nullptr && detail->row && *detail->row >= 0 && *detail->row < rows;
  const bool counts = in_row && places[static_cast<size_t>(*detail->row)] >= 0;
  if (counts || static_cast<int64_t>(open.size()) == rows || nested_evaluations >= kMostNested) return failure;
  ++nested_evaluations;
  auto values = EvalRows(evaluation, expr, open);
  --nested_evaluations;
  SLUICE_RETURN_IF_ERROR(values.status());
  return TakeRows(*values, places, PoolOf(evaluation.context()));
}

}  // namespace

std::string JoinArguments(const Expr& expr, size_t first) {
  std::string text;
  for (size_t i = first; i < expr.children().size(); ++i) {
    if (i > first) text += ", ";
    text += expr.children()[i]->ToString();
  }
  return text;
}

std::string DisplayInfix(const FunctionExpr& node) {
  return fmt::format("({} {} {})", node.children()[0]->ToString(), node.name(), node.children()[1]->ToString());
}

const arrow::Scalar* LiteralArgument(const Expr& expr, size_t index) {
  if (index >= expr.children().size()) return nullptr;
  const auto* literal = dynamic_cast<const LiteralExpr*>(expr.children()[index].get());
  return literal != nullptr && literal->value()->is_valid ? literal->value().get() : nullptr;
}

std::string FunctionExpr::ToString() const {
  if (traits_.display != nullptr) return traits_.display(*this);
  return fmt::format("{}({})", traits_.name, JoinArguments(*this));
}

bool FunctionExpr::deterministic() const {
  return traits_.deterministic && Expr::deterministic();
}

Result<arrow::ArrayVector> FunctionExpr::EvalArguments(Evaluation& evaluation) const {
  arrow::ArrayVector args(children().size());
  for (size_t k = 0; k < args.size(); ++k) {
    const size_t i = traits_.order != Order::kLastFirst ? k : args.size() - 1 - k;
    auto arg = evaluation.Eval(children()[i]);
    // Only an error makes it worth while to look at single rows.
    if (!arg.ok() && traits_.order != Order::kAll && k > 0) {
      const bool zeros = traits_.order == Order::kLastFirst && (!traits_.ansi || traits_.name.starts_with("try_"));
      arg = EvalWhereValid(evaluation, children()[i], args, zeros, arg.status());
    }
    SLUICE_RETURN_IF_ERROR(arg.status());
    args[i] = arg.MoveValueUnsafe();
  }
  return args;
}

Result<std::shared_ptr<arrow::Array>> FunctionExpr::EvalImpl(Evaluation& evaluation) const {
  SLUICE_ASSIGN(arrow::ArrayVector args, EvalArguments(evaluation));
  for (auto& arg : args) {
    if (!traits_.java_text) break;
    SLUICE_ASSIGN(arg, RepairedText(arg, PoolOf(evaluation.context())));
  }
  return traits_.kernel({args, evaluation.input().num_rows(), evaluation.context(), *this});
}

ExprPtr FunctionExpr::WithChildren(std::vector<ExprPtr> children) const {
  return std::make_shared<FunctionExpr>(traits_, type(), nullable(), std::move(children));
}

std::string FunctionExpr::NodeKey() const {
  if (!traits_.deterministic) return {};
  return fmt::format("function:{}:{}:{}", traits_.name, traits_.ansi, type()->ToString());
}

}  // namespace sluice
