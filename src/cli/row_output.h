// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <ostream>
#include <string>

#include "base/status.h"

namespace sluice {
class Operator;
}

namespace sluice::cli {

enum class OutputFormat { kTable, kVertical, kCsv, kJson, kMarkdown };
bool ParseOutputFormat(const std::string& text, OutputFormat* format);
inline constexpr char kOutputFormats[] = "table, vertical, csv, json or markdown";

// How rows are printed.
struct RowStyle {
  OutputFormat format = OutputFormat::kTable;
  bool types = false;    // of tables: a line with the type of each column
  int64_t max_rows = 0;  // of tables and vertical output: the rows shown; all are counted. 0: all
  size_t columns = 0;    // of tables: the width to fit into; 0: any
};

// Pulls all rows, prints them and says how many there were: CSV with a header line (RFC 4180 quoting; NULL is an empty
// field, an empty string
// ""), JSON as a line an object (null kept), tables and markdown as text. In CSV and JSON arrays, structs and maps are
// what to_json makes of them, binaries base64. What is held does not grow with the number of rows: those of a table
// that do not fit into some MiB wait in the temporary folder until its widths are known.
Result<int64_t> PrintRows(Operator* rows, const RowStyle& style, const std::string& time_zone, std::ostream& out);

}  // namespace sluice::cli
