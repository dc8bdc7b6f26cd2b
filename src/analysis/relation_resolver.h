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

// The windows of a relation's rows, for the operator that names them.
struct InputWindow {
  ExprPtr column;
  Scope scope;  // the column under its name
};

// One resolve_*.cc a family of relations. A value for one request.
class RelationResolver : private QueryContext {
 public:
  RelationResolver(Catalog& catalog, const Conf& conf);
  Result<ResolvedRelation> Resolve(const spark::connect::Relation& relation);
  const ResolveOptions& options() const { return options_; }

 private:
  using Relation = spark::connect::Relation;

  // The columns that a subquery may name besides its own, and those that it did.
  struct OuterQuery {
    const std::vector<const Scope*>* scopes;
    std::vector<ExprPtr>* columns;
  };

  Result<PlanPtr> ResolveReference(int64_t plan_id, const std::vector<const Scope*>& scopes,
                                   std::vector<ExprPtr>* outer) override;
  Result<ExprPtr> FindOuter(const std::vector<std::string>& parts, const int64_t* plan_id, size_t* used) override;
  Catalog* catalog() override { return &catalog_; }
  // A resolver of expressions over a scope, which may have subqueries.
  ExpressionResolver Over(const Scope* scope) {
    ExpressionResolver resolver(options_, scope, &catalog_);
    resolver.SetContext(this);
    return resolver;
  }

  Result<ResolvedRelation> ResolveNode(const Relation& relation);
  Result<ResolvedRelation> ResolveStatistic(const Relation& relation);
  // A missing input is a relation of one row without columns (SELECT 1).
  Result<ResolvedRelation> ResolveInput(bool present, const Relation& input);

