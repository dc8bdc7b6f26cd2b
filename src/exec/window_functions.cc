// SPDX-License-Identifier: Apache-2.0
#include <arrow/api.h>

#include <algorithm>
#include <utility>

#include "base/spark_error.h"
#include "exec/window_rows.h"
#include "expr/gather.h"
#include "plan/session_windows.h"

namespace sluice {
namespace {

using ArrayPtr = std::shared_ptr<arrow::Array>;
using Numbers = std::vector<int64_t>;

arrow::MemoryPool* PoolOf(const EvalContext& context) {
  return context.pool != nullptr ? context.pool : arrow::default_memory_pool();
}

// A column of one number a row.
template <typename Builder, typename NumberOf>
Result<ArrayPtr> Column(const WindowRows& rows, const EvalContext& context, const NumberOf& number_of) {
  Builder builder(PoolOf(context));
  SLUICE_RETURN_IF_ERROR(builder.Reserve(rows.size()));
  for (int64_t row = 0; row < rows.size(); ++row) {
    builder.UnsafeAppend(static_cast<typename Builder::value_type>(number_of(row, static_cast<size_t>(row))));
  }
  SLUICE_ASSIGN(auto column, builder.Finish());
  return column;
}

int64_t SizeOf(const WindowRows& rows, size_t i) {
  return rows.partition_end[i] - rows.partition_begin[i];
}

Result<ArrayPtr> DenseRank(const WindowRows& rows, const EvalContext& context) {
  int64_t rank = 0;
  return Column<arrow::Int32Builder>(rows, context, [&](int64_t row, size_t i) {
    if (rows.partition_begin[i] == row) {
      rank = 1;
    } else if (rows.peers_begin[i] == row) {
      ++rank;
    }
    return rank;
  });
}

// The first buckets take one row more where they do not come out even.
int64_t Bucket(int64_t row, int64_t rows, int64_t buckets) {
  const int64_t size = rows / buckets;
  const int64_t larger = rows % buckets;
  const int64_t in_larger = larger * (size + 1);
  return row < in_larger ? row / (size + 1) + 1 : larger + (row - in_larger) / size + 1;
}

Numbers RowsWithValue(const arrow::Array& column) {
  Numbers rows;
  for (int64_t row = 0; row < column.length(); ++row) {
    if (column.IsValid(row)) rows.push_back(row);
  }
  return rows;
}

// The nth row of `valid` before `row` (after it when n is negative) that is within [begin, end), or -1.
int64_t NthFrom(const Numbers& valid, int64_t row, int64_t n, int64_t begin, int64_t end) {
  int64_t place;
  if (n > 0) {
    place = std::lower_bound(valid.begin(), valid.end(), row) - valid.begin() - n;
  } else {
    place = std::upper_bound(valid.begin(), valid.end(), row) - valid.begin() - n - 1;
  }
  if (place < 0 || place >= static_cast<int64_t>(valid.size())) return -1;
  const int64_t found = valid[static_cast<size_t>(place)];
  return found >= begin && found < end ? found : -1;
}

// The value so many rows before each row; behind the values stand the defaults.
Result<ArrayPtr> Lag(const WindowCall& call, const WindowRows& rows, const EvalContext& context) {
  Evaluation evaluation(*rows.rows, context);
  SLUICE_ASSIGN(const auto values, evaluation.Eval(call.call.args[0]));
  SLUICE_ASSIGN(const auto defaults, evaluation.Eval(call.call.args[1]));
  const Numbers valid = call.ignore_nulls ? RowsWithValue(*values) : Numbers();
  Numbers places(static_cast<size_t>(rows.size()));
  for (int64_t row = 0; row < rows.size(); ++row) {
    const auto i = static_cast<size_t>(row);
    int64_t found = row;
    if (call.number != 0 && call.ignore_nulls) {
      found = NthFrom(valid, row, call.number, rows.partition_begin[i], rows.partition_end[i]);
    } else if (call.number != 0) {
      found = row - call.number;
      if (found < rows.partition_begin[i] || found >= rows.partition_end[i]) found = -1;
    }
    places[i] = found < 0 ? rows.size() + row : found;
  }
  SLUICE_ASSIGN(const auto both, arrow::Concatenate({values, defaults}, PoolOf(context)));
  return TakeRows(both, places, PoolOf(context));
}

Result<ArrayPtr> NthValue(const WindowCall& call, const WindowRows& rows, const EvalContext& context) {
  SLUICE_ASSIGN(const auto values, Evaluation(*rows.rows, context).Eval(call.call.args[0]));
  SLUICE_ASSIGN(const FrameRows frames, FramesOf(call.frame, rows, context));
  const Numbers valid = call.ignore_nulls ? RowsWithValue(*values) : Numbers();
  Numbers places(static_cast<size_t>(rows.size()));
  for (size_t i = 0; i < places.size(); ++i) {
    int64_t found = frames.begin[i] + call.number - 1;
    if (call.ignore_nulls) {
      const auto first = std::lower_bound(valid.begin(), valid.end(), frames.begin[i]) - valid.begin();
      const auto place = static_cast<size_t>(first + call.number - 1);
      found = place < valid.size() ? valid[place] : rows.size();
    }
    places[i] = found < frames.end[i] ? found : -1;
  }
  return TakeRows(values, places, PoolOf(context));
}

// The session that each row's own is a part of: rows come by the starts of theirs.
Result<ArrayPtr> MergedSessions(const WindowCall& call, const WindowRows& rows, const EvalContext& context) {
  SLUICE_ASSIGN(const auto own, Evaluation(*rows.rows, context).Eval(call.call.args[0]));
  const auto& sessions = static_cast<const arrow::StructArray&>(*own);
  const ArrayPtr starts = sessions.field(0);
  const ArrayPtr ends = sessions.field(1);
  arrow::TimestampBuilder merged_starts(starts->type(), PoolOf(context));
  arrow::TimestampBuilder merged_ends(starts->type(), PoolOf(context));
  SLUICE_RETURN_IF_ERROR(merged_starts.Reserve(rows.size()));
  SLUICE_RETURN_IF_ERROR(merged_ends.Reserve(rows.size()));
  const auto* start = starts->data()->GetValues<int64_t>(1);
  const auto* end = ends->data()->GetValues<int64_t>(1);
  for (int64_t row = 0; row < rows.size();) {
    int64_t last = end[row];
    int64_t next = row + 1;
    for (; next < rows.partition_end[static_cast<size_t>(row)] && start[next] <= last; ++next) {
      last = std::max(last, end[next]);
    }
    for (const int64_t first = start[row]; row < next; ++row) {
      merged_starts.UnsafeAppend(first);
      merged_ends.UnsafeAppend(last);
    }
  }
  SLUICE_ASSIGN(const ArrayPtr first, merged_starts.Finish());
  SLUICE_ASSIGN(const ArrayPtr last, merged_ends.Finish());
  return arrow::MakeArray(
      arrow::ArrayData::Make(own->type(), rows.size(), {nullptr}, {first->data(), last->data()}, 0));
}

}  // namespace

Result<std::shared_ptr<arrow::Array>> EvalWindowCall(const WindowCall& call, const WindowRows& rows,
                                                     const EvalContext& context) {
  switch (call.function) {
    case WindowFunction::kAggregate:
      if (call.call.name == kMergedSession) return MergedSessions(call, rows, context);
      return EvalWindowAggregate(call, rows, context);
    case WindowFunction::kRowNumber:
      return Column<arrow::Int32Builder>(rows, context,
                                         [&](int64_t row, size_t i) { return row - rows.partition_begin[i] + 1; });
    case WindowFunction::kRank:
      return Column<arrow::Int32Builder>(
          rows, context, [&](int64_t, size_t i) { return rows.peers_begin[i] - rows.partition_begin[i] + 1; });
    case WindowFunction::kDenseRank:
      return DenseRank(rows, context);
    case WindowFunction::kPercentRank:
      return Column<arrow::DoubleBuilder>(rows, context, [&](int64_t, size_t i) {
        const auto rank = static_cast<double>(rows.peers_begin[i] - rows.partition_begin[i]);
        return SizeOf(rows, i) > 1 ? rank / static_cast<double>(SizeOf(rows, i) - 1) : 0.0;
      });
    case WindowFunction::kCumeDist:
      return Column<arrow::DoubleBuilder>(rows, context, [&](int64_t, size_t i) {
        return static_cast<double>(rows.peers_end[i] - rows.partition_begin[i]) / static_cast<double>(SizeOf(rows, i));
      });
    case WindowFunction::kNtile:
      return Column<arrow::Int32Builder>(rows, context, [&](int64_t row, size_t i) {
        return Bucket(row - rows.partition_begin[i], SizeOf(rows, i), call.number);
      });
    case WindowFunction::kLag:
      return Lag(call, rows, context);
    case WindowFunction::kNthValue:
      return NthValue(call, rows, context);
  }
  return InternalError("a window function of an unknown kind");
}

}  // namespace sluice
