// SPDX-License-Identifier: Apache-2.0
// Values that become columns, and columns that become rows.
#include <arrow/api.h>
#include <fmt/format.h>

#include <algorithm>

#include "analysis/connect_types.h"
#include "analysis/lower_rows.h"
#include "analysis/name_parts.h"
#include "analysis/relations.h"
#include "analysis/shown_expr.h"
#include "analysis/sql/query_parser.h"
#include "base/spark_error.h"
#include "expr/session_context.h"
#include "types/spark_type.h"

namespace sluice {
namespace {

using spark::connect::Expression;
using Expressions = google::protobuf::RepeatedPtrField<Expression>;

constexpr int64_t kMostValues = 10000;  // spark.sql.pivotMaxValues

bool IsInternal(const Expression& expression, const char* name) {
  return expression.has_unresolved_function() && expression.unresolved_function().is_internal() &&
         expression.unresolved_function().function_name() == name;
}

// The names of columns anywhere in a message.
void CollectNames(const google::protobuf::Message& message, std::vector<std::string>* names) {
  if (const auto* column = dynamic_cast<const Expression::UnresolvedAttribute*>(&message)) {
    names->push_back(column->unparsed_identifier());
  }
  const auto* reflection = message.GetReflection();
  std::vector<const google::protobuf::FieldDescriptor*> fields;
  reflection->ListFields(message, &fields);
  for (const auto* field : fields) {
    if (field->cpp_type() != google::protobuf::FieldDescriptor::CPPTYPE_MESSAGE || field->is_map()) continue;
    const int count = field->is_repeated() ? reflection->FieldSize(message, field) : 1;
    for (int i = 0; i < count; ++i) {
      CollectNames(field->is_repeated() ? reflection->GetRepeatedMessage(message, field, i)
                                        : reflection->GetMessage(message, field),
                   names);
    }
  }
}

// The columns of a scope that a list of expressions does not name.
Result<std::vector<NamedExpr>> OtherColumns(const Expression::UnresolvedFunction& named, const Scope& scope) {
  std::vector<std::string> names;
  CollectNames(named, &names);
  std::vector<const ScopeColumn*> used;
  for (const std::string& name : names) {
    SLUICE_ASSIGN(const auto parts, ParseNameParts(name));
    for (const ScopeColumn* column : scope.Find(parts).columns) used.push_back(column);
  }
  std::vector<NamedExpr> others;
  for (const ScopeColumn& column : scope.columns()) {
    if (std::find(used.begin(), used.end(), &column) == used.end()) {
      others.push_back({column.name, column.value, column.qualifier, false, column.plan_ids});
    }
  }
  return others;
}

// A value as it names a column.
Result<std::string> TextOf(const ExprPtr& value, const ResolveOptions& options) {
  SLUICE_ASSIGN(const ExprPtr text, MakeCast(value, StringType(), CastMode::kLegacy));
  SLUICE_ASSIGN(const auto scalar, EvalConstant(text, ContextOf(options, 0)));
  if (!scalar->is_valid) return std::string("null");
  return std::string(static_cast<const arrow::BaseBinaryScalar&>(*scalar).view());
}

ResolvedRelation OverNames(PlanPtr plan) {
  ResolvedRelation result;
  result.scope = Scope::Of(*plan->schema);
  result.plan = std::move(plan);
  return result;
}

// Groups by the keys and the column, then picks each value's results: NULL where there are none, as in Spark.
Result<ResolvedRelation> Pivoted(RelationContext& context, const ResolvedRelation& input, std::vector<NamedExpr> keys,
                                 const NamedExpr& column, const std::vector<NamedExpr>& values,
                                 const Expressions& aggregates) {
  const size_t key_count = keys.size();
  std::vector<ExprPtr> exprs;
  std::vector<std::string> names;
  keys.push_back(column);
  for (const NamedExpr& key : keys) {
    exprs.push_back(key.expr);
    names.push_back(key.name);
  }
  auto inner = std::make_shared<AggregateBuilder>(exprs, names);
  std::vector<NamedExpr> grouped;
  for (size_t i = 0; i < keys.size(); ++i) grouped.push_back({keys[i].name, inner->Key(i), {}});
  ExpressionResolver resolver = context.Over(&input.scope);
  resolver.AllowAggregates(inner.get(), {&input.scope});
  for (const Expression& expression : aggregates) {
    SLUICE_ASSIGN(std::vector<NamedExpr> named, resolver.ResolveNamed(expression));
    for (NamedExpr& item : named) {
      if (!HasNode<OutputExpr>(item.expr)) {
        return UserError("_LEGACY_ERROR_TEMP_1006",
                         fmt::format("PIVOT needs an aggregate, but {} is none.", item.name));
      }
      SLUICE_ASSIGN(item.expr, inner->Lower(item.expr));
      grouped.push_back(std::move(item));
    }
  }
  const PlanPtr rows = MakeProject(inner->Build(input.plan), grouped);
  const size_t width = keys.size();
  std::vector<ExprPtr> outer_keys;
  names.resize(key_count);
  for (size_t i = 0; i < key_count; ++i) outer_keys.push_back(ColumnOf(*rows->schema, static_cast<int>(i)));
  AggregateBuilder outer(outer_keys, names);
  std::vector<NamedExpr> output;
  for (size_t i = 0; i < key_count; ++i) output.push_back({keys[i].name, outer.Key(i), keys[i].qualifier});
  const ExprPtr pivot = ColumnOf(*rows->schema, static_cast<int>(key_count));
  const size_t results = grouped.size() - width;
  for (const NamedExpr& value : values) {
    SLUICE_ASSIGN(const ExprPtr same, ResolveFunction("<=>", {pivot, value.expr}, context.options()));
    for (size_t i = 0; i < results; ++i) {
      SLUICE_ASSIGN(AggregateCall first,
                    ResolveAggregate("first", {ColumnOf(*rows->schema, static_cast<int>(width + i))}, false,
                                     context.options().ansi));
      first.filter = same;
      const std::string& name = grouped[width + i].name;
      const ExprPtr call = outer.AddCall(std::move(first));
      SLUICE_ASSIGN(ExprPtr picked, outer.Lower(call));
      output.push_back({results == 1 ? value.name : fmt::format("{}_{}", value.name, name), std::move(picked), {}});
    }
  }
  return OverNames(MakeProject(outer.Build(rows), output));
}

}  // namespace

// The values of a column, in order, as the columns of a pivot that names none.
Result<std::vector<NamedExpr>> FindPivotValues(RelationContext& context, const PlanPtr& input, const ExprPtr& column) {
  const PlanPtr distinct = AggregateBuilder({column}, {"value"}).Build(input);
  const plan::Sort by_value{{{ColumnOf(*distinct->schema, 0), true, true}}};
  const PlanPtr sort = MakeNode(by_value, {distinct}, distinct->schema);
  SLUICE_ASSIGN(const PlanPtr lowered, LowerRowExprs(sort, context.options()));
  SLUICE_ASSIGN(const auto batches, context.catalog()->Collect(lowered, kMostValues + 1));
  std::vector<NamedExpr> values;
  for (const auto& batch : batches) {
    for (int64_t row = 0; row < batch->num_rows(); ++row) {
      SLUICE_ASSIGN(auto value, batch->column(0)->GetScalar(row));
      ExprPtr literal = std::make_shared<LiteralExpr>(std::move(value));
      SLUICE_ASSIGN(std::string name, TextOf(literal, context.options()));
      values.push_back({std::move(name), std::move(literal), {}});
    }
  }
  if (static_cast<int64_t>(values.size()) <= kMostValues) return values;
  return UserError("_LEGACY_ERROR_TEMP_1324",
                   fmt::format("The column of the pivot has more than {} different values.", kMostValues));
}

Result<ResolvedRelation> ResolvePivot(RelationContext& context, const spark::connect::Aggregate& aggregate) {
  SLUICE_ASSIGN(const ResolvedRelation input, context.ResolveInput(aggregate.has_input(), aggregate.input()));
  const Expression* column = &aggregate.pivot().col();
  std::vector<std::string> names;  // that values were given by AS
  if (IsInternal(*column, "pivot_names")) {
    const auto& call = column->unresolved_function();
    for (int i = 1; i < call.arguments_size(); ++i) names.push_back(call.arguments(i).literal().string());
    column = &call.arguments(0);
  }
  ExpressionResolver resolver = context.Over(&input.scope);
  SLUICE_ASSIGN(const std::vector<NamedExpr> pivot, resolver.ResolveNamed(*column));
  std::vector<NamedExpr> keys;
  if (aggregate.grouping_expressions_size() == 1 && IsInternal(aggregate.grouping_expressions(0), sql::kOtherColumns)) {
    SLUICE_ASSIGN(keys, OtherColumns(aggregate.grouping_expressions(0).unresolved_function(), input.scope));
  } else {
    SLUICE_ASSIGN(keys, ResolveKeys(context, aggregate, aggregate.grouping_expressions(), input.scope, nullptr));
  }
  std::vector<NamedExpr> values;
  for (int i = 0; i < aggregate.pivot().values_size(); ++i) {
    Expression literal;
    *literal.mutable_literal() = aggregate.pivot().values(i);
    SLUICE_ASSIGN(ExprPtr value, resolver.Resolve(literal));
    std::string name = static_cast<size_t>(i) < names.size() ? names[static_cast<size_t>(i)] : "";
    if (name.empty()) {
      SLUICE_ASSIGN(name, TextOf(value, context.options()));
    }
    values.push_back({std::move(name), std::move(value), {}});
  }
  if (values.empty()) {
    if (IsStreaming(*input.plan)) return NotSupported("A pivot of a stream needs its values.");
    SLUICE_ASSIGN(values, FindPivotValues(context, input.plan, pivot.at(0).expr));
  }
  return Pivoted(context, input, std::move(keys), pivot.at(0), values, aggregate.aggregate_expressions());
}

Result<ResolvedRelation> ResolveUnpivot(RelationContext& context, const spark::connect::Relation& relation) {
  const spark::connect::Unpivot& unpivot = relation.unpivot();
  SLUICE_ASSIGN(const ResolvedRelation input, context.Resolve(unpivot.input()));
  ExpressionResolver resolver = context.Over(&input.scope);
  const auto all = [&](const Expressions& list) -> Result<std::vector<NamedExpr>> {
    std::vector<NamedExpr> columns;
    for (const Expression& one : list) {
      SLUICE_ASSIGN(std::vector<NamedExpr> named, resolver.ResolveNamed(one));
      columns.insert(columns.end(), named.begin(), named.end());
    }
    return columns;
  };
  std::vector<NamedExpr> values;
  if (unpivot.has_values()) {
    SLUICE_ASSIGN(values, all(unpivot.values().values()));
  }
  SLUICE_ASSIGN(std::vector<NamedExpr> ids, all(unpivot.ids()));
  if (!unpivot.has_values()) {
    for (const ScopeColumn& column : input.scope.columns()) {
      const auto same = [&](const NamedExpr& id) { return id.expr == column.value || SameName(id.name, column.name); };
      if (std::none_of(ids.begin(), ids.end(), same)) values.push_back({column.name, column.value, {}});
    }
  }
  if (values.empty()) {
    return UserError("UNPIVOT_REQUIRES_VALUE_COLUMNS", "UNPIVOT needs at least one column of values.");
  }
  std::shared_ptr<arrow::DataType> type = values[0].expr->type();
  bool nullable = false;
  for (const NamedExpr& value : values) {
    nullable = nullable || value.expr->nullable();
    if (type == nullptr || type->Equals(*value.expr->type())) continue;
    const bool text =
        (type->id() == arrow::Type::STRING_VIEW) != (value.expr->type()->id() == arrow::Type::STRING_VIEW);
    type = text ? nullptr : CommonType(type, value.expr->type(), /*ansi=*/false);
  }
  if (type == nullptr) {
    std::string types;
    for (const NamedExpr& value : values)
      types += (types.empty() ? "" : ", ") + SparkTypeName(*value.expr->type()) + " (" + value.name + ")";
    return UserError(
        "UNPIVOT_VALUE_DATA_TYPE_MISMATCH",
        fmt::format("The columns that UNPIVOT puts into one have types that do not go together: {}.", types),
        {{"types", types}});
  }
  std::vector<NamedExpr> columns = ids;
  columns.insert(columns.end(), values.begin(), values.end());
  const PlanPtr plain = MakeProject(input.plan, columns);
  plan::Generate node;
  node.generator.kind = GeneratorKind::kStack;
  node.generator.stack_rows = static_cast<int>(values.size());
  arrow::FieldVector fields;
  for (size_t i = 0; i < ids.size(); ++i) {
    node.generator.kept.push_back(static_cast<int>(i));
    fields.push_back(plain->schema->field(static_cast<int>(i)));
  }
  fields.push_back(arrow::field(unpivot.variable_column_name(), StringType(), false));
  fields.push_back(arrow::field(unpivot.value_column_name(), type, nullable));
  for (size_t i = 0; i < values.size(); ++i) {
    const auto name = arrow::Buffer::FromString(values[i].name);
    node.arguments.push_back(std::make_shared<LiteralExpr>(std::make_shared<arrow::StringViewScalar>(name)));
    SLUICE_ASSIGN(ExprPtr value, MakeImplicitCast(ColumnOf(*plain->schema, static_cast<int>(ids.size() + i)), type,
                                                  context.options().ansi));
    node.arguments.push_back(std::move(value));
  }
  return OverNames(MakeNode(std::move(node), {plain}, arrow::schema(std::move(fields))));
}

}  // namespace sluice
