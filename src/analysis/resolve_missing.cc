// SPDX-License-Identifier: Apache-2.0
// fillna, dropna, replace: what is done about missing and wrong values.
#include <arrow/api.h>
#include <fmt/format.h>

#include <algorithm>

#include "analysis/connect_types.h"
#include "analysis/name_parts.h"
#include "analysis/relations.h"
#include "base/spark_error.h"
#include "expr/function_registry.h"

namespace sluice {
namespace {

using Columns = google::protobuf::RepeatedPtrField<std::string>;

bool IsNumber(const arrow::DataType& type) {
  return arrow::is_integer(type.id()) || arrow::is_floating(type.id()) || arrow::is_decimal(type.id());
}

// Values of one kind may stand for each other: numbers, texts, or truth values.
bool SameKind(const arrow::DataType& a, const arrow::DataType& b) {
  return (IsNumber(a) && IsNumber(b)) || a.id() == b.id();
}

// Which columns are named; all of them when none is.
Result<std::vector<bool>> Chosen(const Columns& names, const Scope& scope) {
  const auto& columns = scope.columns();
  std::vector<bool> chosen(columns.size(), names.empty());
  for (const std::string& name : names) {
    SLUICE_ASSIGN(const auto parts, ParseNameParts(name));
    const Scope::Match match = scope.Find(parts);
    if (match.columns.empty() || match.used != parts.size()) return UnresolvedColumn(parts, scope);
    for (const ScopeColumn* column : match.columns) chosen[static_cast<size_t>(column - columns.data())] = true;
  }
  return chosen;
}

ResolvedRelation Changed(const ResolvedRelation& input, const std::vector<ExprPtr>& values) {
  SelectBlock block;
  block.input = input.plan;
  block.input_scope = input.scope;
  const auto& columns = input.scope.columns();
  for (size_t i = 0; i < columns.size(); ++i) {
    block.select.push_back({columns[i].name, values[i], columns[i].qualifier, false, columns[i].plan_ids});
  }
  return FromBlock(std::move(block));
}

std::vector<ExprPtr> ValuesOf(const Scope& scope) {
  std::vector<ExprPtr> values;
  for (const ScopeColumn& column : scope.columns()) values.push_back(column.value);
  return values;
}

// The column with NaN taken for NULL.
Result<ExprPtr> WithoutNan(const ExprPtr& column, const ResolveOptions& options) {
  if (!arrow::is_floating(column->type()->id())) return column;
  const ExprPtr missing = std::make_shared<LiteralExpr>(arrow::MakeNullScalar(column->type()));
  return ResolveFunction("nanvl", {column, missing}, options);
}

}  // namespace

Result<ResolvedRelation> ResolveFill(RelationContext& context, const spark::connect::Relation& relation) {
  const spark::connect::NAFill& fill = relation.fill_na();
  SLUICE_ASSIGN(const ResolvedRelation input, context.Resolve(fill.input()));
  std::vector<ExprPtr> values = ValuesOf(input.scope);
  const auto fill_column = [&](size_t column, const ExprPtr& by) -> Status {
    SLUICE_ASSIGN(const ExprPtr present, WithoutNan(values[column], context.options()));
    SLUICE_ASSIGN(const ExprPtr value, MakeCast(by, values[column]->type(), CastMode::kLegacy));
    SLUICE_ASSIGN(values[column], ResolveFunction("coalesce", {present, value}, context.options()));
    return Status::OK();
  };
  const bool one_value = fill.values_size() == 1;
  if (!one_value && fill.values_size() != fill.cols_size()) {
    return UserError("SLUICE_FILL", "fillna needs one value, or one for each column.");
  }
  for (int i = 0; i < fill.values_size(); ++i) {
    SLUICE_ASSIGN(const ExprPtr by, LiteralFromConnect(fill.values(i), context.options()));
    Columns names = fill.cols();
    if (!one_value) {
      names.Clear();
      *names.Add() = fill.cols(i);
    }
    SLUICE_ASSIGN(const std::vector<bool> chosen, Chosen(names, input.scope));
    for (size_t column = 0; column < values.size(); ++column) {
      const bool fits = !one_value || SameKind(*values[column]->type(), *by->type());
      if (chosen[column] && fits) SLUICE_RETURN_IF_ERROR(fill_column(column, by));
    }
  }
  return Changed(input, values);
}

// A row stays when enough of its columns have a value.
Result<ResolvedRelation> ResolveDropMissing(RelationContext& context, const spark::connect::Relation& relation) {
  const spark::connect::NADrop& drop = relation.drop_na();
  SLUICE_ASSIGN(ResolvedRelation input, context.Resolve(drop.input()));
  SLUICE_ASSIGN(const std::vector<bool> chosen, Chosen(drop.cols(), input.scope));
  const auto number = [](int32_t value) {
    return std::make_shared<LiteralExpr>(std::make_shared<arrow::Int32Scalar>(value));
  };
  ExprPtr count = number(0);
  int32_t columns = 0;
  for (size_t i = 0; i < chosen.size(); ++i) {
    if (!chosen[i]) continue;
    ++columns;
    SLUICE_ASSIGN(const ExprPtr value, WithoutNan(input.scope.columns()[i].value, context.options()));
    SLUICE_ASSIGN(ExprPtr present, ResolveFunction("isnotnull", {value}, context.options()));
    SLUICE_ASSIGN(present, ResolveFunction("if", {present, number(1), number(0)}, context.options()));
    SLUICE_ASSIGN(count, ResolveFunction("+", {count, present}, context.options()));
  }
  const int32_t least = drop.has_min_non_nulls() ? drop.min_non_nulls() : columns;
  SLUICE_ASSIGN(ExprPtr enough, ResolveFunction(">=", {count, number(least)}, context.options()));
  input.plan = MakeFilter(std::move(input.plan), std::move(enough));
  input.block = nullptr;
  return input;
}

Result<ResolvedRelation> ResolveReplace(RelationContext& context, const spark::connect::Relation& relation) {
  const spark::connect::NAReplace& replace = relation.replace();
  SLUICE_ASSIGN(const ResolvedRelation input, context.Resolve(replace.input()));
  SLUICE_ASSIGN(const std::vector<bool> chosen, Chosen(replace.cols(), input.scope));
  std::vector<ExprPtr> values = ValuesOf(input.scope);
  for (size_t column = 0; column < values.size(); ++column) {
    if (!chosen[column]) continue;
    const ExprPtr& value = values[column];
    std::vector<ExprPtr> branches;
    for (const auto& one : replace.replacements()) {
      SLUICE_ASSIGN(const ExprPtr old_value, LiteralFromConnect(one.old_value(), context.options()));
      SLUICE_ASSIGN(const ExprPtr new_value, LiteralFromConnect(one.new_value(), context.options()));
      if (!SameKind(*value->type(), *old_value->type()) && old_value->type()->id() != arrow::Type::NA) continue;
      SLUICE_ASSIGN(const ExprPtr from, MakeCast(old_value, value->type(), CastMode::kLegacy));
      SLUICE_ASSIGN(const ExprPtr to, MakeCast(new_value, value->type(), CastMode::kLegacy));
      SLUICE_ASSIGN(ExprPtr same, ResolveFunction("=", {value, from}, context.options()));
      branches.push_back(std::move(same));
      branches.push_back(to);
    }
    if (branches.empty()) continue;
    branches.push_back(value);
    SLUICE_ASSIGN(values[column], ResolveFunction("when", branches, context.options()));
  }
  return Changed(input, values);
}

}  // namespace sluice
