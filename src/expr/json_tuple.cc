// SPDX-License-Identifier: Apache-2.0
#include "expr/json_tuple.h"

#include <arrow/api.h>
#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "expr/functions/lists.h"
#include "expr/json_generator.h"
#include "expr/json_path.h"
#include "types/spark_type.h"

namespace sluice {
namespace {

using ArrayPtr = std::shared_ptr<arrow::Array>;
using Text = std::string_view;
using Names = std::vector<std::optional<Text>>;
using Values = std::vector<std::optional<std::string>>;

// The text of the value at which the tokenizer stands; false when it is malformed. A string has no quotes.
bool CopyValue(JsonTokenizer* tokenizer, std::string* out) {
  if (tokenizer->token() != JsonToken::kString) return JsonGenerator(out, true).Copy(tokenizer);
  Text text;
  if (!tokenizer->Text(&text) || tokenizer->has_lone_surrogate()) return false;
  *out = text;
  return true;
}

bool ReadMembers(Text json, const Names& names, JsonTokenizer* tokenizer, Values* values) {
  tokenizer->Reset(json);
  if (!tokenizer->Next() || tokenizer->token() != JsonToken::kObjectStart) return false;
  std::string value;
  while (tokenizer->Next()) {
    if (tokenizer->token() == JsonToken::kObjectEnd) return true;
    Text name;
    if (tokenizer->token() != JsonToken::kName) {
      if (!tokenizer->SkipChildren()) return false;
      continue;
    }
    if (!tokenizer->Text(&name)) return false;
    const std::string wanted(name);
    if (std::find(names.begin(), names.end(), wanted) == names.end()) continue;
    if (!tokenizer->Next()) return false;
    if (tokenizer->token() == JsonToken::kNull) continue;
    value.clear();
    if (!CopyValue(tokenizer, &value)) return false;
    for (size_t i = 0; i < names.size(); ++i) {
      if (names[i] == wanted) (*values)[i] = value;
    }
  }
  return false;
}

Result<ArrayPtr> JsonTuple(const KernelCall& call) {
  const auto& row_type = *call.node.type()->field(0)->type();
  const size_t width = call.args.size() - 1;
  std::vector<ViewWriter> writers;
  for (size_t i = 0; i < width; ++i) {
    writers.emplace_back(call.rows, call.context);
    SLUICE_RETURN_IF_ERROR(writers.back().Allocate());
  }
  std::vector<ColumnReader<Text>> readers;
  for (const ArrayPtr& arg : call.args) readers.emplace_back(*arg);
  JsonTokenizer tokenizer(JsonPathSyntax());
  Names names(width);
  Values values(width);
  for (int64_t row = 0; row < call.rows; ++row) {
    if (row % kRowsUncancelled == 0) SLUICE_RETURN_IF_ERROR(call.context.CheckCancelled());
    values.assign(width, std::nullopt);
    for (size_t i = 0; i < width; ++i) {
      names[i] = call.args[i + 1]->IsNull(row) ? std::nullopt : std::optional<Text>(readers[i + 1][row]);
    }
    const bool found = !call.args[0]->IsNull(row) && ReadMembers(readers[0][row], names, &tokenizer, &values);
    for (size_t i = 0; i < width; ++i) {
      const Status status = found && values[i] ? writers[i].Set(row, *values[i]) : writers[i].SetNull(row);
      if (!status.ok()) return WithRow(status, row);
    }
  }
  arrow::ArrayVector columns;
  for (ViewWriter& writer : writers) {
    SLUICE_ASSIGN(auto column, writer.Finish(StringType()));
    columns.push_back(std::move(column));
  }
  SLUICE_ASSIGN(const auto rows, arrow::StructArray::Make(columns, row_type.fields()));
  SLUICE_ASSIGN(std::shared_ptr<arrow::Buffer> offsets,
                arrow::AllocateBuffer((call.rows + 1) * static_cast<int64_t>(sizeof(int32_t)), PoolOf(call.context)));
  for (int32_t i = 0; i <= call.rows; ++i) reinterpret_cast<int32_t*>(offsets->mutable_data())[i] = i;
  return ListOf(call, nullptr, std::move(offsets), *rows);
}

}  // namespace

ExprPtr MakeJsonTuple(std::vector<ExprPtr> args) {
  arrow::FieldVector fields;
  for (size_t i = 0; i + 1 < args.size(); ++i) fields.push_back(arrow::field(fmt::format("c{}", i), StringType()));
  return std::make_shared<FunctionExpr>(
      FunctionTraits{.name = "json_tuple", .kernel = JsonTuple, .java_text = true, .order = Order::kAll},
      ArrayType(arrow::struct_(std::move(fields)), false), false, std::move(args));
}

}  // namespace sluice
