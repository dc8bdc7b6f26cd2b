// SPDX-License-Identifier: Apache-2.0
// from_csv, to_csv and schema_of_csv.
#include <arrow/api.h>
#include <fmt/format.h>

#include "expr/cast.h"
#include "expr/csv_reader.h"
#include "expr/csv_writer.h"
#include "expr/functions/text_arguments.h"
#include "expr/infer_schema.h"
#include "expr/map_rows.h"
#include "expr/signature.h"
#include "types/spark_type.h"

namespace sluice {
namespace {

struct CsvCall {
  CsvOptions options;
  TypePtr read;  // the type without the field for corrupt records
  int corrupt_field = -1;
};

Result<ArrayPtr> ReadCsv(const CsvCall& call, const ArrayPtr& column, const TypePtr& type, const EvalContext& context) {
  SLUICE_ASSIGN(auto formats, ReadDatetimeFormats(call.options.text, context.time_zone, true));
  CsvReader reader(*call.read, call.options, std::move(formats));
  SLUICE_ASSIGN(auto records, RecordColumn::Make(type, call.corrupt_field, call.options.mode, PoolOf(context)));
  const ColumnReader<std::string_view> texts(*column);
  for (int64_t row = 0; row < column->length(); ++row) {
    if (row % kRowsUncancelled == 0) SLUICE_RETURN_IF_ERROR(context.CheckCancelled());
    if (column->IsNull(row)) {
      SLUICE_RETURN_IF_ERROR(records.AppendNull());
      continue;
    }
    const auto outcome = reader.Read(texts[row]);
    if (!outcome.ok()) return WithRow(outcome.status(), row);
    const Status status = records.Append(*outcome, reader, texts[row]);
    if (!status.ok()) return WithRow(status, row);
  }
  return records.Finish();
}

Result<ExprPtr> ResolveFromCsv(std::vector<ExprPtr> args, const ResolveOptions& options) {
  SLUICE_RETURN_IF_ERROR(CheckCount("from_csv", args.size(), 2, 3));
  SLUICE_ASSIGN(const auto text, OptionsArgument(args, 2));
  SLUICE_ASSIGN(auto type, SchemaArgument("from_csv", args[1]));
  if (type->id() != arrow::Type::STRUCT) {
    return UserError("INVALID_SCHEMA.NON_STRUCT_TYPE",
                     fmt::format("The schema of from_csv must be a STRUCT, not {}.", SparkTypeName(*type)));
  }
  for (const auto& field : type->fields()) {
    if (IsCsvType(*field->type())) continue;
    return UserError("UNSUPPORTED_DATATYPE",
                     fmt::format("from_csv cannot read a {} (field {}).", SparkTypeName(*field->type()), field->name()),
                     {{"typeName", "\"" + SparkTypeName(*field->type()) + "\""}});
  }
  SLUICE_ASSIGN(auto child, StringArgument("from_csv", args[0], options.ansi));
  CsvCall call;
  SLUICE_ASSIGN(call.options, ReadCsvOptions(text));
  SLUICE_RETURN_IF_ERROR(CheckMode("from_csv", call.options.mode));
  SLUICE_RETURN_IF_ERROR(ReadDatetimeFormats(text, options.time_zone, true).status());
  SLUICE_ASSIGN(call.corrupt_field, FindCorruptField(*type, text));
  call.read = WithoutField(type, call.corrupt_field);
  return std::make_shared<TextFunctionExpr>(
      "from_csv", text.Key(), type, std::move(child),
      [call](const ArrayPtr& column, const TypePtr& result, const EvalContext& context) {
        return ReadCsv(call, column, result, context);
      });
}

Result<ArrayPtr> WriteCsv(const CsvOptions& options, const ArrayPtr& column, const TypePtr& type,
                          const EvalContext& context) {
  SLUICE_ASSIGN(auto csv, CsvWriter::Make(options, context.time_zone));
  ViewWriter writer(column->length(), context);
  SLUICE_RETURN_IF_ERROR(writer.Allocate());
  SLUICE_RETURN_IF_ERROR(writer.validity().SetFrom({column}));
  std::string text;
  const auto& structs = static_cast<const arrow::StructArray&>(*column);
  for (int64_t row = 0; row < column->length(); ++row) {
    if (row % kRowsUncancelled == 0) SLUICE_RETURN_IF_ERROR(context.CheckCancelled());
    if (writer.validity().IsNull(row)) continue;
    text.clear();
    SLUICE_ASSIGN(const bool written, csv.Write(structs, row, &text));
    const Status set = written ? writer.Set(row, text) : writer.SetNull(row);
    if (!set.ok()) return WithRow(set, row);
  }
  return writer.Finish(type);
}

Result<ExprPtr> ResolveToCsv(std::vector<ExprPtr> args, const ResolveOptions& options) {
  SLUICE_RETURN_IF_ERROR(CheckCount("to_csv", args.size(), 1, 2));
  SLUICE_ASSIGN(const auto text, OptionsArgument(args, 1));
  if (args[0]->type()->id() != arrow::Type::STRUCT) {
    return UserError("DATATYPE_MISMATCH.UNSUPPORTED_INPUT_TYPE",
                     fmt::format("to_csv takes a STRUCT, not a {}.", SparkTypeName(*args[0]->type())));
  }
  SLUICE_ASSIGN(const auto csv, ReadCsvOptions(text));
  SLUICE_RETURN_IF_ERROR(CsvWriter::Make(csv, options.time_zone).status());
  return std::make_shared<TextFunctionExpr>(
      "to_csv", text.Key(), StringType(), std::move(args[0]),
      [csv](const ArrayPtr& column, const TypePtr& result, const EvalContext& context) {
        return WriteCsv(csv, column, result, context);
      });
}

Result<TypePtr> TypeOfCsv(const std::string& text, const TextOptions& options) {
  SLUICE_ASSIGN(const auto read, ReadCsvOptions(options));
  return InferCsvType(text, read);
}

Result<ExprPtr> ResolveSchemaOfCsv(std::vector<ExprPtr> args, const ResolveOptions& options) {
  return ResolveSchemaOf("schema_of_csv", "csv", TypeOfCsv, std::move(args), options);
}

}  // namespace

void AddCsv(FunctionTable* table) {
  table->push_back({"from_csv", "from_csv(str, schema[, options])",
                    "A struct of a CSV line; what does not fit is NULL.",
                    "from_csv('1;0.8', 'a INT, b DOUBLE', map('sep', ';'))", "3.0.0", ResolveFromCsv});
  table->push_back({"to_csv", "to_csv(struct[, options])", "As a CSV line.", "to_csv(named_struct('a', 1, 'b', 2))",
                    "3.0.0", ResolveToCsv});
  table->push_back({"schema_of_csv", "schema_of_csv(str[, options])", "The type of a constant CSV line, as DDL.",
                    "schema_of_csv('1,abc')", "3.0.0", ResolveSchemaOfCsv});
}

}  // namespace sluice
