// SPDX-License-Identifier: Apache-2.0
#include <arrow/api.h>
#include <fmt/format.h>

#include <algorithm>

#include "analysis/file_columns.h"
#include "analysis/relations.h"
#include "analysis/shown_expr.h"
#include "base/spark_error.h"
#include "plan/event_time.h"
#include "plan/session_windows.h"

namespace sluice {
namespace {

using spark::connect::Aggregate;
using spark::connect::Expression;
using Expressions = google::protobuf::RepeatedPtrField<Expression>;

const Expression& WithoutAlias(const Expression& expression) {
  return expression.has_alias() ? expression.alias().expr() : expression;
}

// Aliases of the SELECT list that name no aggregate: GROUP BY may use them.
Scope SelectAliases(const Aggregate& aggregate, const Scope& input, const ResolveOptions& options,
                    const InputWindow* window, Catalog* catalog) {
  Scope aliases;
  for (const Expression& item : aggregate.aggregate_expressions()) {
    if (!item.has_alias() || item.alias().name_size() != 1) continue;
    ExpressionResolver resolver(options, &input, catalog);
    if (window != nullptr) resolver.AllowWindow(window->column);
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

std::vector<const google::protobuf::Message*> ExpressionsOf(const Aggregate& aggregate) {
  std::vector<const google::protobuf::Message*> all;
  for (const Expression& key : aggregate.grouping_expressions()) all.push_back(&key);
  for (const Expression& item : aggregate.aggregate_expressions()) all.push_back(&item);
  return all;
}

// The same with the calls of input_file_name() and its like as names; without its input.
Result<Aggregate> NamingFiles(const Aggregate& aggregate, const ResolveOptions& options) {
  Aggregate named;
  named.set_group_type(aggregate.group_type());
  *named.mutable_grouping_expressions() = aggregate.grouping_expressions();
  *named.mutable_aggregate_expressions() = aggregate.aggregate_expressions();
  *named.mutable_grouping_sets() = aggregate.grouping_sets();
  SLUICE_RETURN_IF_ERROR(NameFileCalls(&named, options));
  return named;
}

Status AggregateAsKey(const Expression& key) {
  return AtOrigin(UserError("GROUP_BY_AGGREGATE", "An aggregate must not stand in GROUP BY."), key.common().origin());
}

bool HasSessions(const PlanNode& node) {
  if (const auto* window = node.As<plan::TimeWindow>(); window != nullptr && window->session_end != nullptr)
    return true;
  return std::any_of(node.inputs.begin(), node.inputs.end(), [](const PlanPtr& input) { return HasSessions(*input); });
}

// Rows of a table that are grouped by sessions get those of their group before; a stream keeps sessions in its state.
// Grouped again by such a column they are merged again, as in Spark.
Result<PlanPtr> MergedSessions(PlanPtr input, const std::vector<NamedExpr>& keys, bool has_sets) {
  if (IsStreaming(*input) || !HasSessions(*input)) return input;
  const std::vector<EventTimeMark> marks = EventTimesOf(*input);
  int session = -1;
  std::vector<ExprPtr> others;
  for (const NamedExpr& key : keys) {
    const auto* column = dynamic_cast<const ColumnExpr*>(key.expr.get());
    if (column != nullptr && marks[static_cast<size_t>(column->index())].session) {
      session = column->index();
    } else {
      others.push_back(key.expr);
    }
  }
  if (session < 0) return input;
  if (has_sets) return NotSupported("session_window in ROLLUP, CUBE or GROUPING SETS is not supported by Sluice.");
  return WithMergedSessions(std::move(input), session, std::move(others));
}

Result<std::vector<std::vector<bool>>> ResolveSets(RelationContext& context, const Aggregate& aggregate,
                                                   const std::vector<NamedExpr>& keys, const Scope& input,
                                                   const InputWindow* window) {
  std::vector<std::vector<bool>> sets;
  const size_t count = keys.size();
  if (aggregate.group_type() == Aggregate::GROUP_TYPE_ROLLUP) {
    for (size_t length = count + 1; length-- > 0;) {
      std::vector<bool> set(count, false);
      std::fill(set.begin(), set.begin() + static_cast<std::ptrdiff_t>(length), true);
      sets.push_back(std::move(set));
    }
    return sets;
  }
  if (aggregate.group_type() == Aggregate::GROUP_TYPE_CUBE) {
    if (count > 12) return NotSupported("CUBE of more than 12 columns is not supported by Sluice.");
    for (size_t outside = 0; outside < size_t{1} << count; ++outside) {
      std::vector<bool> set;
      for (size_t i = 0; i < count; ++i) set.push_back((outside >> (count - 1 - i) & 1U) == 0);
      sets.push_back(std::move(set));
    }
    return sets;
  }
  if (aggregate.group_type() != Aggregate::GROUP_TYPE_GROUPING_SETS) return sets;
  ExprNumbers numbers;
  for (const auto& one : aggregate.grouping_sets()) {
    SLUICE_ASSIGN(const std::vector<NamedExpr> named,
                  ResolveKeys(context, aggregate, one.grouping_set(), input, window));
    std::vector<bool> set(count, false);
    for (const NamedExpr& key : named) {
      bool found = false;
      for (size_t i = 0; i < count; ++i) {
        if (numbers.Of(keys[i].expr) != numbers.Of(key.expr)) continue;
        set[i] = true;
        found = true;
      }
      if (!found) {
        return NotSupported(fmt::format("A grouping set names {}, which the grouping expressions do not.", key.name));
      }
    }
    sets.push_back(std::move(set));
  }
  return sets;
}

}  // namespace

Result<std::vector<NamedExpr>> ResolveKeys(RelationContext& context, const Aggregate& aggregate,
                                           const Expressions& list, const Scope& input, const InputWindow* window) {
  const Scope aliases = SelectAliases(aggregate, input, context.options(), window, context.catalog());
  ExpressionResolver resolver = context.Over(&input);
  if (window != nullptr) {
    resolver.AllowWindow(window->column);
    resolver.AddFallback(&window->scope);
  }
  resolver.AddFallback(&aliases);
  std::vector<NamedExpr> keys;
  for (const Expression& grouping : list) {
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

Result<ResolvedRelation> ResolveAggregation(RelationContext& context, const spark::connect::Relation& relation) {
  const Aggregate& given = relation.aggregate();
  if (given.group_type() == Aggregate::GROUP_TYPE_PIVOT) return ResolvePivot(context, given);
  SLUICE_ASSIGN(ResolvedRelation input, context.ResolveInput(given.has_input(), given.input()));
  const FileNaming naming = NamesFile(given);
  Scope files;
  if (naming != FileNaming::kNone) {
    SLUICE_ASSIGN(files, AddFileColumns(&input.plan, naming, context.options()));
  }
  SLUICE_ASSIGN(const Aggregate named,
                naming == FileNaming::kNone ? Aggregate() : NamingFiles(given, context.options()));
  const Aggregate& aggregate = naming == FileNaming::kNone ? given : named;
  SLUICE_ASSIGN(std::optional<InputWindow> window, FindWindow(context, &input, ExpressionsOf(aggregate)));
  if (naming != FileNaming::kNone && !window) window.emplace();
  for (const ScopeColumn& column : files.columns()) window->scope.Add(column);
  const InputWindow* of_rows = window ? &*window : nullptr;
  SLUICE_ASSIGN(std::vector<NamedExpr> keys,
                ResolveKeys(context, aggregate, aggregate.grouping_expressions(), input.scope, of_rows));
  std::vector<ExprPtr> key_exprs;
  std::vector<std::string> key_names;
  for (const NamedExpr& key : keys) {
    key_exprs.push_back(key.expr);
    key_names.push_back(DisplayName(key.expr));
  }
  SelectBlock block;
  block.aggregate = std::make_shared<AggregateBuilder>(std::move(key_exprs), std::move(key_names));
  SLUICE_ASSIGN(std::vector<std::vector<bool>> sets, ResolveSets(context, aggregate, keys, input.scope, of_rows));
  SLUICE_ASSIGN(input.plan, MergedSessions(std::move(input.plan), keys, !sets.empty()));
  // Of no keys there is one group, which is there without rows too.
  const bool one_group = keys.empty() && sets.size() == 1;
  if (!sets.empty() && !one_group) block.aggregate->GroupBySets(std::move(sets));
  for (size_t i = 0; i < keys.size(); ++i) {
    block.select.push_back({keys[i].name, block.aggregate->Key(i), keys[i].qualifier});
  }
  Scope aliases;
  ExpressionResolver resolver = context.Over(&input.scope);
  resolver.AddAliases(&aliases);
  if (window) {
    resolver.AllowWindow(window->column);
    resolver.AddFallback(&window->scope);
  }
  resolver.AllowAggregates(block.aggregate.get(), {&input.scope, &files});
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
  SLUICE_RETURN_IF_ERROR(CheckPythonAggregates(*block.aggregate));
  block.input = std::move(input.plan);
  block.input_scope = std::move(input.scope);
  return FromBlock(std::move(block));
}

// dropDuplicates and DISTINCT: one row a key; columns that are no keys come from the first row seen.
Result<ResolvedRelation> ResolveDeduplicate(RelationContext& context, const spark::connect::Relation& relation) {
  const spark::connect::Deduplicate& deduplicate = relation.deduplicate();
  SLUICE_ASSIGN(const ResolvedRelation input, context.Resolve(deduplicate.input()));
  const auto& columns = input.scope.columns();
  std::vector<size_t> keys;
  const auto add = [&](size_t column) {
    if (std::find(keys.begin(), keys.end(), column) == keys.end()) keys.push_back(column);
  };
  for (size_t i = 0; i < columns.size() && deduplicate.column_names_size() == 0; ++i) add(i);
  for (const std::string& name : deduplicate.column_names()) {
    bool found = false;
    for (size_t i = 0; i < columns.size(); ++i) {
      if (!SameName(columns[i].name, name)) continue;
      add(i);
      found = true;
    }
    if (!found) return UnresolvedColumn({name}, input.scope);
  }
  SLUICE_ASSIGN(ResolvedRelation result, Deduplicated(context, input, keys));
  if (!deduplicate.within_watermark()) return result;
  auto project = std::make_shared<PlanNode>(*result.plan);
  auto aggregate = std::make_shared<PlanNode>(*project->inputs[0]);
  aggregate->Get<plan::Aggregate>().within_watermark = true;
  project->inputs = {std::move(aggregate)};
  result.plan = std::move(project);
  return result;
}

Result<ResolvedRelation> Deduplicated(const RelationContext& context, const ResolvedRelation& input,
                                      const std::vector<size_t>& key_columns) {
  const auto& columns = input.scope.columns();
  for (const ScopeColumn& column : columns) {
    if (!ContainsMap(*column.value->type())) continue;
    return UserError(
        "UNSUPPORTED_FEATURE.SET_OPERATION_ON_MAP_TYPE",
        fmt::format("Maps cannot be compared, so DISTINCT and dropDuplicates cannot take the column {}.", column.name));
  }
  std::vector<ExprPtr> keys;
  std::vector<std::string> names;
  for (const size_t key : key_columns) {
    keys.push_back(columns[key].value);
    names.push_back(columns[key].name);
  }
  AggregateBuilder builder(std::move(keys), std::move(names));
  std::vector<NamedExpr> output;
  for (size_t i = 0; i < columns.size(); ++i) {
    const auto key = std::find(key_columns.begin(), key_columns.end(), i);
    ExprPtr value;
    if (key != key_columns.end()) {
      value = builder.Key(static_cast<size_t>(key - key_columns.begin()));
    } else {
      SLUICE_ASSIGN(AggregateCall first, ResolveAggregate("first", {columns[i].value}, false, context.options().ansi));
      const ExprPtr call = builder.AddCall(std::move(first));
      SLUICE_ASSIGN(value, builder.Lower(call));
    }
    output.push_back({columns[i].name, std::move(value), columns[i].qualifier});
  }
  auto aggregate = std::make_shared<PlanNode>(*builder.Build(input.plan));
  aggregate->Get<plan::Aggregate>().deduplicate = true;
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
