// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <spark/connect/relations.pb.h>

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "analysis/aggregate_builder.h"
#include "analysis/catalog.h"
#include "analysis/expression_resolver.h"
#include "analysis/scope.h"
#include "conf/conf.h"

namespace sluice {

// How a SELECT list was made, kept so that HAVING and ORDER BY right above it can still reach what it leaves out:
// columns of its input and aggregates. Expressions are over the base: the input, or the output of the aggregation.
// Immutable once it stands in a ResolvedRelation.
struct SelectBlock {
  PlanPtr input;
  Scope input_scope;
  std::shared_ptr<AggregateBuilder> aggregate;  // null: a plain projection
  std::vector<NamedExpr> select;
  std::vector<ExprPtr> conditions;  // HAVING

  // The plan that returns the select list and then `hidden`.
  PlanPtr Build(const std::vector<ExprPtr>& hidden) const;
};

struct ResolvedRelation {
  PlanPtr plan;
  Scope scope;
  std::shared_ptr<const SelectBlock> block;  // null: not a SELECT list
};

// The windows of a relation's rows, for the operator that names them.
struct InputWindow {
  ExprPtr column;
  Scope scope;  // the column under its name
};

// What the functions that resolve relations (relations.h) share while a request is resolved: the session's catalog and
// settings, and the names that subqueries may use. A value for one request.
class RelationContext : public QueryContext {
 public:
  RelationContext(Catalog& catalog, const Conf& conf);
  Result<ResolvedRelation> Resolve(const spark::connect::Relation& relation);
  // A missing input is a relation of one row without columns (SELECT 1).
  Result<ResolvedRelation> ResolveInput(bool present, const spark::connect::Relation& input);
  // A relation that may name columns of `scopes` around it. Those that it names become OuterExprs, and stand in
  // `outer`.
  Result<ResolvedRelation> ResolveInside(const spark::connect::Relation& relation,
                                         const std::vector<const Scope*>& scopes, std::vector<ExprPtr>* outer);
  // The root, for which the references are known by their plan ids and aliases.
  Result<ResolvedRelation> ResolveWithReferences(const spark::connect::WithRelations& with);
  // The reference with that alias, or null.
  const spark::connect::Relation* FindView(const std::string& name) const;

  const ResolveOptions& options() const { return options_; }
  Catalog* catalog() override { return &catalog_; }
  // A resolver of expressions over a scope, which may have subqueries.
  ExpressionResolver Over(const Scope* scope) {
    ExpressionResolver resolver(options_, scope, &catalog_);
    resolver.SetContext(this);
    return resolver;
  }
  Result<PlanPtr> ResolveReference(int64_t plan_id, const std::vector<const Scope*>& scopes,
                                   std::vector<ExprPtr>* outer) override;
  Result<ExprPtr> FindOuter(const std::vector<std::string>& parts, const int64_t* plan_id, size_t* used) override;

 private:
  using Relation = spark::connect::Relation;

  // The columns that a subquery may name besides its own, and those that it did.
  struct OuterQuery {
    const std::vector<const Scope*>* scopes;
    std::vector<ExprPtr>* columns;
  };

  Catalog& catalog_;
  const ResolveOptions options_;
  std::vector<OuterQuery> outer_;                               // innermost last
  std::vector<std::pair<int64_t, const Relation*>> queries_;    // of WithRelations, by plan id, innermost last
  std::vector<std::pair<std::string, const Relation*>> views_;  // the same by name
  int depth_ = 0;
};

// A projection of named expressions over a plan.
PlanPtr MakeProject(PlanPtr input, const std::vector<NamedExpr>& columns);
// The relation with what is not a plain column in its scope computed first.
ResolvedRelation PlainColumns(const ResolvedRelation& input);
// The columns of both inputs of a join, the right ones behind the left ones; both have plain columns.
Scope BothScopes(const ResolvedRelation& left, const ResolvedRelation& right);
// INVALID_PANDAS_UDF_PLACEMENT for Python's aggregates beside others.
Status CheckPythonAggregates(const AggregateBuilder& builder);
bool ContainsMap(const arrow::DataType& type);
// The relation that a finished SELECT list makes.
ResolvedRelation FromBlock(SelectBlock block);
// The first row for each combination of the keys, which are columns of the input in the key's order.
Result<ResolvedRelation> Deduplicated(const RelationContext& context, const ResolvedRelation& input,
                                      const std::vector<size_t>& keys);
// The window() call of the expressions, if there is one: `input` then has a last column for it, beside its scope.
Result<std::optional<InputWindow>> FindWindow(RelationContext& context, ResolvedRelation* input,
                                              const std::vector<const google::protobuf::Message*>& expressions);
// The keys of a GROUP BY. `list`: the grouping expressions, or one of the grouping sets.
Result<std::vector<NamedExpr>> ResolveKeys(RelationContext& context, const spark::connect::Aggregate& aggregate,
                                           const google::protobuf::RepeatedPtrField<spark::connect::Expression>& list,
                                           const Scope& input, const InputWindow* window);
Result<ResolvedRelation> ResolvePivot(RelationContext& context, const spark::connect::Aggregate& aggregate);
// The different values of a pivot's column, which are found by a query.
Result<std::vector<NamedExpr>> FindPivotValues(RelationContext& context, const PlanPtr& input, const ExprPtr& column);

}  // namespace sluice
