// SPDX-License-Identifier: Apache-2.0
#include "exec/stateful/streaming_limit.h"

#include <arrow/api.h>

#include <algorithm>
#include <string>
#include <utility>

#include "state/unsafe_row.h"

namespace sluice {
namespace {

std::shared_ptr<arrow::Array> Number(int64_t value) {
  return std::make_shared<arrow::Int64Array>(1, arrow::Buffer::FromVector(std::vector<int64_t>{value}));
}

// One row of one column.
Result<std::string> RowOf(const std::shared_ptr<arrow::Array>& column) {
  SLUICE_ASSIGN(const UnsafeRowCodec codec, UnsafeRowCodec::Make({column->type()}));
  std::string bytes;
  std::vector<uint64_t> at;
  SLUICE_RETURN_IF_ERROR(codec.Encode({column}, 1, &bytes, &at));
  return bytes;
}

// No task needs to give more rows than there may be in all.
class LimitInput : public StateInput {
 public:
  LimitInput(int64_t limit, const StateBatch& batch, Exchange* exchange, int task)
      : left_(limit), pool_(batch.context->pool), exchange_(exchange), task_(task) {}
  Status Add(const std::shared_ptr<arrow::RecordBatch>& slice) override {
    const int64_t rows = std::min(left_, slice->num_rows());
    if (rows == 0) return Status::OK();
    left_ -= rows;
    const std::vector<int32_t> all_to_one(static_cast<size_t>(rows), 0);
    return exchange_->Add(task_, slice->Slice(0, rows), all_to_one, pool_);
  }
  Status Finish() override { return Status::OK(); }

 private:
  int64_t left_;
  arrow::MemoryPool* const pool_;
  Exchange* const exchange_;
  const int task_;
};

class LimitPartition : public Operator {
 public:
  LimitPartition(int64_t limit, std::shared_ptr<arrow::Schema> schema, StatePartition partition)
      : limit_(limit), schema_(std::move(schema)), partition_(std::move(partition)) {}
  const std::shared_ptr<arrow::Schema>& schema() const override { return schema_; }

  Result<std::shared_ptr<arrow::RecordBatch>> Next() override {
    if (key_.empty()) SLUICE_RETURN_IF_ERROR(ReadCount());
    while (given_ < limit_) {
      SLUICE_ASSIGN(const auto rows, partition_.rows.at(0).Next());
      if (rows == nullptr) break;
      const int64_t wanted = std::min(limit_ - given_, rows->num_rows());
      given_ += wanted;
      return rows->Slice(0, wanted);
    }
    if (given_ > before_) {
      before_ = given_;
      SLUICE_ASSIGN(const std::string count, RowOf(Number(given_)));
      map().Put(key_, count);
      ++partition_.counts->updated;
    }
    return nullptr;
  }

 private:
  StateMap& map() const { return partition_.stores->map(partition_.number); }

  Status ReadCount() {
    SLUICE_ASSIGN(key_, RowOf(std::make_shared<arrow::NullArray>(1)));
    const auto stored = map().Get(key_);
    if (!stored) return Status::OK();
    SLUICE_ASSIGN(const UnsafeRowCodec codec, UnsafeRowCodec::Make({arrow::int64()}));
    SLUICE_ASSIGN(const arrow::ArrayVector columns, codec.Decode({*stored}, nullptr));
    given_ = before_ = static_cast<const arrow::Int64Array&>(*columns[0]).Value(0);
    return Status::OK();
  }

  const int64_t limit_;
  const std::shared_ptr<arrow::Schema> schema_;
  StatePartition partition_;
  std::string key_;
  int64_t before_ = 0;
  int64_t given_ = 0;
};

}  // namespace

OperatorStateSpec StreamingLimit::StateSpec(int64_t id, int) const {
  OperatorStateSpec spec;
  spec.id = id;
  spec.name = "globalLimit";
  spec.stores = {
      {"default",
       {arrow::schema({arrow::field("key", arrow::null())}), arrow::schema({arrow::field("value", arrow::int64())})},
       0}};
  spec.partitions = 1;
  return spec;
}

Result<std::unique_ptr<StateInput>> StreamingLimit::OpenInput(size_t, const StateBatch& batch, Exchange* exchange,
                                                              int task) const {
  return std::make_unique<LimitInput>(limit_, batch, exchange, task);
}

Result<std::unique_ptr<Operator>> StreamingLimit::OpenPartition(const StateBatch&, StatePartition partition) const {
  return std::make_unique<LimitPartition>(limit_, schema_, std::move(partition));
}

}  // namespace sluice
