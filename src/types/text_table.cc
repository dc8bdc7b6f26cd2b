// SPDX-License-Identifier: Apache-2.0
#include "types/text_table.h"

#include <arrow/record_batch.h>

#include <algorithm>
#include <iterator>
#include <string_view>
#include <utility>

#include "types/spark_type.h"

namespace sluice {
namespace {

constexpr size_t kDots = 3;

bool IsContinuation(char c) {
  return (static_cast<unsigned char>(c) & 0xC0) == 0x80;
}

// Bytes of the character at `at`, with the continuation bytes behind it.
size_t CharacterBytes(std::string_view text, size_t at) {
  size_t end = at + 1;
  while (end < text.size() && IsContinuation(text[end])) ++end;
  return end - at;
}

// Columns of one character, whose bytes these are.
size_t CharacterWidth(std::string_view bytes) {
  if (bytes.size() == 4) return 2;
  if (bytes.size() != 3) return 1;
  const auto bits = [&](size_t i, int mask) { return static_cast<unsigned>(bytes[i]) & static_cast<unsigned>(mask); };
  const unsigned point = bits(0, 0x0F) << 12 | bits(1, 0x3F) << 6 | bits(2, 0x3F);
  constexpr std::pair<unsigned, unsigned> kWide[] = {{0x1100, 0x115F}, {0x2E80, 0xA4CF}, {0xAC00, 0xD7A3},
                                                     {0xF900, 0xFAFF}, {0xFE30, 0xFE6F}, {0xFF00, 0xFF60},
                                                     {0xFFE0, 0xFFE6}};
  const auto holds = [&](const auto& range) { return range.first <= point && point <= range.second; };
  return std::any_of(std::begin(kWide), std::end(kWide), holds) ? 2 : 1;
}

// Lengths as Java's strings have them: two for a character beyond the basic plane.
size_t UnitsOf(size_t bytes) {
  return bytes == 4 ? 2 : 1;
}

size_t CountUnits(const std::string& text) {
  size_t units = 0;
  for (size_t at = 0; at < text.size();) {
    const size_t bytes = CharacterBytes(text, at);
    units += UnitsOf(bytes);
    at += bytes;
  }
  return units;
}

std::string Prefix(const std::string& text, size_t units) {
  size_t at = 0;
  for (size_t seen = 0; at < text.size();) {
    const size_t bytes = CharacterBytes(text, at);
    seen += UnitsOf(bytes);
    if (seen > units) break;
    at += bytes;
  }
  return text.substr(0, at);
}

std::string Cut(const std::string& text, int truncate) {
  const auto limit = static_cast<size_t>(truncate);
  if (truncate <= 0 || CountUnits(text) <= limit) return text;
  return truncate < 4 ? Prefix(text, limit) : Prefix(text, limit - kDots) + "...";
}

// The first characters of a text that take no more columns than this, with dots for the rest.
std::string CutToWidth(const std::string& text, size_t width) {
  const size_t room = width > kDots ? width - kDots : width;
  size_t at = 0;
  for (size_t used = 0; at < text.size();) {
    const size_t bytes = CharacterBytes(text, at);
    used += CharacterWidth(std::string_view(text).substr(at, bytes));
    if (used > room) break;
    at += bytes;
  }
  return text.substr(0, at) + (width > kDots ? "..." : "");
}

}  // namespace

size_t TextWidth(const std::string& text) {
  size_t width = 0;
  for (size_t at = 0; at < text.size();) {
    const size_t bytes = CharacterBytes(text, at);
    width += CharacterWidth(std::string_view(text).substr(at, bytes));
    at += bytes;
  }
  return width;
}

std::string EscapeForTable(const std::string& text) {
  constexpr std::string_view kEscaped = "\n\r\t\f\b\v\a";
  constexpr std::string_view kLetters = "nrtfbva";
  std::string out;
  for (const char c : text) {
    const size_t at = kEscaped.find(c);
    if (at == std::string_view::npos) {
      out += c;
    } else {
      out += '\\';
      out += kLetters[at];
    }
  }
  return out;
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
      cells.push_back(Cut(EscapeForTable(text), truncate));
    }
    table->rows.push_back(std::move(cells));
  }
  return Status::OK();
}

void Widen(const std::vector<std::string>& cells, std::vector<TableColumn>* columns) {
  for (size_t i = 0; i < cells.size(); ++i) (*columns)[i].width = std::max((*columns)[i].width, TextWidth(cells[i]));
}

void AppendRule(const std::vector<TableColumn>& columns, std::string* out) {
  *out += '+';
  for (const TableColumn& column : columns) *out += std::string(column.width, '-') + '+';
  *out += '\n';
}

void AppendCells(const std::vector<std::string>& cells, const std::vector<TableColumn>& columns, std::string* out) {
  *out += '|';
  for (size_t i = 0; i < columns.size(); ++i) {
    std::string cut;
    const std::string* cell = &cells[i];
    if (TextWidth(*cell) > columns[i].width) {
      cut = CutToWidth(*cell, columns[i].width);
      cell = &cut;
    }
    const std::string padding(columns[i].width - TextWidth(*cell), ' ');
    *out += columns[i].right ? padding + *cell : *cell + padding;
    *out += '|';
  }
  *out += '\n';
}

std::string FormatTextTable(const TextTable& table, bool align_right) {
  std::vector<std::string> names;
  for (const std::string& name : table.names) names.push_back(EscapeForTable(name));
  std::vector<TableColumn> columns(names.size());
  for (TableColumn& column : columns) column.right = align_right;
  Widen(names, &columns);
  for (const auto& row : table.rows) Widen(row, &columns);
  std::string out;
  AppendRule(columns, &out);
  AppendCells(names, columns, &out);
  AppendRule(columns, &out);
  for (const auto& row : table.rows) AppendCells(row, columns, &out);
  AppendRule(columns, &out);
  return out;
}

}  // namespace sluice
