// SPDX-License-Identifier: Apache-2.0
#include "exec/hash_aggregate.h"

#include <algorithm>
#include <map>
#include <mutex>
#include <utility>

#include "base/logging.h"
#include "base/spark_error.h"
#include "exec/retained_batch.h"

namespace sluice {
namespace {

constexpr int64_t kSliceRows = 8192;
constexpr int64_t kKeysWorthDividing = 256;
constexpr int kMostRangeBits = 8;

bool IsOutOfBudget(const Status& status) {
  return HasErrorClass(status, "SLUICE_MEMORY_BUDGET");
}

bool IsOfARow(const Status& status) {
  const SparkErrorDetail* detail = FindSparkError(status);
  return detail != nullptr && detail->row.has_value();
}

}  // namespace

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
      most_keys_ = whole_->divisible();
      lock.lock();
    }
    merging_ = false;
    return status;
  }
  std::unique_ptr<AggregateState> Take() { return std::move(whole_); }
  // Of what is merged so far, however that ended. Not while parts are added.
  int64_t most_keys() const { return most_keys_; }

 private:
  std::mutex mutex_;
  std::map<int, std::unique_ptr<AggregateState>> ready_;
  int next_ = 0;
  bool merging_ = false;
  std::unique_ptr<AggregateState> whole_;  // of the thread that merges
  int64_t most_keys_ = 0;                  // the same
};

HashAggregateOperator::HashAggregateOperator(AggregateSpec spec, int parts, PartOpener open, int threads)
    : spec_(std::move(spec)),
      parts_(parts),
      open_(std::move(open)),
      threads_(threads),
      memory_(spec_.budget, "An aggregation") {}

HashAggregateOperator::~HashAggregateOperator() = default;

void HashAggregateOperator::Cancel() {
  running_.Stop(/*for_good=*/true);
}

Status HashAggregateOperator::StoreInput() {
  auto stored = std::make_unique<StoredInput>(spec_.keys, parts_, spec_.context, spec_.budget);
  SLUICE_RETURN_IF_ERROR(running_.ForEach(parts_, threads_, [&](int part) -> Status {
    SLUICE_ASSIGN(auto input, open_(part));
    return running_.Use(std::move(input), [&](Operator* rows) { return stored->Store(part, rows); });
  }));
  SLUICE_RETURN_IF_ERROR(stored->Finish());
  stored_ = std::move(stored);
  return Status::OK();
}

Status HashAggregateOperator::AddPart(int part, const HashRange& range, StoredInput* stored, InOrder* merged) {
  std::unique_ptr<Operator> rows;
  if (stored != nullptr) {
    rows = stored->Open(part, range);
  } else {
    SLUICE_ASSIGN(rows, open_(part));
  }
  std::unique_ptr<AggregateState> state;
  Status added;  // what the state itself answered last
  const Status status = running_.Use(std::move(rows), [&](Operator* input) -> Status {
    SLUICE_ASSIGN(state, AggregateState::Make(spec_, range, stored != nullptr ? stored->bits() : 0));
    for (;;) {
      SLUICE_ASSIGN(auto slice, input->Next());
      if (slice == nullptr) return Status::OK();
      added = state->Add(slice);
      if (!added.ok()) return AtPlaceOf(*input, added);
    }
  });
  // However the part ended. Another part may be refused the memory that this one holds, and then has few keys itself.
  if (state != nullptr) Saw(*state, added);
  SLUICE_RETURN_IF_ERROR(status);
  added = merged->Add(part, std::move(state));
  if (IsOutOfBudget(added)) overflowed_ = true;
  return added;
}

void HashAggregateOperator::Saw(const AggregateState& state, const Status& status) {
  const int64_t keys = state.divisible();
  int64_t most = most_keys_;
  while (keys > most && !most_keys_.compare_exchange_weak(most, keys)) {
  }
  if (IsOutOfBudget(status)) overflowed_ = true;
}

Result<std::unique_ptr<AggregateState>> HashAggregateOperator::AggregateRange(const HashRange& range,
                                                                              StoredInput* stored) {
  InOrder merged;
  const Status status =
      running_.ForEach(parts_, threads_, [&](int part) { return AddPart(part, range, stored, &merged); });
  most_keys_ = std::max<int64_t>(most_keys_, merged.most_keys());
  SLUICE_RETURN_IF_ERROR(status);
  std::unique_ptr<AggregateState> whole = merged.Take();
  if (whole == nullptr) return AggregateState::Make(spec_, range);
  const Status covered = whole->CoverResult();
  if (covered.ok()) return whole;
  Saw(*whole, covered);
  return covered;
}

// What does not fit is halved with all that is to come of the same size, since that would not fit either.
Result<std::unique_ptr<AggregateState>> HashAggregateOperator::AggregateNextRange() {
  for (;;) {
    const HashRange range = ranges_.back();
    overflowed_ = false;
    most_keys_ = 0;
    auto whole = AggregateRange(range, stored_.get());
    // Where a row came from is known by the input alone.
    if (stored_ != nullptr && IsOfARow(whole.status())) whole = AggregateRange(range, nullptr);
    const bool helps = overflowed_ && most_keys_ >= kKeysWorthDividing && range.bits < kMostRangeBits;
    if (whole.ok() || !helps || !spec_.repeatable) {
      ranges_.pop_back();
      return whole;
    }
    std::vector<HashRange> halves;
    for (const HashRange& next : ranges_) {
      if (next.bits > range.bits) {
        halves.push_back(next);
        continue;
      }
      halves.push_back({next.bits + 1, next.prefix * 2 + 1});
      halves.push_back({next.bits + 1, next.prefix * 2});
    }
    ranges_ = std::move(halves);
    if (stored_ == nullptr) SLUICE_RETURN_IF_ERROR(StoreInput());
    Log(LogLevel::kInfo, "An aggregation beyond the memory budget makes its groups in {} ranges",
        1 << (range.bits + 1));
  }
}

// The groups of a range; without keys the one row of all ranges. Null at the end.
Result<std::shared_ptr<arrow::RecordBatch>> HashAggregateOperator::NextResult() {
  if (ranges_.empty()) return nullptr;
  SLUICE_ASSIGN(std::unique_ptr<AggregateState> whole, AggregateNextRange());
  if (spec_.keys.empty() && !ranges_.empty()) {
    SLUICE_RETURN_IF_ERROR(whole->CountDistincts());
    while (!ranges_.empty()) {
      SLUICE_ASSIGN(std::unique_ptr<AggregateState> more, AggregateNextRange());
      SLUICE_RETURN_IF_ERROR(more->CountDistincts());
      SLUICE_RETURN_IF_ERROR(whole->AddRange(*more));
    }
  }
  return whole->Finish();
}

Result<std::shared_ptr<arrow::RecordBatch>> HashAggregateOperator::Next() {
  while (result_ == nullptr || given_ == result_->num_rows()) {
    result_.reset();
    memory_.Release();
    given_ = 0;
    SLUICE_ASSIGN(result_, NextResult());
    if (result_ == nullptr) return nullptr;
    SLUICE_RETURN_IF_ERROR(memory_.Cover(RetainedBytes(*result_)));
  }
  const int64_t rows = std::min(kSliceRows, result_->num_rows() - given_);
  auto slice = result_->Slice(given_, rows);
  given_ += rows;
  return slice;
}

}  // namespace sluice
