// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <arrow/array.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "connectors/text/record_parser.h"
#include "expr/read_values.h"

namespace sluice {

// The columns that a query asks of files of records, as the STRUCT that their readers make.
struct RecordColumns {
  std::shared_ptr<arrow::DataType> type;  // STRUCT of the columns asked for
  int corrupt_field = -1;                 // in `type`
  std::shared_ptr<arrow::DataType> read;  // without that field
  std::vector<size_t> places;             // of the fields of `read` among the files' columns without the corrupt one
  size_t file_columns = 0;                // of the files, without the corrupt one
};

// UNSUPPORTED_FEATURE.QUERY_ONLY_CORRUPT_RECORD_COLUMN when only the column for corrupt records is asked for.
Result<RecordColumns> ColumnsOfRecords(const TextRead& read, const TextOptions& options, const char* title);

// The rows of a slice as a STRUCT column grows, record by record.
class StructRows {
 public:
  StructRows(RecordColumns columns, ParseMode mode) : columns_(std::move(columns)), mode_(mode) {}
  const RecordColumns& columns() const { return columns_; }
  int64_t rows() const { return rows_; }

  // The record that `reader` has just read: a row, unless it is to be dropped.
  template <typename Reader>
  Status Append(RecordOutcome outcome, const Reader& reader, std::string_view record) {
    const bool bad = outcome == RecordOutcome::kPartial || outcome == RecordOutcome::kMalformed;
    if (bad && mode_ == ParseMode::kDropMalformed) return Status::OK();
    if (!column_) {
      SLUICE_ASSIGN(column_,
                    RecordColumn::Make(columns_.type, columns_.corrupt_field, mode_, arrow::default_memory_pool()));
    }
    SLUICE_RETURN_IF_ERROR(column_->Append(outcome, reader, record));
    ++rows_;
    return Status::OK();
  }

  Result<arrow::ArrayVector> Take() {
    SLUICE_ASSIGN(const auto structs, column_->Finish());
    column_.reset();
    rows_ = 0;
    return static_cast<const arrow::StructArray&>(*structs).fields();
  }

 private:
  const RecordColumns columns_;
  const ParseMode mode_;
  std::optional<RecordColumn> column_;
  int64_t rows_ = 0;
};

}  // namespace sluice
