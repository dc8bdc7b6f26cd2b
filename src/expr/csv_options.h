// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "expr/text_options.h"

namespace sluice {

// What becomes of a quote inside a quoted value that is not escaped: "a"b.
enum class UnescapedQuotes { kStopAtClosingQuote, kBackToDelimiter, kStopAtDelimiter, kSkipValue, kRaiseError };

// How fields stand in a line. '\0' means that there is no such character.
struct CsvSyntax {
  std::string separator = ",";
  char quote = '"';
  char escape = '\\';         // before a quote inside a quoted value
  char escape_escape = '\\';  // before an escape that stands for itself
  char comment = '\0';        // a line that begins with it is none
  bool trim_left = false;
  bool trim_right = false;
  std::string null_value;   // what a field without a character is
  std::string empty_value;  // what a quoted field without a character is
  UnescapedQuotes unescaped_quotes = UnescapedQuotes::kStopAtDelimiter;
  int64_t most_columns = 20480;
  int64_t most_characters = -1;  // of a field, in UTF-16 units; -1 means any number
};

// The options of CSV in Spark 4.2, checked. Names that Spark does not know are ignored, as it ignores them.
struct CsvOptions {
  CsvSyntax syntax;
  ParseMode mode = ParseMode::kPermissive;
  TextOptions text;
  std::string nan = "NaN";
  std::string positive_infinity = "Inf";
  std::string negative_infinity = "-Inf";
  bool prefer_date = true;  // of schema_of_csv
  // Of to_csv.
  std::string written_empty_value = "\"\"";
  bool write_trimmed_left = true;
  bool write_trimmed_right = true;
  bool quote_all = false;
  bool escape_quotes = true;
};

Result<CsvOptions> ReadCsvOptions(const TextOptions& options);

}  // namespace sluice
