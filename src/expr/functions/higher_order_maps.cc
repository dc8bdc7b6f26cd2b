// SPDX-License-Identifier: Apache-2.0
// Functions that call a lambda for the entries of maps.
#include <arrow/api.h>
#include <fmt/format.h>

#include <algorithm>

#include "expr/compare_values.h"
#include "expr/functions/higher_order.h"
#include "types/spark_type.h"

namespace sluice {
namespace {

using ArrayPtr = std::shared_ptr<arrow::Array>;

// A side of a map column's entries: 0 keys, 1 values.
ArrayPtr SideOf(const arrow::Array& map, int side) {
  return static_cast<const arrow::StructArray&>(*ListEntries(map)).field(side);
}

struct Sides {
  Entries entries;
  arrow::ArrayVector columns;  // keys, values

  static Result<Sides> Of(const KernelCall& call) {
    Sides sides;
    SLUICE_ASSIGN(sides.entries, Entries::Of(call, *call.args[0]));
    for (int side = 0; side < 2; ++side) {
      SLUICE_ASSIGN(auto column, TakeRows(SideOf(*call.args[0], side), sides.entries.picked, PoolOf(call.context)));
      sides.columns.push_back(std::move(column));
    }
    return sides;
  }
};

// transform_keys (0) and transform_values (1).
template <size_t kSide>
Result<ArrayPtr> TransformSide(const KernelCall& call, Evaluation& evaluation) {
  SLUICE_ASSIGN(Sides sides, Sides::Of(call));
  LambdaBody body(evaluation, LambdaOf(call.node, 1));
  SLUICE_ASSIGN(sides.columns[kSide], body.Run(sides.columns, sides.entries.parents));
  return MapColumn(call, sides.entries.validity, sides.entries.offsets, sides.columns[0], sides.columns[1]);
}

Result<ArrayPtr> FilterMap(const KernelCall& call, Evaluation& evaluation) {
  SLUICE_ASSIGN(const Sides sides, Sides::Of(call));
  LambdaBody body(evaluation, LambdaOf(call.node, 1));
  SLUICE_ASSIGN(const auto holds, body.Run(sides.columns, sides.entries.parents));
  const ColumnReader<bool> bits(*holds);
  ValidityWriter validity(call.rows, PoolOf(call.context));
  SLUICE_RETURN_IF_ERROR(validity.SetFrom({call.args[0]}));
  const auto* offsets = reinterpret_cast<const int32_t*>(sides.entries.offsets->data());
  return PickEntries(call, ListEntries(*call.args[0]), &validity, [&](int64_t row, Rows* rows) {
    for (int32_t i = offsets[row]; i < offsets[row + 1]; ++i) {
      if (holds->IsValid(i) && bits[i]) rows->push_back(sides.entries.picked[static_cast<size_t>(i)]);
    }
    return Status::OK();
  });
}

// Of each key of either map: the keys of the first one, then those that only the second has.
struct Pairs {
  Rows keys;  // in the keys of both, one map's behind the other's
  Rows first;
  Rows second;
  RowList parents;

  void AddRow(const arrow::Array& all_keys, int64_t base, const int32_t* a, const int32_t* b, int64_t row) {
    Rows sorted;  // of the second map
    for (int32_t i = b[row]; i < b[row + 1]; ++i) sorted.push_back(base + i);
    const auto less = [&](int64_t x, int64_t y) { return CompareAt(all_keys, x, all_keys, y) < 0; };
    std::sort(sorted.begin(), sorted.end(), less);
    std::vector<char> matched(static_cast<size_t>(b[row + 1] - b[row]), 0);
    for (int32_t i = a[row]; i < a[row + 1]; ++i) {
      const auto found = std::lower_bound(sorted.begin(), sorted.end(), int64_t{i}, less);
      const bool both = found != sorted.end() && !less(i, *found);
      if (both) matched[static_cast<size_t>(*found - base - b[row])] = 1;
      Add(i, i, both ? *found - base : -1, row);
    }
    for (int32_t i = b[row]; i < b[row + 1]; ++i) {
      if (matched[static_cast<size_t>(i - b[row])] == 0) Add(base + i, -1, i, row);
    }
  }

