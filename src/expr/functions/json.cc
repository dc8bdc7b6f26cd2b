// SPDX-License-Identifier: Apache-2.0
// from_json and schema_of_json.
#include <arrow/api.h>
#include <fmt/format.h>

#include <algorithm>

#include "expr/cast.h"
#include "expr/functions/text_arguments.h"
#include "expr/infer_schema.h"
#include "expr/json_reader.h"
#include "expr/map_rows.h"
#include "expr/signature.h"
#include "expr/value_text.h"
#include "types/spark_type.h"

namespace sluice {
namespace {

bool HasOtherKeys(const arrow::DataType& type) {
  if (type.id() == arrow::Type::MAP) {
    const auto& map = static_cast<const arrow::MapType&>(type);
    return !IsStringType(*map.key_type()) || HasOtherKeys(*map.item_type());
  }
  return std::any_of(type.fields().begin(), type.fields().end(),
                     [](const auto& field) { return HasOtherKeys(*field->type()); });
}

struct JsonCall {
  JsonOptions options;
  TypePtr read;  // the type without the field for corrupt records
  int corrupt_field = -1;
};

Result<ArrayPtr> ReadJson(const JsonCall& call, const ArrayPtr& column, const TypePtr& type,
                          const EvalContext& context) {
  SLUICE_ASSIGN(auto formats, ReadDatetimeFormats(call.options.text, context.time_zone, true));
  JsonReader reader(*call.read, call.options, std::move(formats), 4 * context.max_value_bytes);
  SLUICE_ASSIGN(auto records, RecordColumn::Make(type, call.corrupt_field, call.options.mode, PoolOf(context)));
  const ColumnReader<std::string_view> texts(*column);
  for (int64_t row = 0; row < column->length(); ++row) {
    if (row % kRowsUncancelled == 0) SLUICE_RETURN_IF_ERROR(context.CheckCancelled());
    if (column->IsNull(row)) {
      SLUICE_RETURN_IF_ERROR(records.AppendNull());
      continue;
    }
    const RecordOutcome outcome = reader.Read(texts[row]);
    if (reader.too_large() > 0) return WithRow(ValueTooLarge(reader.too_large(), 4 * context.max_value_bytes), row);
    const Status status = records.Append(outcome, reader, texts[row]);
    if (!status.ok()) return WithRow(status, row);
  }
  return records.Finish();
}

Result<ExprPtr> ResolveFromJson(std::vector<ExprPtr> args, const ResolveOptions& options) {
  SLUICE_RETURN_IF_ERROR(CheckCount("from_json", args.size(), 2, 3));
  SLUICE_ASSIGN(const auto text, OptionsArgument(args, 2));
  SLUICE_ASSIGN(auto type, SchemaArgument("from_json", args[1]));
  SLUICE_RETURN_IF_ERROR(CheckJsonType("from_json", *type));
  if (HasOtherKeys(*type)) {
    return UserError(
        "DATATYPE_MISMATCH.INVALID_JSON_MAP_KEY_TYPE",
        fmt::format("The schema {} of from_json can only have STRING as the key type of a MAP.", SparkTypeName(*type)),
        {{"schema", "\"" + SparkTypeName(*type) + "\""}});
  }
  SLUICE_ASSIGN(auto child, StringArgument("from_json", args[0], options.ansi));
  JsonCall call;
  SLUICE_ASSIGN(call.options, ReadJsonOptions(text));
  SLUICE_RETURN_IF_ERROR(CheckMode("from_json", call.options.mode));
  SLUICE_RETURN_IF_ERROR(ReadDatetimeFormats(text, options.time_zone, true).status());
  SLUICE_ASSIGN(call.corrupt_field, FindCorruptField(*type, text));
  call.read = WithoutField(type, call.corrupt_field);
  return std::make_shared<TextFunctionExpr>(
      "from_json", text.Key(), type, std::move(child),
      [call](const ArrayPtr& column, const TypePtr& result, const EvalContext& context) {
        return ReadJson(call, column, result, context);
      });
}

Result<TypePtr> TypeOfJson(const std::string& text, const TextOptions& options) {
  SLUICE_ASSIGN(const auto read, ReadJsonOptions(options));
  return InferJsonType(text, read);
}

Result<ExprPtr> ResolveSchemaOfJson(std::vector<ExprPtr> args, const ResolveOptions& options) {
  return ResolveSchemaOf("schema_of_json", "json", TypeOfJson, std::move(args), options);
}

}  // namespace

void AddJson(FunctionTable* table) {
  table->push_back({"from_json", "from_json(str, schema[, options])",
                    "A struct, array or map of a JSON text; what does not fit is NULL.",
                    "from_json('{\"a\":1}', 'a INT', map('mode', 'FAILFAST'))", "2.2.0", ResolveFromJson});
  table->push_back({"schema_of_json", "schema_of_json(str[, options])", "The type of a constant JSON text, as DDL.",
                    "schema_of_json('[{\"a\":1}]')", "2.4.0", ResolveSchemaOfJson});
}

}  // namespace sluice
