// SPDX-License-Identifier: Apache-2.0
#include <arrow/api.h>
#include <fmt/format.h>

#include <algorithm>

#include "analysis/name_parts.h"
#include "analysis/relations.h"
#include "analysis/sql/query_parser.h"
#include "base/spark_error.h"
#include "expr/function_registry.h"

namespace sluice {
namespace {

using spark::connect::Join;

Result<JoinType> TypeOf(const Join& join) {
  switch (join.join_type()) {
    case Join::JOIN_TYPE_UNSPECIFIED:
    case Join::JOIN_TYPE_INNER:
    case Join::JOIN_TYPE_CROSS:
      return JoinType::kInner;
    case Join::JOIN_TYPE_LEFT_OUTER:
      return JoinType::kLeft;
    case Join::JOIN_TYPE_RIGHT_OUTER:
      return JoinType::kRight;
    case Join::JOIN_TYPE_FULL_OUTER:
      return JoinType::kFull;
    case Join::JOIN_TYPE_LEFT_SEMI:
      return JoinType::kLeftSemi;
    case Join::JOIN_TYPE_LEFT_ANTI:
      return JoinType::kLeftAnti;
    default:
      return NotSupported("A join of an unknown type.");
  }
}

// The join's output: outer joins make the columns of the side that may be missing nullable.
std::shared_ptr<arrow::Schema> OutputSchema(const PlanNode& left, const PlanNode& right, JoinType type) {
  const bool left_missing = type == JoinType::kRight || type == JoinType::kFull;
  const bool right_missing = type == JoinType::kLeft || type == JoinType::kFull;
  std::vector<std::shared_ptr<arrow::Field>> fields;
  for (const auto& field : left.schema->fields()) fields.push_back(left_missing ? field->WithNullable(true) : field);
  if (GivesLeftOnly(type)) return arrow::schema(std::move(fields));
  for (const auto& field : right.schema->fields()) fields.push_back(right_missing ? field->WithNullable(true) : field);
  return arrow::schema(std::move(fields));
}

ExprPtr OutputColumn(const arrow::Schema& schema, const ExprPtr& over_both) {
  const int index = static_cast<const ColumnExpr*>(over_both.get())->index();
  const auto& field = *schema.field(index);
  return std::make_shared<ColumnExpr>(index, field.name(), field.type(), field.nullable());
}

const ScopeColumn& ColumnAtValue(const Scope& scope, const ExprPtr& value) {
  const auto found = std::find_if(scope.columns().begin(), scope.columns().end(),
                                  [&](const ScopeColumn& column) { return column.value == value; });
  return *found;
}

// What NATURAL JOIN joins by: the left columns' names that the right side has too.
std::vector<std::string> CommonNames(const Scope& left, const Scope& right) {
  std::vector<std::string> names;
  for (const ScopeColumn& one : left.columns()) {
    const auto same = [&](const ScopeColumn& other) { return SameName(one.name, other.name); };
    if (std::any_of(right.columns().begin(), right.columns().end(), same)) names.push_back(one.name);
  }
  return names;
}

Result<const ScopeColumn*> UsingColumn(const std::string& name, const Scope& scope, const char* side) {
  const Scope::Match match = scope.Find({name});
  if (match.columns.size() > 1) return AmbiguousReference({name}, match.columns);
  if (!match.columns.empty()) return match.columns[0];
  std::string names;
  for (const ScopeColumn& column : scope.columns()) names += (names.empty() ? "" : ", ") + QuotedName({column.name});
  return UserError("UNRESOLVED_USING_COLUMN_FOR_JOIN",
                   fmt::format("USING column {} is not a column of the {} side of the join, which has {}.",
                               QuotedName({name}), side, names),
                   {{"colName", QuotedName({name})}, {"side", side}, {"suggestion", names}});
}

// USING gives its columns once, in front: the left one's value, of a full join whichever is there.
Result<ResolvedRelation> JoinOutput(RelationContext& context, PlanPtr node, const Scope& both, const Scope& left,
                                    const std::vector<std::pair<const ScopeColumn*, ExprPtr>>& merged) {
  const JoinType type = node->Get<plan::Join>().type;
  const arrow::Schema& schema = *node->schema;
  const size_t width = GivesLeftOnly(type) ? left.columns().size() : both.columns().size();
  ResolvedRelation result;
  if (merged.empty()) {
    for (size_t i = 0; i < width; ++i) {
      const ScopeColumn& column = both.columns()[i];
      result.scope.Add({column.name, column.qualifier, OutputColumn(schema, column.value), column.plan_ids});
    }
    result.plan = std::move(node);
    return result;
  }
  std::vector<NamedExpr> list;
  std::vector<int> taken;
  for (const auto& [one, other] : merged) {
    const ExprPtr left_value = OutputColumn(schema, one->value);
    const ScopeColumn& other_column = ColumnAtValue(both, other);
    const ScopeColumn& kept = type == JoinType::kRight ? other_column : *one;
    ExprPtr value = type == JoinType::kRight ? OutputColumn(schema, other) : left_value;
    if (type == JoinType::kFull) {
      SLUICE_ASSIGN(value, ResolveFunction("coalesce", {left_value, OutputColumn(schema, other)}, context.options()));
      list.push_back({one->name, std::move(value), {}});
      result.scope.AddMerged({one->name, one->qualifier, nullptr, one->plan_ids});
    } else {
      list.push_back({one->name, std::move(value), kept.qualifier, false, kept.plan_ids});
    }
    const ScopeColumn& left_out = type == JoinType::kRight ? *one : other_column;
    // Of an inner join both are equal, and a DataFrame's column may stand for the other's.
    const auto plan_ids = type == JoinType::kInner ? std::vector<int64_t>() : left_out.plan_ids;
    if (!GivesLeftOnly(type)) result.scope.AddMerged({left_out.name, left_out.qualifier, nullptr, plan_ids});
    taken.push_back(static_cast<const ColumnExpr*>(one->value.get())->index());
    taken.push_back(static_cast<const ColumnExpr*>(other.get())->index());
  }
  for (size_t i = 0; i < width; ++i) {
    const ScopeColumn& column = both.columns()[i];
    const int index = static_cast<const ColumnExpr*>(column.value.get())->index();
    if (std::find(taken.begin(), taken.end(), index) != taken.end()) continue;
    list.push_back({column.name, OutputColumn(schema, column.value), column.qualifier, false, column.plan_ids});
  }
  result.plan = MakeProject(std::move(node), list);
  const Scope places = Scope::Of(*result.plan->schema);
  for (size_t i = 0; i < list.size(); ++i) {
    result.scope.Add({list[i].name, list[i].qualifier, places.columns()[i].value, list[i].plan_ids});
  }
  return result;
}

}  // namespace

Scope BothScopes(const ResolvedRelation& left, const ResolvedRelation& right) {
  Scope scope = left.scope;
  const int width = left.plan->schema->num_fields();
  for (const ScopeColumn& column : right.scope.columns()) {
    const auto* value = static_cast<const ColumnExpr*>(column.value.get());
    scope.Add({column.name, column.qualifier,
               std::make_shared<ColumnExpr>(width + value->index(), value->name(), value->type(), value->nullable()),
               column.plan_ids});
  }
  return scope;
}

ResolvedRelation PlainColumns(const ResolvedRelation& input) {
  const auto& columns = input.scope.columns();
  if (std::all_of(columns.begin(), columns.end(), [](const ScopeColumn& column) {
        return dynamic_cast<const ColumnExpr*>(column.value.get()) != nullptr;
      })) {
    return input;
  }
  std::vector<NamedExpr> list;
  list.reserve(columns.size());
  for (const ScopeColumn& column : columns)
    list.push_back({column.name, column.value, column.qualifier, false, column.plan_ids});
  ResolvedRelation result;
  result.plan = MakeProject(input.plan, list);
  const Scope places = Scope::Of(*result.plan->schema);
  for (size_t i = 0; i < columns.size(); ++i) {
    result.scope.Add({columns[i].name, columns[i].qualifier, places.columns()[i].value, columns[i].plan_ids});
  }
  return result;
}

Result<ResolvedRelation> ResolveJoin(RelationContext& context, const spark::connect::Relation& relation) {
  const Join& join = relation.join();
  SLUICE_ASSIGN(const JoinType type, TypeOf(join));
  SLUICE_ASSIGN(ResolvedRelation left, context.Resolve(join.left()));
  SLUICE_ASSIGN(ResolvedRelation right, context.Resolve(join.right()));
  left = PlainColumns(left);
  right = PlainColumns(right);
  const Scope both = BothScopes(left, right);
  std::vector<ExprPtr> conditions;
  if (join.has_join_condition()) {
    ExpressionResolver resolver = context.Over(&both);
    SLUICE_ASSIGN(ExprPtr condition,
                  resolver.ResolveCondition(join.join_condition(), "JOIN_CONDITION_IS_NOT_BOOLEAN_TYPE"));
    conditions.push_back(std::move(condition));
  }
  std::vector<std::pair<const ScopeColumn*, ExprPtr>> merged;  // left columns of USING, and the right ones over both
  const size_t left_count = left.scope.columns().size();
  std::vector<std::string> names(join.using_columns().begin(), join.using_columns().end());
  if (names.size() == 1 && names[0] == sql::kNaturalJoin) names = CommonNames(left.scope, right.scope);
  for (const std::string& name : names) {
    SLUICE_ASSIGN(const ScopeColumn* one, UsingColumn(name, left.scope, "left"));
    SLUICE_ASSIGN(const ScopeColumn* other, UsingColumn(name, right.scope, "right"));
    const auto at = static_cast<size_t>(other - right.scope.columns().data());
    const ExprPtr other_value = both.columns()[left_count + at].value;
    SLUICE_ASSIGN(ExprPtr equal, ResolveFunction("==", {one->value, other_value}, context.options()));
    conditions.push_back(std::move(equal));
    merged.emplace_back(one, other_value);
  }
  PlanPtr node = MakeNode(plan::Join{type, {}, std::move(conditions)}, {left.plan, right.plan},
                          OutputSchema(*left.plan, *right.plan, type));
  return JoinOutput(context, std::move(node), both, left.scope, merged);
}

}  // namespace sluice
