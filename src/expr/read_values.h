// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <arrow/api.h>

#include <memory>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "expr/text_options.h"

namespace sluice {

// A value that a reader took from a record, of a type that the reader knows. Children stand in ReadValues.
struct ReadValue {
  enum Kind : uint8_t { kNull, kSet };
  Kind kind = kNull;
  uint32_t size = 0;    // children: fields of a struct, elements of a list, keys and items of a map in turn
  size_t first = 0;     // the first child's index
  int64_t integer = 0;  // BOOLEAN, whole numbers, DATE, timestamps
  double real = 0;      // FLOAT and DOUBLE
  arrow::Decimal128 decimal;
  std::string_view text;  // STRING and BINARY; lives as long as the record
};

// The values of one record, reused from record to record. Indexes stay good while values are added, references do not.
class ReadValues {
 public:
  void Clear() { values_.clear(); }
  ReadValue& operator[](size_t index) { return values_[index]; }
  const ReadValue& operator[](size_t index) const { return values_[index]; }
  size_t size() const { return values_.size(); }
  // `count` NULLs side by side; the index of the first one.
  size_t Add(size_t count) {
    values_.resize(values_.size() + count);
    return values_.size() - count;
  }

 private:
  std::vector<ReadValue> values_;
};

// Appends read values to a column of the engine's types.
class ReadColumn {
 public:
  static Result<std::unique_ptr<ReadColumn>> Make(const std::shared_ptr<arrow::DataType>& type,
                                                  arrow::MemoryPool* pool);
  Status Append(const ReadValue& value, const ReadValues& values);
  Status AppendNull() { return builder_->AppendNull(); }
  arrow::ArrayBuilder* builder() { return builder_; }
  ReadColumn* child(size_t index) { return children_[index].get(); }
  Result<std::shared_ptr<arrow::Array>> Finish() { return builder_->Finish(); }

 private:
  ReadColumn(const arrow::DataType& type, arrow::ArrayBuilder* builder);

  arrow::Type::type id_;
  arrow::ArrayBuilder* builder_;
  std::unique_ptr<arrow::ArrayBuilder> owned_;  // at the root
  std::vector<std::unique_ptr<ReadColumn>> children_;
};

// What became of a record.
enum class RecordOutcome {
  kAbsent,  // there is none: a text of blanks
  kGood,
  kPartial,    // a part of it could not be read; the rest could
  kMalformed,  // nothing could be read
};

// Makes a column of records: puts the text of those that are not good into the field for corrupt records, if the type
// has one, and fails under FAILFAST.
class RecordColumn {
 public:
  // `corrupt_field`: index in the STRUCT `type`, or -1. The readers know the type without it.
  static Result<RecordColumn> Make(const std::shared_ptr<arrow::DataType>& type, int corrupt_field, ParseMode mode,
                                   arrow::MemoryPool* pool);
  Status AppendNull() { return column_->AppendNull(); }
  // Appends the record that `reader` has just read.
  template <typename Reader>
  Status Append(RecordOutcome outcome, const Reader& reader, std::string_view record) {
    if (IsBad(outcome) && mode_ == ParseMode::kFailFast) return Malformed(reader.cause(), record);
    return AppendValue(outcome, reader.value(), reader.values(), record);
  }
  Result<std::shared_ptr<arrow::Array>> Finish() { return column_->Finish(); }

 private:
  static bool IsBad(RecordOutcome outcome) {
    return outcome == RecordOutcome::kPartial || outcome == RecordOutcome::kMalformed;
  }
  static Status Malformed(std::string_view cause, std::string_view record);
  Status AppendValue(RecordOutcome outcome, const ReadValue& value, const ReadValues& values, std::string_view record);

  std::unique_ptr<ReadColumn> column_;
  std::shared_ptr<arrow::DataType> type_;
  int corrupt_field_ = -1;
  ParseMode mode_ = ParseMode::kPermissive;
};

// The index of the field for corrupt records in a STRUCT, or -1; it must be a STRING.
Result<int> FindCorruptField(const arrow::DataType& type, const TextOptions& options);
// A STRUCT without one of its fields; the type itself for -1.
std::shared_ptr<arrow::DataType> WithoutField(const std::shared_ptr<arrow::DataType>& type, int field);

}  // namespace sluice
