// SPDX-License-Identifier: Apache-2.0
#include "exec/stateful/streaming_aggregate.h"

#include <arrow/api.h>

#include <algorithm>
#include <numeric>
#include <string_view>
#include <utility>

#include "exec/memory_reservation.h"
#include "exec/select_rows.h"
#include "exec/stateful/leaving_entries.h"
#include "exec/stateful/saved_groups.h"
#include "plan/event_time.h"
#include "state/unsafe_row.h"

namespace sluice {
namespace {

using Shape = AggregateShape;
using Rows = std::vector<std::shared_ptr<arrow::RecordBatch>>;

constexpr size_t kSliceRows = 8192;

// What the state has of a group.
std::shared_ptr<arrow::Schema> ValueSchema(const Shape& shape, bool keys_in_values) {
  if (!keys_in_values) return shape.value_schema;
  arrow::FieldVector fields = shape.key_schema->fields();
  fields.insert(fields.end(), shape.value_schema->fields().begin(), shape.value_schema->fields().end());
  return arrow::schema(std::move(fields));
}

// The groups of a partition. Its state changes with the first Next.
class AggregatePartition : public Operator {
 public:
  AggregatePartition(std::shared_ptr<const Shape> shape, std::optional<EventTimeField> time, bool keys_in_values,
                     const StateBatch& batch, StatePartition partition)
      : shape_(std::move(shape)),
        time_(time),
        keys_in_values_(keys_in_values),
        batch_(batch),
        partition_(std::move(partition)) {}

  Status Open() {
    SLUICE_ASSIGN(auto keys, UnsafeRowCodec::Make(TypesOf(*shape_->key_schema)));
    SLUICE_ASSIGN(auto values, UnsafeRowCodec::Make(TypesOf(*ValueSchema(*shape_, keys_in_values_))));
    keys_ = std::make_unique<UnsafeRowCodec>(std::move(keys));
    values_ = std::make_unique<UnsafeRowCodec>(std::move(values));
    return Status::OK();
  }

  const std::shared_ptr<arrow::Schema>& schema() const override { return shape_->output; }

  Result<std::shared_ptr<arrow::RecordBatch>> Next() override {
    if (!updated_) {
      updated_ = true;
      SLUICE_RETURN_IF_ERROR(Update());
      SLUICE_RETURN_IF_ERROR(partition_.stores->Cover(partition_.number));
      BeginEviction();
    }
    if (changed_ != nullptr && given_ < changed_->num_rows()) {
      auto slice = changed_->Slice(given_, kSliceRows);
      given_ += slice->num_rows();
      return slice;
    }
    while (leaving_ && next_ == leaving_->run().size()) SLUICE_RETURN_IF_ERROR(EvictRun());
    if (!leaving_) return nullptr;
    const size_t begin = next_;
    next_ = std::min(next_ + kSliceRows, leaving_->run().size());
    return Rows(begin, next_);
  }

 private:
  StateMap& map() const { return partition_.stores->map(partition_.number); }
  arrow::MemoryPool* pool() const { return batch_.context->pool; }

  // The groups of this batch, and their values, put together from those of the tasks.
  Status Gather(GroupTable* groups, SavedGroups* fresh, MemoryReservation* memory) {
    const auto keys = static_cast<std::ptrdiff_t>(shape_->keys.size());
    std::vector<uint32_t> ids;
    for (;;) {
      SLUICE_ASSIGN(const auto rows, partition_.rows.at(0).Next());
      if (rows == nullptr) return Status::OK();
      const arrow::ArrayVector columns = rows->columns();
      SLUICE_RETURN_IF_ERROR(groups->Map({columns.begin(), columns.begin() + keys}, rows->num_rows(), &ids));
      fresh->Resize(groups->groups());
      SLUICE_RETURN_IF_ERROR(fresh->Add({columns.begin() + keys, columns.end()}, ids));
      SLUICE_RETURN_IF_ERROR(memory->Cover(std::min(groups->bytes(), partition_.rows[0].bytes_from_file())));
    }
  }

  // The rows that are not late.
  std::vector<int64_t> InTime(const arrow::ArrayVector& keys, int64_t groups) {
    std::vector<int64_t> kept(static_cast<size_t>(groups));
    std::iota(kept.begin(), kept.end(), 0);
    if (!time_ || !batch_.late_us || batch_.mode == OutputMode::kComplete) return kept;
    const auto times = EventTimesIn(*keys[static_cast<size_t>(time_->column)], time_->window);
    std::erase_if(kept, [&](int64_t group) {
      const auto& time = times[static_cast<size_t>(group)];
      return time && *time <= *batch_.late_us;
    });
    partition_.counts->dropped_late += groups - static_cast<int64_t>(kept.size());
    return kept;
  }

