// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <arrow/type_fwd.h>

#include <string>
#include <vector>

#include "base/status.h"

namespace sluice {

// Rows as text, for show(), the console sink and the command line.
struct TextTable {
  std::vector<std::string> names;
  std::vector<std::vector<std::string>> rows;
};

// Appends a batch's rows, each value as FormatValue prints it (NULL for null). Cells longer than `truncate` UTF-16
// units are cut, with "..." when there is room for it, as show() does; 0: never.
Status AppendRows(const arrow::RecordBatch& batch, int truncate, const std::string& time_zone, TextTable* table);

// Spark's frame of + - and |. Cells stand to the right as in show() with truncation, or to the left.
std::string FormatTextTable(const TextTable& table, bool align_right);

// The frame line by line, for who cannot hold all rows.
struct TableColumn {
  size_t width = 3;  // the least
  bool right = false;
};
// Widens the columns to what these cells need.
void Widen(const std::vector<std::string>& cells, std::vector<TableColumn>* columns);
void AppendRule(const std::vector<TableColumn>& columns, std::string* out);
// Cells that are wider than their column are cut to it, with "..." at the end.
void AppendCells(const std::vector<std::string>& cells, const std::vector<TableColumn>& columns, std::string* out);

// Columns that a UTF-8 text takes, counted as Spark counts them: two for a character of East Asia and for one beyond
// the basic plane (bytes that are no valid text count one each).
size_t TextWidth(const std::string& text);
// Line breaks and other characters that would tear the frame as \n, \t and so on.
std::string EscapeForTable(const std::string& text);

}  // namespace sluice
