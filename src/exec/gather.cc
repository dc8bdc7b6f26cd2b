// SPDX-License-Identifier: Apache-2.0
#include "exec/gather.h"

#include <algorithm>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <utility>

#include "base/spark_error.h"
#include "exec/retained_batch.h"

namespace sluice {
namespace {

constexpr int64_t kMaxAhead = 32 << 20;  // bytes that wait to be read, at most
constexpr size_t kMaxSlicesOfPart = 4;   // of the part being read

Status Cancelled() {
  return EnvironmentError("OPERATION_CANCELED", "The query was cancelled.");
}

}  // namespace

// What the threads and the reader share.
class GatherOperator::Parts {
 public:
  Parts(int count, PartOpener open, MemoryBudget* budget)
      : open_(std::move(open)), budget_(budget), parts_(static_cast<size_t>(count)) {
    ahead_limit_ = budget == nullptr ? kMaxAhead : std::min(kMaxAhead, budget->limit() / 4);
  }
  ~Parts() {
    for (Part& part : parts_) {
      for (Waiting& waiting : part.slices) GiveBack(waiting);
    }
  }

  int count() const { return static_cast<int>(parts_.size()); }
  void Work();
  Result<std::shared_ptr<arrow::RecordBatch>> Read();
  void Cancel();

 private:
  struct Waiting {
    std::shared_ptr<arrow::RecordBatch> slice;
    int64_t bytes = 0;  // counted in ahead_ and taken from the budget; 0: neither
  };
  struct Part {
    std::deque<Waiting> slices;
    Operator* running = nullptr;  // to be cancelled
    bool ended = false;
    Status error;
  };

  Status RunPart(size_t index);
  bool Push(size_t index, std::shared_ptr<arrow::RecordBatch> slice);
  bool TryQueue(size_t index, const std::shared_ptr<arrow::RecordBatch>& slice, int64_t bytes);
  void GiveBack(Waiting& waiting) {
    if (waiting.bytes > 0 && budget_ != nullptr) budget_->Give(waiting.bytes);
    ahead_ -= std::exchange(waiting.bytes, 0);
  }

  const PartOpener open_;
  MemoryBudget* const budget_;
  int64_t ahead_limit_;

  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<Part> parts_;
  size_t next_to_run_ = 0;
  size_t being_read_ = 0;
  int64_t ahead_ = 0;
  bool cancelled_ = false;
};

// Takes parts in order until none is left.
void GatherOperator::Parts::Work() {
  for (;;) {
    size_t index;
    {
      std::lock_guard lock(mutex_);
      if (cancelled_ || next_to_run_ == parts_.size()) return;
      index = next_to_run_++;
    }
    Status status = RunPart(index);
    {
      std::lock_guard lock(mutex_);
      parts_[index].ended = true;
      parts_[index].error = std::move(status);
    }
    changed_.notify_all();
  }
}

Status GatherOperator::Parts::RunPart(size_t index) {
  SLUICE_ASSIGN(auto part, open_(static_cast<int>(index)));
  {
    std::lock_guard lock(mutex_);
    if (cancelled_) return Cancelled();
    parts_[index].running = part.get();
  }
  Status status;
  for (;;) {
    auto slice = part->Next();
    if (!slice.ok()) status = slice.status();
    if (!slice.ok() || *slice == nullptr || !Push(index, std::move(*slice))) break;
  }
  std::lock_guard lock(mutex_);
  parts_[index].running = nullptr;
  return status;
}

bool GatherOperator::Parts::TryQueue(size_t index, const std::shared_ptr<arrow::RecordBatch>& slice, int64_t bytes) {
  Part& part = parts_[index];
  if (index == being_read_ && part.slices.size() < kMaxSlicesOfPart) {
    part.slices.push_back({slice, 0});
    return true;
  }
  if (index == being_read_ || ahead_ + bytes > ahead_limit_) return false;
  if (budget_ != nullptr && !budget_->TryTake(bytes)) return false;
  ahead_ += bytes;
  part.slices.push_back({slice, bytes});
  return true;
}

// False when the work is to stop.
bool GatherOperator::Parts::Push(size_t index, std::shared_ptr<arrow::RecordBatch> slice) {
  const int64_t bytes = RetainedBytes(*slice);
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] { return cancelled_ || TryQueue(index, slice, bytes); });
  const bool go_on = !cancelled_;
  lock.unlock();
  changed_.notify_all();
  return go_on;
}

Result<std::shared_ptr<arrow::RecordBatch>> GatherOperator::Parts::Read() {
  std::unique_lock lock(mutex_);
  for (; being_read_ < parts_.size(); ++being_read_, changed_.notify_all()) {
    Part& part = parts_[being_read_];
    changed_.wait(lock, [&] { return cancelled_ || part.ended || !part.slices.empty(); });
    if (cancelled_) return Cancelled();
    if (!part.slices.empty()) {
      Waiting waiting = std::move(part.slices.front());
      part.slices.pop_front();
      GiveBack(waiting);
      changed_.notify_all();
      return std::move(waiting.slice);
    }
    if (!part.error.ok()) return part.error;
  }
  return nullptr;
}

void GatherOperator::Parts::Cancel() {
  {
    std::lock_guard lock(mutex_);
    cancelled_ = true;
    for (Part& part : parts_) {
      if (part.running != nullptr) part.running->Cancel();
    }
  }
  changed_.notify_all();
}

GatherOperator::GatherOperator(std::shared_ptr<arrow::Schema> schema, int parts, PartOpener open, int threads,
                               MemoryBudget* budget)
    : schema_(std::move(schema)),
      threads_(std::max(1, std::min(threads, parts))),
      parts_(std::make_unique<Parts>(parts, std::move(open), budget)) {}

GatherOperator::~GatherOperator() {
  parts_->Cancel();
}

void GatherOperator::Cancel() {
  parts_->Cancel();
}

Result<std::shared_ptr<arrow::RecordBatch>> GatherOperator::Next() {
  if (pool_ == nullptr) {
    pool_ = std::make_unique<ThreadPool>(threads_);
    for (int i = 0; i < threads_; ++i) pool_->Submit([this] { parts_->Work(); });
  }
  return parts_->Read();
}

}  // namespace sluice
