// SPDX-License-Identifier: Apache-2.0
#include "exec/row_placement.h"

#include <arrow/api.h>

#include <string_view>
#include <utility>

#include "exec/exchange.h"
#include "exec/key_codec.h"
#include "state/partitioning.h"
#include "state/unsafe_row.h"

namespace sluice {
namespace {

using BatchPtr = std::shared_ptr<arrow::RecordBatch>;

// Tasks begin with different partitions, so that many tasks with a row each fill all.
class InTurn : public RowPlacement {
 public:
  InTurn(int partitions, int task) : partitions_(partitions), next_(task % partitions) {}
  Result<std::vector<int32_t>> PartitionsOf(const BatchPtr& rows) override {
    std::vector<int32_t> partitions(static_cast<size_t>(rows->num_rows()));
    for (int32_t& partition : partitions) {
      partition = next_;
      next_ = next_ + 1 == partitions_ ? 0 : next_ + 1;
    }
    return partitions;
  }

 private:
  const int partitions_;
  int next_;
};

class ByKeys : public RowPlacement {
 public:
  ByKeys(const plan::Repartition& repartition, const EvalContext& context)
      : keys_(ExprsOf(repartition.keys)), partitions_(repartition.partitions), context_(context) {}
  Result<std::vector<int32_t>> PartitionsOf(const BatchPtr& rows) override {
    SLUICE_ASSIGN(arrow::ArrayVector columns, Evaluation(*rows, context_).EvalAll(keys_));
    SLUICE_ASSIGN(columns, NormalKeyColumns(std::move(columns)));
    return sluice::PartitionsOf(columns, rows->num_rows(), partitions_);
  }

 private:
  const std::vector<ExprPtr> keys_;
  const int partitions_;
  const EvalContext& context_;
};

class ById : public RowPlacement {
 public:
  ById(const plan::Repartition& repartition, const EvalContext& context)
      : keys_(ExprsOf(repartition.keys)), partitions_(repartition.partitions), context_(context) {}
  Result<std::vector<int32_t>> PartitionsOf(const BatchPtr& rows) override {
    SLUICE_ASSIGN(const arrow::ArrayVector columns, Evaluation(*rows, context_).EvalAll(keys_));
    const auto& ids = static_cast<const arrow::Int32Array&>(*columns.at(0));
    std::vector<int32_t> partitions(static_cast<size_t>(rows->num_rows()));
    for (size_t row = 0; row < partitions.size(); ++row) {
      const auto at = static_cast<int64_t>(row);
      const int32_t remainder = ids.IsNull(at) ? 0 : ids.Value(at) % partitions_;
      partitions[row] = remainder < 0 ? remainder + partitions_ : remainder;
    }
    return partitions;
  }

 private:
  const std::vector<ExprPtr> keys_;
  const int partitions_;
  const EvalContext& context_;
};

// Of rows in order, with the keys of the last one.
class InShares : public RowPlacement {
 public:
  InShares(const std::vector<SortKey>& keys, KeyCodec codec, int64_t count, int partitions, const EvalContext& context)
      : keys_(ExprsOf(keys)), codec_(std::move(codec)), count_(count), partitions_(partitions), context_(context) {}
  Result<std::vector<int32_t>> PartitionsOf(const BatchPtr& rows) override {
    SLUICE_ASSIGN(const arrow::ArrayVector keys, Evaluation(*rows, context_).EvalAll(keys_));
    std::vector<uint8_t> bytes;
    std::vector<uint64_t> offsets;
    SLUICE_RETURN_IF_ERROR(codec_.Encode(keys, rows->num_rows(), &bytes, &offsets));
    std::vector<int32_t> partitions(static_cast<size_t>(rows->num_rows()));
    const std::string_view all(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    for (size_t row = 0; row < partitions.size(); ++row, ++row_) {
      const std::string_view key = all.substr(offsets[row], offsets[row + 1] - offsets[row]);
      if (row_ == 0 || key != last_) {
        last_ = key;
        partition_ = static_cast<int32_t>(row_ * partitions_ / count_);
      }
      partitions[row] = partition_;
    }
    return partitions;
  }

 private:
  const std::vector<ExprPtr> keys_;
  const KeyCodec codec_;
  const int64_t count_;
  const int partitions_;
  const EvalContext& context_;
  int64_t row_ = 0;
  std::string last_;
  int32_t partition_ = 0;
};

}  // namespace

std::unique_ptr<RowPlacement> MakePlacement(const plan::Repartition& repartition, int task,
                                            const EvalContext& context) {
  using Kind = plan::Repartition::Kind;
  if (repartition.kind == Kind::kByKeys) return std::make_unique<ByKeys>(repartition, context);
  if (repartition.kind == Kind::kById) return std::make_unique<ById>(repartition, context);
  return std::make_unique<InTurn>(repartition.partitions, task);
}

Status PlaceRows(Operator* rows, RowPlacement* placement, int task, Exchange* exchange, arrow::MemoryPool* pool) {
  for (;;) {
    SLUICE_ASSIGN(const auto slice, rows->Next());
    if (slice == nullptr) return Status::OK();
    const auto partitions = placement->PartitionsOf(slice);
    if (!partitions.ok()) return AtPlaceOf(*rows, partitions.status());
    SLUICE_RETURN_IF_ERROR(exchange->Add(task, slice, *partitions, pool));
  }
}

Result<int64_t> PlaceTogether(Operator* rows, int task, Exchange* exchange, arrow::MemoryPool* pool) {
  int64_t count = 0;
  for (;;) {
    SLUICE_ASSIGN(const auto slice, rows->Next());
    if (slice == nullptr) return count;
    count += slice->num_rows();
    SLUICE_RETURN_IF_ERROR(exchange->AddTo(0, task, slice, pool));
  }
}

Status PlaceInShares(Operator* rows, const std::vector<SortKey>& keys, int64_t count, Exchange* exchange,
                     const EvalContext& context) {
  std::vector<std::shared_ptr<arrow::DataType>> types;
  for (const SortKey& key : keys) types.push_back(key.expr->type());
  SLUICE_ASSIGN(KeyCodec codec, KeyCodec::Make(std::move(types)));
  InShares placement(keys, std::move(codec), count, exchange->partitions(), context);
  return PlaceRows(rows, &placement, 0, exchange, context.pool);
}

}  // namespace sluice
