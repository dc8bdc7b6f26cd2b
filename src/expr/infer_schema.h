// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <arrow/type_fwd.h>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "expr/csv_options.h"
#include "expr/csv_tokenizer.h"
#include "expr/json_options.h"

namespace sluice {

// The type of a JSON text, as schema_of_json tells it: members in the order of their names, whole numbers as BIGINT,
// NULLs as STRING. MALFORMED_RECORD_IN_PARSING when the text is no JSON.
Result<std::shared_ptr<arrow::DataType>> InferJsonType(std::string_view text, const JsonOptions& options);

// The STRUCT of a CSV line, as schema_of_csv tells it: fields _c0, _c1 and so on. INTERNAL_ERROR, Spark's class for it,
// when there is no record.
Result<std::shared_ptr<arrow::DataType>> InferCsvType(std::string_view line, const CsvOptions& options);

// The columns of a table of JSON records, as spark.read.json finds them: in the order of their names, one for corrupt
// records where there are any. One thread at a time.
class JsonTableInference {
 public:
  static Result<JsonTableInference> Make(const JsonOptions& options, std::string corrupt_column);
  // Fails under FAILFAST for a record that is none. `record` need not be UTF-8.
  Status Add(std::string_view record);
  std::shared_ptr<arrow::Schema> Finish() const;

 private:
  JsonTableInference(const JsonOptions& options, DatetimeFormats formats, std::string corrupt_column);
  std::shared_ptr<arrow::DataType> CorruptRow() const;
  Status AddRoot(std::shared_ptr<arrow::DataType> root);

  JsonOptions options_;
  DatetimeFormats formats_;
  std::string corrupt_column_;
  std::shared_ptr<arrow::DataType> type_;  // so far; NULL's at first
  std::string repaired_;
};

// The types of the columns of a CSV table, as spark.read.csv finds them with inferSchema. One thread at a time.
class CsvTableInference {
 public:
  static Result<CsvTableInference> Make(const CsvOptions& options, size_t columns);
  void Add(const CsvTokenizer& record);
  // Of a column; STRING when none of its fields told anything.
  std::shared_ptr<arrow::DataType> TypeOf(size_t column) const;

 private:
  CsvTableInference(const CsvOptions& options, DatetimeFormats formats, bool dates_are_timestamps, size_t columns);
  std::shared_ptr<arrow::DataType> Merged(const std::shared_ptr<arrow::DataType>& so_far, std::string_view text);

  CsvOptions options_;
  DatetimeFormats formats_;
  bool dates_are_timestamps_;
  std::vector<std::shared_ptr<arrow::DataType>> types_;  // null: nothing is known
};

}  // namespace sluice
