// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "connectors/registry.h"

namespace sluice {

// Reads some inputs of a source one after the other, each opened when its turn comes.
class ChainedReader : public SliceReader {
 public:
  // `wanted` may be null: all rows.
  ChainedReader(std::shared_ptr<BatchSource> source, std::vector<InputPartition> inputs, std::vector<int> columns,
                std::shared_ptr<const RowsWanted> wanted)
      : source_(std::move(source)),
        inputs_(std::move(inputs)),
        columns_(std::move(columns)),
        wanted_(std::move(wanted)) {}
  Result<std::shared_ptr<arrow::RecordBatch>> Next() override;
  std::string PlaceOf(int64_t row) const override { return current_ ? current_->PlaceOf(row) : std::string(); }
  void Cancel() override;

 private:
  Status OpenNext();

  const std::shared_ptr<BatchSource> source_;
  const std::vector<InputPartition> inputs_;
  const std::vector<int> columns_;
  const std::shared_ptr<const RowsWanted> wanted_;
  size_t next_ = 0;
  std::mutex mutex_;  // of current_ and cancelled_, against Cancel
  std::unique_ptr<SliceReader> current_;
  bool cancelled_ = false;
};

}  // namespace sluice
