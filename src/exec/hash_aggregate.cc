// SPDX-License-Identifier: Apache-2.0
#include "exec/hash_aggregate.h"

#include <algorithm>
#include <map>
#include <mutex>
#include <set>
#include <utility>

#include "base/spark_error.h"
#include "exec/retained_batch.h"
#include "exec/task_runner.h"

namespace sluice {
namespace {

constexpr int64_t kSliceRows = 8192;

}  // namespace

// The operators at work, so that they can be cancelled.
class HashAggregateOperator::Running {
 public:
  Status Begin(Operator* part) {
    std::lock_guard lock(mutex_);
    if (cancelled_) return EnvironmentError("OPERATION_CANCELED", "The query was cancelled.");
    parts_.insert(part);
    return Status::OK();
  }
  void End(Operator* part) {
    std::lock_guard lock(mutex_);
    parts_.erase(part);
  }
  void Cancel() {
    std::lock_guard lock(mutex_);
    cancelled_ = true;
    for (Operator* part : parts_) part->Cancel();
  }

 private:
  std::mutex mutex_;
  std::set<Operator*> parts_;
  bool cancelled_ = false;
};

// Merges the states of parts in the order of the parts, whichever is ready first.
class HashAggregateOperator::InOrder {
 public:
  Status Add(int part, std::unique_ptr<AggregateState> state) {
    std::unique_lock lock(mutex_);
    ready_[part] = std::move(state);
    if (merging_) return Status::OK();  // the thread that merges sees it
    merging_ = true;
    Status status;
    while (status.ok() && !ready_.empty() && ready_.begin()->first == next_) {
      auto ready = std::move(ready_.begin()->second);
      ready_.erase(ready_.begin());
      ++next_;
      lock.unlock();
      if (whole_ == nullptr) {
        whole_ = std::move(ready);
      } else {
        status = whole_->Merge(*ready);
      }
      ready.reset();
      lock.lock();
    }
    merging_ = false;
    return status;
  }
  std::unique_ptr<AggregateState> Take() { return std::move(whole_); }

 private:
  std::mutex mutex_;
  std::map<int, std::unique_ptr<AggregateState>> ready_;
  int next_ = 0;
  bool merging_ = false;
  std::unique_ptr<AggregateState> whole_;  // of the thread that merges
};

HashAggregateOperator::HashAggregateOperator(AggregateSpec spec, int parts, PartOpener open, int threads)
    : spec_(std::move(spec)),
      parts_(parts),
      open_(std::move(open)),
      threads_(threads),
      running_(std::make_unique<Running>()),
      memory_(spec_.budget, "An aggregation") {}

HashAggregateOperator::~HashAggregateOperator() = default;

void HashAggregateOperator::Cancel() {
  running_->Cancel();
}

Status HashAggregateOperator::AddPart(int part, InOrder* merged) {
  SLUICE_ASSIGN(auto input, open_(part));
  SLUICE_ASSIGN(auto state, AggregateState::Make(spec_));
  SLUICE_RETURN_IF_ERROR(running_->Begin(input.get()));
  const Status status = [&]() -> Status {
    for (;;) {
      SLUICE_ASSIGN(auto slice, input->Next());
      if (slice == nullptr) return Status::OK();
      const Status added = state->Add(slice);
      if (!added.ok()) return AtPlaceOf(*input, added);
    }
  }();
  running_->End(input.get());
  SLUICE_RETURN_IF_ERROR(status);
  input.reset();
  return merged->Add(part, std::move(state));
}

Status HashAggregateOperator::Aggregate() {
  InOrder merged;
  if (parts_ == 1 || threads_ <= 1) {
    for (int part = 0; part < parts_; ++part) SLUICE_RETURN_IF_ERROR(AddPart(part, &merged));
  } else {
    ThreadPool pool(std::min(threads_, parts_));
    SLUICE_RETURN_IF_ERROR(RunTasks(
        pool, parts_, [&](int part) { return AddPart(part, &merged); }, [&] { running_->Cancel(); }));
  }
  std::unique_ptr<AggregateState> whole = merged.Take();
  if (whole == nullptr) {
    SLUICE_ASSIGN(whole, AggregateState::Make(spec_));
  }
  SLUICE_ASSIGN(result_, whole->Finish());
  return memory_.Cover(RetainedBytes(*result_));
}

Result<std::shared_ptr<arrow::RecordBatch>> HashAggregateOperator::Next() {
  if (!done_) {
    SLUICE_RETURN_IF_ERROR(Aggregate());
    done_ = true;
  }
  if (given_ == result_->num_rows()) return nullptr;
  const int64_t rows = std::min(kSliceRows, result_->num_rows() - given_);
  auto slice = result_->Slice(given_, rows);
  given_ += rows;
  return slice;
}

}  // namespace sluice
