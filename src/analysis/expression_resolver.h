// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <spark/connect/expressions.pb.h>

#include <string>
#include <vector>

#include "analysis/aggregate_builder.h"
#include "analysis/scope.h"
#include "expr/function_registry.h"

namespace sluice {

struct NamedExpr {
  std::string name;
  ExprPtr expr;
  std::vector<std::string> qualifier;  // of a column that is passed on as it is
  bool alias = false;                  // the query gave the name
  std::vector<int64_t> plan_ids;       // of a column that is passed on as it is
};

// Resolves expression messages over the columns of scopes. One thread, one use at a time; everything given by pointer
// must outlive it.
class ExpressionResolver {
 public:
  ExpressionResolver(ResolveOptions options, const Scope* scope) : options_(std::move(options)), outside_({scope}) {}

  // Names that no earlier scope has are looked up here (columns below a projection).
  void AddFallback(const Scope* scope) { outside_.push_back(scope); }
  // The same for aliases of the same SELECT list.
  void AddAliases(const Scope* aliases) {
    outside_.push_back(aliases);
    aliases_ = aliases;
  }
  // Aggregates are allowed and collected; their arguments see just `inside`, in order.
  void AllowAggregates(AggregateBuilder* builder, std::vector<const Scope*> inside) {
    builder_ = builder;
    inside_ = std::move(inside);
  }

  Result<ExprPtr> Resolve(const spark::connect::Expression& expression);
  // An entry of a SELECT list: stars are expanded, names are those that Spark gives.
  Result<std::vector<NamedExpr>> ResolveNamed(const spark::connect::Expression& expression);
  // Something that must be BOOLEAN: `error_class` otherwise.
  Result<ExprPtr> ResolveCondition(const spark::connect::Expression& expression, const std::string& error_class);

 private:
  using Expression = spark::connect::Expression;

  // Like Resolve, with ShownExpr nodes left in for names.
  Result<ExprPtr> ResolveShown(const Expression& expression);
  Result<ExprPtr> ResolveNode(const Expression& expression);
  Result<NamedExpr> ResolveAttribute(const Expression::UnresolvedAttribute& attribute);
  Result<std::vector<NamedExpr>> ExpandStar(const Expression::UnresolvedStar& star);
  Result<std::vector<NamedExpr>> ExpandStarExcept(const Expression::UnresolvedFunction& call);
  Result<ExprPtr> ResolveCall(const std::string& name, const Expression::UnresolvedFunction& call);
  Result<ExprPtr> ResolveAggregateCall(const std::string& name, const Expression::UnresolvedFunction& call,
                                       const Expression* filter);
  // Calls that Spark rewrites by itself: between, extract, unary plus. Null for others.
  Result<ExprPtr> ResolveRewritten(const std::string& name, const Expression::UnresolvedFunction& call);
  Result<ExprPtr> ResolveNamedFields(const Expression::UnresolvedFunction& call);
  Result<std::vector<ExprPtr>> ResolveArguments(const Expression::UnresolvedFunction& call);
  Result<ExprPtr> ResolveLiteral(const Expression::Literal& literal);
  Result<ExprPtr> ResolveCast(const Expression::Cast& cast);
  Result<ExprPtr> ResolveExtract(const Expression::UnresolvedExtractValue& extract);
  const std::vector<const Scope*>& scopes() const { return in_aggregate_ ? inside_ : outside_; }

  ResolveOptions options_;
  std::vector<const Scope*> outside_;
  std::vector<const Scope*> inside_;
  const Scope* aliases_ = nullptr;
  AggregateBuilder* builder_ = nullptr;
  bool in_aggregate_ = false;
  int depth_ = 0;
};

// The error with the place of an expression or relation that came from SQL text, when it has none yet.
Status AtOrigin(const Status& status, const spark::connect::Origin& origin);

}  // namespace sluice
