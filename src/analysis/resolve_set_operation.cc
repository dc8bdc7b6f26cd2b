// SPDX-License-Identifier: Apache-2.0
// UNION, INTERSECT and EXCEPT.
#include <arrow/api.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <numeric>

#include "analysis/relations.h"
#include "base/spark_error.h"
#include "expr/function_registry.h"
#include "types/spark_type.h"

namespace sluice {
namespace {

using spark::connect::SetOperation;
using Columns = std::vector<NamedExpr>;

// Spark counts so in its messages.
std::string Ordinal(size_t index) {
  constexpr std::array<const char*, 10> kNames = {"first", "second",  "third",  "fourth", "fifth",
                                                  "sixth", "seventh", "eighth", "ninth",  "tenth"};
  return index < kNames.size() ? kNames[index] : fmt::format("{}th", index + 1);
}

std::string NameOf(const SetOperation& operation) {
  switch (operation.set_op_type()) {
    case SetOperation::SET_OP_TYPE_UNION:
      return "UNION";
    case SetOperation::SET_OP_TYPE_INTERSECT:
      return operation.is_all() ? "INTERSECT ALL" : "INTERSECT";
    case SetOperation::SET_OP_TYPE_EXCEPT:
      return operation.is_all() ? "EXCEPT ALL" : "EXCEPT";
    default:
      return "a set operation of an unknown kind";
  }
}

Columns ColumnsOf(const ResolvedRelation& relation) {
  Columns columns;
  for (const ScopeColumn& column : relation.scope.columns())
    columns.push_back({column.name, column.value, column.qualifier, false, column.plan_ids});
  return columns;
}

Status WrongCount(const std::string& operation, size_t first, size_t second) {
  return UserError("NUM_COLUMNS_MISMATCH",
                   fmt::format("{} needs inputs with the same number of columns, but the first has {} and the second "
                               "{}.",
                               operation, first, second),
                   {{"operator", operation},
                    {"firstNumColumns", std::to_string(first)},
                    {"invalidOrdinalNum", "second"},
                    {"invalidNumColumns", std::to_string(second)}});
}

Status WrongType(const std::string& operation, size_t column, const arrow::DataType& first,
                 const arrow::DataType& second) {
  return UserError("INCOMPATIBLE_COLUMN_TYPE",
                   fmt::format("{} cannot put the {} column of its inputs into one: it is \"{}\" in the second and "
                               "\"{}\" in the first.",
                               operation, Ordinal(column), SparkTypeName(second), SparkTypeName(first)),
                   {{"operator", operation},
                    {"columnOrdinalNumber", Ordinal(column)},
                    {"tableOrdinalNumber", "second"},
                    {"dataType1", SparkTypeName(second)},
                    {"dataType2", SparkTypeName(first)},
                    {"hint", ""}});
}

ExprPtr NullOf(const std::shared_ptr<arrow::DataType>& type) {
  return std::make_shared<LiteralExpr>(arrow::MakeNullScalar(type));
}

Status CheckNamesOnce(const Columns& columns) {
  for (size_t i = 0; i < columns.size(); ++i) {
    for (size_t j = 0; j < i; ++j) {
      if (!SameName(columns[i].name, columns[j].name)) continue;
      return UserError(
          "COLUMN_ALREADY_EXISTS",
          fmt::format("unionByName finds columns by name, but there are two of the name {}.", columns[i].name),
          {{"columnName", columns[i].name}});
    }
  }
  return Status::OK();
}

const NamedExpr* FindByName(const Columns& columns, const std::string& name) {
  const auto found = std::find_if(columns.begin(), columns.end(),
                                  [&](const NamedExpr& column) { return SameName(column.name, name); });
  return found == columns.end() ? nullptr : &*found;
}

// Brings the right columns into the order of the left ones. What one side alone has is NULL on the other, if that is
// allowed.
Status MatchByName(bool allow_missing, Columns* left, Columns* right) {
  SLUICE_RETURN_IF_ERROR(CheckNamesOnce(*left));
  SLUICE_RETURN_IF_ERROR(CheckNamesOnce(*right));
  if (!allow_missing && left->size() != right->size()) return WrongCount("UNION", left->size(), right->size());
  Columns ordered;
  for (const NamedExpr& column : *left) {
    const NamedExpr* same = FindByName(*right, column.name);
    if (same == nullptr && !allow_missing) {
      std::string names;
      for (const NamedExpr& one : *right) names += (names.empty() ? "" : ", ") + one.name;
      return UserError("UNRESOLVED_COLUMN_AMONG_FIELD_NAMES",
                       fmt::format("The second input of unionByName has no column {}; it has {}.", column.name, names),
                       {{"colName", column.name}, {"fieldNames", names}});
    }
    ordered.push_back(same != nullptr ? *same : NamedExpr{column.name, NullOf(column.expr->type()), {}});
  }
  for (const NamedExpr& column : *right) {
    if (FindByName(*left, column.name) != nullptr) continue;
    left->push_back({column.name, NullOf(column.expr->type()), {}});
    ordered.push_back(column);
  }
  *right = std::move(ordered);
  return Status::OK();
}

// Casts both sides' columns to common types.
Status Widen(const std::string& operation, bool ansi, Columns* left, Columns* right) {
  if (left->size() != right->size()) return WrongCount(operation, left->size(), right->size());
  for (size_t i = 0; i < left->size(); ++i) {
    ExprPtr& one = (*left)[i].expr;
    ExprPtr& other = (*right)[i].expr;
    if (one->type()->Equals(*other->type())) continue;
    const auto common = CommonType(one->type(), other->type(), ansi);
    if (common == nullptr) return WrongType(operation, i, *one->type(), *other->type());
    SLUICE_ASSIGN(one, MakeImplicitCast(one, common, ansi));
    SLUICE_ASSIGN(other, MakeImplicitCast(other, common, ansi));
  }
  return Status::OK();
}

bool PassesAll(const Columns& columns) {
  for (size_t i = 0; i < columns.size(); ++i) {
    const auto* column = dynamic_cast<const ColumnExpr*>(columns[i].expr.get());
    if (column == nullptr || column->index() != static_cast<int>(i)) return false;
  }
  return true;
}

// A projection of a side's columns under the schema that both have.
PlanPtr Side(const PlanPtr& input, const Columns& columns, const std::shared_ptr<arrow::Schema>& schema) {
  std::vector<ExprPtr> exprs;
  exprs.reserve(columns.size());
  for (const NamedExpr& column : columns) exprs.push_back(column.expr);
  return MakeProject(input, std::move(exprs), schema);
}

PlanPtr MakeUnion(const PlanPtr& left, const Columns& left_columns, const PlanPtr& right,
                  const Columns& right_columns) {
  std::vector<std::shared_ptr<arrow::Field>> fields;
  for (size_t i = 0; i < left_columns.size(); ++i) {
    const ExprPtr& one = left_columns[i].expr;
    fields.push_back(
        arrow::field(left_columns[i].name, one->type(), one->nullable() || right_columns[i].expr->nullable()));
  }
  const auto schema = arrow::schema(std::move(fields));
  // A chain of unions is one union: a hundred of them are read by a hundred parts, not by a hundred steps.
  const bool goes_on = left->Is<plan::Union>() && left->schema->Equals(*schema) && PassesAll(left_columns);
  std::vector<PlanPtr> inputs = goes_on ? left->inputs : std::vector<PlanPtr>{Side(left, left_columns, schema)};
  inputs.push_back(Side(right, right_columns, schema));
  return MakeNode(plan::Union(), std::move(inputs), schema);
}

ResolvedRelation OverColumns(PlanPtr plan, const Columns& names) {
  ResolvedRelation result;
  for (size_t i = 0; i < names.size(); ++i) {
    const auto& field = *plan->schema->field(static_cast<int>(i));
    result.scope.Add({names[i].name, names[i].qualifier,
                      std::make_shared<ColumnExpr>(static_cast<int>(i), field.name(), field.type(), field.nullable()),
                      names[i].plan_ids});
  }
  result.plan = std::move(plan);
  return result;
}

ExprPtr Number(int32_t value) {
  return std::make_shared<LiteralExpr>(std::make_shared<arrow::Int32Scalar>(value));
}

// The distinct rows that both sides have, or the first alone: grouped by all columns, with the least and the greatest
// number of the sides that have the row.
Result<PlanPtr> BySides(const PlanPtr& left, Columns left_columns, const PlanPtr& right, Columns right_columns,
                        bool in_both, const ResolveOptions& options) {
  const size_t width = left_columns.size();
  left_columns.push_back({"side", Number(0), {}});
  right_columns.push_back({"side", Number(1), {}});
  const PlanPtr rows = MakeUnion(left, left_columns, right, right_columns);
  const auto column = [&](size_t i) -> ExprPtr {
    const auto& field = *rows->schema->field(static_cast<int>(i));
    return std::make_shared<ColumnExpr>(static_cast<int>(i), field.name(), field.type(), field.nullable());
  };
  std::vector<ExprPtr> keys;
  std::vector<std::string> names;
  for (size_t i = 0; i < width; ++i) {
    keys.push_back(column(i));
    names.push_back(left_columns[i].name);
  }
  AggregateBuilder builder(std::move(keys), std::move(names));
  std::vector<ExprPtr> sides;
  for (const char* name : {"min", "max"}) {
    SLUICE_ASSIGN(AggregateCall call, ResolveAggregate(name, {column(width)}, false, options.ansi));
    SLUICE_ASSIGN(ExprPtr side, builder.Lower(builder.AddCall(std::move(call))));
    sides.push_back(std::move(side));
  }
  SLUICE_ASSIGN(ExprPtr wanted,
                in_both ? ResolveFunction("<", sides, options) : ResolveFunction("==", {sides[1], Number(0)}, options));
  std::vector<NamedExpr> output;
  for (size_t i = 0; i < width; ++i) output.push_back({left_columns[i].name, builder.Key(i), {}});
  auto distinct = std::make_shared<PlanNode>(*MakeProject(MakeFilter(builder.Build(rows), std::move(wanted)), output));
  std::vector<std::shared_ptr<arrow::Field>> fields = distinct->schema->fields();
  for (size_t i = 0; i < width; ++i) {
    const bool nullable = left_columns[i].expr->nullable() && (!in_both || right_columns[i].expr->nullable());
    fields[i] = fields[i]->WithNullable(nullable);
  }
  distinct->schema = arrow::schema(std::move(fields));
  return distinct;
}

// The rows with their number among those that are equal to them: so that no two are equal.
PlanPtr Numbered(const PlanPtr& input, Columns* columns) {
  plan::Window window;
  PlanPtr rows = MakeProject(input, *columns);
  arrow::FieldVector fields = rows->schema->fields();
  const auto width = static_cast<int>(fields.size());
  for (int i = 0; i < width; ++i) {
    const auto& field = *fields[static_cast<size_t>(i)];
    window.partition.push_back(std::make_shared<ColumnExpr>(i, field.name(), field.type(), field.nullable()));
    (*columns)[static_cast<size_t>(i)].expr = window.partition.back();
  }
  WindowCall number;
  number.function = WindowFunction::kRowNumber;
  number.call.type = arrow::int32();
  number.call.nullable = false;
  number.call.display = "number";
  window.calls = {number};
  fields.push_back(arrow::field("number", arrow::int32(), false));
  columns->push_back({"number", std::make_shared<ColumnExpr>(width, "number", arrow::int32(), false), {}});
  return MakeNode(std::move(window), {std::move(rows)}, arrow::schema(std::move(fields)));
}

Status CheckNoMaps(const std::string& operation, const Columns& columns) {
  for (const NamedExpr& column : columns) {
    if (!ContainsMap(*column.expr->type())) continue;
    return UserError("UNSUPPORTED_FEATURE.SET_OPERATION_ON_MAP_TYPE",
                     fmt::format("Maps cannot be compared, so {} cannot take the column {}.", operation, column.name),
                     {{"colName", column.name}, {"dataType", SparkTypeName(*column.expr->type())}});
  }
  return Status::OK();
}

}  // namespace

Result<ResolvedRelation> ResolveSetOperation(RelationContext& context, const spark::connect::Relation& relation) {
  const SetOperation& operation = relation.set_op();
  SLUICE_ASSIGN(const ResolvedRelation left, context.Resolve(operation.left_input()));
  SLUICE_ASSIGN(const ResolvedRelation right, context.Resolve(operation.right_input()));
  const std::string name = NameOf(operation);
  const bool is_union = operation.set_op_type() == SetOperation::SET_OP_TYPE_UNION;
  Columns left_columns = ColumnsOf(left);
  Columns right_columns = ColumnsOf(right);
  if (operation.by_name()) {
    if (!is_union) return NotSupported(fmt::format("{} BY NAME is not supported by Sluice.", name));
    SLUICE_RETURN_IF_ERROR(MatchByName(operation.allow_missing_columns(), &left_columns, &right_columns));
  }
  SLUICE_RETURN_IF_ERROR(Widen(name, context.options().ansi, &left_columns, &right_columns));
  if (is_union) {
    ResolvedRelation all = OverColumns(MakeUnion(left.plan, left_columns, right.plan, right_columns), left_columns);
    if (operation.is_all()) return all;
    std::vector<size_t> keys(left_columns.size());
    std::iota(keys.begin(), keys.end(), 0);
    return Deduplicated(context, all, keys);
  }
  if (operation.set_op_type() == SetOperation::SET_OP_TYPE_UNSPECIFIED) {
    return NotSupported(fmt::format("{} is not supported by Sluice.", name));
  }
  if (IsStreaming(*left.plan) || IsStreaming(*right.plan))
    return NotSupported(fmt::format("{} of streams is not supported by Sluice.", name));
  SLUICE_RETURN_IF_ERROR(CheckNoMaps(name, left_columns));
  SLUICE_RETURN_IF_ERROR(CheckNoMaps(name, right_columns));
  const bool in_both = operation.set_op_type() == SetOperation::SET_OP_TYPE_INTERSECT;
  if (!operation.is_all()) {
    SLUICE_ASSIGN(PlanPtr rows,
                  BySides(left.plan, left_columns, right.plan, right_columns, in_both, context.options()));
    return OverColumns(std::move(rows), left_columns);
  }
  const Columns names = left_columns;
  const PlanPtr one = Numbered(left.plan, &left_columns);
  const PlanPtr other = Numbered(right.plan, &right_columns);
  SLUICE_ASSIGN(const PlanPtr numbered, BySides(one, left_columns, other, right_columns, in_both, context.options()));
  const Scope places = Scope::Of(*numbered->schema);
  Columns output;
  for (size_t i = 0; i < names.size(); ++i) output.push_back({names[i].name, places.columns()[i].value, {}});
  return OverColumns(MakeProject(numbered, output), names);
}

}  // namespace sluice
