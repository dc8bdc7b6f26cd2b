// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <spark/connect/expressions.pb.h>

#include <string>
#include <utility>
#include <vector>

#include "analysis/aggregate_builder.h"
#include "analysis/row_exprs.h"
#include "analysis/catalog.h"
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

// What expressions may ask of the query in which they stand.
class QueryContext {
 public:
  virtual ~QueryContext() = default;
  virtual Catalog* catalog() = 0;
  // The plan of a query in an expression. Columns that only `scopes` have become OuterExprs in it, and stand in
  // `outer`.
  virtual Result<PlanPtr> ResolveReference(int64_t plan_id, const std::vector<const Scope*>& scopes,
                                           std::vector<ExprPtr>* outer) = 0;
  // A column of the query around this one, with how many parts of the name it took; null when there is none.
  virtual Result<ExprPtr> FindOuter(const std::vector<std::string>& parts, const int64_t* plan_id, size_t* used) = 0;
};

// Resolves expression messages over the columns of scopes. One thread, one use at a time; everything given by pointer
// must outlive it.
class ExpressionResolver {
 public:
  // `catalog`: of the functions that the session has registered.
  ExpressionResolver(ResolveOptions options, const Scope* scope, Catalog* catalog)
      : options_(std::move(options)), outside_({scope}), catalog_(catalog) {}

  // Names that no earlier scope has are looked up here (columns below a projection).
  void AddFallback(const Scope* scope) { outside_.push_back(scope); }
  // The same for aliases of the same SELECT list.
  void AddAliases(const Scope* aliases) {
    outside_.push_back(aliases);
    aliases_ = aliases;
  }
  // What a call of window() becomes; without it there is none here.
  void AllowWindow(ExprPtr column) { window_ = std::move(column); }
  // Aggregates are allowed and collected; their arguments see just `inside`, in order.
  void AllowAggregates(AggregateBuilder* builder, std::vector<const Scope*> inside) {
    builder_ = builder;
    inside_ = std::move(inside);
  }

  // Without it subqueries are refused.
  void SetContext(QueryContext* context) { context_ = context; }

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
  Result<ExprPtr> ResolveGrouping(const std::string& name, const Expression::UnresolvedFunction& call);
  // Calls that Spark rewrites by itself: between, extract, unary plus. Null for others.
  Result<ExprPtr> ResolveRewritten(const std::string& name, const Expression::UnresolvedFunction& call);
  Result<ExprPtr> ResolveSubquery(const spark::connect::SubqueryExpression& subquery);
  // Window functions, in resolve_window.cc.
  Result<ExprPtr> ResolveWindow(const Expression::Window& window);
  Result<WindowCall> ResolveWindowCall(const Expression& function, bool* ordered_only);
  Result<WindowFrame> ResolveFrame(const Expression::Window::WindowFrame& frame, const std::vector<SortKey>& order,
                                   std::string* text);
  Result<FrameBound> ResolveBound(const Expression::Window::WindowFrame::FrameBoundary& boundary, bool by_rows,
                                  bool upper, const std::vector<SortKey>& order, std::string* text);
  // resolve_python.cc
  Result<ExprPtr> ResolvePython(const std::shared_ptr<const PythonFunction>& function,
                                const google::protobuf::RepeatedPtrField<Expression>& arguments);
  Result<ExprPtr> ResolveNamedFields(const Expression::UnresolvedFunction& call);
  Result<std::vector<ExprPtr>> ResolveArguments(const Expression::UnresolvedFunction& call);
  // A call of a function that has lambdas; lambda_resolver.cc.
  Result<ExprPtr> ResolveHigherOrder(const ScalarFunction& function, const Expression::UnresolvedFunction& call);
  Result<ExprPtr> ResolveLambda(const ScalarFunction& function, const Expression::LambdaFunction& lambda,
                                const LambdaVariables& variables);
  Result<ExprPtr> ResolveVariable(const Expression::UnresolvedNamedLambdaVariable& variable);
  Result<ExprPtr> ResolveLiteral(const Expression::Literal& literal);
  Result<ExprPtr> ResolveCast(const Expression::Cast& cast);
  Result<ExprPtr> ResolveExtract(const Expression::UnresolvedExtractValue& extract);
  // A generator's columns under the names given, or else its own (resolve_generator.cc).
  Result<std::vector<NamedExpr>> ResolveGenerator(const Expression::UnresolvedFunction& call,
                                                  const std::vector<std::string>& names);
  struct LambdaVariable {
    std::string name;
    ExprPtr value;
  };

  const std::vector<const Scope*>& scopes() const { return in_aggregate_ ? inside_ : outside_; }

  ResolveOptions options_;
  std::vector<const Scope*> outside_;
  std::vector<const Scope*> inside_;
  const Scope* aliases_ = nullptr;
  AggregateBuilder* builder_ = nullptr;
  ExprPtr window_;
  QueryContext* context_ = nullptr;
  bool in_aggregate_ = false;
  std::vector<std::vector<LambdaVariable>> lambdas_;  // around what is being resolved, the outermost first
  int depth_ = 0;
  Catalog* catalog_;
};

// Functions that make rows, by their names in lower case; and what one with these arguments makes.
bool IsGenerator(const std::string& name);
Result<GeneratorCall> MakeGenerator(const std::string& name, std::vector<ExprPtr>* args, const ResolveOptions& options);
// Functions that have a meaning with OVER only.
bool IsWindowFunction(const std::string& name);

// The error with the place of an expression or relation that came from SQL text, when it has none yet.
Status AtOrigin(const Status& status, const spark::connect::Origin& origin);

}  // namespace sluice
