// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "conf/session_options.h"
#include "expr/aggregate.h"
#include "expr/expr.h"

namespace sluice {

// What a call means depends on the session besides its arguments.
using ResolveOptions = SessionOptions;

// The variables that a lambda of a call may have, and how many it has at least.
struct LambdaVariables {
  struct Variable {
    std::shared_ptr<arrow::DataType> type;
    bool nullable;
  };
  std::vector<Variable> variables;
  size_t least = 0;
};

// Those of argument `index`, given the arguments that are known: null for lambdas still to be resolved. No variables:
// the argument is no lambda.
using LambdasOf = Result<LambdaVariables> (*)(const std::vector<ExprPtr>& args, size_t index,
                                              const ResolveOptions& options);

// One row of the table of functions: name, signature, doc, example and how a call is resolved. Operators are rows too,
// under Spark's names: "+", "-", "*", "/", "%", "div", "=", "<=>", "<", "<=", ">", ">=", "!=", "and", "or", "not",
// "in", "like", "rlike", "ilike", "isnull", "isnotnull", "when" (CASE: condition, value, ..., [else]), "if", "between"
// is desugared by the parser, "negative", "concat" for ||, "getitem" for a[i] and a.b.
struct ScalarFunction {
  const char* name;
  const char* signature;
  const char* doc;
  const char* example;
  const char* since;  // Spark's version
  // Checks number and types of the arguments (WRONG_NUM_ARGS, DATATYPE_MISMATCH), adds Spark's implicit casts.
  std::function<Result<ExprPtr>(std::vector<ExprPtr> args, const ResolveOptions& options)> resolve;
  LambdasOf lambdas = nullptr;  // of a function with lambdas, which are LambdaExpr among its arguments
};

const std::vector<ScalarFunction>& ScalarFunctions();
// UNRESOLVED_ROUTINE when there is none. Names are found without regard to case.
Result<ExprPtr> ResolveFunction(const std::string& name, std::vector<ExprPtr> args, const ResolveOptions& options);
bool IsScalarFunction(const std::string& name);
// The row of a function, or null.
const ScalarFunction* FindScalarFunction(const std::string& name);

// Spark's rules for putting several types into one (CASE branches, IN lists, UNION, comparisons), or null when none.
std::shared_ptr<arrow::DataType> CommonType(const std::shared_ptr<arrow::DataType>& a,
                                            const std::shared_ptr<arrow::DataType>& b, bool ansi);

}  // namespace sluice
