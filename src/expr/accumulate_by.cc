// SPDX-License-Identifier: Apache-2.0
// max_by and min_by: the value that stands beside an extreme one; max and min of nested values.
#include <arrow/api.h>
#include <arrow/util/byte_size.h>

#include <algorithm>

#include "expr/accumulators.h"
#include "expr/collected_values.h"
#include "expr/compare_values.h"
#include "expr/gather.h"
#include "expr/held_bytes.h"
#include "expr/saved_values.h"

namespace sluice {
namespace {

using ArrayPtr = std::shared_ptr<arrow::Array>;
using Args = std::vector<ArrayPtr>;

// Keeps pairs of value and key in chunks; superseded ones are thrown away when they are most of them.
// With one argument the value is its own key. Of equal keys the later pair stays, and the earlier value.
class ByAccumulator : public Accumulator, public HoldsBytes, public SavedValues {
 public:
  ByAccumulator(const AggregateCall& call, int sign)
      : type_(call.type), key_type_(call.args.back()->type()), alone_(call.args.size() == 1), sign_(sign) {}

  void Resize(int64_t groups) override { places_.resize(static_cast<size_t>(groups), -1); }

  Status Update(const Args& args, const uint32_t* groups, int64_t rows) override {
    // The best row of this batch for each group that has one, then those that beat what is kept.
    std::vector<int64_t> best;
    std::vector<uint32_t> owners;
    const arrow::Array& keys = *args.back();
    std::vector<int64_t>& slot = slots_;
    slot.resize(places_.size(), -1);
    for (int64_t row = 0; row < rows; ++row) {
      if (keys.IsNull(row)) continue;
      int64_t& at = slot[groups[row]];
      if (at < 0) {
        at = static_cast<int64_t>(best.size());
        best.push_back(row);
        owners.push_back(groups[row]);
      } else if (Beats(keys, row, keys, best[static_cast<size_t>(at)])) {
        best[static_cast<size_t>(at)] = row;
      }
    }
    for (const uint32_t owner : owners) slot[owner] = -1;
    return Offer(args.front(), args.back(), best, owners);
  }

  Status Merge(const Accumulator& other, const uint32_t* mapping) override {
    const auto& from = static_cast<const ByAccumulator&>(other);
    for (size_t chunk = 0; chunk < from.chunks_.size(); ++chunk) {
      std::vector<int64_t> rows;
      std::vector<uint32_t> owners;
      for (size_t group = 0; group < from.places_.size(); ++group) {
        if (from.places_[group] < 0 || from.ChunkOf(from.places_[group]) != chunk) continue;
        rows.push_back(from.places_[group] - from.chunks_[chunk].begin);
        owners.push_back(mapping[group]);
      }
      SLUICE_RETURN_IF_ERROR(Offer(from.chunks_[chunk].values, from.chunks_[chunk].keys, rows, owners));
    }
    return Status::OK();
  }

  Result<ArrayPtr> Finish() override {
    SLUICE_RETURN_IF_ERROR(ThinOut());
    if (chunks_.empty()) {
      return arrow::MakeArrayOfNull(type_, static_cast<int64_t>(places_.size()), arrow::default_memory_pool());
    }
    return TakeRows(chunks_[0].values, places_, arrow::default_memory_pool());
  }

  // Spark's buffers: "max" alone, or the pair.
  arrow::FieldVector SavedFields() const override {
    if (alone_) return {arrow::field(sign_ > 0 ? "max" : "min", type_)};
    return {arrow::field("valueWithExtremumOrdering", type_), arrow::field("extremumOrdering", key_type_)};
  }
  Result<Args> Save() const override {
    arrow::MemoryPool* pool = arrow::default_memory_pool();
    const auto groups = static_cast<int64_t>(places_.size());
    ArrayPtr values;
    ArrayPtr keys;
    if (chunks_.empty()) {
      SLUICE_ASSIGN(values, arrow::MakeArrayOfNull(type_, groups, pool));
      SLUICE_ASSIGN(keys, arrow::MakeArrayOfNull(key_type_, groups, pool));
    } else {
      SLUICE_ASSIGN(const Chunk all, Joined());
      SLUICE_ASSIGN(values, TakeRows(all.values, places_, pool));
      SLUICE_ASSIGN(keys, TakeRows(all.keys, places_, pool));
    }
    return alone_ ? Args{std::move(values)} : Args{std::move(values), std::move(keys)};
  }
  Status MergeSaved(const Args& saved, const uint32_t* groups, int64_t rows) override {
    return Update(saved, groups, rows);
  }