  Status Update() {
    const StateTimer timer(&partition_.counts->updates_ns);
    if (partition_.rows.at(0).empty()) return Status::OK();
    SLUICE_ASSIGN(GroupTable groups, GroupTable::Make(TypesOf(*shape_->key_schema)));
    SLUICE_ASSIGN(SavedGroups fresh, SavedGroups::Make(shape_->calls, 0));
    MemoryReservation memory(batch_.budget, "The groups of a batch in a partition of the state");
    SLUICE_RETURN_IF_ERROR(Gather(&groups, &fresh, &memory));
    SLUICE_ASSIGN(const arrow::ArrayVector keys, groups.Keys(0, groups.groups(), pool()));
    std::string key_bytes;
    std::vector<uint64_t> key_at;
    SLUICE_RETURN_IF_ERROR(keys_->Encode(keys, groups.groups(), &key_bytes, &key_at));
    const auto key = [&](int64_t group) {
      const auto at = static_cast<size_t>(group);
      return std::string_view(key_bytes).substr(key_at[at], key_at[at + 1] - key_at[at]);
    };
    SLUICE_ASSIGN(SavedGroups merged, Merged(key, groups.groups(), fresh));
    SLUICE_ASSIGN(arrow::ArrayVector stored, merged.Save());
    if (keys_in_values_) stored.insert(stored.begin(), keys.begin(), keys.end());
    std::string value_bytes;
    std::vector<uint64_t> value_at;
    SLUICE_RETURN_IF_ERROR(values_->Encode(stored, groups.groups(), &value_bytes, &value_at));
    const std::vector<int64_t> kept = InTime(keys, groups.groups());
    for (const int64_t group : kept) {
      const auto at = static_cast<size_t>(group);
      map().Put(key(group), std::string_view(value_bytes).substr(value_at[at], value_at[at + 1] - value_at[at]));
    }
    partition_.counts->updated += static_cast<int64_t>(kept.size());
    return batch_.mode == OutputMode::kUpdate ? KeepChanged(keys, kept, &merged) : Status::OK();
  }

  // What the calls saved in values of the state.
  Result<arrow::ArrayVector> SavedIn(const std::vector<std::string_view>& values) const {
    SLUICE_ASSIGN(arrow::ArrayVector columns, values_->Decode(values, pool()));
    if (keys_in_values_) columns.erase(columns.begin(), columns.begin() + shape_->key_schema->num_fields());
    return columns;
  }

  // What the state has of the groups, and then what this batch has.
  template <typename Key>
  Result<SavedGroups> Merged(const Key& key, int64_t groups, const SavedGroups& fresh) {
    std::vector<std::string_view> rows;
    std::vector<uint32_t> ids;
    for (int64_t group = 0; group < groups; ++group) {
      if (const auto value = map().Get(key(group))) {
        rows.push_back(*value);
        ids.push_back(static_cast<uint32_t>(group));
      }
    }
    SLUICE_ASSIGN(SavedGroups merged, SavedGroups::Make(shape_->calls, groups));
    if (!rows.empty()) {
      SLUICE_ASSIGN(const arrow::ArrayVector saved, SavedIn(rows));
      SLUICE_RETURN_IF_ERROR(merged.Add(saved, ids));
    }
    SLUICE_RETURN_IF_ERROR(merged.Merge(fresh));
    return merged;
  }

  Status KeepChanged(const arrow::ArrayVector& keys, const std::vector<int64_t>& kept, SavedGroups* merged) {
    SLUICE_ASSIGN(const arrow::ArrayVector values, merged->Finish());
    std::vector<int32_t> rows(kept.begin(), kept.end());
    SLUICE_ASSIGN(const auto all, shape_->Output(keys, values, merged->groups(), *batch_.context));
    SLUICE_ASSIGN(changed_, SelectRows(all, rows, pool()));
    return Status::OK();
  }

  void BeginEviction() {
    const bool all = batch_.mode == OutputMode::kComplete;
    if (!all && (!time_ || !batch_.evict_us)) return;
    const auto leaves = [this, all, fields = shape_->key_schema->num_fields()](std::string_view key, std::string_view) {
      if (all) return true;
      const auto time = EventTimeIn(key, fields, *time_);
      return time && *time <= *batch_.evict_us;
    };
    leaving_.emplace(&map(), leaves, partition_.stores->run_bytes(partition_.number));
  }

