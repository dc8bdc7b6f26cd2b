// SPDX-License-Identifier: Apache-2.0
#include "expr/csv_options.h"

#include <fmt/format.h>

#include <array>

#include "base/spark_error.h"

namespace sluice {
namespace {

Status BadSeparator(const std::string& separator, std::string_view why) {
  return UserError("INVALID_DELIMITER_VALUE.UNSUPPORTED_SPECIAL_CHARACTER",
                   fmt::format("The separator '{}' cannot be used: {}.", separator, why),
                   {{"str", "'" + separator + "'"}});
}

// Reads \t, \\ and their like, as Spark does.
Result<std::string> ReadSeparator(const std::string& text) {
  constexpr std::string_view kLetters = "trbf\"'\\";
  constexpr std::string_view kMeanings = "\t\r\b\f\"'\\";
  if (text.empty()) return UserError("INVALID_DELIMITER_VALUE.EMPTY_STRING", "The separator of CSV is empty.");
  std::string separator;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '\\') {
      separator += text[i];
      continue;
    }
    if (++i == text.size()) {
      return UserError("INVALID_DELIMITER_VALUE.SINGLE_BACKSLASH",
                       "A single backslash begins an escape; write two for a separator that is one.");
    }
    const size_t letter = kLetters.find(text[i]);
    if (letter == std::string_view::npos) return BadSeparator(text, "there is no such escape");
    separator += kMeanings[letter];
  }
  return separator;
}

Result<UnescapedQuotes> ReadUnescapedQuotes(const TextOptions& options) {
  const auto value = options.Find("unescapedQuoteHandling");
  if (!value) return UnescapedQuotes::kStopAtDelimiter;
  constexpr std::array<std::string_view, 5> kWords = {"STOP_AT_CLOSING_QUOTE", "BACK_TO_DELIMITER", "STOP_AT_DELIMITER",
                                                      "SKIP_VALUE", "RAISE_ERROR"};
  std::string word = *value;
  for (char& c : word) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  for (size_t i = 0; i < kWords.size(); ++i) {
    if (word == kWords[i]) return static_cast<UnescapedQuotes>(i);
  }
  return UserError("SLUICE_INVALID_OPTION", fmt::format("The option unescapedQuoteHandling is '{}'; it takes "
                                                        "STOP_AT_CLOSING_QUOTE, BACK_TO_DELIMITER, STOP_AT_DELIMITER, "
                                                        "SKIP_VALUE or RAISE_ERROR.",
                                                        *value));
}

Status ReadSyntax(const TextOptions& options, CsvSyntax* syntax) {
  SLUICE_ASSIGN(syntax->separator,
                ReadSeparator(options.Find("sep").value_or(options.Find("delimiter").value_or(","))));
  SLUICE_ASSIGN(syntax->quote, options.Character("quote", syntax->quote));
  SLUICE_ASSIGN(syntax->escape, options.Character("escape", syntax->escape));
  SLUICE_ASSIGN(syntax->comment, options.Character("comment", syntax->comment));
  const char escape_escape = syntax->quote == syntax->escape ? '\0' : syntax->escape;
  SLUICE_ASSIGN(syntax->escape_escape, options.Character("charToEscapeQuoteEscaping", escape_escape));
  SLUICE_ASSIGN(syntax->trim_left, options.Bool("ignoreLeadingWhiteSpace", false));
  SLUICE_ASSIGN(syntax->trim_right, options.Bool("ignoreTrailingWhiteSpace", false));
  SLUICE_ASSIGN(syntax->unescaped_quotes, ReadUnescapedQuotes(options));
  SLUICE_ASSIGN(syntax->most_columns, options.Int("maxColumns", syntax->most_columns));
  SLUICE_ASSIGN(syntax->most_characters, options.Int("maxCharsPerColumn", syntax->most_characters));
  syntax->null_value = options.Find("nullValue").value_or("");
  syntax->empty_value = options.Find("emptyValue").value_or("");
  return Status::OK();
}

}  // namespace

Result<CsvOptions> ReadCsvOptions(const TextOptions& options) {
  CsvOptions csv;
  csv.text = options;
  csv.mode = ReadParseMode(options);
  SLUICE_RETURN_IF_ERROR(CheckLocale(options));
  SLUICE_RETURN_IF_ERROR(ReadSyntax(options, &csv.syntax));
  csv.nan = options.Find("nanValue").value_or(csv.nan);
  csv.positive_infinity = options.Find("positiveInf").value_or(csv.positive_infinity);
  csv.negative_infinity = options.Find("negativeInf").value_or(csv.negative_infinity);
  csv.written_empty_value = options.Find("emptyValue").value_or(csv.written_empty_value);
  SLUICE_ASSIGN(csv.prefer_date, options.Bool("preferDate", csv.prefer_date));
  SLUICE_ASSIGN(csv.write_trimmed_left, options.Bool("ignoreLeadingWhiteSpace", csv.write_trimmed_left));
  SLUICE_ASSIGN(csv.write_trimmed_right, options.Bool("ignoreTrailingWhiteSpace", csv.write_trimmed_right));
  SLUICE_ASSIGN(csv.quote_all, options.Bool("quoteAll", csv.quote_all));
  SLUICE_ASSIGN(csv.escape_quotes, options.Bool("escapeQuotes", csv.escape_quotes));
  // Known, and without a meaning for one line in a column; their values are checked all the same.
  for (const char* name : {"header", "inferSchema", "multiLine", "enforceSchema"})
    SLUICE_RETURN_IF_ERROR(options.Bool(name, false).status());
  SLUICE_RETURN_IF_ERROR(options.Int("inputBufferSize", 0).status());
  return csv;
}

}  // namespace sluice
