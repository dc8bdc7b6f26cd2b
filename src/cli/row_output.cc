// SPDX-License-Identifier: Apache-2.0
#include "cli/row_output.h"

#include <arrow/api.h>
#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <optional>
#include <set>
#include <string_view>
#include <vector>

#include "base/spark_error.h"
#include "cli/output_file.h"
#include "cli/row_text.h"
#include "cli/table_output.h"
#include "exec/operator.h"
#include "expr/json_generator.h"
#include "types/text_table.h"

namespace sluice::cli {
namespace {

using PrintRow = std::function<Status(const arrow::RecordBatch& batch, int64_t row)>;

Result<int64_t> ForEachRow(Operator* rows, const std::ostream& out, const PrintRow& print) {
  int64_t count = 0;
  for (;;) {
    SLUICE_ASSIGN(const auto batch, rows->Next());
    if (batch == nullptr) return count;
    for (int64_t row = 0; row < batch->num_rows(); ++row) SLUICE_RETURN_IF_ERROR(print(*batch, row));
    count += batch->num_rows();
    if (!out) return count;  // nobody reads on
  }
}

void PrintCsvField(std::string_view text, std::ostream& out) {
  if (!text.empty() && text.find_first_of(",\"\r\n") == std::string_view::npos) {
    out << text;
    return;
  }
  out << '"';
  for (size_t quote; (quote = text.find('"')) != std::string_view::npos; text.remove_prefix(quote + 1)) {
    out << text.substr(0, quote) << "\"\"";
  }
  out << text << '"';
}

Result<int64_t> PrintCsv(Operator* rows, RowText* text, std::ostream& out) {
  for (int column = 0; column < rows->schema()->num_fields(); ++column) {
    if (column > 0) out << ',';
    PrintCsvField(rows->schema()->field(column)->name(), out);
  }
  out << "\n";
  return ForEachRow(rows, out, [&](const arrow::RecordBatch& batch, int64_t row) -> Status {
    for (int column = 0; column < batch.num_columns(); ++column) {
      if (column > 0) out << ',';
      SLUICE_ASSIGN(const std::optional<std::string> value, text->Plain(*batch.column(column), row));
      if (value) PrintCsvField(*value, out);
    }
    out << "\n";
    return Status::OK();
  });
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

Result<int64_t> PrintJson(Operator* rows, RowText* text, std::ostream& out) {
  SLUICE_RETURN_IF_ERROR(CheckNamesDiffer(*rows->schema()));
  std::vector<std::string> names;
  for (const auto& name : rows->schema()->field_names()) AppendJsonString(name, &names.emplace_back());
  std::string line;
  return ForEachRow(rows, out, [&](const arrow::RecordBatch& batch, int64_t row) -> Status {
    line.clear();
    for (int column = 0; column < batch.num_columns(); ++column) {
      line += column == 0 ? '{' : ',';
      line += names[static_cast<size_t>(column)] + ':';
      SLUICE_RETURN_IF_ERROR(text->AppendJson(*batch.column(column), row, &line));
    }
    out << (line.empty() ? "{" : line) << "}\n";
    return Status::OK();
  });
}

std::string MarkdownCell(const std::string& text) {
  std::string out;
  for (const char c : text) out += c == '|' ? "\\|" : std::string(1, c);
  return out;
}

Result<int64_t> PrintMarkdown(Operator* rows, RowText* text, std::ostream& out) {
  const auto print = [&](const std::vector<std::string>& cells) {
    out << '|';
    for (const std::string& cell : cells) out << ' ' << MarkdownCell(EscapeForTable(cell)) << " |";
    out << "\n";
  };
  const std::vector<std::string> names = rows->schema()->field_names();
  print(names);
  print(std::vector<std::string>(names.size(), "---"));
  return ForEachRow(rows, out, [&](const arrow::RecordBatch& batch, int64_t row) -> Status {
    SLUICE_ASSIGN(const auto cells, text->ShownRow(batch, row));
    print(cells);
    return Status::OK();
  });
}

// A line a value: "name | value".
Result<int64_t> PrintVertical(Operator* rows, const RowStyle& style, RowText* text, std::ostream& out) {
  constexpr size_t kRule = 30;
  std::vector<std::string> names;
  size_t width = 0;
  for (const auto& name : rows->schema()->field_names()) {
    names.push_back(EscapeForTable(name));
    width = std::max(width, TextWidth(names.back()));
  }
  int64_t shown = 0;
  const Result<int64_t> count = ForEachRow(rows, out, [&](const arrow::RecordBatch& batch, int64_t row) -> Status {
    if (style.max_rows > 0 && shown >= style.max_rows) return Status::OK();
    PaintLines(out, Paint::kFaint);
    out << fmt::format("{:-<{}}\n", fmt::format("-RECORD {}", shown++), width + kRule);
    PaintLines(out, Paint::kPlain);
    SLUICE_ASSIGN(const auto cells, text->ShownRow(batch, row));
    for (size_t i = 0; i < cells.size(); ++i) {
      out << ' ' << names[i] << std::string(width - TextWidth(names[i]), ' ') << " | " << EscapeForTable(cells[i])
          << '\n';
    }
    return Status::OK();
  });
  if (count.ok() && *count > shown) out << fmt::format("{} of {} rows; --max-rows 0 shows all.\n", shown, *count);
  return count;
}

}  // namespace

bool ParseOutputFormat(const std::string& text, OutputFormat* format) {
  if (text == "table")
    *format = OutputFormat::kTable;
  else if (text == "vertical")
    *format = OutputFormat::kVertical;
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

Result<int64_t> PrintRows(Operator* rows, const RowStyle& style, const std::string& time_zone, std::ostream& out) {
  SLUICE_ASSIGN(RowText text, RowText::Make(time_zone));
  switch (style.format) {
    case OutputFormat::kVertical:
      return PrintVertical(rows, style, &text, out);
    case OutputFormat::kCsv:
      return PrintCsv(rows, &text, out);
    case OutputFormat::kJson:
      return PrintJson(rows, &text, out);
    case OutputFormat::kMarkdown:
      return PrintMarkdown(rows, &text, out);
    default:
      return PrintTable(rows, style, &text, out);
  }
}

}  // namespace sluice::cli
