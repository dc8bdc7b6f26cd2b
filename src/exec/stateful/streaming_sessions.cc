// SPDX-License-Identifier: Apache-2.0
#include "exec/stateful/streaming_sessions.h"

#include <arrow/api.h>

#include <algorithm>
#include <cstring>
#include <deque>
#include <numeric>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "base/spark_error.h"
#include "exec/memory_reservation.h"
#include "exec/retained_batch.h"
#include "exec/select_rows.h"
#include "exec/stateful/event_time.h"
#include "exec/stateful/leaving_entries.h"
#include "exec/stateful/saved_groups.h"
#include "expr/column_io.h"
#include "plan/event_time.h"
#include "state/unsafe_row.h"
#include "types/spark_type.h"

namespace sluice {
namespace {

using Shape = StreamingSessions::Shape;

constexpr size_t kSliceRows = 8192;

// Rows of keys and saved values, in the columns of the value of the state.
using Columns = arrow::ArrayVector;

// A session to be merged: a row of what the state or this batch has.
struct Piece {
  uint32_t key = 0;  // the number of its further keys
  int64_t start = 0;
  int64_t end = 0;
  int32_t row = 0;
};

// Sessions that touch or overlap become one: which pieces are the first of one, and how far it goes.
struct Merged {
  std::vector<uint32_t> session_of;  // by piece
  std::vector<size_t> first;         // by session: its first piece
  std::vector<int64_t> ends;         // by session
};

Merged MergeSessions(const std::vector<Piece>& pieces) {
  Merged merged;
  for (size_t i = 0; i < pieces.size(); ++i) {
    const bool goes_on = i > 0 && pieces[i].key == pieces[i - 1].key && pieces[i].start <= merged.ends.back();
    if (goes_on) {
      merged.ends.back() = std::max(merged.ends.back(), pieces[i].end);
    } else {
      merged.first.push_back(i);
      merged.ends.push_back(pieces[i].end);
    }
    merged.session_of.push_back(static_cast<uint32_t>(merged.first.size() - 1));
  }
  return merged;
}

// The start stands in the last field of a key, which is not NULL: the first word behind the null bits and the others.
size_t StartPlace(int fields) {
  const auto count = static_cast<size_t>(fields);
  return (count + 63) / 64 * 8 + (count - 1) * 8;
}

// The sessions of a partition. Its state changes with the first Next.
class SessionPartition : public Operator {
 public:
  SessionPartition(std::shared_ptr<const Shape> shape, const StateBatch& batch, StatePartition partition)
      : shape_(std::move(shape)), batch_(batch), partition_(std::move(partition)) {}

  Status Open() {
    SLUICE_ASSIGN(auto keys, UnsafeRowCodec::Make(TypesOf(*shape_->key_schema)));
    SLUICE_ASSIGN(auto values, UnsafeRowCodec::Make(TypesOf(*shape_->value_schema)));
    keys_ = std::make_unique<UnsafeRowCodec>(std::move(keys));
    values_ = std::make_unique<UnsafeRowCodec>(std::move(values));
    return Status::OK();
  }

  const std::shared_ptr<arrow::Schema>& schema() const override { return shape_->groups->output; }

  Result<std::shared_ptr<arrow::RecordBatch>> Next() override {
    if (!updated_) {
      updated_ = true;
      SLUICE_RETURN_IF_ERROR(Update());
      SLUICE_RETURN_IF_ERROR(partition_.stores->Cover(partition_.number));
      BeginEviction();
    }
    while (leaving_ && next_ == leaving_->run().size()) SLUICE_RETURN_IF_ERROR(EvictRun());
    if (!leaving_) return nullptr;
    const size_t begin = next_;
    next_ = std::min(next_ + kSliceRows, leaving_->run().size());
    return Rows(begin, next_);
  }

 private:
  using Starts = std::vector<std::pair<int64_t, std::string_view>>;  // of one key's sessions in the state