  // The next entries that leave, or that are given only; none, and there is nothing left to do.
  Status EvictRun() {
    const StateTimer timer(&partition_.counts->removals_ns);
    SLUICE_ASSIGN(const bool more, leaving_->Next());
    next_ = 0;
    if (!more) {
      leaving_.reset();
      return Status::OK();
    }
    if (batch_.mode == OutputMode::kComplete) return Status::OK();
    // Their bytes stay where they are until the state is committed.
    for (const auto& [key, value] : leaving_->run()) map().Remove(key);
    partition_.counts->removed += static_cast<int64_t>(leaving_->run().size());
    if (batch_.mode == OutputMode::kUpdate) next_ = leaving_->run().size();
    return Status::OK();
  }

  // The result's rows of entries [begin, end) of what leaves.
  Result<std::shared_ptr<arrow::RecordBatch>> Rows(size_t begin, size_t end) {
    std::vector<std::string_view> keys;
    std::vector<std::string_view> values;
    std::vector<uint32_t> ids;
    for (size_t i = begin; i < end; ++i) {
      ids.push_back(static_cast<uint32_t>(keys.size()));
      keys.push_back(leaving_->run()[i].first);
      values.push_back(leaving_->run()[i].second);
    }
    const auto rows = static_cast<int64_t>(keys.size());
    SLUICE_ASSIGN(const arrow::ArrayVector key_columns, keys_->Decode(keys, pool()));
    SLUICE_ASSIGN(const arrow::ArrayVector saved, SavedIn(values));
    SLUICE_ASSIGN(SavedGroups groups, SavedGroups::Make(shape_->calls, rows));
    SLUICE_RETURN_IF_ERROR(groups.Add(saved, ids));
    SLUICE_ASSIGN(const arrow::ArrayVector results, groups.Finish());
    return shape_->Output(key_columns, results, rows, *batch_.context);
  }

  const std::shared_ptr<const Shape> shape_;
  const std::optional<EventTimeField> time_;
  const bool keys_in_values_;
  const StateBatch& batch_;
  StatePartition partition_;
  std::unique_ptr<UnsafeRowCodec> keys_;
  std::unique_ptr<UnsafeRowCodec> values_;
  bool updated_ = false;
  std::shared_ptr<arrow::RecordBatch> changed_;
  int64_t given_ = 0;
  std::optional<LeavingEntries> leaving_;
  size_t next_ = 0;  // of its run
};

}  // namespace

Result<std::unique_ptr<StatefulOperator>> StreamingAggregate::Make(const PlanNode& node, bool keys_in_values) {
  SLUICE_ASSIGN(const auto shape, AggregateShape::Make(node));
  auto made = std::make_unique<StreamingAggregate>();
  const std::vector<EventTimeMark> marks = EventTimesOf(*node.inputs.at(0));
  for (size_t i = 0; i < shape->keys.size() && !made->time_; ++i) {
    const auto* column = dynamic_cast<const ColumnExpr*>(shape->keys[i].get());
    if (column == nullptr) continue;
    const EventTimeMark& mark = marks[static_cast<size_t>(column->index())];
    if (mark.delay_ms) made->time_ = EventTimeField{static_cast<int>(i), mark.window};
  }
  made->shape_ = shape;
  made->keys_in_values_ = keys_in_values;
  return std::unique_ptr<StatefulOperator>(std::move(made));
}

OperatorStateSpec StreamingAggregate::StateSpec(int64_t id, int partitions) const {
  OperatorStateSpec spec;
  spec.id = id;
  spec.name = "stateStoreSave";
  spec.stores = {{"default", {shape_->key_schema, ValueSchema(*shape_, keys_in_values_)}, 0}};
  spec.partitions = shape_->keys.empty() ? 1 : partitions;
  return spec;
}

Result<std::unique_ptr<StateInput>> StreamingAggregate::OpenInput(size_t, const StateBatch& batch, Exchange* exchange,
                                                                  int task) const {
  std::vector<int> all(shape_->keys.size());
  std::iota(all.begin(), all.end(), 0);
  return OpenAggregateInput(shape_, std::move(all), batch, exchange, task);
}

Result<std::unique_ptr<Operator>> StreamingAggregate::OpenPartition(const StateBatch& batch,
                                                                    StatePartition partition) const {
  auto rows = std::make_unique<AggregatePartition>(shape_, time_, keys_in_values_, batch, std::move(partition));
  SLUICE_RETURN_IF_ERROR(rows->Open());
  return std::unique_ptr<Operator>(std::move(rows));
}

}  // namespace sluice
