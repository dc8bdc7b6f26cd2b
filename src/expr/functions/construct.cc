// SPDX-License-Identifier: Apache-2.0
// array(..), map(..), struct(..), named_struct(..).
#include <arrow/api.h>
#include <fmt/format.h>

#include <algorithm>

#include "expr/cast.h"
#include "expr/compare_values.h"
#include "expr/gather.h"
#include "expr/lambda.h"
#include "expr/map_rows.h"
#include "expr/result_pool.h"
#include "expr/signature.h"
#include "types/spark_type.h"

namespace sluice {
namespace {

// Columns side by side as one column, row after row: args[first], args[first + step], ...
Result<ArrayPtr> Interleave(const KernelCall& call, size_t first, size_t step) {
  arrow::ArrayVector parts;
  for (size_t i = first; i < call.args.size(); i += step) parts.push_back(call.args[i]);
  SLUICE_RETURN_IF_ERROR(CheckElements(PoolOf(call.context), call.rows * static_cast<int64_t>(parts.size())));
  std::vector<int64_t> order;
  for (int64_t row = 0; row < call.rows; ++row) {
    for (size_t i = 0; i < parts.size(); ++i) order.push_back(static_cast<int64_t>(i) * call.rows + row);
  }
  SLUICE_ASSIGN(auto all, arrow::Concatenate(parts, PoolOf(call.context)));
  return TakeRows(all, order, PoolOf(call.context));
}

Result<std::shared_ptr<arrow::Buffer>> EvenOffsets(const KernelCall& call, size_t each) {
  SLUICE_ASSIGN(std::shared_ptr<arrow::Buffer> buffer,
                arrow::AllocateBuffer((call.rows + 1) * static_cast<int64_t>(sizeof(int32_t)), PoolOf(call.context)));
  auto* offsets = reinterpret_cast<int32_t*>(buffer->mutable_data());
  for (int64_t row = 0; row <= call.rows; ++row) offsets[row] = static_cast<int32_t>(row * static_cast<int64_t>(each));
  return buffer;
}

Result<ArrayPtr> MakeArrayOf(const KernelCall& call) {
  SLUICE_ASSIGN(auto offsets, EvenOffsets(call, call.args.size()));
  ArrayPtr values;
  if (call.args.empty()) {
    SLUICE_ASSIGN(values, arrow::MakeEmptyArray(call.node.type()->field(0)->type()));
  } else {
    SLUICE_ASSIGN(values, Interleave(call, 0, 1));
  }
  auto data = arrow::ArrayData::Make(call.node.type(), call.rows, {nullptr, std::move(offsets)}, 0);
  data->child_data = {values->data()};
  return arrow::MakeArray(std::move(data));
}

Status CheckKeys(const KernelCall& call) {
  for (int64_t row = 0; row < call.rows; ++row) {
    for (size_t i = 0; i < call.args.size(); i += 2) {
      if (call.args[i]->IsNull(row)) return WithRow(UserError("NULL_MAP_KEY", "A key of a map is NULL."), row);
      for (size_t k = 0; k < i; k += 2) {
        if (CompareAt(*call.args[i], row, *call.args[k], row) != 0) continue;
        return WithRow(UserError("DUPLICATED_MAP_KEY", "A map has the same key twice."), row);
      }
    }
  }
  return Status::OK();
}

Result<ArrayPtr> MakeMap(const KernelCall& call) {
  SLUICE_RETURN_IF_ERROR(CheckKeys(call));
  SLUICE_ASSIGN(auto offsets, EvenOffsets(call, call.args.size() / 2));
  ArrayPtr sides[2];
  for (size_t i = 0; i < 2; ++i) {
    const TypePtr& type = call.node.type()->field(0)->type()->field(static_cast<int>(i))->type();
    SLUICE_ASSIGN(sides[i], call.args.empty() ? arrow::MakeEmptyArray(type) : Interleave(call, i, 2));
  }
  const auto& [keys, values] = sides;
  auto entries = arrow::ArrayData::Make(call.node.type()->field(0)->type(), keys->length(), {nullptr}, 0);
  entries->child_data = {keys->data(), values->data()};
  auto data = arrow::ArrayData::Make(call.node.type(), call.rows, {nullptr, std::move(offsets)}, 0);
  data->child_data = {std::move(entries)};
  return arrow::MakeArray(std::move(data));
}

// named_struct's names stand between the values; struct has only values.
Result<ArrayPtr> MakeStruct(const KernelCall& call) {
  const bool named = call.node.name() == "named_struct";
  arrow::ArrayVector fields;
  for (size_t i = named ? 1 : 0; i < call.args.size(); i += named ? 2 : 1) fields.push_back(call.args[i]);
  return std::make_shared<arrow::StructArray>(call.node.type(), call.rows, std::move(fields));
}

// Fields of all levels, counted up to `most`.
int64_t CountFields(const arrow::DataType& type, int64_t most) {
  int64_t count = 1;
  for (int i = 0; i < type.num_fields() && count < most; ++i)
    count += CountFields(*type.field(i)->type(), most - count);
  return count;
}

// struct(a, a) of struct(a, a) and so on has 2^n fields after n steps, and every look at the type takes as long.
Status CheckFields(const char* function, const TypePtr& type) {
  constexpr int64_t kMost = 50'000;
  if (CountFields(*type, kMost) < kMost) return Status::OK();
  return NotSupported(
      fmt::format("{} would give a type of {} fields or more, counted over all levels.", function, kMost));
}

bool HasMap(const arrow::DataType& type) {
  const auto& fields = type.fields();
  return type.id() == arrow::Type::MAP ||
         std::any_of(fields.begin(), fields.end(), [](const auto& field) { return HasMap(*field->type()); });
}

Result<ExprPtr> ResolveStructOf(const char* name, arrow::FieldVector fields, std::vector<ExprPtr> args, bool ansi) {
  TypePtr type = arrow::struct_(std::move(fields));
  SLUICE_RETURN_IF_ERROR(CheckFields(name, type));
  return std::make_shared<FunctionExpr>(
      FunctionTraits{.name = name, .kernel = MakeStruct, .ansi = ansi, .order = Order::kAll}, std::move(type), false,
      std::move(args));
}

Result<ExprPtr> ResolveArray(std::vector<ExprPtr> args, const ResolveOptions& options) {
  TypePtr element = arrow::null();
  bool nulls = false;
  if (!args.empty()) {
    SLUICE_ASSIGN(args, CastToCommonType("array", std::move(args), options.ansi));
    element = args[0]->type();
    for (const auto& arg : args) nulls |= arg->nullable();
  }
  return std::make_shared<FunctionExpr>(
      FunctionTraits{.name = "array", .kernel = MakeArrayOf, .ansi = options.ansi, .order = Order::kAll},
      ArrayType(element, nulls), false, std::move(args));
}

Result<ExprPtr> ResolveMap(std::vector<ExprPtr> args, const ResolveOptions& options) {
  if (args.size() % 2 != 0) {
    return UserError("WRONG_NUM_ARGS.WITHOUT_SUGGESTION", "map takes keys and values in turn.");
  }
  std::vector<ExprPtr> sides[2];
  for (size_t i = 0; i < args.size(); ++i) sides[i % 2].push_back(args[i]);
  bool nulls = false;
  TypePtr types[2] = {arrow::null(), arrow::null()};  // of map(), which is cast where it goes
  for (size_t i = 0; i < 2 && !args.empty(); ++i) {
    Result<std::vector<ExprPtr>> cast = CastToCommonType("map", std::move(sides[i]), options.ansi);
    if (!cast.ok()) {
      return UserError(
          i == 0 ? "DATATYPE_MISMATCH.CREATE_MAP_KEY_DIFF_TYPES" : "DATATYPE_MISMATCH.CREATE_MAP_VALUE_DIFF_TYPES",
          fmt::format("The {} of a map have types that nothing has in common.", i == 0 ? "keys" : "values"));
    }
    sides[i] = cast.MoveValueUnsafe();
    types[i] = sides[i][0]->type();
  }
  for (const auto& value : sides[1]) nulls |= value->nullable();
  for (size_t i = 0; i < args.size(); ++i) args[i] = sides[i % 2][i / 2];
  if (HasMap(*types[0])) {
    return UserError("DATATYPE_MISMATCH.INVALID_MAP_KEY_TYPE", "A key of a map cannot be, or have in it, a map.",
                     {{"keyType", "\"" + SparkTypeName(*types[0]) + "\""}});
  }
  const TypePtr type = MapOf(types[0], types[1], nulls);
  SLUICE_RETURN_IF_ERROR(CheckFields("map", type));
  return std::make_shared<FunctionExpr>(
      FunctionTraits{.name = "map", .kernel = MakeMap, .ansi = options.ansi, .order = Order::kAll}, type, false,
      std::move(args));
}

// A column gives its name to its field, anything else col1, col2, ...
Result<ExprPtr> ResolveStruct(std::vector<ExprPtr> args, const ResolveOptions& options) {
  arrow::FieldVector fields;
  for (size_t i = 0; i < args.size(); ++i) {
    const auto* column = dynamic_cast<const ColumnExpr*>(args[i].get());
    const auto* variable = dynamic_cast<const LambdaVariableExpr*>(args[i].get());
    std::string name = column != nullptr     ? column->name()
                       : variable != nullptr ? variable->name()
                                             : fmt::format("col{}", i + 1);
    fields.push_back(arrow::field(std::move(name), args[i]->type(), args[i]->nullable()));
  }
  return ResolveStructOf("struct", std::move(fields), std::move(args), options.ansi);
}

Result<ExprPtr> ResolveNamedStruct(std::vector<ExprPtr> args, const ResolveOptions& options) {
  if (args.empty() || args.size() % 2 != 0) {
    return UserError("WRONG_NUM_ARGS.WITHOUT_SUGGESTION", "named_struct takes names and values in turn.");
  }
  arrow::FieldVector fields;
  for (size_t i = 0; i < args.size(); i += 2) {
    const auto* name = dynamic_cast<const LiteralExpr*>(args[i].get());
    if (name == nullptr || !name->value()->is_valid || !IsStringType(*name->type())) {
      return UserError("DATATYPE_MISMATCH.CREATE_NAMED_STRUCT_WITHOUT_FOLDABLE_STRING",
                       "The names of named_struct must be constant strings.");
    }
    fields.push_back(arrow::field(name->ToString(), args[i + 1]->type(), args[i + 1]->nullable()));
  }
  return ResolveStructOf("named_struct", std::move(fields), std::move(args), options.ansi);
}

}  // namespace

void AddConstructors(FunctionTable* table) {
  table->push_back({"array", "array(a, b, ...)", "An array of the values.", "array(1, 2, 3)", "1.1.0", ResolveArray});
  table->push_back({"map", "map(key, value, ...)", "A map.", "map(1.0, '2')", "2.0.0", ResolveMap});
  table->push_back({"struct", "struct(a, b, ...)", "A struct; columns keep their names.", "struct(1, 2, 3)", "1.4.0",
                    ResolveStruct});
  table->push_back({"named_struct", "named_struct(name, value, ...)", "A struct with the given names.",
                    "named_struct('a', 1)", "1.5.0", ResolveNamedStruct});
}

}  // namespace sluice
