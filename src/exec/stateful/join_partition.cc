// SPDX-License-Identifier: Apache-2.0
#include "exec/stateful/join_partition.h"

#include <arrow/api.h>

#include <algorithm>
#include <deque>
#include <map>
#include <numeric>
#include <string_view>
#include <utility>

#include "base/spark_error.h"
#include "exec/retained_batch.h"
#include "exec/select_rows.h"
#include "exec/stateful/join_state.h"
#include "exec/stateful/leaving_entries.h"

namespace sluice {
namespace {

using Shape = StreamJoin::Shape;
using BatchPtr = std::shared_ptr<arrow::RecordBatch>;
using Types = std::vector<std::shared_ptr<arrow::DataType>>;

constexpr size_t kSliceRows = 8192;
constexpr size_t kLeft = 0;
constexpr size_t kRight = 1;

Types TypesOf(const arrow::Schema& schema) {
  Types types;
  for (const auto& field : schema.fields()) types.push_back(field->type());
  return types;
}

// Rows of one side with their keys as bytes, on their way through the join.
struct Slice {
  BatchPtr rows;
  std::string bytes;
  std::vector<uint64_t> at;
  std::vector<bool> matched;
  size_t row = 0;      // the next one to be joined
  int64_t number = 0;  // the next row of its key on the other side

  std::string_view key(size_t i) const { return std::string_view(bytes).substr(at[i], at[i + 1] - at[i]); }
  bool joined() const { return row == matched.size(); }
};

// Rows of a slice and rows that the other side keeps, whose keys are equal.
struct Pairs {
  std::vector<int32_t> rows;     // of the slice
  std::vector<int64_t> numbers;  // of the other side's rows under the slice's keys
  std::vector<std::string_view> kept;
};

template <typename T>
std::vector<T> Chosen(const std::vector<T>& items, const std::vector<int32_t>& chosen) {
  std::vector<T> some;
  for (const int32_t i : chosen) some.push_back(items[static_cast<size_t>(i)]);
  return some;
}

class JoinPartition : public Operator {
 public:
  JoinPartition(std::shared_ptr<const Shape> shape, const StateBatch& batch, StatePartition partition)
      : shape_(std::move(shape)),
        batch_(batch),
        partition_(std::move(partition)),
        numbered_(TypesOf(*shape_->key_schema)) {}

  Status Open() {
    SLUICE_ASSIGN(auto keys, UnsafeRowCodec::Make(TypesOf(*shape_->key_schema)));
    keys_ = std::make_unique<UnsafeRowCodec>(std::move(keys));
    for (const size_t number : {kLeft, kRight}) {
      const StreamJoin::Side& side = shape_->sides[number];
      Types types = TypesOf(*side.rows);
      if (shape_->matched_flags) types.push_back(arrow::boolean());
      SLUICE_ASSIGN(auto rows, UnsafeRowCodec::Make(std::move(types)));
      rows_.push_back(std::move(rows));
      StateMap& counts = partition_.stores->map(partition_.number, 2 * number);
      StateMap& kept = partition_.stores->map(partition_.number, 2 * number + 1);
      states_.emplace_back(&numbered_, side.rows->num_fields(), &counts, &kept);
      if (batch_.evict_us) limits_[number] = side.eviction.Limit(*batch_.evict_us);
    }
    return Status::OK();
  }

  const std::shared_ptr<arrow::Schema>& schema() const override { return shape_->output; }

  Result<BatchPtr> Next() override {
    for (;;) {
      SLUICE_RETURN_IF_ERROR(batch_.context->CheckCancelled());
      if (!ready_.empty()) {
        BatchPtr rows = std::move(ready_.front());
        ready_.pop_front();
        return rows;
      }
      if (turn_ < 2) {
        SLUICE_RETURN_IF_ERROR(JoinSome());
      } else if (turn_ < 4) {
        SLUICE_RETURN_IF_ERROR(EvictSome(turn_ - 2));
      } else {
        return nullptr;
      }
    }
  }

