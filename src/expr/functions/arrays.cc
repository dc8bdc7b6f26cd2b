// SPDX-License-Identifier: Apache-2.0
// Arrays and maps: size, search, pieces, order.
#include <arrow/api.h>
#include <fmt/format.h>

#include <algorithm>

#include "expr/cast.h"
#include "expr/compare_values.h"
#include "expr/functions/lists.h"
#include "expr/signature.h"
#include "types/spark_type.h"

namespace sluice {
namespace {

// size(NULL) is -1 outside of ANSI.
Result<ArrayPtr> Size(const KernelCall& call) {
  ColumnWriter<int32_t> writer(call.rows, PoolOf(call.context));
  SLUICE_RETURN_IF_ERROR(writer.Allocate());
  const int32_t* offsets = ListOffsets(*call.args[0]);
  const bool null_of_null = call.node.ansi() || call.node.name() == "array_size";
  for (int64_t row = 0; row < call.rows; ++row) {
    if (call.args[0]->IsValid(row)) {
      SLUICE_RETURN_IF_ERROR(writer.Set(row, offsets[row + 1] - offsets[row]));
    } else {
      SLUICE_RETURN_IF_ERROR(null_of_null ? writer.SetNull(row) : writer.Set(row, -1));
    }
  }
  return writer.Finish(arrow::int32());
}

Result<ArrayPtr> ArrayContains(const KernelCall& call) {
  ColumnWriter<bool> writer(call.rows, PoolOf(call.context));
  SLUICE_RETURN_IF_ERROR(writer.Allocate());
  SLUICE_RETURN_IF_ERROR(writer.validity().SetFrom(call.args));
  const auto entries = ListEntries(*call.args[0]);
  const int32_t* offsets = ListOffsets(*call.args[0]);
  for (int64_t row = 0; row < call.rows; ++row) {
    if (writer.validity().IsNull(row)) continue;
    bool found = false;
    bool null = false;
    for (int32_t i = offsets[row]; i < offsets[row + 1] && !found; ++i) {
      null |= entries->IsNull(i);
      found = entries->IsValid(i) && CompareAt(*entries, i, *call.args[1], row) == 0;
    }
    SLUICE_RETURN_IF_ERROR(found || !null ? writer.Set(row, found) : writer.SetNull(row));
  }
  return writer.Finish(arrow::boolean());
}

Result<ArrayPtr> ArrayPosition(const KernelCall& call) {
  ColumnWriter<int64_t> writer(call.rows, PoolOf(call.context));
  SLUICE_RETURN_IF_ERROR(writer.Allocate());
  SLUICE_RETURN_IF_ERROR(writer.validity().SetFrom(call.args));
  const auto entries = ListEntries(*call.args[0]);
  const int32_t* offsets = ListOffsets(*call.args[0]);
  for (int64_t row = 0; row < call.rows; ++row) {
    if (writer.validity().IsNull(row)) continue;
    for (int32_t i = offsets[row]; i < offsets[row + 1]; ++i) {
      if (entries->IsNull(i) || CompareAt(*entries, i, *call.args[1], row) != 0) continue;
      SLUICE_RETURN_IF_ERROR(writer.Set(row, i - offsets[row] + 1));
      break;
    }
  }
  return writer.Finish(arrow::int64());
}

Result<ArrayPtr> ArrayJoin(const KernelCall& call) {
  ViewWriter writer(call.rows, call.context);
  SLUICE_RETURN_IF_ERROR(writer.Allocate());
  SLUICE_RETURN_IF_ERROR(writer.validity().SetFrom(call.args));
  const auto entries = ListEntries(*call.args[0]);
  const ColumnReader<std::string_view> texts(*entries);
  const ColumnReader<std::string_view> delimiters(*call.args[1]);
  const int32_t* offsets = ListOffsets(*call.args[0]);
  ValueText text(call.context);
  for (int64_t row = 0; row < call.rows; ++row) {
    if (writer.validity().IsNull(row)) continue;
    text.Clear();
    bool first = true;
    Status status;
    for (int32_t i = offsets[row]; i < offsets[row + 1] && status.ok(); ++i) {
      if (entries->IsNull(i) && call.args.size() < 3) continue;
      if (!first) status = text.Append(delimiters[row]);
      first = false;
      if (status.ok()) {
        status = text.Append(entries->IsNull(i) ? ColumnReader<std::string_view>(*call.args[2])[row] : texts[i]);
      }
    }
    if (!status.ok()) return WithRow(status, row);
    SLUICE_RETURN_IF_ERROR(writer.Set(row, text.text()));
  }
  return writer.Finish(call.node.type());
}

Result<ArrayPtr> Slice(const KernelCall& call) {
  ValidityWriter validity(call.rows, PoolOf(call.context));
  SLUICE_RETURN_IF_ERROR(validity.SetFrom(call.args));
  const ColumnReader<int32_t> starts(*call.args[1]);
  const ColumnReader<int32_t> lengths(*call.args[2]);
  const int32_t* offsets = ListOffsets(*call.args[0]);
  return PickEntries(call, ListEntries(*call.args[0]), &validity, [&](int64_t row, Rows* rows) {
    if (starts[row] == 0)
      return UserError("INVALID_PARAMETER_VALUE.START",
                       "slice counts from 1, or from the end with -1; it cannot start at 0.");
    if (lengths[row] < 0)
      return UserError("INVALID_PARAMETER_VALUE.LENGTH", "The length of slice must not be negative.");
    const int64_t size = offsets[row + 1] - offsets[row];
    const int64_t begin = starts[row] > 0 ? starts[row] - 1 : size + starts[row];
    if (begin < 0 || begin >= size) return Status::OK();
    for (int64_t i = begin; i < std::min(size, begin + lengths[row]); ++i) rows->push_back(offsets[row] + i);
    return Status::OK();
  });
}

// Ascending puts NULLs first, descending last.
Result<ArrayPtr> SortArray(const KernelCall& call) {
  ValidityWriter validity(call.rows, PoolOf(call.context));
  SLUICE_RETURN_IF_ERROR(validity.SetFrom(call.args));
  const auto entries = ListEntries(*call.args[0]);
  const ColumnReader<bool> ascending(*call.args[1]);
  const int32_t* offsets = ListOffsets(*call.args[0]);
  return PickEntries(call, entries, &validity, [&](int64_t row, Rows* rows) {
    const auto begin = static_cast<int64_t>(rows->size());
    for (int32_t i = offsets[row]; i < offsets[row + 1]; ++i) rows->push_back(i);
    const int sign = ascending[row] ? 1 : -1;
    std::stable_sort(rows->begin() + begin, rows->end(),
                     [&](int64_t a, int64_t b) { return CompareAt(*entries, a, *entries, b) * sign < 0; });
    return Status::OK();
  });
}

Result<ArrayPtr> ArrayDistinct(const KernelCall& call) {
  ValidityWriter validity(call.rows, PoolOf(call.context));
  SLUICE_RETURN_IF_ERROR(validity.SetFrom(call.args));
  const auto entries = ListEntries(*call.args[0]);
  const int32_t* offsets = ListOffsets(*call.args[0]);
  return PickEntries(call, entries, &validity, [&](int64_t row, Rows* rows) {
    const auto begin = static_cast<std::ptrdiff_t>(rows->size());
    for (int32_t i = offsets[row]; i < offsets[row + 1]; ++i) rows->push_back(i);
    // Of equal values the first one stays, and all stand in their old order: the work is that of a sort.
    std::stable_sort(rows->begin() + begin, rows->end(),
                     [&](int64_t a, int64_t b) { return CompareAt(*entries, a, *entries, b) < 0; });
    rows->erase(std::unique(rows->begin() + begin, rows->end(),
                            [&](int64_t a, int64_t b) { return CompareAt(*entries, a, *entries, b) == 0; }),
                rows->end());
    std::sort(rows->begin() + begin, rows->end());
    return Status::OK();
  });
}

// NULL elements are skipped; an array without others gives NULL.
Result<ArrayPtr> ExtremeOf(const KernelCall& call, int sign) {
  const auto entries = ListEntries(*call.args[0]);
  const int32_t* offsets = ListOffsets(*call.args[0]);
  Rows picked(static_cast<size_t>(call.rows), -1);
  for (int64_t row = 0; row < call.rows; ++row) {
    if (call.args[0]->IsNull(row)) continue;
    int64_t& best = picked[static_cast<size_t>(row)];
    for (int32_t i = offsets[row]; i < offsets[row + 1]; ++i) {
      if (entries->IsValid(i) && (best < 0 || CompareAt(*entries, i, *entries, best) * sign > 0)) best = i;
    }
  }
  return TakeRows(entries, picked, PoolOf(call.context));
}

Result<ArrayPtr> ArrayMin(const KernelCall& call) {
  return ExtremeOf(call, -1);
}
Result<ArrayPtr> ArrayMax(const KernelCall& call) {
  return ExtremeOf(call, 1);
}

// Keys (0) or values (1) of a map as an array over the same offsets.
template <int kField>
Result<ArrayPtr> MapSide(const KernelCall& call) {
  if (call.args[0]->type_id() == arrow::Type::NA)
    return arrow::MakeArrayOfNull(call.node.type(), call.rows, PoolOf(call.context));
  auto data = call.args[0]->data()->Copy();
  data->type = call.node.type();
  data->child_data = {static_cast<const arrow::StructArray&>(*ListEntries(*call.args[0])).field(kField)->data()};
  return arrow::MakeArray(std::move(data));
}

Result<TypePtr> ElementType(const std::vector<ExprPtr>& args) {
  return args[0]->type()->field(0)->type();
}
Result<TypePtr> FirstType(const std::vector<ExprPtr>& args) {
  return args[0]->type();
}

Status CannotSearch(const char* error_class, const char* name, const std::vector<ExprPtr>& args) {
  return UserError(error_class, fmt::format("{} cannot search \"{}\" for a {}.", name, args[0]->ToString(),
                                            SparkTypeName(*args[1]->type())));
}

// array_contains and array_position: the value takes the type of the elements, or both a wider one.
ScalarFunction Search(const char* name, const char* signature, const char* doc, const char* example, const char* since,
                      TypePtr type, Kernel kernel) {
  return {name,
          signature,
          doc,
          example,
          since,
          [name, type, kernel](std::vector<ExprPtr> args, const ResolveOptions& options) -> Result<ExprPtr> {
            SLUICE_RETURN_IF_ERROR(CheckCount(name, args.size(), 2, 2));
            // Spark casts a NULL to the type of the elements in array_position alone.
            const bool typed_null = type->id() != arrow::Type::BOOL;
            if (args[0]->type()->id() == arrow::Type::NA || (args[1]->type()->id() == arrow::Type::NA && !typed_null)) {
              return CannotSearch("DATATYPE_MISMATCH.NULL_TYPE", name, args);
            }
            SLUICE_ASSIGN(args[0], CoerceArgument(name, 0, std::move(args[0]), Arg::kArray, options.ansi));
            const auto& element = args[0]->type()->field(0);
            const TypePtr common = CommonTypeWithoutStrings(element->type(), args[1]->type(), options.ansi);
            if (common == nullptr) return CannotSearch("DATATYPE_MISMATCH.ARRAY_FUNCTION_DIFF_TYPES", name, args);
            const bool nullable =
                args[0]->nullable() || args[1]->nullable() || (element->nullable() && type->id() == arrow::Type::BOOL);
            SLUICE_ASSIGN(args[0],
                          MakeImplicitCast(std::move(args[0]), ArrayType(common, element->nullable()), options.ansi));
            SLUICE_ASSIGN(args[1], MakeImplicitCast(std::move(args[1]), common, options.ansi));
            return std::make_shared<FunctionExpr>(FunctionTraits{name, kernel, nullptr, options.ansi}, type, nullable,
                                                  std::move(args));
          }};
}

Result<ExprPtr> ResolveArrayJoin(std::vector<ExprPtr> args, const ResolveOptions& options) {
  SLUICE_RETURN_IF_ERROR(CheckCount("array_join", args.size(), 2, 3));
  SLUICE_ASSIGN(args[0], CoerceArgument("array_join", 0, std::move(args[0]), Arg::kArray, options.ansi));
  SLUICE_ASSIGN(args[0], MakeImplicitCast(std::move(args[0]), ArrayType(StringType()), options.ansi));
  bool nullable = args[0]->nullable();
  for (size_t i = 1; i < args.size(); ++i) {
    SLUICE_ASSIGN(args[i], CoerceArgument("array_join", i, std::move(args[i]), Arg::kString, options.ansi));
    nullable |= args[i]->nullable();
  }
  return std::make_shared<FunctionExpr>(FunctionTraits{"array_join", ArrayJoin, nullptr, options.ansi}, StringType(),
                                        nullable, std::move(args));
}

Result<TypePtr> KeysType(const std::vector<ExprPtr>& args) {
  if (args[0]->type()->id() == arrow::Type::NA) return ArrayType(args[0]->type());
  if (args[0]->type()->id() != arrow::Type::MAP) return UnexpectedInput("map_keys", 0, *args[0], "MAP");
  return ArrayType(static_cast<const arrow::MapType&>(*args[0]->type()).key_type(), false);
}

Result<TypePtr> ValuesType(const std::vector<ExprPtr>& args) {
  if (args[0]->type()->id() == arrow::Type::NA) return ArrayType(args[0]->type());
  if (args[0]->type()->id() != arrow::Type::MAP) return UnexpectedInput("map_values", 0, *args[0], "MAP");
  const auto& map = static_cast<const arrow::MapType&>(*args[0]->type());
  return ArrayType(map.item_type(), map.item_field()->nullable());
}

ExprPtr True() {
  return std::make_shared<LiteralExpr>(std::make_shared<arrow::BooleanScalar>(true));
}

}  // namespace

void AddArrays(FunctionTable* table) {
  for (const char* name : {"size", "cardinality"}) {
    table->push_back(
        {name, "size(array or map)", "Number of elements; of NULL it is NULL (-1 without ANSI).", "size(array(1, 2))",
         "1.5.0", [name](std::vector<ExprPtr> args, const ResolveOptions& options) -> Result<ExprPtr> {
           SLUICE_RETURN_IF_ERROR(CheckCount(name, args.size(), 1, 1));
           SLUICE_ASSIGN(args[0], CoerceArgument(name, 0, std::move(args[0]), Arg::kArrayOrMap, options.ansi));
           const bool nullable = options.ansi && args[0]->nullable();
           return std::make_shared<FunctionExpr>(FunctionTraits{name, Size, nullptr, options.ansi}, arrow::int32(),
                                                 nullable, std::move(args));
         }});
  }
  table->push_back(Function("array_size", "array_size(array)", "Number of elements; NULL of NULL.",
                            "array_size(array(1, 2))", "3.3.0",
                            {.args = {Arg::kArray}, .type = arrow::int32(), .kernel = Size}));
  table->push_back(Search("array_contains", "array_contains(array, value)", "Whether the value is an element.",
                          "array_contains(array(1, 2), 2)", "1.5.0", arrow::boolean(), ArrayContains));
  table->push_back(Search("array_position", "array_position(array, value)",
                          "Position from 1 of the first such element, or 0.", "array_position(array(3, 2, 1), 1)",
                          "2.4.0", arrow::int64(), ArrayPosition));
  table->push_back({"array_join", "array_join(array, delimiter[, null replacement])", "The elements as one string.",
                    "array_join(array('a', 'b'), ' ')", "2.4.0", ResolveArrayJoin});
  table->push_back(Function("slice", "slice(array, start, length)",
                            "Elements from a position on, counted from 1 or from the end.",
                            "slice(array(1, 2, 3, 4), 2, 2)", "2.4.0",
                            {.args = {Arg::kArray, Arg::kInt, Arg::kInt}, .type_of = FirstType, .kernel = Slice}));
  table->push_back(Function("sort_array", "sort_array(array[, ascending])",
                            "In order; NULLs first, or last when descending.", "sort_array(array('b', 'a'))", "1.5.0",
                            {.args = {Arg::kArray, Arg::kBoolean},
                             .type_of = FirstType,
                             .kernel = SortArray,
                             .required = 1,
                             .defaults = {True()}}));
  table->push_back(Function("array_distinct", "array_distinct(array)", "Each value once.",
                            "array_distinct(array(1, 2, 1))", "2.4.0",
                            {.args = {Arg::kArray}, .type_of = FirstType, .kernel = ArrayDistinct}));
  table->push_back(
      Function("array_min", "array_min(array)", "The least element.", "array_min(array(1, 20, 3))", "2.4.0",
               {.args = {Arg::kArray}, .type_of = ElementType, .kernel = ArrayMin, .nulls = Nulls::kAlways}));
  table->push_back(
      Function("array_max", "array_max(array)", "The greatest element.", "array_max(array(1, 20, 3))", "2.4.0",
               {.args = {Arg::kArray}, .type_of = ElementType, .kernel = ArrayMax, .nulls = Nulls::kAlways}));
  table->push_back(Function("map_keys", "map_keys(map)", "The keys.", "map_keys(map(1, 'a'))", "2.0.0",
                            {.args = {Arg::kAny}, .type_of = KeysType, .kernel = MapSide<0>}));
  table->push_back(Function("map_values", "map_values(map)", "The values.", "map_values(map(1, 'a'))", "2.0.0",
                            {.args = {Arg::kAny}, .type_of = ValuesType, .kernel = MapSide<1>}));
}

}  // namespace sluice
