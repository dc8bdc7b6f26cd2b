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
};

const std::vector<ScalarFunction>& ScalarFunctions();
// UNRESOLVED_ROUTINE when there is none. Names are found without regard to case.
Result<ExprPtr> ResolveFunction(const std::string& name, std::vector<ExprPtr> args, const ResolveOptions& options);
bool IsScalarFunction(const std::string& name);

// Spark's rules for putting several types into one (CASE branches, IN lists, UNION, comparisons), or null when none.
std::shared_ptr<arrow::DataType> CommonType(const std::shared_ptr<arrow::DataType>& a,
                                            const std::shared_ptr<arrow::DataType>& b, bool ansi);

}  // namespace sluice