 private:
  arrow::MemoryPool* pool() const { return batch_.context->pool; }
  bool semi() const { return shape_->type == JoinType::kLeftSemi; }
  bool takes_left() const { return semi() && side() == kRight; }
  // The left rows of a batch come first, but for a semi join: those that the right ones meet are not kept.
  size_t side() const { return semi() ? 1 - turn_ : turn_; }

  Status JoinSome() {
    const StateTimer timer(&partition_.counts->updates_ns);
    if (!slice_) {
      SLUICE_ASSIGN(auto rows, partition_.rows.at(side()).Next());
      if (rows != nullptr) return Begin(std::move(rows));
      ++turn_;
      return Status::OK();
    }
    if (!slice_->joined()) return Join();
    SLUICE_RETURN_IF_ERROR(Keep());
    slice_.reset();
    return partition_.stores->Cover(partition_.number);
  }

  // Late rows are dropped, and those that fail the conditions of their side never have a partner.
  Status Begin(BatchPtr rows) {
    const StreamJoin::Side& from = shape_->sides[side()];
    SLUICE_ASSIGN(rows, InTime(from, std::move(rows)));
    if (!from.conditions.empty() && rows->num_rows() > 0) {
      SLUICE_ASSIGN(rows, Fulfilling(from, std::move(rows)));
    }
    if (rows->num_rows() == 0) return Status::OK();
    Slice slice;
    SLUICE_ASSIGN(const arrow::ArrayVector keys, JoinKeysOf(from.keys, *rows, *batch_.context));
    SLUICE_RETURN_IF_ERROR(keys_->Encode(keys, rows->num_rows(), &slice.bytes, &slice.at));
    slice.matched.assign(static_cast<size_t>(rows->num_rows()), false);
    slice.rows = std::move(rows);
    slice_ = std::move(slice);
    return Status::OK();
  }

  Result<BatchPtr> InTime(const StreamJoin::Side& from, BatchPtr rows) {
    if (!from.time || !batch_.late_us) return rows;
    const auto times = EventTimesIn(*rows->column(from.time->column), from.time->window);
    std::vector<int32_t> kept;
    for (size_t row = 0; row < times.size(); ++row) {
      if (!times[row] || *times[row] > *batch_.late_us) kept.push_back(static_cast<int32_t>(row));
    }
    if (kept.size() == times.size()) return rows;
    partition_.counts->dropped_late += static_cast<int64_t>(times.size() - kept.size());
    return SelectRows(rows, kept, pool());
  }

  Result<BatchPtr> Fulfilling(const StreamJoin::Side& from, BatchPtr rows) {
    std::vector<bool> fulfils(static_cast<size_t>(rows->num_rows()), true);
    for (const ExprPtr& condition : from.conditions) {
      SLUICE_ASSIGN(const auto holds, Evaluation(*rows, *batch_.context).Eval(condition));
      SLUICE_ASSIGN(const std::vector<int32_t> kept, RowsThatAreTrue(*holds));
      std::vector<bool> now(fulfils.size(), false);
      for (const int32_t row : kept) now[static_cast<size_t>(row)] = fulfils[static_cast<size_t>(row)];
      fulfils = std::move(now);
    }
    std::vector<int32_t> kept;
    std::vector<int32_t> failed;
    for (size_t row = 0; row < fulfils.size(); ++row) {
      (fulfils[row] ? kept : failed).push_back(static_cast<int32_t>(row));
    }
    if (from.kept && !failed.empty()) {
      SLUICE_ASSIGN(const BatchPtr alone, SelectRows(rows, failed, pool()));
      SLUICE_RETURN_IF_ERROR(GiveAlone(side(), alone->columns(), alone->num_rows()));
    }
    return SelectRows(rows, kept, pool());
  }

