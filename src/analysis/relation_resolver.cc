// SPDX-License-Identifier: Apache-2.0
#include "analysis/relation_resolver.h"

#include <arrow/api.h>
#include <fmt/format.h>

#include <algorithm>

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
    case Relation::kJoin:
      return ResolveJoin(relation.join());
    case Relation::kSetOp:
      return ResolveSetOperation(relation.set_op());
    case Relation::kShowString:
      return Resolve(relation.show_string().input());
    case Relation::kHtmlString:
      return Resolve(relation.html_string().input());
    case Relation::kHint:
      Log(LogLevel::kDebug, "The hint {} is ignored", relation.hint().name());
      return Resolve(relation.hint().input());
    default:
      return NotSupported(fmt::format("The relation {} is not supported by Sluice.", KindName(relation)));
  }
}

}  // namespace sluice
