// SPDX-License-Identifier: Apache-2.0
#include "expr/lambda.h"

#include <arrow/api.h>
#include <fmt/format.h>

#include <algorithm>

#include "base/spark_error.h"
#include "expr/column_io.h"
#include "expr/gather.h"

namespace sluice {
namespace {

using ArrayPtr = std::shared_ptr<arrow::Array>;

// The last one: columns of rows may have any name.
int FindColumn(const arrow::Schema& schema, const std::string& name) {
  for (int i = schema.num_fields() - 1; i >= 0; --i) {
    if (schema.field(i)->name() == name) return i;
  }
  return -1;
}

}  // namespace

LambdaVariableExpr::LambdaVariableExpr(int depth, int index, std::string name, std::shared_ptr<arrow::DataType> type,
                                       bool nullable)
    : Expr(std::move(type), nullable, {}), depth_(depth), index_(index), name_(std::move(name)) {}

std::string LambdaVariableExpr::ColumnName(int depth, int index) {
  return fmt::format("\1lambda {} variable {}", depth, index);
}

Result<ArrayPtr> LambdaVariableExpr::EvalImpl(Evaluation& evaluation) const {
  const int column = FindColumn(*evaluation.input().schema(), column_name());
  if (column < 0) return InternalError("a variable of a lambda was evaluated outside of it");
  return evaluation.input().column(column);
}

ExprPtr LambdaVariableExpr::WithChildren(std::vector<ExprPtr>) const {
  return std::make_shared<LambdaVariableExpr>(depth_, index_, name_, type(), nullable());
}

std::string LambdaVariableExpr::NodeKey() const {
  return fmt::format("variable:{}:{}", depth_, index_);
}

LambdaExpr::LambdaExpr(int depth, int variables, ExprPtr body)
    : Expr(body->type(), body->nullable(), {body}), depth_(depth), variables_(variables) {}

std::string LambdaExpr::ToString() const {
  std::string text = "lambdafunction(" + body()->ToString();
  for (int i = 0; i < variables_; ++i) text += ", namedlambdavariable()";
  return text + ")";
}

Result<ArrayPtr> LambdaExpr::EvalImpl(Evaluation&) const {
  return InternalError("a lambda was evaluated outside of its function");
}

ExprPtr LambdaExpr::WithChildren(std::vector<ExprPtr> children) const {
  return std::make_shared<LambdaExpr>(depth_, variables_, std::move(children[0]));
}

std::string LambdaExpr::NodeKey() const {
  return fmt::format("lambda:{}:{}", depth_, variables_);
}

void CollectInputs(const Expr& expr, const arrow::Schema& schema, std::set<int>* columns) {
  if (const auto* column = dynamic_cast<const ColumnExpr*>(&expr)) columns->insert(column->index());
  if (const auto* variable = dynamic_cast<const LambdaVariableExpr*>(&expr)) {
    const int column = FindColumn(schema, variable->column_name());
    if (column >= 0) columns->insert(column);  // else it belongs to a lambda inside of `expr`
  }
  for (const auto& child : expr.children()) CollectInputs(*child, schema, columns);
}

LambdaBody::LambdaBody(Evaluation& evaluation, const LambdaExpr& lambda) : evaluation_(evaluation), lambda_(lambda) {
  CollectInputs(*lambda.body(), *evaluation.input().schema(), &used_);
}

Result<ArrayPtr> LambdaBody::Run(const arrow::ArrayVector& variables, const RowList& parents) {
  constexpr size_t kAtOnce = 1 << 16;
  if (parents.size() <= kAtOnce) return RunSome(variables, parents);
  arrow::ArrayVector parts;
  for (size_t begin = 0; begin < parents.size(); begin += kAtOnce) {
    const size_t end = std::min(begin + kAtOnce, parents.size());
    arrow::ArrayVector some;
    for (const auto& variable : variables) {
      some.push_back(variable->Slice(static_cast<int64_t>(begin), static_cast<int64_t>(end - begin)));
    }
    const RowList rows(parents.begin() + static_cast<std::ptrdiff_t>(begin),
                       parents.begin() + static_cast<std::ptrdiff_t>(end));
    SLUICE_ASSIGN(auto part, RunSome(some, rows));
    parts.push_back(std::move(part));
  }
  return arrow::Concatenate(parts, PoolOf(evaluation_.context()));
}

Result<ArrayPtr> LambdaBody::RunSome(const arrow::ArrayVector& variables, const RowList& parents) {
  const auto& input = evaluation_.input();
  const auto entries = static_cast<int64_t>(parents.size());
  arrow::ArrayVector columns;
  arrow::FieldVector fields;
  for (int i = 0; i < input.num_columns(); ++i) {
    fields.push_back(input.schema()->field(i));
    if (used_.contains(i)) {
      SLUICE_ASSIGN(auto column, TakeRows(input.column(i), parents, PoolOf(evaluation_.context())));
      columns.push_back(std::move(column));
    } else {
      columns.push_back(std::make_shared<arrow::NullArray>(entries));
    }
  }
  for (int i = 0; i < lambda_.variables(); ++i) {
    const auto& variable = variables[static_cast<size_t>(i)];
    fields.push_back(arrow::field(LambdaVariableExpr::ColumnName(lambda_.depth(), i), variable->type()));
    columns.push_back(variable);
  }
  const auto batch = arrow::RecordBatch::Make(arrow::schema(std::move(fields)), entries, std::move(columns));
  Evaluation inner(*batch, evaluation_.context());
  auto values = inner.Eval(lambda_.body());
  if (values.ok()) return values;
  const SparkErrorDetail* detail = FindSparkError(values.status());
  if (detail == nullptr || !detail->row || *detail->row < 0 || *detail->row >= entries) return values.status();
  return WithRow(values.status(), parents[static_cast<size_t>(*detail->row)]);
}

}  // namespace sluice