  // The next pairs of the slice, at most a slice's worth. Right rows that take left ones away come with all of theirs.
  Result<Pairs> NextPairs() {
    Pairs pairs;
    JoinState& other = states_[1 - side()];
    while (!slice_->joined() && pairs.rows.size() < kSliceRows) {
      const std::string_view key = slice_->key(slice_->row);
      const int64_t count = other.Count(key);
      for (; slice_->number < count && (takes_left() || pairs.rows.size() < kSliceRows); ++slice_->number) {
        SLUICE_ASSIGN(const std::string_view kept, other.Row(key, slice_->number));
        pairs.rows.push_back(static_cast<int32_t>(slice_->row));
        pairs.numbers.push_back(slice_->number);
        pairs.kept.push_back(kept);
      }
      if (slice_->number < count) break;
      slice_->number = 0;
      ++slice_->row;
    }
    return pairs;
  }

  Status Join() {
    SLUICE_ASSIGN(Pairs pairs, NextPairs());
    if (pairs.rows.empty()) return Status::OK();
    SLUICE_ASSIGN(BatchPtr joined, Joined(pairs));
    for (const ExprPtr& condition : shape_->conditions) {
      SLUICE_ASSIGN(const auto holds, Evaluation(*joined, *batch_.context).Eval(condition));
      SLUICE_ASSIGN(const std::vector<int32_t> true_rows, RowsThatAreTrue(*holds));
      SLUICE_ASSIGN(joined, Choose(joined, true_rows, &pairs));
    }
    if (semi()) {
      std::vector<int32_t> given;
      if (takes_left()) {
        SLUICE_ASSIGN(given, TakeLeft(pairs));
      } else {
        given = FirstOfEach(pairs);
      }
      SLUICE_ASSIGN(joined, Choose(joined, given, &pairs));
    }
    if (pairs.rows.empty()) return Status::OK();
    if (!takes_left()) Note(pairs);
    arrow::ArrayVector columns = joined->columns();
    columns.resize(static_cast<size_t>(shape_->output->num_fields()));
    ready_.push_back(arrow::RecordBatch::Make(shape_->output, joined->num_rows(), std::move(columns)));
    return Status::OK();
  }

  Result<BatchPtr> Choose(const BatchPtr& joined, const std::vector<int32_t>& chosen, Pairs* pairs) const {
    if (chosen.size() == pairs->rows.size()) return joined;
    *pairs = {Chosen(pairs->rows, chosen), Chosen(pairs->numbers, chosen), Chosen(pairs->kept, chosen)};
    return SelectRows(joined, chosen, pool());
  }

  // Of a semi join each left row is given once, with its first partner.
  std::vector<int32_t> FirstOfEach(const Pairs& pairs) const {
    std::vector<int32_t> first;
    for (size_t i = 0; i < pairs.rows.size(); ++i) {
      const bool again = i > 0 && pairs.rows[i - 1] == pairs.rows[i];
      if (!again && !slice_->matched[static_cast<size_t>(pairs.rows[i])]) first.push_back(static_cast<int32_t>(i));
    }
    return first;
  }

  // Left rows that wait are given with the first right row that they meet, and are no longer kept. The result is the
  // pairs that are left when each has gone. The numbers of the pairs are from before.
  Result<std::vector<int32_t>> TakeLeft(const Pairs& pairs) {
    std::vector<int32_t> given;
    std::map<std::string_view, std::vector<int64_t>>
        before;  // of each key the number that a row had, by its number now
    for (size_t begin = 0, end = 0; begin < pairs.rows.size(); begin = end) {
      while (end < pairs.rows.size() && pairs.rows[end] == pairs.rows[begin]) ++end;
      const auto row = static_cast<size_t>(pairs.rows[begin]);
      const std::string_view key = slice_->key(row);
      const auto [found, fresh] = before.try_emplace(key);
      std::vector<int64_t>& numbers = found->second;
      if (fresh) {
        numbers.resize(static_cast<size_t>(states_[kLeft].Count(key)));
        std::iota(numbers.begin(), numbers.end(), 0);
      }
      const auto first = pairs.numbers.begin() + static_cast<std::ptrdiff_t>(begin);
      const auto last = pairs.numbers.begin() + static_cast<std::ptrdiff_t>(end);
      const auto meets = [&](int64_t number, std::string_view) {
        int64_t& was = numbers[static_cast<size_t>(number)];
        const auto pair = std::lower_bound(first, last, was);
        if (pair == last || *pair != was) return false;
        given.push_back(static_cast<int32_t>(pair - pairs.numbers.begin()));
        slice_->matched[row] = true;
        was = numbers.back();
        numbers.pop_back();
        return true;
      };
      SLUICE_RETURN_IF_ERROR(states_[kLeft].Remove(key, meets).status());
    }
    return given;
  }

