// SPDX-License-Identifier: Apache-2.0
// Looks into JSON texts: get_json_object, json_array_length, json_object_keys.
#include <arrow/api.h>

#include <optional>

#include "expr/cast.h"
#include "expr/functions/text_arguments.h"
#include "expr/json_path.h"
#include "expr/map_rows.h"
#include "expr/signature.h"
#include "types/spark_type.h"

namespace sluice {
namespace {

using Text = std::string_view;

Result<ArrayPtr> GetJsonObject(const KernelCall& call) {
  std::string last;
  std::optional<JsonPath> steps;
  JsonTokenizer tokenizer(JsonPathSyntax());
  std::string found;
  return MapRows<Text, Text, Text>(call, [&](RowOutput<Text>& out, Text text, Text path) {
    if (!steps || last != path) {
      steps = JsonPath::Parse(path);
      last = path;
    }
    found.clear();
    return steps && steps->Find(text, &tokenizer, &found) ? out.Set(found) : out.SetNull();
  });
}

// Nothing when the text is no array.
std::optional<int32_t> CountElements(Text text, JsonTokenizer* tokenizer) {
  tokenizer->Reset(text);
  if (!tokenizer->Next() || tokenizer->token() != JsonToken::kArrayStart) return std::nullopt;
  for (int32_t count = 0;; ++count) {
    if (!tokenizer->Next()) return std::nullopt;
    if (tokenizer->token() == JsonToken::kArrayEnd) return count;
    if (!tokenizer->SkipChildren()) return std::nullopt;
  }
}

Result<ArrayPtr> JsonArrayLength(const KernelCall& call) {
  JsonTokenizer tokenizer(JsonPathSyntax());
  return MapRows<int32_t, Text>(call, [&](RowOutput<int32_t>& out, Text text) {
    const auto count = CountElements(text, &tokenizer);
    return count ? out.Set(*count) : out.SetNull();
  });
}

// Appends the names of the members; false when the text is no object.
bool ListNames(Text text, JsonTokenizer* tokenizer, std::vector<Text>* names) {
  names->clear();
  tokenizer->Reset(text);
  if (!tokenizer->Next() || tokenizer->token() != JsonToken::kObjectStart) return false;
  for (;;) {
    if (!tokenizer->Next()) return false;
    if (tokenizer->token() == JsonToken::kObjectEnd) return true;
    if (tokenizer->token() == JsonToken::kName) {
      names->push_back(tokenizer->name().value_or(Text()));
    } else if (!tokenizer->SkipChildren()) {
      return false;
    }
  }
}

Result<ArrayPtr> JsonObjectKeys(const KernelCall& call) {
  SLUICE_ASSIGN(auto builder, arrow::MakeBuilder(call.node.type(), PoolOf(call.context)));
  auto* list = static_cast<arrow::ListBuilder*>(builder.get());
  auto* items = static_cast<arrow::StringViewBuilder*>(list->value_builder());
  const ColumnReader<Text> texts(*call.args[0]);
  JsonTokenizer tokenizer(JsonPathSyntax());
  std::vector<Text> names;
  for (int64_t row = 0; row < call.rows; ++row) {
    if (row % kRowsUncancelled == 0) SLUICE_RETURN_IF_ERROR(call.context.CheckCancelled());
    if (call.args[0]->IsNull(row) || !ListNames(texts[row], &tokenizer, &names)) {
      SLUICE_RETURN_IF_ERROR(list->AppendNull());
      continue;
    }
    SLUICE_RETURN_IF_ERROR(list->Append());
    for (const Text name : names) SLUICE_RETURN_IF_ERROR(items->Append(name));
  }
  return builder->Finish();
}

}  // namespace

void AddJsonPaths(FunctionTable* table) {
  table->push_back(Function("get_json_object", "get_json_object(str, path)",
                            "The value at a path such as $.a[0].b, as text.", "get_json_object('{\"a\":\"b\"}', '$.a')",
                            "1.5.0",
                            {.args = {Arg::kString, Arg::kString},
                             .type = StringType(),
                             .kernel = GetJsonObject,
                             .nulls = Nulls::kAlways,
                             .java_text = true}));
  table->push_back(Function("json_array_length", "json_array_length(str)",
                            "Number of elements of a JSON array; NULL for anything else.", "json_array_length('[1,2]')",
                            "3.1.0",
                            {.args = {Arg::kString},
                             .type = arrow::int32(),
                             .kernel = JsonArrayLength,
                             .nulls = Nulls::kAlways,
                             .java_text = true}));
  table->push_back(Function("json_object_keys", "json_object_keys(str)",
                            "The names of a JSON object's members; NULL for anything else.",
                            "json_object_keys('{\"a\":1}')", "3.1.0",
                            {.args = {Arg::kString},
                             .type = ArrayType(StringType(), true),
                             .kernel = JsonObjectKeys,
                             .nulls = Nulls::kAlways,
                             .java_text = true}));
}

}  // namespace sluice
