// SPDX-License-Identifier: Apache-2.0
#include "analysis/relation_resolver.h"

#include <arrow/api.h>
#include <fmt/format.h>

#include <algorithm>

#include "analysis/frequent_items.h"
#include "analysis/shown_expr.h"
#include "base/logging.h"
#include "base/spark_error.h"

namespace sluice {
namespace {

constexpr int kMaxDepth = 500;

std::string KindName(const spark::connect::Relation& relation) {
  const auto* field = spark::connect::Relation::descriptor()->FindFieldByNumber(relation.rel_type_case());
  return field == nullptr ? "(empty)" : field->name();
}

}  // namespace

PlanPtr MakeProject(PlanPtr input, const std::vector<NamedExpr>& columns) {
  auto node = std::make_shared<PlanNode>();
  node->kind = PlanKind::kProject;
  node->inputs = {std::move(input)};
  std::vector<std::shared_ptr<arrow::Field>> fields;
  for (const NamedExpr& column : columns) {
    node->exprs.push_back(column.expr);
    fields.push_back(arrow::field(column.name, column.expr->type(), column.expr->nullable()));
  }
  node->schema = arrow::schema(std::move(fields));
  return node;
}

PlanPtr MakeFilter(PlanPtr input, ExprPtr condition) {
  auto node = std::make_shared<PlanNode>();
  node->kind = PlanKind::kFilter;
  node->schema = input->schema;
  node->inputs = {std::move(input)};
  node->exprs = {std::move(condition)};
  return node;
}

bool ContainsMap(const arrow::DataType& type) {
  if (type.id() == arrow::Type::MAP) return true;
  return std::any_of(type.fields().begin(), type.fields().end(),
                     [](const auto& field) { return ContainsMap(*field->type()); });
}

PlanPtr SelectBlock::Build(const std::vector<ExprPtr>& hidden) const {
  PlanPtr base = aggregate ? aggregate->Build(input) : input;
  for (const ExprPtr& condition : conditions) base = MakeFilter(std::move(base), condition);
  std::vector<NamedExpr> columns = select;
  for (const ExprPtr& expr : hidden) columns.push_back({DisplayName(expr), expr, {}});
  return MakeProject(std::move(base), columns);
}

ResolvedRelation FromBlock(SelectBlock block) {
  ResolvedRelation result;
  result.plan = block.Build({});
  for (size_t i = 0; i < block.select.size(); ++i) {
    const NamedExpr& column = block.select[i];
    result.scope.Add(
        {column.name, column.qualifier,
         std::make_shared<ColumnExpr>(static_cast<int>(i), column.name, column.expr->type(), column.expr->nullable()),
         column.plan_ids});
  }
  result.block = std::make_shared<const SelectBlock>(std::move(block));
  return result;
}

RelationResolver::RelationResolver(Catalog& catalog, const Conf& conf)
    : catalog_(catalog), conf_(conf), options_(SessionOptions::Of(conf)) {}

Result<ResolvedRelation> RelationResolver::Resolve(const Relation& relation) {
  if (++depth_ > kMaxDepth) {
    --depth_;
    return UserError("FAILED_TO_PARSE_TOO_COMPLEX", "The query has too many steps inside each other; simplify it.");
  }
  Result<ResolvedRelation> result = ResolveNode(relation);
  --depth_;
  if (!result.ok()) return AtOrigin(result.status(), relation.common().origin());
  if (relation.common().has_plan_id()) result->scope.AddPlanId(relation.common().plan_id());
  return result;
}

Result<ResolvedRelation> RelationResolver::ResolveWithRelations(const spark::connect::WithRelations& with) {
  const size_t queries = queries_.size();
  const size_t views = views_.size();
  for (const Relation& reference : with.references()) {
    if (reference.has_subquery_alias()) views_.emplace_back(reference.subquery_alias().alias(), &reference);
    // A query with subqueries of its own is known by the id of what it wraps.
    for (const Relation* named = &reference;; named = &named->with_relations().root()) {
      if (named->common().has_plan_id()) queries_.emplace_back(named->common().plan_id(), &reference);
      if (!named->has_with_relations()) break;
    }
  }
  Result<ResolvedRelation> root = Resolve(with.root());
  queries_.resize(queries);
  views_.resize(views);
  return root;
}

Result<PlanPtr> RelationResolver::ResolveReference(int64_t plan_id, const std::vector<const Scope*>& scopes,
                                                   std::vector<ExprPtr>* outer) {
  const auto found =
      std::find_if(queries_.rbegin(), queries_.rend(), [&](const auto& query) { return query.first == plan_id; });
  if (found == queries_.rend()) {
    return UserError("SLUICE_SUBQUERY_NOT_FOUND", fmt::format("The plan has no subquery of the id {}.", plan_id));
  }
  outer_.push_back({&scopes, outer});
  Result<ResolvedRelation> resolved = Resolve(*found->second);
  outer_.pop_back();
  if (!resolved.ok()) return resolved.status();
  return resolved->plan;
}

Result<ExprPtr> RelationResolver::FindOuter(const std::vector<std::string>& parts, const int64_t* plan_id,
                                            size_t* used) {
  if (outer_.empty()) return ExprPtr();
  for (const Scope* scope : *outer_.back().scopes) {
    Scope::Match match;
    if (plan_id != nullptr) match = scope->FindOfPlan(*plan_id, parts);
    if (match.columns.empty()) match = scope->Find(parts);
    if (match.columns.empty()) continue;
    if (match.columns.size() > 1) return AmbiguousReference(parts, match.columns);
    *used = match.used;
    std::vector<ExprPtr>& columns = *outer_.back().columns;
    const ExprPtr& value = match.columns[0]->value;
    auto place = std::find(columns.begin(), columns.end(), value);
    if (place == columns.end()) place = columns.insert(place, value);
    return std::make_shared<OuterExpr>(static_cast<size_t>(place - columns.begin()), value);
  }
  return ExprPtr();
}

Result<ResolvedRelation> RelationResolver::ResolveInput(bool present, const Relation& input) {
  if (present) return Resolve(input);
  auto node = std::make_shared<PlanNode>();
  node->kind = PlanKind::kRange;
  node->range_end = 1;
  node->schema = arrow::schema({arrow::field("id", arrow::int64(), false)});
  ResolvedRelation result;
  result.plan = std::move(node);
  return result;
}

Result<ResolvedRelation> RelationResolver::ResolveNode(const Relation& relation) {
  switch (relation.rel_type_case()) {
    case Relation::kRead:
      return ResolveRead(relation.read());
    case Relation::kLocalRelation:
      return ResolveLocal(relation.local_relation());
    case Relation::kRange:
      return ResolveRange(relation.range());
    case Relation::kSql:
      return ResolveSql(relation.sql());
    case Relation::kProject:
      return ResolveProject(relation.project());
    case Relation::kWithColumns:
      return ResolveWithColumns(relation.with_columns());
    case Relation::kWithColumnsRenamed:
      return ResolveRenamed(relation.with_columns_renamed());
    case Relation::kDrop:
      return ResolveDrop(relation.drop());
    case Relation::kToDf:
      return ResolveToDf(relation.to_df());
    case Relation::kSubqueryAlias:
      return ResolveAlias(relation.subquery_alias());
    case Relation::kFilter:
      return ResolveFilter(relation.filter());
    case Relation::kSort:
      return ResolveSort(relation.sort());
    case Relation::kLimit:
      return ResolveLimit(relation.limit().input(), relation.limit().limit(), 0);
    case Relation::kOffset:
      return ResolveLimit(relation.offset().input(), std::nullopt, relation.offset().offset());
    case Relation::kRepartition:
      return ResolveRepartition(relation.repartition());
    case Relation::kAggregate:
      return ResolveAggregate(relation.aggregate());
    case Relation::kDeduplicate:
      return ResolveDeduplicate(relation.deduplicate());
    case Relation::kWithWatermark:
      return ResolveWatermark(relation.with_watermark());
    case Relation::kJoin:
      return ResolveJoin(relation.join());
    case Relation::kUnpivot:
      return ResolveUnpivot(relation.unpivot());
    case Relation::kLateralJoin:
      return ResolveLateralJoin(relation.lateral_join());
    case Relation::kUnresolvedTableValuedFunction:
      return ResolveTableFunction(relation.unresolved_table_valued_function());
    case Relation::kWithRelations:
      return ResolveWithRelations(relation.with_relations());
    case Relation::kSetOp:
      return ResolveSetOperation(relation.set_op());
    case Relation::kMapPartitions:
      return ResolveMapPartitions(relation.map_partitions());
    case Relation::kGroupMap:
      return ResolveGroupMap(relation.group_map());
    case Relation::kCoGroupMap:
      return ResolveCoGroupMap(relation.co_group_map());
    case Relation::kCachedRemoteRelation: {
      ResolvedRelation result;
      SLUICE_ASSIGN(result.plan, catalog_.FindFrame(relation.cached_remote_relation().relation_id()));
      result.scope = Scope::Of(*result.plan->schema);
      return result;
    }
    case Relation::kShowString:
      return Resolve(relation.show_string().input());
    case Relation::kHtmlString:
      return Resolve(relation.html_string().input());
    case Relation::kHint:
      Log(LogLevel::kDebug, "The hint {} is ignored", relation.hint().name());
      return Resolve(relation.hint().input());
    default:
      return ResolveStatistic(relation);
  }
}

// What DataFrame.na and DataFrame.stat make.
Result<ResolvedRelation> RelationResolver::ResolveStatistic(const Relation& relation) {
  switch (relation.rel_type_case()) {
    case Relation::kFillNa:
      return ResolveFill(relation.fill_na());
    case Relation::kDropNa:
      return ResolveDropMissing(relation.drop_na());
    case Relation::kReplace:
      return ResolveReplace(relation.replace());
    case Relation::kSample:
      return ResolveSample(relation.sample());
    case Relation::kSampleBy:
      return ResolveSampleBy(relation.sample_by());
    case Relation::kTail:
      return ResolveTail(relation.tail());
    case Relation::kSummary:
      return ResolveSummary(relation.summary().input(), {},
                            {relation.summary().statistics().begin(), relation.summary().statistics().end()});
    case Relation::kDescribe:
      return ResolveSummary(relation.describe().input(),
                            {relation.describe().cols().begin(), relation.describe().cols().end()},
                            {"count", "mean", "stddev", "min", "max"});
    case Relation::kCrosstab:
      return ResolveCrosstab(relation.crosstab());
    case Relation::kApproxQuantile:
      return ResolveQuantiles(relation.approx_quantile());
    case Relation::kFreqItems: {
      SLUICE_ASSIGN(const ResolvedRelation input, Resolve(relation.freq_items().input()));
      ResolvedRelation result;
      SLUICE_ASSIGN(result.plan, ResolveFrequentItems(input.plan, input.scope, relation.freq_items(), options_));
      result.scope = Scope::Of(*result.plan->schema);
      return result;
    }
    case Relation::kCorr:
      return ResolveOfTwo(relation.corr().input(), "corr", relation.corr().col1(), relation.corr().col2());
    case Relation::kCov:
      return ResolveOfTwo(relation.cov().input(), "covar_samp", relation.cov().col1(), relation.cov().col2());
    default:
      return NotSupported(fmt::format("The relation {} is not supported by Sluice.", KindName(relation)));
  }
}

}  // namespace sluice
