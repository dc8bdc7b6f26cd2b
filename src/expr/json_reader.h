// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <arrow/type_fwd.h>

#include <deque>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "expr/json_options.h"
#include "expr/read_values.h"

namespace sluice {

// Reads JSON records of one type: a STRUCT, an ARRAY or a MAP with STRING keys. Of a record that is bad in one place it
// keeps what Spark keeps (spark.sql.json.enablePartialResults): a field that does not fit is NULL, the fields behind it
// are read. One thread at a time; nothing is allocated for a record once the first ones have been read.
class JsonReader {
 public:
  // `most_bytes`: of the values of one record while it is read, which may be many times its text.
  JsonReader(const arrow::DataType& type, const JsonOptions& options, DatetimeFormats formats,
             int64_t most_bytes = INT64_MAX);
  ~JsonReader();

  // Reads one text. What stands behind the value is not looked at. `text` need not be UTF-8.
  RecordOutcome Read(std::string_view text);
  // The value of the record just read, when it is good or partial.
  const ReadValue& value() const { return value_; }
  const ReadValues& values() const { return values_; }
  // The bytes that its values would have needed, when they were too many; else 0. The record is malformed then.
  int64_t too_large() const { return too_large_; }
  // What was wrong with it, as a subclass of MALFORMED_RECORD_IN_PARSING.
  std::string_view cause() const { return cause_.empty() ? "WITHOUT_SUGGESTION" : cause_; }

 private:
  // kPartial: a part of the value is bad; it holds the rest. kBad: there is no value.
  enum class Outcome { kGood, kPartial, kBad };
  struct Node;

  RecordOutcome ReadRoot();
  Outcome Convert(const Node& node, ReadValue* out);
  Outcome ConvertObject(const Node& node, ReadValue* out);
  Outcome ConvertArray(const Node& node, ReadValue* out);
  Outcome ConvertMap(const Node& node, ReadValue* out);
  Outcome ConvertScalar(const Node& node, ReadValue* out);
  Outcome ConvertNumber(const Node& node, ReadValue* out);
  Outcome ConvertWord(std::string_view text, ReadValue* out);
  Outcome ConvertText(const Node& node, std::string_view text, ReadValue* out);
  Outcome ConvertToString(ReadValue* out);
  // False when the values read so far are too large.
  bool HasRoom();
  // Puts what was pushed since `begin` side by side into values_.
  void TakePending(size_t begin, ReadValue* out);
  std::string_view Keep(std::string_view text);

  std::unique_ptr<Node> root_;
  DatetimeFormats formats_;
  bool words_ = true;           // "NaN" and its like are numbers
  bool exact_strings_ = false;  // as of JsonOptions
  int64_t most_bytes_;
  int64_t too_large_ = 0;
  JsonTokenizer tokenizer_;
  ReadValue value_;
  ReadValues values_;
  std::vector<ReadValue> pending_;  // elements of the arrays and maps being read
  std::deque<std::string> kept_;    // texts made here; kept for the next record
  size_t kept_used_ = 0;
  std::string repaired_;
  std::string copied_;
  std::string_view cause_;
};

}  // namespace sluice
