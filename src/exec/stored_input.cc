// SPDX-License-Identifier: Apache-2.0
#include "exec/stored_input.h"

#include <utility>

#include "exec/group_table.h"
#include "exec/row_placement.h"

namespace sluice {
namespace {

// Of the hash. More make the pieces of the file small (a slice of 8,192 rows has 128 for each of 64), fewer leave more
// rows in a range than were asked for.
constexpr int kBits = 6;

class ByHash : public RowPlacement {
 public:
  ByHash(const std::vector<ExprPtr>& keys, GroupTable hashes, const EvalContext& context)
      : keys_(keys), hashes_(std::move(hashes)), context_(context) {}
  Result<std::vector<int32_t>> PartitionsOf(const std::shared_ptr<arrow::RecordBatch>& rows) override {
    SLUICE_ASSIGN(const auto columns, Evaluation(*rows, context_).EvalAll(keys_));
    std::vector<uint64_t> hashes;
    SLUICE_RETURN_IF_ERROR(hashes_.Hash(columns, rows->num_rows(), &hashes));
    std::vector<int32_t> partitions(hashes.size());
    for (size_t row = 0; row < hashes.size(); ++row)
      partitions[row] = static_cast<int32_t>(hashes[row] >> (64 - kBits));
    return partitions;
  }

 private:
  const std::vector<ExprPtr>& keys_;
  const GroupTable hashes_;
  const EvalContext& context_;
};

// Several runs of rows, one after the other.
class Runs : public Operator {
 public:
  Runs(std::shared_ptr<arrow::Schema> schema, std::vector<ExchangeRows> runs)
      : schema_(std::move(schema)), runs_(std::move(runs)) {}
  const std::shared_ptr<arrow::Schema>& schema() const override { return schema_; }
  Result<std::shared_ptr<arrow::RecordBatch>> Next() override {
    for (; next_ < runs_.size(); ++next_) {
      SLUICE_ASSIGN(auto slice, runs_[next_].Next());
      if (slice != nullptr) return slice;
    }
    return nullptr;
  }

 private:
  const std::shared_ptr<arrow::Schema> schema_;
  std::vector<ExchangeRows> runs_;
  size_t next_ = 0;
};

}  // namespace

StoredInput::StoredInput(const std::vector<ExprPtr>& keys, int parts, const EvalContext& context, MemoryBudget* budget)
    : keys_(keys), context_(context), exchange_(parts, keys.empty() ? 1 : 1 << kBits, budget) {}

int StoredInput::bits() const {
  return keys_.empty() ? 0 : kBits;
}

Status StoredInput::Store(int part, Operator* rows) {
  {
    const std::lock_guard lock(mutex_);
    schema_ = rows->schema();
  }
  if (keys_.empty()) return PlaceTogether(rows, part, &exchange_, context_.pool).status();
  std::vector<std::shared_ptr<arrow::DataType>> types;
  for (const ExprPtr& key : keys_) types.push_back(key->type());
  SLUICE_ASSIGN(GroupTable hashes, GroupTable::Make(std::move(types)));
  ByHash placement(keys_, std::move(hashes), context_);
  return PlaceRows(rows, &placement, part, &exchange_, context_.pool);
}

std::unique_ptr<Operator> StoredInput::Open(int part, const HashRange& range) {
  std::vector<ExchangeRows> runs;
  if (keys_.empty()) {
    runs.push_back(exchange_.Read(part, 0));
  } else {
    const int prefix = static_cast<int>(range.prefix);
    const int fewer = kBits - range.bits;  // bits than partitions have
    const int begin = fewer >= 0 ? prefix << fewer : prefix >> -fewer;
    const int end = fewer >= 0 ? (prefix + 1) << fewer : begin + 1;
    for (int partition = begin; partition < end; ++partition) runs.push_back(exchange_.Read(part, partition));
  }
  return std::make_unique<Runs>(schema_, std::move(runs));
}

}  // namespace sluice
