// SPDX-License-Identifier: Apache-2.0
#include <arrow/api.h>
#include <fmt/format.h>

#include <algorithm>

#include "analysis/relation_resolver.h"
#include "analysis/shown_expr.h"
#include "base/spark_error.h"

namespace sluice {
namespace {

using spark::connect::Aggregate;
using spark::connect::Expression;

const Expression& WithoutAlias(const Expression& expression) {
  return expression.has_alias() ? expression.alias().expr() : expression;
}

const char* GroupTypeName(Aggregate::GroupType type) {
  switch (type) {
    case Aggregate::GROUP_TYPE_ROLLUP:
      return "rollup";
    case Aggregate::GROUP_TYPE_CUBE:
      return "cube";
    case Aggregate::GROUP_TYPE_PIVOT:
      return "pivot";
    default:
      return "GROUPING SETS";
  }
}

// Aliases of the SELECT list that name no aggregate: GROUP BY may use them.
Scope SelectAliases(const Aggregate& aggregate, const Scope& input, const ResolveOptions& options) {
  Scope aliases;
  for (const Expression& item : aggregate.aggregate_expressions()) {
    if (!item.has_alias() || item.alias().name_size() != 1) continue;
    ExpressionResolver resolver(options, &input);
    Result<ExprPtr> value = resolver.Resolve(item.alias().expr());
    if (value.ok()) aliases.Add({item.alias().name(0), {}, value.MoveValueUnsafe()});
  }
  return aliases;
}

// Does an alias of this name stand for something that GROUP BY cannot use (an aggregate)?
bool NamesAggregate(const Aggregate& aggregate, const Expression& key) {
  if (!key.has_unresolved_attribute()) return false;
  return std::any_of(aggregate.aggregate_expressions().begin(), aggregate.aggregate_expressions().end(),
                     [&](const Expression& item) {
                       return item.has_alias() && item.alias().name_size() == 1 &&
                              SameName(item.alias().name(0), key.unresolved_attribute().unparsed_identifier());
                     });
}

Status AggregateAsKey(const Expression& key) {
  return AtOrigin(UserError("GROUP_BY_AGGREGATE", "An aggregate must not stand in GROUP BY."), key.common().origin());
}

}  // namespace

Result<std::vector<NamedExpr>> RelationResolver::ResolveKeys(const Aggregate& aggregate, const Scope& input) {
  const Scope aliases = SelectAliases(aggregate, input, options_);
  ExpressionResolver resolver(options_, &input);
  resolver.AddFallback(&aliases);
  std::vector<NamedExpr> keys;
  for (const Expression& grouping : aggregate.grouping_expressions()) {
    const Expression* key = &WithoutAlias(grouping);
    const bool by_position = key->has_literal() && key->literal().has_integer();
    if (by_position) {
      const int32_t position = key->literal().integer();
      const int32_t size = aggregate.aggregate_expressions_size();
      const bool star = std::any_of(aggregate.aggregate_expressions().begin(), aggregate.aggregate_expressions().end(),
                                    [](const Expression& e) { return e.has_unresolved_star(); });
      if (star) return NotSupported("GROUP BY with a position beside * is not supported by Sluice.");
      if (position < 1 || position > size) {
        return AtOrigin(UserError("GROUP_BY_POS_OUT_OF_RANGE",
                                  fmt::format("GROUP BY names column {}, but the SELECT list has {}.", position, size),
                                  {{"index", std::to_string(position)}, {"size", std::to_string(size)}}),
                        key->common().origin());
      }
      key = &WithoutAlias(aggregate.aggregate_expressions(position - 1));
    }
    Result<std::vector<NamedExpr>> named = resolver.ResolveNamed(*key);
    if (!named.ok()) {
      if (HasErrorClass(named.status(), "INVALID_WHERE_CONDITION")) {
        return by_position ? AtOrigin(UserError("GROUP_BY_POS_AGGREGATE", "GROUP BY names a column with an aggregate."),
                                      grouping.alias().expr().common().origin())
                           : AggregateAsKey(*key);
      }
      if (NamesAggregate(aggregate, *key)) return AggregateAsKey(*key);
      return named.status();
    }
    for (NamedExpr& column : *named) {
      if (grouping.has_alias()) column.name = grouping.alias().name(0);
      keys.push_back(std::move(column));
    }
  }
  return keys;
}

Result<ResolvedRelation> RelationResolver::ResolveAggregate(const Aggregate& aggregate) {
  if (aggregate.group_type() != Aggregate::GROUP_TYPE_GROUPBY &&
      aggregate.group_type() != Aggregate::GROUP_TYPE_UNSPECIFIED) {
    return NotSupported(fmt::format("{} is not supported by Sluice.", GroupTypeName(aggregate.group_type())));
  }
  SLUICE_ASSIGN(ResolvedRelation input, ResolveInput(aggregate.has_input(), aggregate.input()));
  SLUICE_ASSIGN(std::vector<NamedExpr> keys, ResolveKeys(aggregate, input.scope));
  std::vector<ExprPtr> key_exprs;
  std::vector<std::string> key_names;
  for (const NamedExpr& key : keys) {
    key_exprs.push_back(key.expr);
    key_names.push_back(DisplayName(key.expr));
  }
  SelectBlock block;
  block.aggregate = std::make_shared<AggregateBuilder>(std::move(key_exprs), std::move(key_names));
  for (size_t i = 0; i < keys.size(); ++i) {
    block.select.push_back({keys[i].name, block.aggregate->Key(i), keys[i].qualifier});
  }
  Scope aliases;
  ExpressionResolver resolver(options_, &input.scope);
  resolver.AddAliases(&aliases);
  resolver.AllowAggregates(block.aggregate.get(), {&input.scope});
  for (const Expression& expression : aggregate.aggregate_expressions()) {
    SLUICE_ASSIGN(std::vector<NamedExpr> named, resolver.ResolveNamed(expression));
    for (NamedExpr& item : named) {
      if (item.alias) aliases.Add({item.name, {}, item.expr});
      Result<ExprPtr> lowered = block.aggregate->Lower(item.expr);
      if (!lowered.ok()) return AtOrigin(lowered.status(), expression.common().origin());
      item.expr = lowered.MoveValueUnsafe();
      block.select.push_back(std::move(item));
    }
  }
  block.input = std::move(input.plan);
  block.input_scope = std::move(input.scope);
  return FromBlock(std::move(block));
}

// dropDuplicates and DISTINCT: one row a key; columns that are no keys come from the first row seen.
Result<ResolvedRelation> RelationResolver::ResolveDeduplicate(const spark::connect::Deduplicate& deduplicate) {
  if (deduplicate.within_watermark()) return NotSupported("dropDuplicatesWithinWatermark is not supported by Sluice.");
  SLUICE_ASSIGN(const ResolvedRelation input, Resolve(deduplicate.input()));
  const auto& columns = input.scope.columns();
  std::vector<bool> is_key(columns.size(), deduplicate.column_names_size() == 0);
  for (const std::string& name : deduplicate.column_names()) {
    bool found = false;
    for (size_t i = 0; i < columns.size(); ++i) {
      if (!SameName(columns[i].name, name)) continue;
      is_key[i] = true;
      found = true;
    }
    if (!found) return UnresolvedColumn({name}, input.scope);
  }
  return Deduplicated(input, is_key);
}

Result<ResolvedRelation> RelationResolver::Deduplicated(const ResolvedRelation& input,
                                                        const std::vector<bool>& is_key) const {
  const auto& columns = input.scope.columns();
  for (const ScopeColumn& column : columns) {
    if (!ContainsMap(*column.value->type())) continue;
    return UserError(
        "UNSUPPORTED_FEATURE.SET_OPERATION_ON_MAP_TYPE",
        fmt::format("Maps cannot be compared, so DISTINCT and dropDuplicates cannot take the column {}.", column.name));
  }
  std::vector<ExprPtr> keys;
  std::vector<std::string> names;
  for (size_t i = 0; i < columns.size(); ++i) {
    if (!is_key[i]) continue;
    keys.push_back(columns[i].value);
    names.push_back(columns[i].name);
  }
  AggregateBuilder builder(std::move(keys), std::move(names));
  std::vector<NamedExpr> output;
  size_t key = 0;
  for (size_t i = 0; i < columns.size(); ++i) {
    ExprPtr value;
    if (is_key[i]) {
      value = builder.Key(key++);
    } else {
      SLUICE_ASSIGN(AggregateCall first, sluice::ResolveAggregate("first", {columns[i].value}, false, options_.ansi));
      const ExprPtr call = builder.AddCall(std::move(first));
      SLUICE_ASSIGN(value, builder.Lower(call));
    }
    output.push_back({columns[i].name, std::move(value), columns[i].qualifier});
  }
  auto aggregate = std::make_shared<PlanNode>(*builder.Build(input.plan));
  aggregate->deduplicate = true;
  ResolvedRelation result;
  result.plan = MakeProject(std::move(aggregate), output);
  for (size_t i = 0; i < columns.size(); ++i) {
    result.scope.Add({columns[i].name, columns[i].qualifier,
                      std::make_shared<ColumnExpr>(static_cast<int>(i), columns[i].name, output[i].expr->type(),
                                                   output[i].expr->nullable()),
                      columns[i].plan_ids});
  }
  return result;
}

}  // namespace sluice