  // resolve_read.cc
  Result<ResolvedRelation> ResolveRead(const spark::connect::Read& read);
  Result<ResolvedRelation> ResolveNamedTable(const spark::connect::Read& read);
  Result<ResolvedRelation> ResolveLocal(const spark::connect::LocalRelation& local);
  Result<ResolvedRelation> ResolveRange(const spark::connect::Range& range);
  Result<ResolvedRelation> ResolveSql(const spark::connect::SQL& sql);
  Result<ResolvedRelation> ResolveWithRelations(const spark::connect::WithRelations& with);
  // resolve_generator.cc
  Result<ResolvedRelation> ResolveTableFunction(const spark::connect::UnresolvedTableValuedFunction& function);
  Result<ResolvedRelation> ResolveLateralJoin(const spark::connect::LateralJoin& join);
  // The rows of `input` with the columns of a generator over them.
  Result<ResolvedRelation> Generated(ResolvedRelation input,
                                     const spark::connect::UnresolvedTableValuedFunction& function, bool outer);
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
  using Expressions = google::protobuf::RepeatedPtrField<spark::connect::Expression>;
  // `list`: the grouping expressions, or one of the grouping sets.
  Result<std::vector<NamedExpr>> ResolveKeys(const spark::connect::Aggregate& aggregate, const Expressions& list,
                                             const Scope& input, const InputWindow* window);
  // For each grouping set, which of the keys are in it; none for a plain GROUP BY.
  Result<std::vector<std::vector<bool>>> ResolveSets(const spark::connect::Aggregate& aggregate,
                                                     const std::vector<NamedExpr>& keys, const Scope& input,
                                                     const InputWindow* window);
  // resolve_pivot.cc
  Result<ResolvedRelation> ResolvePivot(const spark::connect::Aggregate& aggregate);
  Result<ResolvedRelation> Pivoted(const ResolvedRelation& input, std::vector<NamedExpr> keys, const NamedExpr& column,
                                   const std::vector<NamedExpr>& values, const Expressions& aggregates);
  Result<ResolvedRelation> ResolveUnpivot(const spark::connect::Unpivot& unpivot);
  Result<std::vector<NamedExpr>> FindPivotValues(const PlanPtr& input, const ExprPtr& column);
  // resolve_missing.cc
  Result<ResolvedRelation> ResolveFill(const spark::connect::NAFill& fill);
  Result<ResolvedRelation> ResolveDropMissing(const spark::connect::NADrop& drop);
  Result<ResolvedRelation> ResolveReplace(const spark::connect::NAReplace& replace);
  // resolve_statistics.cc
  Result<ResolvedRelation> ResolveSample(const spark::connect::Sample& sample);
  Result<ResolvedRelation> ResolveSampleBy(const spark::connect::StatSampleBy& sample);
  Result<ResolvedRelation> ResolveTail(const spark::connect::Tail& tail);
  Result<ResolvedRelation> ResolveSummary(const Relation& child, std::vector<std::string> columns,
                                          std::vector<std::string> statistics);
  Result<ResolvedRelation> ResolveCrosstab(const spark::connect::StatCrosstab& crosstab);
  Result<ResolvedRelation> ResolveQuantiles(const spark::connect::StatApproxQuantile& quantiles);
  // One number of two columns: corr, covar_samp.
  Result<ResolvedRelation> ResolveOfTwo(const Relation& child, const std::string& function, const std::string& first,
                                        const std::string& second);
  Result<ResolvedRelation> ResolveDeduplicate(const spark::connect::Deduplicate& deduplicate);
  // resolve_event_time.cc
  Result<ResolvedRelation> ResolveWatermark(const spark::connect::WithWatermark& watermark);
  // The window() call of the expressions, if there is one: `input` then has a last column for it, beside its scope.
  Result<std::optional<InputWindow>> FindWindow(ResolvedRelation* input,
                                                const std::vector<const google::protobuf::Message*>& expressions);
  // The first row for each combination of the keys, which are columns of the input in the key's order.
  Result<ResolvedRelation> Deduplicated(const ResolvedRelation& input, const std::vector<size_t>& keys) const;
  // resolve_join.cc
  Result<ResolvedRelation> ResolveJoin(const spark::connect::Join& join);
  Result<ResolvedRelation> JoinOutput(PlanPtr node, const Scope& both, const Scope& left,
                                      const std::vector<std::pair<const ScopeColumn*, ExprPtr>>& merged) const;
  // resolve_python.cc
  Result<ResolvedRelation> ResolveMapPartitions(const spark::connect::MapPartitions& map);
  Result<ResolvedRelation> ResolveGroupMap(const spark::connect::GroupMap& map);
  Result<ResolvedRelation> ResolveCoGroupMap(const spark::connect::CoGroupMap& map);
  Result<std::vector<ExprPtr>> ResolveGroupKeys(
      const google::protobuf::RepeatedPtrField<spark::connect::Expression>& keys, const Scope& scope);
  // resolve_set_operation.cc
  Result<ResolvedRelation> ResolveSetOperation(const spark::connect::SetOperation& operation);

  Catalog& catalog_;
  const Conf& conf_;
  ResolveOptions options_;
  std::vector<OuterQuery> outer_;                               // innermost last
  std::vector<std::pair<int64_t, const Relation*>> queries_;    // of WithRelations, by plan id, innermost last
  std::vector<std::pair<std::string, const Relation*>> views_;  // the same by name
  int depth_ = 0;
};

// A projection of named expressions over a plan.
PlanPtr MakeProject(PlanPtr input, const std::vector<NamedExpr>& columns);
PlanPtr MakeFilter(PlanPtr input, ExprPtr condition);
// The relation with what is not a plain column in its scope computed first.
ResolvedRelation PlainColumns(const ResolvedRelation& input);
// The columns of both inputs of a join, the right ones behind the left ones; both have plain columns.
Scope BothScopes(const ResolvedRelation& left, const ResolvedRelation& right);
// INVALID_PANDAS_UDF_PLACEMENT for Python's aggregates beside others.
Status CheckPythonAggregates(const AggregateBuilder& builder);
bool ContainsMap(const arrow::DataType& type);
// The relation that a finished SELECT list makes.
ResolvedRelation FromBlock(SelectBlock block);

}  // namespace sluice
