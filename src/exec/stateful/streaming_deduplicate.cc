// SPDX-License-Identifier: Apache-2.0
#include "exec/stateful/streaming_deduplicate.h"

#include <arrow/api.h>

#include <string>
#include <string_view>
#include <utility>

#include "base/spark_error.h"
#include "exec/select_rows.h"
#include "exec/stateful/leaving_entries.h"
#include "plan/event_time.h"
#include "state/partitioning.h"
#include "state/unsafe_row.h"

namespace sluice {
namespace {

using Shape = StreamingDeduplicate::Shape;

std::vector<std::shared_ptr<arrow::DataType>> TypesOf(const arrow::Schema& schema) {
  std::vector<std::shared_ptr<arrow::DataType>> types;
  for (const auto& field : schema.fields()) types.push_back(field->type());
  return types;
}

// The key columns as they are compared: -0.0 and 0.0 are one, and so are all NaNs.
Result<arrow::ArrayVector> KeysOf(const arrow::RecordBatch& rows, size_t keys) {
  const arrow::ArrayVector& columns = rows.columns();
  return NormalKeyColumns({columns.begin(), columns.begin() + static_cast<std::ptrdiff_t>(keys)});
}

class DeduplicateInput : public StateInput {
 public:
  DeduplicateInput(std::shared_ptr<const Shape> shape, const StateBatch& batch, Exchange* exchange, int task)
      : shape_(std::move(shape)), context_(*batch.context), exchange_(exchange), task_(task) {}
  Status Add(const std::shared_ptr<arrow::RecordBatch>& slice) override {
    SLUICE_ASSIGN(auto columns, Evaluation(*slice, context_).EvalAll(shape_->exprs));
    const auto rows = arrow::RecordBatch::Make(shape_->output, slice->num_rows(), std::move(columns));
    SLUICE_ASSIGN(const arrow::ArrayVector keys, KeysOf(*rows, shape_->keys));
    return exchange_->Add(task_, rows, PartitionsOf(keys, rows->num_rows(), exchange_->partitions()), context_.pool);
  }
  Status Finish() override { return Status::OK(); }

 private:
  const std::shared_ptr<const Shape> shape_;
  const EvalContext& context_;
  Exchange* const exchange_;
  const int task_;
};

class DeduplicatePartition : public Operator {
 public:
  DeduplicatePartition(std::shared_ptr<const Shape> shape, UnsafeRowCodec keys, UnsafeRowCodec values,
                       const StateBatch& batch, StatePartition partition)
      : shape_(std::move(shape)),
        keys_(std::move(keys)),
        values_(std::move(values)),
        batch_(batch),
        partition_(std::move(partition)) {}

  const std::shared_ptr<arrow::Schema>& schema() const override { return shape_->output; }

  Result<std::shared_ptr<arrow::RecordBatch>> Next() override {
    for (;;) {
      SLUICE_ASSIGN(const auto rows, partition_.rows.at(0).Next());
      if (rows == nullptr) break;
      SLUICE_ASSIGN(const std::vector<int32_t> fresh, FreshRows(*rows));
      SLUICE_RETURN_IF_ERROR(partition_.stores->Cover(partition_.number));
      if (!fresh.empty()) return SelectRows(rows, fresh, batch_.context->pool);
    }
    if (!evicted_) SLUICE_RETURN_IF_ERROR(Evict());
    return nullptr;
  }

 private:
  StateMap& map() const { return partition_.stores->map(partition_.number); }

  // What is kept of a key with this time; nothing but the key itself, unless it leaves by its first row's time.
  Result<std::string> ValueOf(const std::optional<int64_t>& time) const {
    std::shared_ptr<arrow::Array> column = std::make_shared<arrow::NullArray>(1);
    if (shape_->delay_us) {
      column = std::make_shared<arrow::Int64Array>(
          1, arrow::Buffer::FromVector(std::vector<int64_t>{time.value_or(0) + *shape_->delay_us}));
    }
    std::string bytes;
    std::vector<uint64_t> at;
    SLUICE_RETURN_IF_ERROR(values_.Encode({column}, 1, &bytes, &at));
    return bytes;
  }

