// SPDX-License-Identifier: Apache-2.0
// Values out of arrays, maps and structs: a[i], m[k], s.f, get, element_at.
#include <arrow/api.h>
#include <fmt/format.h>

#include <algorithm>

#include "expr/array_errors.h"
#include "expr/cast.h"
#include "expr/compare_values.h"
#include "expr/gather.h"
#include "expr/map_rows.h"
#include "expr/signature.h"
#include "types/spark_type.h"

namespace sluice {
namespace {

using ArrayPtr = std::shared_ptr<arrow::Array>;

// Where a list has no such element.
using Outside = Status (*)(int64_t index, int64_t size);

// `at(index, size)`: position inside of the list, or -1 when outside. `outside` null: NULL there.
template <typename Position>
Result<ArrayPtr> ElementsOf(const KernelCall& call, Position at, Outside outside) {
  const auto& list = static_cast<const arrow::ListArray&>(*call.args[0]);
  const ColumnReader<int32_t> indices(*call.args[1]);
  std::vector<int64_t> picked(static_cast<size_t>(call.rows), -1);
  for (int64_t row = 0; row < call.rows; ++row) {
    if (list.IsNull(row) || call.args[1]->IsNull(row)) continue;
    const int64_t size = list.value_length(row);
    const int64_t index = indices[row];
    const int64_t position = at(index, size);
    if (position >= 0) {
      picked[static_cast<size_t>(row)] = list.value_offset(row) + position;
    } else if (outside != nullptr) {
      return WithRow(outside(index, size), row);
    }
  }
  return TakeRows(list.values(), picked, PoolOf(call.context));
}

Result<ArrayPtr> ItemFromZero(const KernelCall& call) {
  return ElementsOf(
      call, [](int64_t index, int64_t size) { return index >= 0 && index < size ? index : -1; },
      call.node.ansi() && call.node.name() == "getitem" ? InvalidArrayIndex : nullptr);
}

Result<ArrayPtr> ElementFromOne(const KernelCall& call) {
  const ColumnReader<int32_t> indices(*call.args[1]);
  for (int64_t row = 0; row < call.rows; ++row) {
    if (call.args[0]->IsValid(row) && call.args[1]->IsValid(row) && indices[row] == 0) {
      return WithRow(UserError("INVALID_INDEX_OF_ZERO",
                               "element_at counts from 1, or from the end with -1; there is no element 0."),
                     row);
    }
  }
  return ElementsOf(
      call,
      [](int64_t index, int64_t size) {
        return index > size || -index > size ? -1 : index > 0 ? index - 1 : size + index;
      },
      call.node.ansi() && call.node.name() == "element_at" ? InvalidElementAt : nullptr);
}

Result<ArrayPtr> MapValues(const KernelCall& call) {
  const auto& map = static_cast<const arrow::MapArray&>(*call.args[0]);
  std::vector<int64_t> picked(static_cast<size_t>(call.rows), -1);
  for (int64_t row = 0; row < call.rows; ++row) {
    if (map.IsNull(row) || call.args[1]->IsNull(row)) continue;
    for (int64_t i = map.value_offset(row); i < map.value_offset(row + 1); ++i) {
      if (CompareAt(*map.keys(), i, *call.args[1], row) != 0) continue;
      picked[static_cast<size_t>(row)] = i;
      break;
    }
  }
  return TakeRows(map.items(), picked, PoolOf(call.context));
}

// Field `index` of a struct column, NULL where the struct is.
Result<ArrayPtr> StructField(const arrow::Array& column, int index, arrow::MemoryPool* pool) {
  const auto& values = static_cast<const arrow::StructArray&>(column);
  auto field = values.field(index);
  if (column.null_count() == 0) return field;
  std::vector<int64_t> rows(static_cast<size_t>(column.length()));
  for (int64_t row = 0; row < column.length(); ++row) rows[static_cast<size_t>(row)] = column.IsNull(row) ? -1 : row;
  return TakeRows(field, rows, pool);
}

std::string FieldName(const Expr& expr) {
  const auto* literal = dynamic_cast<const LiteralExpr*>(&expr);
  if (literal == nullptr || !literal->value()->is_valid || !IsStringType(*literal->type())) return {};
  return std::string(static_cast<const arrow::BaseBinaryScalar&>(*literal->value()).view());
}

Result<int> FieldIndex(const arrow::DataType& type, const Expr& name) {
  const std::string wanted = FieldName(name);
  int found = -1;
  for (int i = 0; i < type.num_fields(); ++i) {
    const std::string& have = type.field(i)->name();
    const bool same =
        have.size() == wanted.size() && std::equal(have.begin(), have.end(), wanted.begin(), [](char a, char b) {
          return std::tolower(static_cast<unsigned char>(a)) == std::tolower(static_cast<unsigned char>(b));
        });
    if (!same) continue;
    if (found >= 0)
      return UserError("AMBIGUOUS_REFERENCE_TO_FIELDS", fmt::format("More than one field is called `{}`.", wanted));
    found = i;
  }
  if (found < 0) {
    return UserError("FIELD_NOT_FOUND", fmt::format("There is no field `{}` in {}.", wanted, SparkTypeName(type)),
                     {{"fieldName", "`" + wanted + "`"}});
  }
  return found;
}

Result<ArrayPtr> FieldOfStruct(const KernelCall& call) {
  SLUICE_ASSIGN(const int index, FieldIndex(*call.args[0]->type(), *call.node.children()[1]));
  return StructField(*call.args[0], index, PoolOf(call.context));
}

// ARRAY<STRUCT>.f is an array of the fields.
Result<ArrayPtr> FieldOfStructs(const KernelCall& call) {
  const auto entries = arrow::MakeArray(call.args[0]->data()->child_data[0]);
  SLUICE_ASSIGN(const int index, FieldIndex(*entries->type(), *call.node.children()[1]));
  SLUICE_ASSIGN(auto fields, StructField(*entries, index, PoolOf(call.context)));
  auto data = call.args[0]->data()->Copy();
  data->type = call.node.type();
  data->child_data = {fields->data()};
  return arrow::MakeArray(std::move(data));
}

std::string DisplayItem(const FunctionExpr& node) {
  return fmt::format("{}[{}]", node.children()[0]->ToString(), node.children()[1]->ToString());
}
std::string DisplayField(const FunctionExpr& node) {
  return fmt::format("{}.{}", node.children()[0]->ToString(), node.children()[1]->ToString());
}

// The index of a[i], which Spark does not cast: of a BIGINT it takes the lower half.
Result<ExprPtr> PlainIndex(ExprPtr index) {
  if (!IsIntegralType(*index->type()) && index->type()->id() != arrow::Type::NA)
    return UnexpectedInput("getitem", 1, *index, "INTEGRAL");
  return MakeImplicitCast(std::move(index), arrow::int32(), false);
}

// Whether Spark calls an element nullable. A constant place in array(..) has the answer of its value; in any other
// array it may lie outside, also where that is an error: split('a,b', ',')[0] is nullable, and array(1, 2)[0] is not.
// Places are counted from `first`; `strict`: one outside is an error.
bool IsItemNullable(const Expr& array, const Expr& place, int first, bool strict) {
  const bool other = array.nullable() || place.nullable() || !strict || array.type()->field(0)->nullable();
  const auto* literal = dynamic_cast<const LiteralExpr*>(&SkipImplicitCasts(place));
  if (literal == nullptr || place.nullable()) return other;
  const auto* call = dynamic_cast<const FunctionExpr*>(&array);
  if (call == nullptr || call->name() != "array") return true;
  const auto number = literal->value()->CastTo(arrow::int64());
  if (!number.ok()) return other;
  const int64_t written = static_cast<const arrow::Int64Scalar&>(**number).value;
  const auto count = static_cast<int64_t>(array.children().size());
  const int64_t index = first == 1 && written < 0 ? count + written : written - first;
  return index >= 0 && index < count ? array.children()[static_cast<size_t>(index)]->nullable() : other;
}

Result<ExprPtr> MakeField(ExprPtr base, ExprPtr name, const arrow::DataType& fields, bool in_list) {
  SLUICE_ASSIGN(const int index, FieldIndex(fields, *name));
  const auto& field = fields.field(index);
  // The name is shown as the type has it.
  ExprPtr shown = StringLiteral(field->name().c_str());
  const TypePtr type =
      in_list ? ArrayType(field->type(), field->nullable() || base->type()->field(0)->nullable()) : field->type();
  const bool nullable = base->nullable() || (!in_list && field->nullable());
  FunctionTraits traits{"getfield:" + std::to_string(index), in_list ? FieldOfStructs : FieldOfStruct, DisplayField};
  return std::make_shared<FunctionExpr>(std::move(traits), type, nullable,
                                        std::vector<ExprPtr>{std::move(base), std::move(shown)});
}

Result<ExprPtr> MakeMapValue(const char* name, ExprPtr map, ExprPtr key, Display display,
                             const ResolveOptions& options) {
  const auto& type = static_cast<const arrow::MapType&>(*map->type());
  if (type.key_type()->id() == arrow::Type::NA && key->type()->id() != arrow::Type::NA) {
    return UserError("DATATYPE_MISMATCH.CAST_WITHOUT_SUGGESTION",
                     fmt::format("\"{}\" of the type \"{}\" cannot be cast to \"VOID\", the type of the keys.",
                                 key->ToString(), SparkTypeName(*key->type())));
  }
  SLUICE_ASSIGN(key, MakeImplicitCast(std::move(key), type.key_type(), options.ansi));
  const TypePtr value = type.item_type();
  return std::make_shared<FunctionExpr>(FunctionTraits{name, MapValues, display, options.ansi}, value, true,
                                        std::vector<ExprPtr>{std::move(map), std::move(key)});
}

Result<ExprPtr> ResolveGetItem(std::vector<ExprPtr> args, const ResolveOptions& options) {
  SLUICE_RETURN_IF_ERROR(CheckCount("getitem", args.size(), 2, 2));
  const TypePtr& base = args[0]->type();
  if (base->id() == arrow::Type::NA) return args[0];  // whatever is taken out of it
  if (base->id() == arrow::Type::MAP) return MakeMapValue("getitem", args[0], args[1], DisplayItem, options);
  if (base->id() == arrow::Type::STRUCT && IsStringType(*args[1]->type()))
    return MakeField(args[0], args[1], *base, false);
  if (base->id() != arrow::Type::LIST) {
    return UserError("INVALID_EXTRACT_BASE_FIELD_TYPE",
                     fmt::format("Nothing can be taken out of \"{}\": it is a {}, neither STRUCT, ARRAY nor MAP.",
                                 args[0]->ToString(), SparkTypeName(*base)),
                     {{"base", "\"" + args[0]->ToString() + "\""}, {"other", "\"" + SparkTypeName(*base) + "\""}});
  }
  const auto& element = base->field(0);
  if (element->type()->id() == arrow::Type::STRUCT && !FieldName(*args[1]).empty()) {
    return MakeField(args[0], args[1], *element->type(), true);
  }
  SLUICE_ASSIGN(args[1], PlainIndex(std::move(args[1])));
  const bool nullable = IsItemNullable(*args[0], *args[1], 0, options.ansi);
  return std::make_shared<FunctionExpr>(FunctionTraits{"getitem", ItemFromZero, DisplayItem, options.ansi},
                                        element->type(), nullable, std::move(args));
}

Result<ExprPtr> ResolveGet(std::vector<ExprPtr> args, const ResolveOptions& options) {
  SLUICE_RETURN_IF_ERROR(CheckCount("get", args.size(), 2, 2));
  if (args[0]->type()->id() == arrow::Type::NA) return UnexpectedInput("get", 0, *args[0], "ARRAY");
  SLUICE_ASSIGN(args[0], CoerceArgument("get", 0, std::move(args[0]), Arg::kArray, options.ansi));
  SLUICE_ASSIGN(args[1], CoerceArgument("get", 1, std::move(args[1]), Arg::kInt, options.ansi));
  const TypePtr element = args[0]->type()->field(0)->type();
  const bool nullable = IsItemNullable(*args[0], *args[1], 0, /*strict=*/false);
  return std::make_shared<FunctionExpr>(FunctionTraits{"get", ItemFromZero, nullptr, options.ansi}, element, nullable,
                                        std::move(args));
}

// element_at looks for the key in a type that both sides have in common, a[k] in the one that the keys have.
Status WidenKey(const char* name, std::vector<ExprPtr>* args, bool ansi) {
  const auto& map = static_cast<const arrow::MapType&>(*(*args)[0]->type());
  const TypePtr common = CommonTypeWithoutStrings(map.key_type(), (*args)[1]->type(), ansi);
  if (common == nullptr) {
    return UserError("DATATYPE_MISMATCH.MAP_FUNCTION_DIFF_TYPES",
                     fmt::format("{} cannot search \"{}\" for a key of the type {}.", name, (*args)[0]->ToString(),
                                 SparkTypeName(*(*args)[1]->type())));
  }
  const TypePtr wide = MapOf(common, map.item_type(), map.item_field()->nullable());
  SLUICE_ASSIGN((*args)[0], MakeImplicitCast((*args)[0], wide, ansi));
  return Status::OK();
}

ScalarFunction ElementAt(const char* name, const char* doc, const char* example, const char* since) {
  return {
      name,
      name == std::string_view("element_at") ? "element_at(array or map, key)" : "try_element_at(array or map, key)",
      doc,
      example,
      since,
      [name](std::vector<ExprPtr> args, const ResolveOptions& options) -> Result<ExprPtr> {
        SLUICE_RETURN_IF_ERROR(CheckCount(name, args.size(), 2, 2));
        if (args[0]->type()->id() == arrow::Type::NA) return UnexpectedInput(name, 0, *args[0], "ARRAY or MAP");
        SLUICE_ASSIGN(args[0], CoerceArgument(name, 0, std::move(args[0]), Arg::kArrayOrMap, options.ansi));
        if (args[0]->type()->id() == arrow::Type::MAP) {
          SLUICE_RETURN_IF_ERROR(WidenKey(name, &args, options.ansi));
          return MakeMapValue(name, args[0], args[1], nullptr, options);
        }
        // Unlike a[i], no BIGINT and no STRING.
        if (!IsIntegralType(*args[1]->type()) || args[1]->type()->id() == arrow::Type::INT64)
          return UnexpectedInput(name, 1, *args[1], "INT");
        SLUICE_ASSIGN(args[1], MakeImplicitCast(std::move(args[1]), arrow::int32(), options.ansi));
        const auto& element = args[0]->type()->field(0);
        const bool strict = options.ansi && std::string_view(name) == "element_at";
        const bool nullable = IsItemNullable(*args[0], *args[1], 1, strict);
        const TypePtr type = element->type();
        return std::make_shared<FunctionExpr>(FunctionTraits{name, ElementFromOne, nullptr, options.ansi}, type,
                                              nullable, std::move(args));
      }};
}

}  // namespace

void AddExtraction(FunctionTable* table) {
  table->push_back({"getitem", "array[i], map[key], struct.field",
                    "The element (counted from 0), value or field; an index outside fails under ANSI.",
                    "array(1, 2)[0]", "1.0.0", ResolveGetItem});
  table->push_back({"get", "get(array, i)", "The element, counted from 0; NULL outside.", "get(array(1, 2), 5)",
                    "3.4.0", ResolveGet});
  table->push_back(ElementAt("element_at",
                             "The element, counted from 1 or from the end with negative numbers, or the map's value.",
                             "element_at(array(1, 2), -1)", "2.4.0"));
  table->push_back(
      ElementAt("try_element_at", "As element_at, but NULL outside.", "try_element_at(array(1, 2), 5)", "3.5.0"));
}

}  // namespace sluice