  int64_t held_bytes() const override { return bytes_; }

 private:
  struct Chunk {
    int64_t begin;
    ArrayPtr values;
    ArrayPtr keys;
  };

  size_t ChunkOf(int64_t place) const {
    const auto behind = std::upper_bound(chunks_.begin(), chunks_.end(), place,
                                         [](int64_t wanted, const Chunk& chunk) { return wanted < chunk.begin; });
    return static_cast<size_t>(behind - chunks_.begin()) - 1;
  }

  // Whether a pair that comes later takes the place of an earlier one.
  bool Beats(const arrow::Array& later, int64_t i, const arrow::Array& earlier, int64_t j) const {
    return CompareAt(later, i, earlier, j) * sign_ >= (alone_ ? 1 : 0);
  }

  Status Offer(const ArrayPtr& values, const ArrayPtr& keys, const std::vector<int64_t>& rows,
               const std::vector<uint32_t>& owners) {
    std::vector<int64_t> taken;
    for (size_t i = 0; i < rows.size(); ++i) {
      int64_t& place = places_[owners[i]];
      if (place >= 0) {
        const Chunk& chunk = chunks_[ChunkOf(place)];
        if (!Beats(*keys, rows[i], *chunk.keys, place - chunk.begin)) continue;
      }
      place = stored_ + static_cast<int64_t>(taken.size());
      taken.push_back(rows[i]);
    }
    if (taken.empty()) return Status::OK();
    SLUICE_RETURN_IF_ERROR(Store(values, keys, taken));
    constexpr int64_t kSlack = 4096;
    return stored_ < 2 * static_cast<int64_t>(places_.size()) + kSlack ? Status::OK() : ThinOut();
  }

  Status Store(const ArrayPtr& values, const ArrayPtr& keys, const std::vector<int64_t>& rows) {
    Chunk chunk{stored_, nullptr, nullptr};
    SLUICE_ASSIGN(chunk.values, TakeRows(values, rows, arrow::default_memory_pool()));
    SLUICE_ASSIGN(chunk.values, OwnTexts(chunk.values, arrow::default_memory_pool()));
    chunk.keys = chunk.values;
    if (!alone_) {
      SLUICE_ASSIGN(chunk.keys, TakeRows(keys, rows, arrow::default_memory_pool()));
      SLUICE_ASSIGN(chunk.keys, OwnTexts(chunk.keys, arrow::default_memory_pool()));
      bytes_ += arrow::util::TotalBufferSize(*chunk.keys);
    }
    bytes_ += arrow::util::TotalBufferSize(*chunk.values);
    stored_ += static_cast<int64_t>(rows.size());
    chunks_.push_back(std::move(chunk));
    return Status::OK();
  }

  Result<Chunk> Joined() const {
    arrow::ArrayVector values;
    arrow::ArrayVector keys;
    for (const Chunk& chunk : chunks_) {
      values.push_back(chunk.values);
      keys.push_back(chunk.keys);
    }
    Chunk all{0, nullptr, nullptr};
    SLUICE_ASSIGN(all.values, arrow::Concatenate(values));
    all.keys = all.values;
    if (!alone_) {
      SLUICE_ASSIGN(all.keys, arrow::Concatenate(keys));
    }
    return all;
  }

  // One chunk of what is still wanted.
  Status ThinOut() {
    if (chunks_.empty()) return Status::OK();
    SLUICE_ASSIGN(const Chunk all, Joined());
    std::vector<int64_t> kept;
    for (int64_t& place : places_) {
      if (place < 0) continue;
      kept.push_back(place);
      place = static_cast<int64_t>(kept.size()) - 1;
    }
    chunks_.clear();
    stored_ = 0;
    bytes_ = 0;
    return Store(all.values, all.keys, kept);
  }

  std::shared_ptr<arrow::DataType> type_;
  std::shared_ptr<arrow::DataType> key_type_;
  bool alone_;
  int sign_;
  std::vector<int64_t> places_;  // of each group's pair in the chunks, or -1
  std::vector<int64_t> slots_;   // of each group in a batch, or -1
  std::vector<Chunk> chunks_;
  int64_t stored_ = 0;
  int64_t bytes_ = 0;
};

}  // namespace

std::unique_ptr<Accumulator> MakeValueBy(const AggregateCall& call, int sign) {
  return std::make_unique<ByAccumulator>(call, sign);
}

}  // namespace sluice
