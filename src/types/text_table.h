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

// Appends a batch's rows, each value as FormatValue prints it (NULL for null). Cells longer than `truncate` characters
// are cut, with "..." when there is room for it, as show() does; 0: never.
Status AppendRows(const arrow::RecordBatch& batch, int truncate, const std::string& time_zone, TextTable* table);

// Spark's frame of + - and |. Cells stand to the right as in show() with truncation, or to the left.
std::string FormatTextTable(const TextTable& table, bool align_right);

// Characters of a UTF-8 text (bytes that are no valid text count one each).
size_t TextWidth(const std::string& text);

}  // namespace sluice