 private:
  void Add(int64_t key, int64_t value_of_first, int64_t value_of_second, int64_t row) {
    keys.push_back(key);
    first.push_back(value_of_first);
    second.push_back(value_of_second);
    parents.push_back(row);
  }
};

Result<ArrayPtr> MapZipWith(const KernelCall& call, Evaluation& evaluation) {
  ValidityWriter validity(call.rows, PoolOf(call.context));
  SLUICE_RETURN_IF_ERROR(validity.SetFrom({call.args[0], call.args[1]}));
  SLUICE_ASSIGN(std::shared_ptr<arrow::Buffer> buffer,
                arrow::AllocateBuffer((call.rows + 1) * static_cast<int64_t>(sizeof(int32_t)), PoolOf(call.context)));
  auto* offsets = reinterpret_cast<int32_t*>(buffer->mutable_data());
  offsets[0] = 0;
  const ArrayPtr first_keys = SideOf(*call.args[0], 0);
  SLUICE_ASSIGN(const auto all_keys, arrow::Concatenate({first_keys, SideOf(*call.args[1], 0)}, PoolOf(call.context)));
  Pairs pairs;
  for (int64_t row = 0; row < call.rows; ++row) {
    if (!validity.IsNull(row)) {
      if (row % kRowsUncancelled == 0) SLUICE_RETURN_IF_ERROR(call.context.CheckCancelled());
      pairs.AddRow(*all_keys, first_keys->length(), ListOffsets(*call.args[0]), ListOffsets(*call.args[1]), row);
    }
    offsets[row + 1] = static_cast<int32_t>(pairs.keys.size());
  }
  SLUICE_RETURN_IF_ERROR(CheckElements(PoolOf(call.context), static_cast<int64_t>(pairs.keys.size())));
  SLUICE_ASSIGN(auto keys, TakeRows(all_keys, pairs.keys, PoolOf(call.context)));
  SLUICE_ASSIGN(auto first, TakeRows(SideOf(*call.args[0], 1), pairs.first, PoolOf(call.context)));
  SLUICE_ASSIGN(auto second, TakeRows(SideOf(*call.args[1], 1), pairs.second, PoolOf(call.context)));
  LambdaBody body(evaluation, LambdaOf(call.node, 2));
  SLUICE_ASSIGN(const auto values, body.Run({keys, std::move(first), std::move(second)}, pairs.parents));
  return MapColumn(call, validity.buffer(), std::move(buffer), keys, values);
}

const arrow::MapType* AsMap(const ExprPtr& arg) {
  return arg->type()->id() == arrow::Type::MAP ? &static_cast<const arrow::MapType&>(*arg->type()) : nullptr;
}

Result<LambdaVariables> KeyAndValue(const std::vector<ExprPtr>& args, size_t index, const ResolveOptions&) {
  if (index != 1) return LambdaVariables();
  const auto* map = AsMap(args[0]);
  if (map == nullptr) return LambdaVariables{{{arrow::null(), true}, {arrow::null(), true}}, 2};
  return LambdaVariables{{{map->key_type(), false}, {map->item_type(), map->item_field()->nullable()}}, 2};
}

TypePtr CommonKey(const std::vector<ExprPtr>& args, bool ansi) {
  const auto* first = AsMap(args[0]);
  const auto* second = AsMap(args[1]);
  if (first == nullptr || second == nullptr) return nullptr;
  return CommonTypeWithoutStrings(first->key_type(), second->key_type(), ansi);
}

Result<LambdaVariables> KeyAndValues(const std::vector<ExprPtr>& args, size_t index, const ResolveOptions& options) {
  if (index != 2) return LambdaVariables();
  const TypePtr key = CommonKey(args, options.ansi);
  const TypePtr none = arrow::null();
  return LambdaVariables{{{key == nullptr ? none : key, false},
                          {AsMap(args[0]) == nullptr ? none : AsMap(args[0])->item_type(), true},
                          {AsMap(args[1]) == nullptr ? none : AsMap(args[1])->item_type(), true}},
                         3};
}

Result<ExprPtr> ResolveTransformSide(const char* name, bool keys, HigherOrderKernel kernel, std::vector<ExprPtr> args,
                                     const ResolveOptions& options) {
  SLUICE_RETURN_IF_ERROR(CheckCount(name, args.size(), 2, 2));
  const auto* map = AsMap(args[0]);
  if (map == nullptr) return UnexpectedInput(name, 0, *args[0], "MAP");
  args[1] = AsLambda(std::move(args[1]), 2);
  if (keys && args[1]->type()->id() == arrow::Type::MAP) {
    return UserError("DATATYPE_MISMATCH.INVALID_MAP_KEY_TYPE", "A key of a map cannot be, or have in it, a map.",
                     {{"keyType", "\"" + SparkTypeName(*args[1]->type()) + "\""}});
  }
  const TypePtr type = keys ? MapOf(args[1]->type(), map->item_type(), map->item_field()->nullable())
                            : MapOf(map->key_type(), args[1]->type(), args[1]->nullable());
  const bool nullable = args[0]->nullable();
  return HigherOrderCall(name, kernel, type, nullable, std::move(args), options.ansi);
}

Result<ExprPtr> ResolveFilterMap(std::vector<ExprPtr> args, const ResolveOptions& options) {
  SLUICE_RETURN_IF_ERROR(CheckCount("map_filter", args.size(), 2, 2));
  if (AsMap(args[0]) == nullptr) return UnexpectedInput("map_filter", 0, *args[0], "MAP");
  SLUICE_ASSIGN(args[1], BooleanLambda("map_filter", 1, std::move(args[1]), 2, options.ansi));
  const TypePtr type = args[0]->type();
  const bool nullable = args[0]->nullable();
  return HigherOrderCall("map_filter", FilterMap, type, nullable, std::move(args), options.ansi);
}

Result<ExprPtr> ResolveMapZipWith(std::vector<ExprPtr> args, const ResolveOptions& options) {
  SLUICE_RETURN_IF_ERROR(CheckCount("map_zip_with", args.size(), 3, 3));
  for (size_t i = 0; i < 2; ++i) {
    if (AsMap(args[i]) == nullptr) return UnexpectedInput("map_zip_with", i, *args[i], "MAP");
  }
  const TypePtr key = CommonKey(args, options.ansi);
  if (key == nullptr) {
    return UserError("DATATYPE_MISMATCH.MAP_ZIP_WITH_DIFF_TYPES",
                     "The keys of the maps of map_zip_with have types that nothing has in common.",
                     {{"functionName", "`map_zip_with`"}});
  }
  bool nullable = false;
  for (size_t i = 0; i < 2; ++i) {
    const auto* map = AsMap(args[i]);
    const TypePtr type = MapOf(key, map->item_type(), map->item_field()->nullable());
    nullable |= args[i]->nullable();
    SLUICE_ASSIGN(args[i], MakeImplicitCast(std::move(args[i]), type, options.ansi));
  }
  args[2] = AsLambda(std::move(args[2]), 3);
  const TypePtr type = MapOf(key, args[2]->type(), args[2]->nullable());
  return HigherOrderCall("map_zip_with", MapZipWith, type, nullable, std::move(args), options.ansi);
}

}  // namespace

void AddHigherOrderMaps(FunctionTable* table) {
  table->push_back({"map_filter", "map_filter(map, (k, v) -> ..)", "The entries for which the lambda holds.",
                    "map_filter(map(1, 0, 2, 2), (k, v) -> k > v)", "3.0.0", ResolveFilterMap, KeyAndValue});
  table->push_back({"map_zip_with", "map_zip_with(a, b, (k, x, y) -> ..)",
                    "A map of the keys of both; the lambda makes the values of those of both maps, NULL where missing.",
                    "map_zip_with(map(1, 'a'), map(1, 'x'), (k, x, y) -> concat(x, y))", "3.0.0", ResolveMapZipWith,
                    KeyAndValues});
  table->push_back({"transform_keys", "transform_keys(map, (k, v) -> ..)", "With the keys that the lambda makes.",
                    "transform_keys(map(1, 'a'), (k, v) -> k + 1)", "3.0.0",
                    [](std::vector<ExprPtr> args, const ResolveOptions& options) {
                      return ResolveTransformSide("transform_keys", true, TransformSide<0>, std::move(args), options);
                    },
                    KeyAndValue});
  table->push_back({"transform_values", "transform_values(map, (k, v) -> ..)", "With the values that the lambda makes.",
                    "transform_values(map(1, 'a'), (k, v) -> concat(v, k))", "3.0.0",
                    [](std::vector<ExprPtr> args, const ResolveOptions& options) {
                      return ResolveTransformSide("transform_values", false, TransformSide<1>, std::move(args),
                                                  options);
                    },
                    KeyAndValue});
}

}  // namespace sluice
