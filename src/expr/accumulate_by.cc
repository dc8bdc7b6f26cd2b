// SPDX-License-Identifier: Apache-2.0
// max_by and min_by: the value that stands beside an extreme one.
#include <arrow/api.h>
#include <arrow/util/byte_size.h>

#include <algorithm>

#include "expr/accumulators.h"
#include "expr/collected_values.h"
#include "expr/compare_values.h"
#include "expr/gather.h"
#include "expr/held_bytes.h"

namespace sluice {
namespace {

using ArrayPtr = std::shared_ptr<arrow::Array>;
using Args = std::vector<ArrayPtr>;

// Keeps pairs of value and key in chunks; superseded ones are thrown away when they are most of them.
class ByAccumulator : public Accumulator, public HoldsBytes {
 public:
  ByAccumulator(const AggregateCall& call, int sign) : type_(call.type), sign_(sign) {}

  void Resize(int64_t groups) override { places_.resize(static_cast<size_t>(groups), -1); }

  Status Update(const Args& args, const uint32_t* groups, int64_t rows) override {
    // The best row of this batch for each group that has one, then those that beat what is kept.
    std::vector<int64_t> best;
    std::vector<uint32_t> owners;
    std::vector<int64_t>& slot = slots_;
    slot.resize(places_.size(), -1);
    for (int64_t row = 0; row < rows; ++row) {
      if (args[1]->IsNull(row)) continue;
      int64_t& at = slot[groups[row]];
      if (at < 0) {
        at = static_cast<int64_t>(best.size());
        best.push_back(row);
        owners.push_back(groups[row]);
      } else if (CompareAt(*args[1], row, *args[1], best[static_cast<size_t>(at)]) * sign_ >= 0) {
        best[static_cast<size_t>(at)] = row;
      }
    }
    for (const uint32_t owner : owners) slot[owner] = -1;
    return Offer(args[0], args[1], best, owners);
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

  // Of equal keys the later one stays.
  Status Offer(const ArrayPtr& values, const ArrayPtr& keys, const std::vector<int64_t>& rows,
               const std::vector<uint32_t>& owners) {
    std::vector<int64_t> taken;
    for (size_t i = 0; i < rows.size(); ++i) {
      int64_t& place = places_[owners[i]];
      if (place >= 0) {
        const Chunk& chunk = chunks_[ChunkOf(place)];
        if (CompareAt(*keys, rows[i], *chunk.keys, place - chunk.begin) * sign_ < 0) continue;
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
    SLUICE_ASSIGN(chunk.keys, TakeRows(keys, rows, arrow::default_memory_pool()));
    SLUICE_ASSIGN(chunk.keys, OwnTexts(chunk.keys, arrow::default_memory_pool()));
    bytes_ += arrow::util::TotalBufferSize(*chunk.values) + arrow::util::TotalBufferSize(*chunk.keys);
    stored_ += static_cast<int64_t>(rows.size());
    chunks_.push_back(std::move(chunk));
    return Status::OK();
  }

  // One chunk of what is still wanted.
  Status ThinOut() {
    if (chunks_.empty()) return Status::OK();
    arrow::ArrayVector values;
    arrow::ArrayVector keys;
    for (const Chunk& chunk : chunks_) {
      values.push_back(chunk.values);
      keys.push_back(chunk.keys);
    }
    SLUICE_ASSIGN(const auto all_values, arrow::Concatenate(values));
    SLUICE_ASSIGN(const auto all_keys, arrow::Concatenate(keys));
    std::vector<int64_t> kept;
    for (int64_t& place : places_) {
      if (place < 0) continue;
      kept.push_back(place);
      place = static_cast<int64_t>(kept.size()) - 1;
    }
    chunks_.clear();
    stored_ = 0;
    bytes_ = 0;
    return Store(all_values, all_keys, kept);
  }

  std::shared_ptr<arrow::DataType> type_;
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
