// SPDX-License-Identifier: Apache-2.0
#include "analysis/relation_context.h"

#include <arrow/api.h>
#include <fmt/format.h>

#include <algorithm>

#include "analysis/relations.h"
#include "analysis/shown_expr.h"
#include "base/spark_error.h"

namespace sluice {
namespace {

constexpr int kMaxDepth = 500;

}  // namespace

PlanPtr MakeProject(PlanPtr input, const std::vector<NamedExpr>& columns) {
  std::vector<ExprPtr> exprs;
  std::vector<std::shared_ptr<arrow::Field>> fields;
  exprs.reserve(columns.size());
  fields.reserve(columns.size());
  for (const NamedExpr& column : columns) {
    exprs.push_back(column.expr);
    fields.push_back(arrow::field(column.name, column.expr->type(), column.expr->nullable()));
  }
  return MakeProject(std::move(input), std::move(exprs), arrow::schema(std::move(fields)));
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

RelationContext::RelationContext(Catalog& catalog, const Conf& conf)
    : catalog_(catalog), options_(SessionOptions::Of(conf)) {}

Result<ResolvedRelation> RelationContext::Resolve(const Relation& relation) {
  if (++depth_ > kMaxDepth) {
    --depth_;
    return UserError("FAILED_TO_PARSE_TOO_COMPLEX", "The query has too many steps inside each other; simplify it.");
  }
  Result<ResolvedRelation> result = ResolveByKind(*this, relation);
  --depth_;
  if (!result.ok()) return AtOrigin(result.status(), relation.common().origin());
  if (relation.common().has_plan_id()) result->scope.AddPlanId(relation.common().plan_id());
  return result;
}

Result<ResolvedRelation> RelationContext::ResolveWithReferences(const spark::connect::WithRelations& with) {
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

Result<PlanPtr> RelationContext::ResolveReference(int64_t plan_id, const std::vector<const Scope*>& scopes,
                                                  std::vector<ExprPtr>* outer) {
  const auto found =
      std::find_if(queries_.rbegin(), queries_.rend(), [&](const auto& query) { return query.first == plan_id; });
  if (found == queries_.rend()) {
    return UserError("SLUICE_SUBQUERY_NOT_FOUND", fmt::format("The plan has no subquery of the id {}.", plan_id));
  }
  SLUICE_ASSIGN(const ResolvedRelation resolved, ResolveInside(*found->second, scopes, outer));
  return resolved.plan;
}

Result<ResolvedRelation> RelationContext::ResolveInside(const Relation& relation,
                                                        const std::vector<const Scope*>& scopes,
                                                        std::vector<ExprPtr>* outer) {
  outer_.push_back({&scopes, outer});
  Result<ResolvedRelation> resolved = Resolve(relation);
  outer_.pop_back();
  return resolved;
}

const spark::connect::Relation* RelationContext::FindView(const std::string& name) const {
  const auto found =
      std::find_if(views_.rbegin(), views_.rend(), [&](const auto& view) { return SameName(view.first, name); });
  return found == views_.rend() ? nullptr : found->second;
}

Result<ExprPtr> RelationContext::FindOuter(const std::vector<std::string>& parts, const int64_t* plan_id,
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

Result<ResolvedRelation> RelationContext::ResolveInput(bool present, const Relation& input) {
  if (present) return Resolve(input);
  ResolvedRelation result;
  result.plan = MakeNode(plan::Range{0, 1, 1}, {}, arrow::schema({arrow::field("id", arrow::int64(), false)}));
  return result;
}

}  // namespace sluice
