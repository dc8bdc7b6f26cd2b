// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>

#include "connectors/source.h"
#include "exec/operator.h"
#include "exec/row_isolation.h"

namespace sluice {

// The rows of one task's input. Checks that the reader keeps to `schema`. What the reader cannot read goes to
// `bad_rows`, which may be null when it fails instead.
class ScanOperator : public Operator {
 public:
  ScanOperator(std::shared_ptr<arrow::Schema> schema, std::unique_ptr<SliceReader> reader,
               BadRowSink* bad_rows = nullptr)
      : schema_(std::move(schema)), reader_(std::move(reader)), bad_rows_(bad_rows) {}
  const std::shared_ptr<arrow::Schema>& schema() const override { return schema_; }
  Result<std::shared_ptr<arrow::RecordBatch>> Next() override;
  std::string PlaceOf(int64_t row) const override { return reader_->PlaceOf(row); }
  Result<SourceRecord> RecordOf(int64_t row) const override { return reader_->RecordOf(row); }
  std::optional<int64_t> OriginOf(int64_t row) const override { return row; }
  void Cancel() override { reader_->Cancel(); }

 private:
  Status CheckSlice(const arrow::RecordBatch& slice) const;

  std::shared_ptr<arrow::Schema> schema_;
  std::unique_ptr<SliceReader> reader_;
  BadRowSink* const bad_rows_;
};

}  // namespace sluice