  StateMap& map() const { return partition_.stores->map(partition_.number); }
  arrow::MemoryPool* pool() const { return batch_.context->pool; }
  size_t session() const { return static_cast<size_t>(shape_->session); }

  // The sessions that the tasks have, but not the late ones. Each task's row stays for itself, so that values are put
  // together in the order of the sessions alone.
  Result<std::shared_ptr<arrow::RecordBatch>> Gather(MemoryReservation* memory) {
    std::vector<std::shared_ptr<arrow::RecordBatch>> kept;
    int64_t bytes = 0;
    for (;;) {
      SLUICE_ASSIGN(const auto rows, partition_.rows.at(0).Next());
      if (rows == nullptr) break;
      std::vector<int32_t> in_time;
      const auto ends = EventTimesIn(*rows->column(shape_->session), /*window=*/true);
      for (size_t row = 0; row < ends.size(); ++row) {
        const bool late = shape_->timed && batch_.late_us && ends[row] && *ends[row] <= *batch_.late_us;
        if (!late) in_time.push_back(static_cast<int32_t>(row));
      }
      partition_.counts->dropped_late += rows->num_rows() - static_cast<int64_t>(in_time.size());
      SLUICE_ASSIGN(auto some, SelectRows(rows, in_time, pool()));
      if (some->num_rows() == 0) continue;
      bytes += RetainedBytes(*some);
      SLUICE_RETURN_IF_ERROR(memory->Cover(std::min(bytes, partition_.rows[0].bytes_from_file())));
      kept.push_back(std::move(some));
    }
    if (kept.empty()) return nullptr;
    const auto schema = kept[0]->schema();
    return Concatenated(std::move(kept), schema, pool());
  }

  // Keys of the state: the further keys of the rows, and these starts.
  Status EncodeKeys(const Columns& rows, std::shared_ptr<arrow::Array> starts, std::string* bytes,
                    std::vector<uint64_t>* at) const {
    Columns columns;
    for (const int other : shape_->others) columns.push_back(rows[static_cast<size_t>(other)]);
    const int64_t count = starts->length();
    columns.push_back(std::move(starts));
    return keys_->Encode(columns, count, bytes, at);
  }

  Result<std::shared_ptr<arrow::Array>> Times(const std::vector<int64_t>& micros) const {
    ColumnWriter<int64_t> writer(static_cast<int64_t>(micros.size()), *batch_.context);
    SLUICE_RETURN_IF_ERROR(writer.Allocate());
    std::copy(micros.begin(), micros.end(), writer.values());
    return writer.Finish(shape_->key_schema->fields().back()->type());
  }

  // Numbers the further keys of the rows. The names are keys of the state whose start is 0.
  Result<std::vector<uint32_t>> NumberKeys(const Columns& rows, int64_t count) {
    SLUICE_ASSIGN(auto zeros, Times(std::vector<int64_t>(static_cast<size_t>(count), 0)));
    std::string bytes;
    std::vector<uint64_t> at;
    SLUICE_RETURN_IF_ERROR(EncodeKeys(rows, std::move(zeros), &bytes, &at));
    std::vector<uint32_t> numbers;
    for (size_t row = 0; row < static_cast<size_t>(count); ++row) {
      const auto [place, fresh] =
          numbers_.emplace(bytes.substr(at[row], at[row + 1] - at[row]), static_cast<uint32_t>(numbers_.size()));
      numbers.push_back(place->second);
    }
    return numbers;
  }

  // What the state has of the keys that this batch has rows of.
  Status FindStored() {
    const size_t place = StartPlace(shape_->key_schema->num_fields());
    stored_.resize(numbers_.size());
    std::string name;
    return map().Visit([&](std::string_view key, std::string_view value) {
      int64_t start = 0;
      std::memcpy(&start, key.data() + place, sizeof(start));
      name.assign(key);
      std::memset(name.data() + place, 0, sizeof(start));
      const auto found = numbers_.find(name);
      if (found == numbers_.end()) return Status::OK();
      if (!map().in_memory()) value = copies_.emplace_back(value);
      stored_[found->second].emplace_back(start, value);
      return Status::OK();
    });
  }

