// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <arrow/type_fwd.h>

#include <string>
#include <string_view>

#include "expr/csv_options.h"
#include "types/value_formatter.h"

namespace sluice {

// Writes structs as CSV lines as Spark with univocity-parsers does. One thread at a time.
class CsvWriter {
 public:
  static Result<CsvWriter> Make(const CsvOptions& options, const std::string& session_zone);

  // Appends the struct at `row`, without a line end. False when nothing is to be written: a struct of one NULL.
  Result<bool> Write(const arrow::StructArray& structs, int64_t row, std::string* out);

 private:
  CsvWriter(const CsvOptions& options, DatetimeFormats formats, TimeZone zone);

  Status AppendText(const arrow::Array& array, int64_t row, std::string* out);
  Status AppendNested(const arrow::Array& array, int64_t row, std::string* out);
  void AppendInnerNull(std::string* out) const;
  Status AppendElements(const arrow::Array& array, int64_t begin, int64_t end, std::string* out);
  void AppendField(bool is_first, bool is_null, std::string_view text, std::string* out) const;
  // Whether the text needs quotes; in `*out` it stands escaped as it must be then.
  bool AppendEscaped(bool quote, bool is_first, bool is_constant, std::string_view text, std::string* out) const;
  void AppendQuoted(std::string_view text, std::string* out) const;
  bool NeedsQuotes(std::string_view text) const;
  bool IsTrigger(std::string_view text) const;
  void TrimRight(size_t begin, std::string* out) const;

  CsvOptions options_;
  DatetimeFormats formats_;
  ValueFormatter formatter_;
  std::string null_value_;
  std::string line_separator_;
  std::string text_;
};

}  // namespace sluice
