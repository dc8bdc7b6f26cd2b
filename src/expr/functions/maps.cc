// SPDX-License-Identifier: Apache-2.0
// Maps: made of arrays, of entries, of a text and of other maps; searched.
#include <arrow/api.h>
#include <fmt/format.h>

#include "expr/compare_values.h"
#include "expr/functions/lists.h"
#include "expr/functions/renamed.h"
#include "expr/regex.h"
#include "expr/signature.h"
#include "types/spark_type.h"

namespace sluice {
namespace {

using ArrayPtr = std::shared_ptr<arrow::Array>;
using Text = std::string_view;

Result<std::shared_ptr<arrow::Buffer>> NewOffsets(const KernelCall& call) {
  SLUICE_ASSIGN(std::shared_ptr<arrow::Buffer> buffer,
                arrow::AllocateBuffer((call.rows + 1) * static_cast<int64_t>(sizeof(int32_t)), PoolOf(call.context)));
  *reinterpret_cast<int32_t*>(buffer->mutable_data()) = 0;
  return buffer;
}

const arrow::StructArray& StructOf(const ArrayPtr& array) {
  return static_cast<const arrow::StructArray&>(*array);
}

// A map of picked keys and values: pick(row, &keys, &values) adds to both.
template <typename Pick>
Result<ArrayPtr> PickPairs(const KernelCall& call, ValidityWriter* validity, const ArrayPtr& keys,
                           const ArrayPtr& values, Pick pick) {
  SLUICE_ASSIGN(auto buffer, NewOffsets(call));
  auto* offsets = reinterpret_cast<int32_t*>(buffer->mutable_data());
  Rows key_rows;
  Rows value_rows;
  for (int64_t row = 0; row < call.rows; ++row) {
    if (!validity->IsNull(row)) {
      if (row % kRowsUncancelled == 0) SLUICE_RETURN_IF_ERROR(call.context.CheckCancelled());
      const Status status = pick(row, &key_rows, &value_rows);
      if (!status.ok()) return WithRow(status, row);
    }
    offsets[row + 1] = static_cast<int32_t>(key_rows.size());
  }
  SLUICE_ASSIGN(auto picked_keys, TakeRows(keys, key_rows, PoolOf(call.context)));
  SLUICE_ASSIGN(auto picked_values, TakeRows(values, value_rows, PoolOf(call.context)));
  return MapColumn(call, validity->buffer(), std::move(buffer), picked_keys, picked_values);
}

Result<ArrayPtr> MapEntries(const KernelCall& call) {
  auto data = call.args[0]->data()->Copy();
  data->type = call.node.type();
  data->child_data[0] = data->child_data[0]->Copy();
  data->child_data[0]->type = call.node.type()->field(0)->type();
  return arrow::MakeArray(std::move(data));
}

Result<ArrayPtr> MapFromArrays(const KernelCall& call) {
  ValidityWriter validity(call.rows, PoolOf(call.context));
  SLUICE_RETURN_IF_ERROR(validity.SetFrom(call.args));
  const int32_t* keys = ListOffsets(*call.args[0]);
  const int32_t* values = ListOffsets(*call.args[1]);
  return PickPairs(call, &validity, ListEntries(*call.args[0]), ListEntries(*call.args[1]),
                   [&](int64_t row, Rows* key_rows, Rows* value_rows) {
                     if (keys[row + 1] - keys[row] != values[row + 1] - values[row]) {
                       return UserError("_LEGACY_ERROR_TEMP_2128", "map_from_arrays needs as many keys as values.");
                     }
                     for (int32_t i = keys[row]; i < keys[row + 1]; ++i) key_rows->push_back(i);
                     for (int32_t i = values[row]; i < values[row + 1]; ++i) value_rows->push_back(i);
                     return Status::OK();
                   });
}

// NULL where an entry is.
Result<ArrayPtr> MapFromEntries(const KernelCall& call) {
  ValidityWriter validity(call.rows, PoolOf(call.context));
  SLUICE_RETURN_IF_ERROR(validity.SetFrom(call.args));
  const auto entries = ListEntries(*call.args[0]);
  const int32_t* offsets = ListOffsets(*call.args[0]);
  for (int64_t row = 0; row < call.rows; ++row) {
    for (int32_t i = offsets[row]; i < offsets[row + 1] && !validity.IsNull(row); ++i) {
      if (entries->IsNull(i)) SLUICE_RETURN_IF_ERROR(validity.SetNull(row));
    }
  }
  return PickPairs(call, &validity, StructOf(entries).field(0), StructOf(entries).field(1),
                   [&](int64_t row, Rows* keys, Rows* values) {
                     for (int32_t i = offsets[row]; i < offsets[row + 1]; ++i) {
                       keys->push_back(i);
                       values->push_back(i);
                     }
                     return Status::OK();
                   });
}

Result<ArrayPtr> MapConcat(const KernelCall& call) {
  ValidityWriter validity(call.rows, PoolOf(call.context));
  SLUICE_RETURN_IF_ERROR(validity.SetFrom(call.args));
  arrow::ArrayVector keys;
  arrow::ArrayVector values;
  std::vector<int64_t> bases;
  int64_t base = 0;
  for (const auto& arg : call.args) {
    const auto entries = ListEntries(*arg);
    keys.push_back(StructOf(entries).field(0));
    values.push_back(StructOf(entries).field(1));
    bases.push_back(base);
    base += entries->length();
  }
  SLUICE_ASSIGN(const auto all_keys, arrow::Concatenate(keys, PoolOf(call.context)));
  SLUICE_ASSIGN(const auto all_values, arrow::Concatenate(values, PoolOf(call.context)));
  return PickPairs(call, &validity, all_keys, all_values, [&](int64_t row, Rows* key_rows, Rows* value_rows) {
    const size_t begin = key_rows->size();
    for (size_t i = 0; i < call.args.size(); ++i) {
      const int32_t* offsets = ListOffsets(*call.args[i]);
      for (int32_t k = offsets[row]; k < offsets[row + 1]; ++k) {
        key_rows->push_back(bases[i] + k);
        value_rows->push_back(bases[i] + k);
      }
    }
    return CheckListSize(call.context, static_cast<int64_t>(key_rows->size() - begin));
  });
}

Result<ArrayPtr> MapContainsKey(const KernelCall& call) {
  ColumnWriter<bool> writer(call.rows, PoolOf(call.context));
  SLUICE_RETURN_IF_ERROR(writer.Allocate());
  SLUICE_RETURN_IF_ERROR(writer.validity().SetFrom(call.args));
  const auto keys = StructOf(ListEntries(*call.args[0])).field(0);
  const int32_t* offsets = ListOffsets(*call.args[0]);
  for (int64_t row = 0; row < call.rows; ++row) {
    if (writer.validity().IsNull(row)) continue;
    bool found = false;
    for (int32_t i = offsets[row]; i < offsets[row + 1] && !found; ++i) {
      found = CompareAt(*keys, i, *call.args[1], row) == 0;
    }
    SLUICE_RETURN_IF_ERROR(writer.Set(row, found));
  }
  return writer.Finish(arrow::boolean());
}

// Pieces of a text between matches of a pattern; at most `most`, 0 is any number. As Java's split, with a limit; an
// empty pattern gives no empty piece at the end.
Status SplitBy(Regex* regex, bool empty, Text text, size_t most, std::vector<Text>* pieces) {
  pieces->clear();
  size_t begin = 0;
  SLUICE_ASSIGN(bool found, regex->Find(text));
  while (found && (most == 0 || pieces->size() + 1 < most)) {
    const auto match = regex->group(0);
    if (match.end > 0 && !(empty && match.begin >= text.size())) {
      pieces->push_back(text.substr(begin, match.begin - begin));
      begin = match.end;
    }
    SLUICE_ASSIGN(found, regex->FindNext());
  }
  pieces->push_back(text.substr(begin));
  return Status::OK();
}

Result<ArrayPtr> StrToMap(const KernelCall& call) {
  ValidityWriter validity(call.rows, PoolOf(call.context));
  SLUICE_RETURN_IF_ERROR(validity.SetFrom(call.args));
  SLUICE_ASSIGN(auto buffer, NewOffsets(call));
  auto* offsets = reinterpret_cast<int32_t*>(buffer->mutable_data());
  RegexCache pairs("str_to_map", call.context);
  RegexCache sides("str_to_map", call.context);
  arrow::StringViewBuilder keys(PoolOf(call.context));
  arrow::StringViewBuilder values(PoolOf(call.context));
  std::vector<Text> pieces;
  std::vector<Text> pair;
  const ColumnReader<Text> texts(*call.args[0]);
  const ColumnReader<Text> pair_ends(*call.args[1]);
  const ColumnReader<Text> key_ends(*call.args[2]);
  for (int64_t row = 0; row < call.rows; ++row) {
    const auto add = [&]() -> Status {
      SLUICE_ASSIGN(Regex * of_pairs, pairs.Get(pair_ends[row]));
      SLUICE_ASSIGN(Regex * of_sides, sides.Get(key_ends[row]));
      SLUICE_RETURN_IF_ERROR(SplitBy(of_pairs, pair_ends[row].empty(), texts[row], 0, &pieces));
      SLUICE_RETURN_IF_ERROR(CheckListSize(call.context, static_cast<int64_t>(pieces.size()) * 2));
      for (const Text piece : pieces) {
        SLUICE_RETURN_IF_ERROR(SplitBy(of_sides, key_ends[row].empty(), piece, 2, &pair));
        SLUICE_RETURN_IF_ERROR(keys.Append(pair[0]));
        SLUICE_RETURN_IF_ERROR(pair.size() < 2 ? values.AppendNull() : values.Append(pair[1]));
      }
      return Status::OK();
    };
    if (!validity.IsNull(row)) {
      if (row % kRowsUncancelled == 0) SLUICE_RETURN_IF_ERROR(call.context.CheckCancelled());
      const Status status = add();
      if (!status.ok()) return WithRow(status, row);
    }
    offsets[row + 1] = static_cast<int32_t>(keys.length());
  }
  SLUICE_ASSIGN(const auto all_keys, keys.Finish());
  SLUICE_ASSIGN(const auto all_values, values.Finish());
  return MapColumn(call, validity.buffer(), std::move(buffer), all_keys, all_values);
}

ExprPtr CallOf(const char* name, Kernel kernel, TypePtr type, bool nullable, std::vector<ExprPtr> args, bool ansi) {
  return std::make_shared<FunctionExpr>(FunctionTraits{.name = name, .kernel = kernel, .ansi = ansi}, std::move(type),
                                        nullable, std::move(args));
}

bool IsMap(const ExprPtr& arg) {
  return arg->type()->id() == arrow::Type::MAP;
}

Result<ExprPtr> ResolveEntries(std::vector<ExprPtr> args, const ResolveOptions& options) {
  SLUICE_RETURN_IF_ERROR(CheckCount("map_entries", args.size(), 1, 1));
  if (!IsMap(args[0])) return UnexpectedInput("map_entries", 0, *args[0], "MAP");
  const auto& map = static_cast<const arrow::MapType&>(*args[0]->type());
  const TypePtr entry = arrow::struct_({arrow::field("key", map.key_type(), false),
                                        arrow::field("value", map.item_type(), map.item_field()->nullable())});
  const bool nullable = args[0]->nullable();
  return CallOf("map_entries", MapEntries, ArrayType(entry, false), nullable, std::move(args), options.ansi);
}

Status CheckKeyType(const arrow::DataType& key) {
  if (key.id() == arrow::Type::MAP) {
    return UserError("DATATYPE_MISMATCH.INVALID_MAP_KEY_TYPE", "A key of a map cannot be, or have in it, a map.",
                     {{"keyType", "\"" + SparkTypeName(key) + "\""}});
  }
  for (const auto& field : key.fields()) SLUICE_RETURN_IF_ERROR(CheckKeyType(*field->type()));
  return Status::OK();
}

Result<ExprPtr> ResolveFromArrays(std::vector<ExprPtr> args, const ResolveOptions& options) {
  SLUICE_RETURN_IF_ERROR(CheckCount("map_from_arrays", args.size(), 2, 2));
  for (size_t i = 0; i < 2; ++i) {
    SLUICE_ASSIGN(args[i], CoerceArgument("map_from_arrays", i, std::move(args[i]), Arg::kArray, options.ansi));
  }
  SLUICE_RETURN_IF_ERROR(CheckKeyType(*args[0]->type()->field(0)->type()));
  const auto& value = args[1]->type()->field(0);
  const TypePtr type = MapOf(args[0]->type()->field(0)->type(), value->type(), value->nullable());
  const bool nullable = args[0]->nullable() || args[1]->nullable();
  return CallOf("map_from_arrays", MapFromArrays, type, nullable, std::move(args), options.ansi);
}

Result<ExprPtr> ResolveFromEntries(std::vector<ExprPtr> args, const ResolveOptions& options) {
  SLUICE_RETURN_IF_ERROR(CheckCount("map_from_entries", args.size(), 1, 1));
  const arrow::DataType& list = *args[0]->type();
  if (list.id() != arrow::Type::LIST || list.field(0)->type()->id() != arrow::Type::STRUCT ||
      list.field(0)->type()->num_fields() != 2) {
    return UnexpectedInput("map_from_entries", 0, *args[0], "ARRAY of pair STRUCT");
  }
  const arrow::DataType& entry = *list.field(0)->type();
  SLUICE_RETURN_IF_ERROR(CheckKeyType(*entry.field(0)->type()));
  const TypePtr type = MapOf(entry.field(0)->type(), entry.field(1)->type(), entry.field(1)->nullable());
  const bool nullable = args[0]->nullable() || list.field(0)->nullable();
  return CallOf("map_from_entries", MapFromEntries, type, nullable, std::move(args), options.ansi);
}

Result<ExprPtr> ResolveMapConcat(std::vector<ExprPtr> args, const ResolveOptions& options) {
  if (args.empty()) {
    SLUICE_ASSIGN(ExprPtr empty, ResolveFunction("map", {}, options));
    SLUICE_ASSIGN(empty, MakeImplicitCast(std::move(empty), MapOf(StringType(), StringType(), true), options.ansi));
    return std::make_shared<RenamedExpr>(std::move(empty), "map_concat()", false);
  }
  for (size_t i = 0; i < args.size(); ++i) {
    if (!IsMap(args[i])) {
      return UserError("DATATYPE_MISMATCH.MAP_CONCAT_DIFF_TYPES", "map_concat needs maps of one type.",
                       {{"functionName", "`map_concat`"}});
    }
  }
  TypePtr key = args[0]->type();
  bool nullable = false;
  bool nulls = false;
  for (const auto& arg : args) {
    key = CommonTypeWithoutStrings(key, arg->type(), options.ansi);
    if (key == nullptr) {
      return UserError("DATATYPE_MISMATCH.DATA_DIFF_TYPES", "map_concat needs maps of one type.",
                       {{"functionName", "`map_concat`"}});
    }
    nullable |= arg->nullable();
    nulls |= static_cast<const arrow::MapType&>(*arg->type()).item_field()->nullable();
  }
  const auto& common = static_cast<const arrow::MapType&>(*key);
  const TypePtr type = MapOf(common.key_type(), common.item_type(), nulls);
  for (auto& arg : args) {
    SLUICE_ASSIGN(arg, MakeImplicitCast(std::move(arg), type, options.ansi));
  }
  return CallOf("map_concat", MapConcat, type, nullable, std::move(args), options.ansi);
}

Result<ExprPtr> ResolveContainsKey(std::vector<ExprPtr> args, const ResolveOptions& options) {
  SLUICE_RETURN_IF_ERROR(CheckCount("map_contains_key", args.size(), 2, 2));
  if (args[0]->type()->id() == arrow::Type::NA || args[1]->type()->id() == arrow::Type::NA) {
    return UserError("DATATYPE_MISMATCH.NULL_TYPE", "map_contains_key cannot search for a NULL without a type.",
                     {{"functionName", "`map_contains_key`"}});
  }
  const TypePtr common = IsMap(args[0])
                             ? CommonTypeWithoutStrings(static_cast<const arrow::MapType&>(*args[0]->type()).key_type(),
                                                        args[1]->type(), options.ansi)
                             : nullptr;
  if (common == nullptr) {
    return UserError("DATATYPE_MISMATCH.MAP_FUNCTION_DIFF_TYPES",
                     fmt::format("map_contains_key cannot search \"{}\" for a {}.", args[0]->ToString(),
                                 SparkTypeName(*args[1]->type())),
                     {{"functionName", "`map_contains_key`"}});
  }
  const auto& map = static_cast<const arrow::MapType&>(*args[0]->type());
  SLUICE_ASSIGN(args[0], MakeImplicitCast(std::move(args[0]),
                                          MapOf(common, map.item_type(), map.item_field()->nullable()), options.ansi));
  SLUICE_ASSIGN(args[1], MakeImplicitCast(std::move(args[1]), common, options.ansi));
  return CallOf("map_contains_key", MapContainsKey, arrow::boolean(), true, std::move(args), options.ansi);
}

}  // namespace

void AddMaps(FunctionTable* table) {
  table->push_back({"map_entries", "map_entries(map)", "Structs of keys and values.", "map_entries(map(1, 'a'))",
                    "3.0.0", ResolveEntries});
  table->push_back({"map_from_arrays", "map_from_arrays(keys, values)", "A map of two arrays.",
                    "map_from_arrays(array(1.0, 3.0), array('2', '4'))", "2.4.0", ResolveFromArrays});
  table->push_back({"map_from_entries", "map_from_entries(array of structs)", "A map of structs of two fields.",
                    "map_from_entries(array(struct(1, 'a')))", "2.4.0", ResolveFromEntries});
  table->push_back({"map_concat", "map_concat(a, b, ...)", "The entries of all maps.",
                    "map_concat(map(1, 'a'), map(2, 'b'))", "2.4.0", ResolveMapConcat});
  table->push_back({"map_contains_key", "map_contains_key(map, key)", "Whether the map has the key.",
                    "map_contains_key(map(1, 'a'), 1)", "3.3.0", ResolveContainsKey});
  table->push_back(Function("str_to_map", "str_to_map(str[, pair delimiter[, key delimiter]])",
                            "A map of a text; the delimiters are Java regular expressions.",
                            "str_to_map('a:1,b:2,c:3', ',', ':')", "2.0.1",
                            {.args = {Arg::kString, Arg::kString, Arg::kString},
                             .type = MapOf(StringType(), StringType()),
                             .kernel = StrToMap,
                             .required = 1,
                             .defaults = {StringLiteral(","), StringLiteral(":")},
                             .java_text = true}));
}

}  // namespace sluice
