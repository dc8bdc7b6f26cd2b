// SPDX-License-Identifier: Apache-2.0
#include "exec/window_rows.h"

#include <arrow/api.h>

#include <algorithm>
#include <utility>

namespace sluice {
namespace {

using Numbers = std::vector<int64_t>;

arrow::MemoryPool* PoolOf(const EvalContext& context) {
  return context.pool != nullptr ? context.pool : arrow::default_memory_pool();
}

bool AllEqual(const std::vector<KeyOrder>& keys, int64_t a, int64_t b) {
  return std::all_of(keys.begin(), keys.end(), [&](const KeyOrder& key) { return key.Compare(a, b) == 0; });
}

// Fills begin and end of the runs of rows that are equal to their neighbours; a run never crosses a bound of `within`.
void FindRuns(const std::vector<KeyOrder>& keys, int64_t rows, const Numbers* within, Numbers* begin, Numbers* end) {
  begin->resize(static_cast<size_t>(rows));
  end->resize(static_cast<size_t>(rows));
  for (int64_t first = 0; first < rows;) {
    const auto same = [&](int64_t row) {
      return (within == nullptr || (*within)[static_cast<size_t>(row)] == (*within)[static_cast<size_t>(first)]) &&
             AllEqual(keys, row - 1, row);
    };
    int64_t last = first + 1;
    while (last < rows && same(last)) ++last;
    for (int64_t row = first; row < last; ++row) {
      (*begin)[static_cast<size_t>(row)] = first;
      (*end)[static_cast<size_t>(row)] = last;
    }
    first = last;
  }
}

// The first row of [begin, end) that `holds`; rows for which it holds come last.
template <typename Holds>
int64_t FirstOf(int64_t begin, int64_t end, const Holds& holds) {
  while (begin < end) {
    const int64_t middle = begin + (end - begin) / 2;
    if (holds(middle)) {
      end = middle;
    } else {
      begin = middle + 1;
    }
  }
  return begin;
}

// One end of all frames; of an upper one the row behind the last.
Result<Numbers> EndOf(const FrameBound& bound, bool by_rows, bool is_upper, const WindowRows& rows,
                      const EvalContext& context) {
  if (bound.kind == FrameBound::Kind::kUnboundedPreceding) return rows.partition_begin;
  if (bound.kind == FrameBound::Kind::kUnboundedFollowing) return rows.partition_end;
  Numbers ends(static_cast<size_t>(rows.size()));
  if (by_rows) {
    for (int64_t row = 0; row < rows.size(); ++row) {
      const auto i = static_cast<size_t>(row);
      // The offset is an INT, so that this cannot overflow.
      ends[i] = std::clamp(row + bound.rows + (is_upper ? 1 : 0), rows.partition_begin[i], rows.partition_end[i]);
    }
    return ends;
  }
  if (bound.value == nullptr) return is_upper ? rows.peers_end : rows.peers_begin;
  SLUICE_ASSIGN(const auto wanted, Evaluation(*rows.rows, context).Eval(bound.value));
  SLUICE_ASSIGN(const auto both, arrow::Concatenate({rows.range_key, wanted}, PoolOf(context)));
  SLUICE_ASSIGN(const KeyOrder order, KeyOrder::Make(both, rows.ascending, rows.nulls_first));
  for (int64_t row = 0; row < rows.size(); ++row) {
    const auto i = static_cast<size_t>(row);
    const int64_t value = rows.size() + row;
    ends[i] = FirstOf(rows.partition_begin[i], rows.partition_end[i], [&](int64_t other) {
      const int order_of_other = order.Compare(other, value);
      return is_upper ? order_of_other > 0 : order_of_other >= 0;
    });
  }
  return ends;
}

}  // namespace

Result<KeyOrder> KeyOrder::Make(const std::shared_ptr<arrow::Array>& column, bool ascending, bool nulls_first) {
  SLUICE_ASSIGN(auto values, ValueOrder::Make(column));
  return KeyOrder(std::move(values), ascending, nulls_first);
}

int KeyOrder::Compare(int64_t a, int64_t b) const {
  const bool a_null = values_->column().IsNull(a);
  const bool b_null = values_->column().IsNull(b);
  if (a_null || b_null) return a_null == b_null ? 0 : a_null == nulls_first_ ? -1 : 1;
  const int order = values_->Compare(a, b);
  return ascending_ ? order : -order;
}

Result<WindowRows> MakeWindowRows(std::shared_ptr<arrow::RecordBatch> rows, const arrow::ArrayVector& partition,
                                  const arrow::ArrayVector& order, const std::vector<SortKey>& keys) {
  WindowRows made;
  made.rows = std::move(rows);
  std::vector<KeyOrder> partition_keys;
  for (const auto& column : partition) {
    SLUICE_ASSIGN(KeyOrder key, KeyOrder::Make(column, true, true));
    partition_keys.push_back(std::move(key));
  }
  std::vector<KeyOrder> order_keys;
  for (size_t i = 0; i < order.size(); ++i) {
    SLUICE_ASSIGN(KeyOrder key, KeyOrder::Make(order[i], keys[i].ascending, keys[i].nulls_first));
    order_keys.push_back(std::move(key));
  }
  FindRuns(partition_keys, made.size(), nullptr, &made.partition_begin, &made.partition_end);
  FindRuns(order_keys, made.size(), &made.partition_begin, &made.peers_begin, &made.peers_end);
  if (!order.empty()) {
    made.range_key = order[0];
    made.ascending = keys[0].ascending;
    made.nulls_first = keys[0].nulls_first;
  }
  return made;
}

Result<FrameRows> FramesOf(const WindowFrame& frame, const WindowRows& rows, const EvalContext& context) {
  FrameRows frames;
  SLUICE_ASSIGN(frames.begin, EndOf(frame.lower, frame.by_rows, false, rows, context));
  SLUICE_ASSIGN(frames.end, EndOf(frame.upper, frame.by_rows, true, rows, context));
  for (size_t i = 0; i < frames.begin.size(); ++i) frames.end[i] = std::max(frames.begin[i], frames.end[i]);
  return frames;
}

}  // namespace sluice
