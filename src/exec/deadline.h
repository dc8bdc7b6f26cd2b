// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <thread>

#include "exec/operator.h"

namespace sluice {

// Passes its input's rows on for so long, from when it is made. Then it cancels the input, from a thread of its own,
// and fails with SLUICE_QUERY_TIMEOUT: a step that gives no rows (a sort, a hash table) ends in time as well.
class DeadlineOperator : public Operator {
 public:
  DeadlineOperator(std::unique_ptr<Operator> input, std::chrono::milliseconds timeout);
  ~DeadlineOperator() override;
  const std::shared_ptr<arrow::Schema>& schema() const override { return input_->schema(); }
  Result<std::shared_ptr<arrow::RecordBatch>> Next() override;
  std::string PlaceOf(int64_t row) const override { return input_->PlaceOf(row); }
  Result<SourceRecord> RecordOf(int64_t row) const override { return input_->RecordOf(row); }
  void Cancel() override { input_->Cancel(); }

 private:
  bool passed();

  const std::unique_ptr<Operator> input_;
  const std::chrono::milliseconds timeout_;
  std::mutex mutex_;
  std::condition_variable ended_;
  bool over_ = false;    // the query needs no watching any more
  bool passed_ = false;  // the time was over first
  std::thread watch_;
};

}  // namespace sluice
