// SPDX-License-Identifier: Apache-2.0
#include "types/text_table.h"

#include <arrow/record_batch.h>

#include <algorithm>

#include "types/spark_type.h"

namespace sluice {
namespace {

constexpr size_t kLeastWidth = 3;

bool IsContinuation(char c) {
  return (static_cast<unsigned char>(c) & 0xC0) == 0x80;
}

std::string Prefix(const std::string& text, size_t characters) {
  size_t at = 0;
  for (size_t seen = 0; at < text.size(); ++at) {
    if (!IsContinuation(text[at]) && seen++ == characters) break;
  }
  return text.substr(0, at);
}

std::string Cut(const std::string& text, int truncate) {
  const auto limit = static_cast<size_t>(truncate);
  if (truncate <= 0 || TextWidth(text) <= limit) return text;
  return truncate < 4 ? Prefix(text, limit) : Prefix(text, limit - 3) + "...";
}

// Line breaks inside a cell would tear the frame.
std::string OneLine(const std::string& text) {
  std::string out;
  for (const char c : text) {
    if (c == '\n') {
      out += "\\n";
    } else if (c == '\r') {
      out += "\\r";
    } else if (c == '\t') {
      out += "\\t";
    } else {
      out += c;
    }
  }
  return out;
}

void AppendCells(const std::vector<std::string>& cells, const std::vector<size_t>& widths, bool align_right,
                 std::string* out) {
  *out += '|';
  for (size_t i = 0; i < cells.size(); ++i) {
    const std::string padding(widths[i] - TextWidth(cells[i]), ' ');
    *out += align_right ? padding + cells[i] : cells[i] + padding;
    *out += '|';
  }
  *out += '\n';
}

}  // namespace

size_t TextWidth(const std::string& text) {
  return static_cast<size_t>(std::count_if(text.begin(), text.end(), [](char c) { return !IsContinuation(c); }));
}

Status AppendRows(const arrow::RecordBatch& batch, int truncate, const std::string& time_zone, TextTable* table) {
  for (int64_t row = 0; row < batch.num_rows(); ++row) {
    std::vector<std::string> cells;
    for (int column = 0; column < batch.num_columns(); ++column) {
      if (batch.column(column)->IsNull(row)) {
        cells.emplace_back("NULL");
        continue;
      }
      SLUICE_ASSIGN(const std::string text, FormatValue(*batch.column(column), row, time_zone));
      cells.push_back(Cut(OneLine(text), truncate));
    }
    table->rows.push_back(std::move(cells));
  }
  return Status::OK();
}

std::string FormatTextTable(const TextTable& table, bool align_right) {
  std::vector<size_t> widths;
  for (size_t i = 0; i < table.names.size(); ++i) {
    size_t width = std::max(kLeastWidth, TextWidth(table.names[i]));
    for (const auto& row : table.rows) width = std::max(width, TextWidth(row[i]));
    widths.push_back(width);
  }
  std::string line = "+";
  for (const size_t width : widths) line += std::string(width, '-') + "+";
  line += '\n';
  std::string out = line;
  AppendCells(table.names, widths, align_right, &out);
  out += line;
  for (const auto& row : table.rows) AppendCells(row, widths, align_right, &out);
  return out + line;
}

}  // namespace sluice