  // The pairs' columns, the left side's first.
  Result<BatchPtr> Joined(const Pairs& pairs) const {
    SLUICE_ASSIGN(const BatchPtr own, SelectRows(slice_->rows, pairs.rows, pool()));
    SLUICE_ASSIGN(arrow::ArrayVector other, rows_[1 - side()].Decode(pairs.kept, pool()));
    if (shape_->matched_flags) other.pop_back();
    arrow::ArrayVector columns = side() == kLeft ? own->columns() : other;
    const arrow::ArrayVector& behind = side() == kLeft ? other : own->columns();
    columns.insert(columns.end(), behind.begin(), behind.end());
    return arrow::RecordBatch::Make(shape_->both, own->num_rows(), std::move(columns));
  }

  void Note(const Pairs& pairs) {
    JoinState& other = states_[1 - side()];
    for (size_t i = 0; i < pairs.rows.size(); ++i) {
      const auto row = static_cast<size_t>(pairs.rows[i]);
      slice_->matched[row] = true;
      if (shape_->matched_flags && !other.Matched(pairs.kept[i])) {
        other.MarkMatched(slice_->key(row), pairs.numbers[i], pairs.kept[i]);
      }
    }
  }

  // Whether the rows of the side leave at the end of the batch.
  bool Leaves(size_t side, std::string_view key, std::string_view row) const {
    if (!limits_[side]) return false;
    const JoinEviction& eviction = shape_->sides[side].eviction;
    const bool by_key = eviction.key.has_value();
    const EventTimeField field{by_key ? static_cast<int>(*eviction.key) : eviction.time, eviction.window};
    const int kept = shape_->sides[side].rows->num_fields() + (shape_->matched_flags ? 1 : 0);
    const int fields = by_key ? shape_->key_schema->num_fields() : kept;
    const auto time = EventTimeIn(by_key ? key : row, fields, field);
    return time && *time <= *limits_[side];
  }

  // Adds the slice's rows to what their side keeps. A right row has met all that it will meet in this batch: it is not
  // kept if it would leave at once, unless it is to be given then. A left row of a semi join that was given needs no
  // other partner.
  Status Keep() {
    arrow::ArrayVector columns = slice_->rows->columns();
    if (shape_->matched_flags) {
      arrow::BooleanBuilder matched(pool() != nullptr ? pool() : arrow::default_memory_pool());
      SLUICE_RETURN_IF_ERROR(matched.AppendValues(slice_->matched));
      SLUICE_ASSIGN(auto flags, matched.Finish());
      columns.push_back(std::move(flags));
    }
    std::string bytes;
    std::vector<uint64_t> at;
    SLUICE_RETURN_IF_ERROR(rows_[side()].Encode(columns, slice_->rows->num_rows(), &bytes, &at));
    for (size_t i = 0; i < slice_->matched.size(); ++i) {
      const auto row = std::string_view(bytes).substr(at[i], at[i + 1] - at[i]);
      const bool given_later = shape_->sides[side()].kept && !slice_->matched[i];
      if (semi() && side() == kLeft && slice_->matched[i]) continue;
      if (side() == kRight && !given_later && Leaves(kRight, slice_->key(i), row)) continue;
      states_[side()].Append(slice_->key(i), row);
      ++partition_.counts->updated;
    }
    return Status::OK();
  }

