// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <arrow/type_fwd.h>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "expr/csv_tokenizer.h"
#include "expr/read_values.h"

namespace sluice {

// Where the fields of a STRUCT stand in a record.
struct CsvFields {
  std::vector<size_t> places;      // by field of the STRUCT
  std::optional<size_t> expected;  // fields of a whole record; none: any number will do
};

// Reads CSV records of a STRUCT of plain types. A field that does not fit is NULL, and the record partial; so is one
// with another number of fields. One thread at a time.
class CsvReader {
 public:
  // The STRUCT's fields are all fields of a record.
  CsvReader(const arrow::DataType& type, const CsvOptions& options, DatetimeFormats formats);
  CsvReader(const arrow::DataType& type, CsvFields fields, const CsvOptions& options, DatetimeFormats formats);

  // MALFORMED_CSV_RECORD as CsvTokenizer's. `line` need not be UTF-8.
  Result<RecordOutcome> Read(std::string_view line);
  // The value of the record just read, when it is good or partial.
  const ReadValue& value() const { return value_; }
  const ReadValues& values() const { return values_; }
  // What was wrong with it, as a subclass of MALFORMED_RECORD_IN_PARSING.
  static std::string_view cause() { return "WITHOUT_SUGGESTION"; }

 private:
  bool Convert(const arrow::DataType& type, std::string_view text, ReadValue* out);
  bool ConvertFloating(bool single, std::string_view text, ReadValue* out) const;

  std::vector<const arrow::DataType*> types_;
  CsvFields fields_;
  CsvOptions options_;
  DatetimeFormats formats_;
  CsvTokenizer tokenizer_;
  ReadValue value_;
  ReadValues values_;
  std::string repaired_;
};

// Whether Spark's CSV has the type: no arrays, maps and structs.
bool IsCsvType(const arrow::DataType& type);

}  // namespace sluice
