// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "expr/aggregate.h"
#include "expr/expr.h"

namespace sluice {

struct SortKey {
  ExprPtr expr;
  bool ascending = true;
  bool nulls_first = true;
};

inline std::vector<ExprPtr> ExprsOf(const std::vector<SortKey>& keys) {
  std::vector<ExprPtr> exprs;
  exprs.reserve(keys.size());
  for (const SortKey& key : keys) exprs.push_back(key.expr);
  return exprs;
}

// One end of a window frame, inclusive.
struct FrameBound {
  enum class Kind { kUnboundedPreceding, kOffset, kUnboundedFollowing };
  Kind kind = Kind::kUnboundedPreceding;
  int64_t rows = 0;  // ROWS: the offset from the current row, negative for PRECEDING
  ExprPtr value;     // RANGE: the key that the end stands for, of the type of the ORDER BY key; null: the current row
};

struct WindowFrame {
  bool by_rows = false;  // ROWS, else RANGE: rows with equal keys stand in a frame together
  FrameBound lower;
  FrameBound upper{FrameBound::Kind::kUnboundedFollowing, 0, nullptr};
};

enum class WindowFunction {
  kAggregate,
  kRowNumber,
  kRank,
  kDenseRank,
  kPercentRank,
  kCumeDist,
  kNtile,
  kLag,  // LEAD is a LAG with a negative offset
  kNthValue
};

// One function over the rows of a partition.
struct WindowCall {
  WindowFunction function = WindowFunction::kAggregate;
  AggregateCall call;         // type, nullable and display of every function; arguments of every function
  WindowFrame frame;          // kAggregate, kNthValue
  int64_t number = 0;         // kNtile: buckets; kLag: offset; kNthValue: which
  bool ignore_nulls = false;  // kLag, kNthValue
};

}  // namespace sluice
