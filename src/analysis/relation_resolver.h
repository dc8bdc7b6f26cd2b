// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <spark/connect/relations.pb.h>

#include <memory>
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

// One resolve_*.cc a family of relations. A value for one request.
class RelationResolver {
 public:
  RelationResolver(Catalog& catalog, const Conf& conf);
  Result<ResolvedRelation> Resolve(const spark::connect::Relation& relation);
  const ResolveOptions& options() const { return options_; }

 private:
  using Relation = spark::connect::Relation;

  Result<ResolvedRelation> ResolveNode(const Relation& relation);
  // A missing input is a relation of one row without columns (SELECT 1).
  Result<ResolvedRelation> ResolveInput(bool present, const Relation& input);

  // resolve_read.cc
  Result<ResolvedRelation> ResolveRead(const spark::connect::Read& read);
  Result<ResolvedRelation> ResolveNamedTable(const spark::connect::Read& read);
  Result<ResolvedRelation> ResolveLocal(const spark::connect::LocalRelation& local);
  Result<ResolvedRelation> ResolveRange(const spark::connect::Range& range);
  Result<ResolvedRelation> ResolveSql(const spark::connect::SQL& sql);
  // resolve_columns.cc
  Result<ResolvedRelation> ResolveProject(const spark::connect::Project& project);
  Result<ResolvedRelation> ResolveWithColumns(const spark::connect::WithColumns& with);
  Result<ResolvedRelation> ResolveRenamed(const spark::connect::WithColumnsRenamed& renamed);
  Result<ResolvedRelation> ResolveDrop(const spark::connect::Drop& drop);
  Result<ResolvedRelation> ResolveToDf(const spark::connect::ToDF& to_df);
  Result<ResolvedRelation> ResolveAlias(const spark::connect::SubqueryAlias& alias);
  // resolve_rows.cc
  Result<ResolvedRelation> ResolveFilter(const spark::connect::Filter& filter);
  Result<ResolvedRelation> ResolveSort(const spark::connect::Sort& sort);
  Result<ResolvedRelation> ResolveLimit(const Relation& input, std::optional<int64_t> limit, int64_t offset);
  Result<ResolvedRelation> ResolveRepartition(const spark::connect::Repartition& repartition);
  // resolve_aggregate.cc
  Result<ResolvedRelation> ResolveAggregate(const spark::connect::Aggregate& aggregate);
  Result<std::vector<NamedExpr>> ResolveKeys(const spark::connect::Aggregate& aggregate, const Scope& input);
  Result<ResolvedRelation> ResolveDeduplicate(const spark::connect::Deduplicate& deduplicate);
  // The first row for each combination of the keys.
  Result<ResolvedRelation> Deduplicated(const ResolvedRelation& input, const std::vector<bool>& is_key) const;
  // resolve_join.cc
  Result<ResolvedRelation> ResolveJoin(const spark::connect::Join& join);
  Result<ResolvedRelation> JoinOutput(PlanPtr node, const Scope& both, const Scope& left,
                                      const std::vector<std::pair<const ScopeColumn*, ExprPtr>>& merged) const;
  // resolve_set_operation.cc
  Result<ResolvedRelation> ResolveSetOperation(const spark::connect::SetOperation& operation);

  Catalog& catalog_;
  const Conf& conf_;
  ResolveOptions options_;
  int depth_ = 0;
};

// A projection of named expressions over a plan.
PlanPtr MakeProject(PlanPtr input, const std::vector<NamedExpr>& columns);
PlanPtr MakeFilter(PlanPtr input, ExprPtr condition);
bool ContainsMap(const arrow::DataType& type);
// The relation that a finished SELECT list makes.
ResolvedRelation FromBlock(SelectBlock block);

}  // namespace sluice
