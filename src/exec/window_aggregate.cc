// SPDX-License-Identifier: Apache-2.0
#include <arrow/api.h>

#include <utility>

#include "exec/select_rows.h"
#include "exec/window_rows.h"
#include "expr/gather.h"

namespace sluice {
namespace {

constexpr size_t kPairs = 8192;
constexpr int64_t kStepsOfOneGo = 32;

using ArrayPtr = std::shared_ptr<arrow::Array>;

arrow::MemoryPool* PoolOf(const EvalContext& context) {
  return context.pool != nullptr ? context.pool : arrow::default_memory_pool();
}

// Aggregates ranges of rows: each range is a group, and gets its rows one after the other as Spark's does, so that sums
// of doubles are the same. The values come in the order in which the ranges were added.
class RangeAggregator {
 public:
  RangeAggregator(const AggregateCall& call, arrow::ArrayVector args, ArrayPtr filter, const EvalContext& context)
      : call_(call), args_(std::move(args)), filter_(std::move(filter)), context_(context) {}

  // A range of its own group.
  Status Add(int64_t begin, int64_t end) {
    for (int64_t row = begin; row < end; ++row) AddPair(row, groups_);
    ++groups_;
    return rows_.size() >= kPairs ? Flush() : Status::OK();
  }

  // Ranges that all begin at `begin`: the ith ends at ends[i], and they do not become shorter. What many of them have
  // in common is added up once.
  Status AddGrowing(int64_t begin, const std::vector<int64_t>& ends) {
    if (static_cast<int64_t>(ends.size()) <= kStepsOfOneGo) {
      for (const int64_t end : ends) SLUICE_RETURN_IF_ERROR(Add(begin, end));
      return Status::OK();
    }
    SLUICE_RETURN_IF_ERROR(Flush());
    SLUICE_ASSIGN(const auto common, MakeAccumulator(call_));
    common->Resize(1);
    for (size_t first = 0; first < ends.size(); first += kStepsOfOneGo) {
      const size_t last = std::min(first + kStepsOfOneGo, ends.size());
      common_ = common.get();
      for (size_t i = first; i < last; ++i) {
        for (int64_t row = begin; row < ends[i]; ++row) AddPair(row, groups_);
        ++groups_;
      }
      SLUICE_RETURN_IF_ERROR(Flush());
      common_ = nullptr;
      for (; begin < ends[last - 1]; ++begin) AddPair(begin, 0);
      SLUICE_RETURN_IF_ERROR(Update(common.get()));
    }
    return Status::OK();
  }

  Result<ArrayPtr> Finish() {
    SLUICE_RETURN_IF_ERROR(Flush());
    if (values_.empty()) return arrow::MakeEmptyArray(call_.type);
    if (values_.size() == 1) return values_[0];
    SLUICE_ASSIGN(auto all, arrow::Concatenate(values_, PoolOf(context_)));
    return all;
  }

 private:
  void AddPair(int64_t row, uint32_t group) {
    if (filter_ != nullptr) {
      const auto& holds = static_cast<const arrow::BooleanArray&>(*filter_);
      if (holds.IsNull(row) || !holds.Value(row)) return;
    }
    rows_.push_back(static_cast<int32_t>(row));
    ids_.push_back(group);
  }

  // Gives the pairs to an accumulator, and forgets them.
  Status Update(Accumulator* accumulator) {
    SLUICE_RETURN_IF_ERROR(context_.CheckCancelled());
    for (size_t begin = 0; begin < rows_.size(); begin += kPairs) {
      const size_t end = std::min(begin + kPairs, rows_.size());
      const std::vector<int32_t> rows(rows_.begin() + static_cast<std::ptrdiff_t>(begin),
                                      rows_.begin() + static_cast<std::ptrdiff_t>(end));
      arrow::ArrayVector args;
      for (const ArrayPtr& arg : args_) {
        SLUICE_ASSIGN(auto values, SelectValues(arg, rows, context_.pool));
        args.push_back(std::move(values));
      }
      SLUICE_RETURN_IF_ERROR(accumulator->Update(args, ids_.data() + begin, static_cast<int64_t>(rows.size())));
    }
    rows_.clear();
    ids_.clear();
    return Status::OK();
  }

