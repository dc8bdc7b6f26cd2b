// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <ostream>
#include <string>

#include "base/status.h"

namespace sluice {
class Operator;
}

namespace sluice::cli {

enum class OutputFormat { kTable, kCsv, kJson, kMarkdown };
bool ParseOutputFormat(const std::string& text, OutputFormat* format);

// Pulls all rows and prints them: CSV with a header line (RFC 4180 quoting; NULL is an empty field, an empty string
// ""), JSON as a line an object (null kept), tables and markdown as text.
Status PrintRows(Operator* rows, OutputFormat format, const std::string& time_zone, std::ostream& out);

}  // namespace sluice::cli