  // Rows of one side with NULLs in the other's columns.
  Status GiveAlone(size_t side, arrow::ArrayVector columns, int64_t rows) {
    const arrow::Schema& other = *shape_->sides[1 - side].rows;
    arrow::ArrayVector nulls;
    for (const auto& field : other.fields()) {
      SLUICE_ASSIGN(auto column, arrow::MakeArrayOfNull(field->type(), rows,
                                                        pool() != nullptr ? pool() : arrow::default_memory_pool()));
      nulls.push_back(std::move(column));
    }
    if (side == kRight) std::swap(columns, nulls);
    columns.insert(columns.end(), nulls.begin(), nulls.end());
    ready_.push_back(arrow::RecordBatch::Make(shape_->output, rows, std::move(columns)));
    return Status::OK();
  }

  void BeginEviction(size_t side) {
    const bool by_key = shape_->sides[side].eviction.key.has_value();
    const auto leaves = [this, side, by_key](std::string_view key, std::string_view) {
      return !by_key || Leaves(side, key, {});
    };
    leaving_.emplace(&states_[side].counts(), leaves, partition_.stores->run_bytes(partition_.number));
    next_ = 0;
  }

  // Goes on to the next keys of the side, or to the next turn.
  Status NextLeaving() {
    SLUICE_ASSIGN(const bool more, leaving_->Next());
    next_ = 0;
    if (more) return Status::OK();
    leaving_.reset();
    ++turn_;
    return partition_.stores->Cover(partition_.number);
  }

  // Removes rows of some keys of a side, until there is a slice's worth to be given.
  Status EvictSome(size_t side) {
    const StateTimer timer(&partition_.counts->removals_ns);
    if (!limits_[side]) {
      ++turn_;
      return Status::OK();
    }
    if (!leaving_) BeginEviction(side);
    const bool given = shape_->sides[side].kept;
    std::vector<std::string> alone;
    while (leaving_ && alone.size() < kSliceRows) {
      if (next_ == leaving_->run().size()) {
        SLUICE_RETURN_IF_ERROR(NextLeaving());
        continue;
      }
      const std::string_view key = leaving_->run()[next_++].first;
      const auto leaves = [&](int64_t, std::string_view row) {
        if (!Leaves(side, key, row)) return false;
        if (given && !states_[side].Matched(row)) alone.emplace_back(row);
        return true;
      };
      SLUICE_ASSIGN(const int64_t left, states_[side].Remove(key, leaves));
      states_[side].EndViews();
      // Spark counts those that leave in silence.
      if (!given) partition_.counts->removed += left;
    }
    if (alone.empty()) return Status::OK();
    const std::vector<std::string_view> rows(alone.begin(), alone.end());
    SLUICE_ASSIGN(arrow::ArrayVector columns, rows_[side].Decode(rows, pool()));
    columns.pop_back();
    return GiveAlone(side, std::move(columns), static_cast<int64_t>(rows.size()));
  }

  const std::shared_ptr<const Shape> shape_;
  const StateBatch& batch_;
  StatePartition partition_;
  const NumberedKeys numbered_;
  std::unique_ptr<UnsafeRowCodec> keys_;
  std::vector<UnsafeRowCodec> rows_;  // by side
  std::vector<JoinState> states_;
  std::array<std::optional<int64_t>, 2> limits_;
  size_t turn_ = 0;  // 0, 1: rows of the sides; 2, 3: what leaves the left side, the right side
  size_t next_ = 0;  // of the keys that leave
  std::optional<Slice> slice_;
  std::optional<LeavingEntries> leaving_;
  std::deque<BatchPtr> ready_;
};

}  // namespace

Result<arrow::ArrayVector> JoinKeysOf(const std::vector<ExprPtr>& keys, const arrow::RecordBatch& rows,
                                      const EvalContext& context) {
  SLUICE_ASSIGN(auto columns, Evaluation(rows, context).EvalAll(keys));
  return NormalKeyColumns(std::move(columns));
}

Result<std::unique_ptr<Operator>> OpenJoinPartition(std::shared_ptr<const Shape> shape, const StateBatch& batch,
                                                    StatePartition partition) {
  auto rows = std::make_unique<JoinPartition>(std::move(shape), batch, std::move(partition));
  SLUICE_RETURN_IF_ERROR(rows->Open());
  return std::unique_ptr<Operator>(std::move(rows));
}

}  // namespace sluice