  // The rows whose key is new, and not late.
  Result<std::vector<int32_t>> FreshRows(const arrow::RecordBatch& rows) {
    const StateTimer timer(&partition_.counts->updates_ns);
    std::vector<int32_t> fresh;
    std::vector<std::optional<int64_t>> times(static_cast<size_t>(rows.num_rows()));
    if (shape_->time) times = EventTimesIn(*rows.column(shape_->time->column), shape_->time->window);
    SLUICE_ASSIGN(const arrow::ArrayVector columns, KeysOf(rows, shape_->keys));
    std::string bytes;
    std::vector<uint64_t> at;
    SLUICE_RETURN_IF_ERROR(keys_.Encode(columns, rows.num_rows(), &bytes, &at));
    SLUICE_ASSIGN(const std::string plain, ValueOf(std::nullopt));
    for (size_t row = 0; row < times.size(); ++row) {
      if (times[row] && batch_.late_us && *times[row] <= *batch_.late_us) {
        ++partition_.counts->dropped_late;
        continue;
      }
      const auto key = std::string_view(bytes).substr(at[row], at[row + 1] - at[row]);
      if (map().Contains(key)) {
        ++partition_.counts->dropped_duplicates;
        continue;
      }
      if (shape_->delay_us) {
        SLUICE_ASSIGN(const std::string value, ValueOf(times[row]));
        map().Put(key, value);
      } else {
        map().Put(key, plain);
      }
      ++partition_.counts->updated;
      fresh.push_back(static_cast<int32_t>(row));
    }
    return fresh;
  }

  Status Evict() {
    const StateTimer timer(&partition_.counts->removals_ns);
    evicted_ = true;
    if (!shape_->evicts() || !batch_.evict_us) return Status::OK();
    const EventTimeField expiry{0, false};
    const auto leaves = [&](std::string_view key, std::string_view value) {
      const auto time = shape_->delay_us ? EventTimeIn(value, 1, expiry)
                                         : EventTimeIn(key, static_cast<int>(shape_->keys), *shape_->time);
      return time && *time <= *batch_.evict_us;
    };
    LeavingEntries leaving(&map(), leaves, partition_.stores->run_bytes(partition_.number));
    for (;;) {
      SLUICE_ASSIGN(const bool more, leaving.Next());
      if (!more) break;
      for (const auto& [key, value] : leaving.run()) map().Remove(key);
      partition_.counts->removed += static_cast<int64_t>(leaving.run().size());
    }
    return Status::OK();
  }

  const std::shared_ptr<const Shape> shape_;
  const UnsafeRowCodec keys_;
  const UnsafeRowCodec values_;
  const StateBatch& batch_;
  StatePartition partition_;
  bool evicted_ = false;
};

}  // namespace

Result<std::unique_ptr<StatefulOperator>> StreamingDeduplicate::Make(const PlanNode& node) {
  auto shape = std::make_shared<Shape>();
  const auto& aggregate = node.Get<plan::Aggregate>();
  shape->exprs = aggregate.keys;
  shape->keys = aggregate.keys.size();
  for (const AggregateCall& call : aggregate.calls) shape->exprs.push_back(call.args.at(0));
  shape->output = node.schema;
  arrow::FieldVector keys(node.schema->fields().begin(),
                          node.schema->fields().begin() + static_cast<std::ptrdiff_t>(shape->keys));
  shape->key_schema = arrow::schema(std::move(keys));
  const std::vector<EventTimeMark> marks = EventTimesOf(node);
  const int column = EventTimeColumn(marks);
  if (column >= 0) shape->time = EventTimeField{column, marks[static_cast<size_t>(column)].window};
  if (aggregate.within_watermark) {
    if (column < 0) return InternalError("dropDuplicatesWithinWatermark without a watermark was started");
    shape->delay_us = *marks[static_cast<size_t>(column)].delay_ms * 1000;
  }
  shape->value_schema =
      arrow::schema({aggregate.within_watermark ? arrow::field("expiresAtMicros", arrow::int64(), false)
                                                : arrow::field("__dummy__", arrow::null())});
  auto made = std::make_unique<StreamingDeduplicate>();
  made->shape_ = std::move(shape);
  return std::unique_ptr<StatefulOperator>(std::move(made));
}

OperatorStateSpec StreamingDeduplicate::StateSpec(int64_t id, int partitions) const {
  OperatorStateSpec spec;
  spec.id = id;
  spec.name = shape_->delay_us ? "dedupeWithinWatermark" : "dedupe";
  spec.stores = {{"default", {shape_->key_schema, shape_->value_schema}, 0}};
  spec.partitions = partitions;
  return spec;
}

Result<std::unique_ptr<StateInput>> StreamingDeduplicate::OpenInput(size_t, const StateBatch& batch, Exchange* exchange,
                                                                    int task) const {
  return std::make_unique<DeduplicateInput>(shape_, batch, exchange, task);
}

Result<std::unique_ptr<Operator>> StreamingDeduplicate::OpenPartition(const StateBatch& batch,
                                                                      StatePartition partition) const {
  SLUICE_ASSIGN(UnsafeRowCodec keys, UnsafeRowCodec::Make(TypesOf(*shape_->key_schema)));
  SLUICE_ASSIGN(UnsafeRowCodec values, UnsafeRowCodec::Make(TypesOf(*shape_->value_schema)));
  return std::make_unique<DeduplicatePartition>(shape_, std::move(keys), std::move(values), batch,
                                                std::move(partition));
}

}  // namespace sluice
