// SPDX-License-Identifier: Apache-2.0
#include "analysis/relations.h"

#include <fmt/format.h>

#include <string>
#include <unordered_map>

#include "base/logging.h"
#include "base/spark_error.h"

namespace sluice {
namespace {

using spark::connect::Relation;

std::string KindName(const Relation& relation) {
  const auto* field = Relation::descriptor()->FindFieldByNumber(relation.rel_type_case());
  return field == nullptr ? "(empty)" : field->name();
}

Result<ResolvedRelation> ResolveWithRelations(RelationContext& context, const Relation& relation) {
  return context.ResolveWithReferences(relation.with_relations());
}

// What is shown is the input; how is for whoever shows it.
Result<ResolvedRelation> ResolveShowString(RelationContext& context, const Relation& relation) {
  return context.Resolve(relation.show_string().input());
}

Result<ResolvedRelation> ResolveHtmlString(RelationContext& context, const Relation& relation) {
  return context.Resolve(relation.html_string().input());
}

Result<ResolvedRelation> ResolveHint(RelationContext& context, const Relation& relation) {
  Log(LogLevel::kDebug, "The hint {} is ignored", relation.hint().name());
  return context.Resolve(relation.hint().input());
}

const std::unordered_map<int, RelationFunction*>& FunctionsByKind() {
  static const std::unordered_map<int, RelationFunction*> functions = {
      {Relation::kRead, ResolveRead},
      {Relation::kLocalRelation, ResolveLocal},
      {Relation::kRange, ResolveRange},
      {Relation::kSql, ResolveSql},
      {Relation::kCachedRemoteRelation, ResolveFrame},
      {Relation::kWithRelations, ResolveWithRelations},
      {Relation::kUnresolvedTableValuedFunction, ResolveTableFunction},
      {Relation::kCommonInlineUserDefinedTableFunction, ResolveInlineTableFunction},
      {Relation::kLateralJoin, ResolveLateralJoin},
      {Relation::kCollectMetrics, ResolveObserve},
      {Relation::kProject, ResolveProject},
      {Relation::kWithColumns, ResolveWithColumns},
      {Relation::kWithColumnsRenamed, ResolveRenamed},
      {Relation::kDrop, ResolveDrop},
      {Relation::kToDf, ResolveToDf},
      {Relation::kSubqueryAlias, ResolveAlias},
      {Relation::kFilter, ResolveFilter},
      {Relation::kSort, ResolveSort},
      {Relation::kLimit, ResolveLimit},
      {Relation::kOffset, ResolveOffset},
      {Relation::kTail, ResolveTail},
      {Relation::kRepartition, ResolveRepartition},
      {Relation::kRepartitionByExpression, ResolveRepartitionByExpression},
      {Relation::kAggregate, ResolveAggregation},
      {Relation::kDeduplicate, ResolveDeduplicate},
      {Relation::kUnpivot, ResolveUnpivot},
      {Relation::kJoin, ResolveJoin},
      {Relation::kSetOp, ResolveSetOperation},
      {Relation::kWithWatermark, ResolveWatermark},
      {Relation::kMapPartitions, ResolveMapPartitions},
      {Relation::kGroupMap, ResolveGroupMap},
      {Relation::kCoGroupMap, ResolveCoGroupMap},
      {Relation::kFillNa, ResolveFill},
      {Relation::kDropNa, ResolveDropMissing},
      {Relation::kReplace, ResolveReplace},
      {Relation::kSample, ResolveSample},
      {Relation::kSampleBy, ResolveSampleBy},
      {Relation::kSummary, ResolveSummary},
      {Relation::kDescribe, ResolveDescribe},
      {Relation::kCrosstab, ResolveCrosstab},
      {Relation::kApproxQuantile, ResolveQuantiles},
      {Relation::kFreqItems, ResolveFrequentItems},
      {Relation::kCorr, ResolveCorrelation},
      {Relation::kCov, ResolveCovariance},
      {Relation::kShowString, ResolveShowString},
      {Relation::kHtmlString, ResolveHtmlString},
      {Relation::kHint, ResolveHint},
  };
  return functions;
}

}  // namespace

Result<ResolvedRelation> ResolveByKind(RelationContext& context, const Relation& relation) {
  const auto found = FunctionsByKind().find(relation.rel_type_case());
  if (found == FunctionsByKind().end()) {
    return NotSupported(fmt::format("The relation {} is not supported by Sluice.", KindName(relation)));
  }
  return found->second(context, relation);
}

}  // namespace sluice
