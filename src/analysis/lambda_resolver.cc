// SPDX-License-Identifier: Apache-2.0
// Lambdas: first the other arguments of their function, which say what types the variables have, then their bodies.
#include <arrow/api.h>
#include <fmt/format.h>

#include <algorithm>

#include "analysis/expression_resolver.h"
#include "analysis/name_parts.h"
#include "analysis/shown_expr.h"
#include "base/spark_error.h"
#include "expr/lambda.h"

namespace sluice {
namespace {

using spark::connect::Expression;

std::string NameOf(const Expression::UnresolvedNamedLambdaVariable& variable) {
  return variable.name_parts_size() == 0 ? "" : variable.name_parts(0);
}

Status WrongCount(const char* function, size_t given, const LambdaVariables& variables) {
  const size_t most = variables.variables.size();
  const std::string expected =
      variables.least == most ? std::to_string(most) : fmt::format("{} or {}", variables.least, most);
  return UserError("INVALID_LAMBDA_FUNCTION_CALL.NUM_ARGS_MISMATCH",
                   fmt::format("A lambda of {} has {} variables, not {}.", function, expected, given),
                   {{"expectedNumArgs", expected}, {"actualNumArgs", std::to_string(given)}});
}

}  // namespace

Result<ExprPtr> ExpressionResolver::ResolveHigherOrder(const ScalarFunction& function,
                                                       const Expression::UnresolvedFunction& call) {
  std::vector<ExprPtr> args(static_cast<size_t>(call.arguments_size()));
  for (size_t i = 0; i < args.size(); ++i) {
    const Expression& argument = call.arguments(static_cast<int>(i));
    if (argument.has_lambda_function()) continue;
    SLUICE_ASSIGN(args[i], ResolveShown(argument));
  }
  for (size_t i = 0; i < args.size(); ++i) {
    if (args[i] != nullptr) continue;
    // What stands in front of a lambda must be there already: its types are those of the variables.
    if (i == 0 || args[i - 1] == nullptr) {
      return UserError("INVALID_LAMBDA_FUNCTION_CALL.NON_HIGHER_ORDER_FUNCTION",
                       fmt::format("Argument {} of {} is no lambda.", i + 1, function.name),
                       {{"class", function.name}});
    }
    SLUICE_ASSIGN(const LambdaVariables variables, function.lambdas(args, i, options_));
    const Expression& argument = call.arguments(static_cast<int>(i));
    Result<ExprPtr> lambda = ResolveLambda(function, argument.lambda_function(), variables);
    if (!lambda.ok()) return AtOrigin(lambda.status(), argument.common().origin());
    args[i] = lambda.MoveValueUnsafe();
  }
  return function.resolve(std::move(args), options_);
}

Result<ExprPtr> ExpressionResolver::ResolveLambda(const ScalarFunction& function,
                                                  const Expression::LambdaFunction& lambda,
                                                  const LambdaVariables& variables) {
  const auto given = static_cast<size_t>(lambda.arguments_size());
  if (variables.variables.empty()) {
    return UserError("INVALID_LAMBDA_FUNCTION_CALL.NON_HIGHER_ORDER_FUNCTION",
                     fmt::format("{} takes no lambda there.", function.name), {{"class", function.name}});
  }
  if (given < variables.least || given > variables.variables.size()) {
    return WrongCount(function.name, given, variables);
  }
  const auto depth = static_cast<int>(lambdas_.size());
  std::vector<LambdaVariable> named;
  for (size_t i = 0; i < given; ++i) {
    const std::string name = NameOf(lambda.arguments(static_cast<int>(i)));
    const bool twice = std::any_of(named.begin(), named.end(),
                                   [&](const LambdaVariable& known) { return SameName(known.name, name); });
    if (twice) {
      return UserError("INVALID_LAMBDA_FUNCTION_CALL.DUPLICATE_ARG_NAMES",
                       fmt::format("A lambda of {} has the variable {} twice.", function.name, name),
                       {{"args", "`" + name + "`"}, {"caseSensitiveConfig", "\"spark.sql.caseSensitive\""}});
    }
    const auto& variable = variables.variables[i];
    named.push_back({name, std::make_shared<LambdaVariableExpr>(depth, static_cast<int>(i), name, variable.type,
                                                                variable.nullable)});
  }
  lambdas_.push_back(std::move(named));
  Result<ExprPtr> body = ResolveShown(lambda.function());
  lambdas_.pop_back();
  SLUICE_RETURN_IF_ERROR(body.status());
  return std::make_shared<LambdaExpr>(depth, static_cast<int>(given), body.MoveValueUnsafe());
}

// A variable, or a field of it; what names none is a column.
Result<ExprPtr> ExpressionResolver::ResolveVariable(const Expression::UnresolvedNamedLambdaVariable& variable) {
  for (auto lambda = lambdas_.rbegin(); lambda != lambdas_.rend(); ++lambda) {
    for (const LambdaVariable& known : *lambda) {
      if (!SameName(known.name, NameOf(variable))) continue;
      ExprPtr value = known.value;
      for (int i = 1; i < variable.name_parts_size(); ++i) {
        ExprPtr field = std::make_shared<LiteralExpr>(
            std::make_shared<arrow::StringViewScalar>(arrow::Buffer::FromString(variable.name_parts(i))));
        SLUICE_ASSIGN(value, ResolveFunction("getitem", {std::move(value), std::move(field)}, options_));
      }
      return value;
    }
  }
  const std::vector<std::string> parts(variable.name_parts().begin(), variable.name_parts().end());
  Expression::UnresolvedAttribute attribute;
  attribute.set_unparsed_identifier(QuotedName(parts));
  SLUICE_ASSIGN(NamedExpr named, ResolveAttribute(attribute));
  return named.expr;
}

}  // namespace sluice