  Status Flush() {
    if (groups_ == 0) return Status::OK();
    SLUICE_ASSIGN(const auto accumulator, MakeAccumulator(call_));
    accumulator->Resize(groups_);
    for (uint32_t group = 0; common_ != nullptr && group < groups_; ++group) {
      SLUICE_RETURN_IF_ERROR(accumulator->Merge(*common_, &group));
    }
    SLUICE_RETURN_IF_ERROR(Update(accumulator.get()));
    SLUICE_ASSIGN(auto values, accumulator->Finish());
    values_.push_back(std::move(values));
    groups_ = 0;
    return Status::OK();
  }

  const AggregateCall& call_;
  const arrow::ArrayVector args_;
  const ArrayPtr filter_;
  const EvalContext& context_;
  const Accumulator* common_ = nullptr;  // what every group of the next flush begins with
  std::vector<int32_t> rows_;
  std::vector<uint32_t> ids_;
  uint32_t groups_ = 0;
  arrow::ArrayVector values_;
};

// One range a partition, whatever the row.
Status AddWhole(const WindowRows& rows, std::vector<int64_t>* places, RangeAggregator* ranges) {
  int64_t place = -1;
  for (int64_t row = 0; row < rows.size(); ++row) {
    const auto i = static_cast<size_t>(row);
    if (rows.partition_begin[i] == row) {
      ++place;
      SLUICE_RETURN_IF_ERROR(ranges->Add(row, rows.partition_end[i]));
    }
    (*places)[i] = place;
  }
  return Status::OK();
}

// The frames begin with the partition and grow; rows with the same frame share a range.
Status AddGrowing(const WindowRows& rows, const FrameRows& frames, std::vector<int64_t>* places,
                  RangeAggregator* ranges) {
  int64_t place = -1;
  for (int64_t begin = 0; begin < rows.size();) {
    const int64_t end = rows.partition_end[static_cast<size_t>(begin)];
    std::vector<int64_t> ends;
    for (int64_t row = begin; row < end; ++row) {
      const auto i = static_cast<size_t>(row);
      if (ends.empty() || ends.back() != frames.end[i]) {
        ends.push_back(frames.end[i]);
        ++place;
      }
      (*places)[i] = place;
    }
    SLUICE_RETURN_IF_ERROR(ranges->AddGrowing(begin, ends));
    begin = end;
  }
  return Status::OK();
}

// A frame is used again while it stays the same.
Status AddFrames(const WindowRows& rows, const FrameRows& frames, std::vector<int64_t>* places,
                 RangeAggregator* ranges) {
  int64_t place = -1;
  for (size_t i = 0; i < static_cast<size_t>(rows.size()); ++i) {
    if (i == 0 || frames.begin[i] != frames.begin[i - 1] || frames.end[i] != frames.end[i - 1]) {
      ++place;
      SLUICE_RETURN_IF_ERROR(ranges->Add(frames.begin[i], frames.end[i]));
    }
    (*places)[i] = place;
  }
  return Status::OK();
}

}  // namespace

Result<std::shared_ptr<arrow::Array>> EvalWindowAggregate(const WindowCall& call, const WindowRows& rows,
                                                          const EvalContext& context) {
  Evaluation evaluation(*rows.rows, context);
  SLUICE_ASSIGN(auto args, evaluation.EvalAll(call.call.args));
  ArrayPtr filter;
  if (call.call.filter != nullptr) {
    SLUICE_ASSIGN(filter, evaluation.Eval(call.call.filter));
  }
  RangeAggregator ranges(call.call, std::move(args), std::move(filter), context);
  std::vector<int64_t> places(static_cast<size_t>(rows.size()));
  const bool from_begin = call.frame.lower.kind == FrameBound::Kind::kUnboundedPreceding;
  if (from_begin && call.frame.upper.kind == FrameBound::Kind::kUnboundedFollowing) {
    SLUICE_RETURN_IF_ERROR(AddWhole(rows, &places, &ranges));
  } else {
    SLUICE_ASSIGN(const FrameRows frames, FramesOf(call.frame, rows, context));
    SLUICE_RETURN_IF_ERROR(from_begin ? AddGrowing(rows, frames, &places, &ranges)
                                      : AddFrames(rows, frames, &places, &ranges));
  }
  SLUICE_ASSIGN(const auto values, ranges.Finish());
  return TakeRows(values, places, PoolOf(context));
}

}  // namespace sluice