  // The columns of what the state has, then of this batch, and the pieces in the order in which they are merged: by key
  // and start, the state's first.
  Result<std::pair<Columns, std::vector<Piece>>> PiecesOf(const std::shared_ptr<arrow::RecordBatch>& rows) {
    SLUICE_ASSIGN(const std::vector<uint32_t> numbers, NumberKeys(rows->columns(), rows->num_rows()));
    SLUICE_RETURN_IF_ERROR(FindStored());
    std::vector<std::string_view> values;
    std::vector<Piece> pieces;
    for (size_t key = 0; key < stored_.size(); ++key) {
      std::sort(stored_[key].begin(), stored_[key].end());
      for (const auto& [start, value] : stored_[key]) {
        pieces.push_back({static_cast<uint32_t>(key), start, 0, static_cast<int32_t>(values.size())});
        values.push_back(value);
      }
    }
    const size_t stored = values.size();
    SLUICE_ASSIGN(Columns columns, values_->Decode(values, pool()));
    for (size_t i = 0; i < columns.size(); ++i) {
      SLUICE_ASSIGN(columns[i], arrow::Concatenate({columns[i], rows->column(static_cast<int>(i))},
                                                   pool() != nullptr ? pool() : arrow::default_memory_pool()));
    }
    const auto& sessions = static_cast<const arrow::StructArray&>(*columns[session()]);
    const auto starts = sessions.field(0);
    const auto ends = sessions.field(1);
    for (size_t row = 0; row < numbers.size(); ++row) {
      const auto at = static_cast<int32_t>(stored + row);
      pieces.push_back({numbers[row], ColumnReader<int64_t>(*starts)[at], 0, at});
    }
    for (Piece& piece : pieces) piece.end = ColumnReader<int64_t>(*ends)[piece.row];
    std::stable_sort(pieces.begin(), pieces.end(), [stored](const Piece& a, const Piece& b) {
      if (a.key != b.key) return a.key < b.key;
      if (a.start != b.start) return a.start < b.start;
      const bool of_state = a.row < static_cast<int32_t>(stored);
      if (of_state != (b.row < static_cast<int32_t>(stored))) return of_state;
      return a.end < b.end;
    });
    return std::pair(std::move(columns), std::move(pieces));
  }

  Status Update() {
    const StateTimer timer(&partition_.counts->updates_ns);
    MemoryReservation memory(batch_.budget, "The sessions of a batch in a partition of the state");
    SLUICE_ASSIGN(const auto rows, Gather(&memory));
    if (rows == nullptr) return Status::OK();
    SLUICE_ASSIGN(const auto found, PiecesOf(rows));
    const auto& [columns, pieces] = found;
    const Merged merged = MergeSessions(pieces);
    SLUICE_ASSIGN(const Columns values, ValuesOf(columns, pieces, merged));
    std::vector<int64_t> starts;
    for (const size_t first : merged.first) starts.push_back(pieces[first].start);
    SLUICE_ASSIGN(auto times, Times(starts));
    std::string key_bytes;
    std::vector<uint64_t> key_at;
    SLUICE_RETURN_IF_ERROR(EncodeKeys(values, std::move(times), &key_bytes, &key_at));
    std::string value_bytes;
    std::vector<uint64_t> value_at;
    const auto count = static_cast<int64_t>(starts.size());
    SLUICE_RETURN_IF_ERROR(values_->Encode(values, count, &value_bytes, &value_at));
    const auto part = [](const std::string& bytes, const std::vector<uint64_t>& at, size_t i) {
      return std::string_view(bytes).substr(at[i], at[i + 1] - at[i]);
    };
    RemoveMerged(pieces, merged);
    // All sessions of a key are written, as in Spark, those too that are what they were.
    for (size_t i = 0; i < starts.size(); ++i) map().Put(part(key_bytes, key_at, i), part(value_bytes, value_at, i));
    partition_.counts->updated += count;
    return Status::OK();
  }

