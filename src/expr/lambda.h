// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <arrow/type_fwd.h>

#include <memory>
#include <set>
#include <string>
#include <vector>

#include "expr/branch.h"
#include "expr/expr.h"

namespace sluice {

// Variable `index` of a lambda that stands inside `depth` others. Its values are a column of the input of the lambda's
// body, found by name: behind the columns of the rows around it.
class LambdaVariableExpr : public Expr {
 public:
  LambdaVariableExpr(int depth, int index, std::string name, std::shared_ptr<arrow::DataType> type, bool nullable);
  const std::string& name() const { return name_; }
  // The name of the column.
  static std::string ColumnName(int depth, int index);
  std::string column_name() const { return ColumnName(depth_, index_); }
  std::string ToString() const override { return "namedlambdavariable()"; }
  Result<std::shared_ptr<arrow::Array>> EvalImpl(Evaluation& evaluation) const override;
  ExprPtr WithChildren(std::vector<ExprPtr> children) const override;
  std::string NodeKey() const override;

 private:
  int depth_;
  int index_;
  std::string name_;
};

// A lambda as an argument of a function; its only child is the body. Evaluated by LambdaBody alone.
class LambdaExpr : public Expr {
 public:
  LambdaExpr(int depth, int variables, ExprPtr body);
  int depth() const { return depth_; }
  int variables() const { return variables_; }
  const ExprPtr& body() const { return children()[0]; }
  std::string ToString() const override;
  Result<std::shared_ptr<arrow::Array>> EvalImpl(Evaluation& evaluation) const override;
  ExprPtr WithChildren(std::vector<ExprPtr> children) const override;
  std::string NodeKey() const override;

 private:
  int depth_;
  int variables_;
};

// Columns of an input with these names that `expr` reads: columns of rows, and variables of lambdas around it.
void CollectInputs(const Expr& expr, const arrow::Schema& schema, std::set<int>* columns);

// Evaluates a lambda for entries of the rows of an evaluation, so many at a time that the columns of their rows, which
// are repeated for each, stay small.
class LambdaBody {
 public:
  // All of it outlives this.
  LambdaBody(Evaluation& evaluation, const LambdaExpr& lambda);
  // A value an entry. variables[i]: the i-th variable, a value an entry, as many as the lambda has or more;
  // parents[e]: the row of entry e, which an error carries.
  Result<std::shared_ptr<arrow::Array>> Run(const arrow::ArrayVector& variables, const RowList& parents);

 private:
  Result<std::shared_ptr<arrow::Array>> RunSome(const arrow::ArrayVector& variables, const RowList& parents);

  Evaluation& evaluation_;
  const LambdaExpr& lambda_;
  std::set<int> used_;
};

}  // namespace sluice
