// SPDX-License-Identifier: Apache-2.0
#include "exec/deadline.h"

#include <fmt/format.h>

#include <utility>

#include "base/spark_error.h"

namespace sluice {

DeadlineOperator::DeadlineOperator(std::unique_ptr<Operator> input, std::chrono::milliseconds timeout)
    : input_(std::move(input)), timeout_(timeout) {
  watch_ = std::thread([this] {
    std::unique_lock lock(mutex_);
    passed_ = !ended_.wait_for(lock, timeout_, [this] { return over_; });
    lock.unlock();
    if (passed_) input_->Cancel();
  });
}

DeadlineOperator::~DeadlineOperator() {
  {
    std::lock_guard lock(mutex_);
    over_ = true;
  }
  ended_.notify_one();
  watch_.join();
}

bool DeadlineOperator::passed() {
  std::lock_guard lock(mutex_);
  return passed_;
}

Result<std::shared_ptr<arrow::RecordBatch>> DeadlineOperator::Next() {
  auto slice = input_->Next();
  if (!passed()) return slice;
  return EnvironmentError(
      "SLUICE_QUERY_TIMEOUT",
      fmt::format("The query took longer than the {} ms of spark.sluice.query.timeout.", timeout_.count()));
}

}  // namespace sluice