  // The merged sessions' keys and running values.
  Result<Columns> ValuesOf(const Columns& columns, const std::vector<Piece>& pieces, const Merged& merged) const {
    const auto keys = static_cast<std::ptrdiff_t>(shape_->groups->keys.size());
    std::vector<int32_t> all;
    for (const Piece& piece : pieces) all.push_back(piece.row);
    std::vector<int32_t> firsts;
    std::vector<int64_t> starts;
    for (const size_t first : merged.first) {
      firsts.push_back(pieces[first].row);
      starts.push_back(pieces[first].start);
    }
    Columns values;
    for (auto column = columns.begin(); column != columns.begin() + keys; ++column) {
      SLUICE_ASSIGN(auto first, SelectValues(*column, firsts, pool()));
      values.push_back(std::move(first));
    }
    SLUICE_ASSIGN(const auto start, Times(starts));
    SLUICE_ASSIGN(const auto end, Times(merged.ends));
    values[session()] = arrow::MakeArray(
        arrow::ArrayData::Make(values[session()]->type(), start->length(), {nullptr}, {start->data(), end->data()}, 0));
    Columns saved;
    for (auto column = columns.begin() + keys; column != columns.end(); ++column) {
      SLUICE_ASSIGN(auto in_order, SelectValues(*column, all, pool()));
      saved.push_back(std::move(in_order));
    }
    SLUICE_ASSIGN(SavedGroups groups, SavedGroups::Make(shape_->groups->calls, start->length()));
    SLUICE_RETURN_IF_ERROR(groups.Add(saved, merged.session_of));
    SLUICE_ASSIGN(const Columns sums, groups.Save());
    values.insert(values.end(), sums.begin(), sums.end());
    return values;
  }

  // Takes sessions out of the state that are a part of an earlier one now.
  void RemoveMerged(const std::vector<Piece>& pieces, const Merged& merged) {
    const size_t place = StartPlace(shape_->key_schema->num_fields());
    std::vector<std::string> names(numbers_.size());
    for (const auto& [name, number] : numbers_) names[number] = name;
    int64_t stored = 0;
    for (const Starts& starts : stored_) stored += static_cast<int64_t>(starts.size());
    for (size_t i = 0; i < pieces.size(); ++i) {
      const Piece& piece = pieces[i];
      if (piece.row >= stored || pieces[merged.first[merged.session_of[i]]].start == piece.start) continue;
      std::string key = names[piece.key];
      std::memcpy(key.data() + place, &piece.start, sizeof(piece.start));
      map().Remove(key);
      ++partition_.counts->removed;
    }
  }

  void BeginEviction() {
    const bool all = batch_.mode == OutputMode::kComplete;
    if (!all && (!shape_->timed || !batch_.evict_us)) return;
    const EventTimeField time{shape_->session, /*window=*/true};
    const auto leaves = [this, all, time, fields = shape_->value_schema->num_fields()](std::string_view,
                                                                                       std::string_view value) {
      if (all) return true;
      const auto end = EventTimeIn(value, fields, time);
      return end && *end <= *batch_.evict_us;
    };
    leaving_.emplace(&map(), leaves, partition_.stores->run_bytes(partition_.number));
  }

  // The next sessions that leave, or that are given only; none, and there is nothing left to do.
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
    return Status::OK();
  }

