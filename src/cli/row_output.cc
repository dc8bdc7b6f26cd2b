// SPDX-License-Identifier: Apache-2.0
#include "cli/row_output.h"

#include <arrow/api.h>
#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <set>

#include "base/spark_error.h"
#include "exec/operator.h"
#include "types/spark_type.h"
#include "types/text_table.h"

namespace sluice::cli {
namespace {

std::string CsvField(const std::string& text) {
  if (!text.empty() && text.find_first_of(",\"\r\n") == std::string::npos) return text;
  std::string quoted = "\"";
  for (const char c : text) quoted += c == '"' ? "\"\"" : std::string(1, c);
  return quoted + "\"";
}

Status PrintCsv(Operator* rows, const std::string& time_zone, std::ostream& out) {
  std::string line;
  for (const auto& name : rows->schema()->field_names()) line += (line.empty() ? "" : ",") + CsvField(name);
  out << line << "\n";
  for (;;) {
    SLUICE_ASSIGN(const auto batch, rows->Next());
    if (batch == nullptr) return Status::OK();
    for (int64_t row = 0; row < batch->num_rows(); ++row) {
      for (int column = 0; column < batch->num_columns(); ++column) {
        if (column > 0) out << ',';
        if (batch->column(column)->IsNull(row)) continue;
        SLUICE_ASSIGN(const std::string text, FormatValue(*batch->column(column), row, time_zone));
        out << CsvField(text);
      }
      out << "\n";
    }
  }
}

// Numbers and booleans keep their kind; everything else is a string as Spark prints it.
Result<nlohmann::ordered_json> JsonValue(const arrow::Array& array, int64_t row, const std::string& time_zone) {
  if (array.IsNull(row)) return nullptr;
  SLUICE_ASSIGN(const std::string text, FormatValue(array, row, time_zone));
  switch (array.type_id()) {
    case arrow::Type::BOOL:
    case arrow::Type::INT8:
    case arrow::Type::INT16:
    case arrow::Type::INT32:
    case arrow::Type::INT64:
    case arrow::Type::DOUBLE:
    case arrow::Type::FLOAT: {
      auto parsed = nlohmann::ordered_json::parse(text, nullptr, false);
      if (!parsed.is_discarded()) return parsed;
      break;
    }
    default:
      break;
  }
  return text;
}

// A name can stand in an object once only: of two columns with one name, one would be lost.
Status CheckNamesDiffer(const arrow::Schema& schema) {
  std::set<std::string> names;
  for (const auto& field : schema.fields()) {
    if (names.insert(field->name()).second) continue;
    return UserError("COLUMN_ALREADY_EXISTS",
                     fmt::format("Two columns are called `{}`, and a JSON object has each name once. Give one another "
                                 "name with AS.",
                                 field->name()),
                     {{"columnName", "`" + field->name() + "`"}});
  }
  return Status::OK();
}

Status PrintJson(Operator* rows, const std::string& time_zone, std::ostream& out) {
  SLUICE_RETURN_IF_ERROR(CheckNamesDiffer(*rows->schema()));
  for (;;) {
    SLUICE_ASSIGN(const auto batch, rows->Next());
    if (batch == nullptr) return Status::OK();
    for (int64_t row = 0; row < batch->num_rows(); ++row) {
      nlohmann::ordered_json object = nlohmann::ordered_json::object();
      for (int column = 0; column < batch->num_columns(); ++column) {
        SLUICE_ASSIGN(object[batch->schema()->field(column)->name()],
                      JsonValue(*batch->column(column), row, time_zone));
      }
      out << object.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace) << "\n";
    }
  }
}

std::string MarkdownCell(const std::string& text) {
  std::string out;
  for (const char c : text) out += c == '|' ? "\\|" : std::string(1, c);
  return out;
}

void PrintMarkdown(const TextTable& table, std::ostream& out) {
  const auto print = [&](const std::vector<std::string>& cells) {
    out << '|';
    for (const std::string& cell : cells) out << ' ' << MarkdownCell(cell) << " |";
    out << "\n";
  };
  print(table.names);
  print(std::vector<std::string>(table.names.size(), "---"));
  for (const auto& row : table.rows) print(row);
}

}  // namespace

bool ParseOutputFormat(const std::string& text, OutputFormat* format) {
  if (text == "table")
    *format = OutputFormat::kTable;
  else if (text == "csv")
    *format = OutputFormat::kCsv;
  else if (text == "json")
    *format = OutputFormat::kJson;
  else if (text == "markdown")
    *format = OutputFormat::kMarkdown;
  else
    return false;
  return true;
}

Status PrintRows(Operator* rows, OutputFormat format, const std::string& time_zone, std::ostream& out) {
  if (format == OutputFormat::kCsv) return PrintCsv(rows, time_zone, out);
  if (format == OutputFormat::kJson) return PrintJson(rows, time_zone, out);
  TextTable table;
  table.names = rows->schema()->field_names();
  for (;;) {
    SLUICE_ASSIGN(const auto batch, rows->Next());
    if (batch == nullptr) break;
    SLUICE_RETURN_IF_ERROR(AppendRows(*batch, 0, time_zone, &table));
  }
  if (format == OutputFormat::kMarkdown) {
    PrintMarkdown(table, out);
  } else {
    out << FormatTextTable(table, false);
  }
  return Status::OK();
}

}  // namespace sluice::cli
