// SPDX-License-Identifier: Apache-2.0
#include <arrow/api.h>

#include "expr/cast.h"
#include "expr/functions/text_arguments.h"
#include "expr/json_writer.h"
#include "expr/map_rows.h"
#include "expr/signature.h"
#include "types/spark_type.h"

namespace sluice {
namespace {

Result<ArrayPtr> WriteJson(const JsonOptions& options, const ArrayPtr& column, const TypePtr& type,
                           const EvalContext& context) {
  SLUICE_ASSIGN(auto json, JsonWriter::Make(options, context.time_zone));
  ViewWriter writer(column->length(), context);
  SLUICE_RETURN_IF_ERROR(writer.Allocate());
  SLUICE_RETURN_IF_ERROR(writer.validity().SetFrom({column}));
  std::string text;
  for (int64_t row = 0; row < column->length(); ++row) {
    if (row % kRowsUncancelled == 0) SLUICE_RETURN_IF_ERROR(context.CheckCancelled());
    if (writer.validity().IsNull(row)) continue;
    text.clear();
    SLUICE_RETURN_IF_ERROR(json.Write(*column, row, &text));
    const Status set = writer.Set(row, text);
    if (!set.ok()) return WithRow(set, row);
  }
  return writer.Finish(type);
}

Result<ExprPtr> ResolveToJson(std::vector<ExprPtr> args, const ResolveOptions& options) {
  SLUICE_RETURN_IF_ERROR(CheckCount("to_json", args.size(), 1, 2));
  SLUICE_ASSIGN(const auto text, OptionsArgument(args, 1));
  SLUICE_RETURN_IF_ERROR(CheckJsonType("to_json", *args[0]->type()));
  SLUICE_ASSIGN(const auto json, ReadJsonOptions(text));
  SLUICE_RETURN_IF_ERROR(JsonWriter::Make(json, options.time_zone).status());
  return std::make_shared<TextFunctionExpr>(
      "to_json", text.Key(), StringType(), std::move(args[0]),
      [json](const ArrayPtr& column, const TypePtr& result, const EvalContext& context) {
        return WriteJson(json, column, result, context);
      });
}

}  // namespace

void AddToJson(FunctionTable* table) {
  table->push_back({"to_json", "to_json(struct, array or map[, options])", "As JSON; NULL fields are left out.",
                    "to_json(named_struct('a', 1))", "2.2.0", ResolveToJson});
}

}  // namespace sluice