  // The result's rows of entries [begin, end) of what leaves.
  Result<std::shared_ptr<arrow::RecordBatch>> Rows(size_t begin, size_t end) {
    std::vector<std::string_view> values;
    for (size_t i = begin; i < end; ++i) values.push_back(leaving_->run()[i].second);
    const auto rows = static_cast<int64_t>(values.size());
    SLUICE_ASSIGN(const Columns columns, values_->Decode(values, pool()));
    const auto keys = static_cast<std::ptrdiff_t>(shape_->groups->keys.size());
    SLUICE_ASSIGN(SavedGroups groups, SavedGroups::Make(shape_->groups->calls, rows));
    std::vector<uint32_t> ids(values.size());
    std::iota(ids.begin(), ids.end(), 0);
    SLUICE_RETURN_IF_ERROR(groups.Add({columns.begin() + keys, columns.end()}, ids));
    SLUICE_ASSIGN(const Columns results, groups.Finish());
    return shape_->groups->Output({columns.begin(), columns.begin() + keys}, results, rows, *batch_.context);
  }

  const std::shared_ptr<const Shape> shape_;
  const StateBatch& batch_;
  StatePartition partition_;
  std::unique_ptr<UnsafeRowCodec> keys_;
  std::unique_ptr<UnsafeRowCodec> values_;
  bool updated_ = false;
  std::unordered_map<std::string, uint32_t> numbers_;  // of this batch's further keys
  std::vector<Starts> stored_;                         // by number
  std::deque<std::string> copies_;                     // of values of stored_, when the map is not in memory
  std::optional<LeavingEntries> leaving_;
  size_t next_ = 0;  // of its run
};

}  // namespace

Result<std::unique_ptr<StatefulOperator>> StreamingSessions::Make(const PlanNode& node, int session) {
  auto shape = std::make_shared<Shape>();
  SLUICE_ASSIGN(shape->groups, AggregateShape::Make(node));
  shape->session = shape->groups->key_of[static_cast<size_t>(session)];
  arrow::FieldVector key;
  for (int i = 0; i < shape->groups->key_schema->num_fields(); ++i) {
    if (i == shape->session) continue;
    shape->others.push_back(i);
    key.push_back(shape->groups->key_schema->field(i));
  }
  if (key.empty()) {
    return UserError("_LEGACY_ERROR_TEMP_3068",
                     "Global aggregation with session window in streaming query is not supported.");
  }
  const auto& time = shape->groups->key_schema->field(shape->session)->type()->field(0)->type();
  key.push_back(arrow::field("sessionStartTime", time, /*nullable=*/false));
  shape->key_schema = arrow::schema(std::move(key));
  arrow::FieldVector value = shape->groups->key_schema->fields();
  for (const auto& field : shape->groups->value_schema->fields()) value.push_back(field);
  shape->value_schema = arrow::schema(std::move(value));
  const ExprPtr& session_key = node.Get<plan::Aggregate>().keys[static_cast<size_t>(session)];
  const auto* column = dynamic_cast<const ColumnExpr*>(session_key.get());
  shape->timed = EventTimesOf(*node.inputs.at(0))[static_cast<size_t>(column->index())].delay_ms.has_value();
  auto made = std::make_unique<StreamingSessions>();
  made->shape_ = std::move(shape);
  return std::unique_ptr<StatefulOperator>(std::move(made));
}

OperatorStateSpec StreamingSessions::StateSpec(int64_t id, int partitions) const {
  OperatorStateSpec spec;
  spec.id = id;
  spec.name = "sessionWindowStateStoreSaveExec";
  spec.stores = {{"default", {shape_->key_schema, shape_->value_schema}, static_cast<int>(shape_->others.size())}};
  spec.partitions = partitions;
  return spec;
}

Result<std::unique_ptr<StateInput>> StreamingSessions::OpenInput(size_t, const StateBatch& batch, Exchange* exchange,
                                                                 int task) const {
  return OpenAggregateInput(shape_->groups, shape_->others, batch, exchange, task);
}

Result<std::unique_ptr<Operator>> StreamingSessions::OpenPartition(const StateBatch& batch,
                                                                   StatePartition partition) const {
  auto rows = std::make_unique<SessionPartition>(shape_, batch, std::move(partition));
  SLUICE_RETURN_IF_ERROR(rows->Open());
  return std::unique_ptr<Operator>(std::move(rows));
}

}  // namespace sluice
