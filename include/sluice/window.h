// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <initializer_list>
#include <limits>
#include <memory>
#include <string>
#include <vector>

#include "sluice/column.h"
#include "sluice/functions.h"

namespace sluice {

struct WindowNode;  // a Spark Connect window without its function

// The rows that a window function looks at: row_number().over(Window::partitionBy("k").orderBy("t")). A cheap value.
class WindowSpec {
 public:
  explicit WindowSpec(std::shared_ptr<const WindowNode> node) : node_(std::move(node)) {}
  WindowSpec partitionBy(std::initializer_list<ColumnOrName> keys) const;
  template <typename... Rest>
  WindowSpec partitionBy(const ColumnOrName& first, const Rest&... rest) const {
    return partitionBy({first, ColumnOrName(rest)...});
  }
  WindowSpec orderBy(std::initializer_list<ColumnOrName> keys) const;
  template <typename... Rest>
  WindowSpec orderBy(const ColumnOrName& first, const Rest&... rest) const {
    return orderBy({first, ColumnOrName(rest)...});
  }
  // Both ends are inclusive and relative to the current row: by rows, or by the value of the one ORDER BY key.
  WindowSpec rowsBetween(int64_t start, int64_t end) const;
  WindowSpec rangeBetween(int64_t start, int64_t end) const;

  const WindowNode& node() const { return *node_; }

 private:
  std::shared_ptr<const WindowNode> node_;
};

// Where a WindowSpec begins, under Spark's names.
class Window {
 public:
  static constexpr int64_t unboundedPreceding = std::numeric_limits<int64_t>::min();
  static constexpr int64_t unboundedFollowing = std::numeric_limits<int64_t>::max();
  static constexpr int64_t currentRow = 0;

  template <typename... Keys>
  static WindowSpec partitionBy(const Keys&... keys) {
    return Empty().partitionBy({ColumnOrName(keys)...});
  }
  template <typename... Keys>
  static WindowSpec orderBy(const Keys&... keys) {
    return Empty().orderBy({ColumnOrName(keys)...});
  }

 private:
  static WindowSpec Empty();
};

namespace functions {
// With over() only.
Column row_number();
Column rank();
Column dense_rank();
Column percent_rank();
Column cume_dist();
Column ntile(int buckets);
Column lag(const ColumnOrName& value, int offset = 1);
Column lead(const ColumnOrName& value, int offset = 1);
// With a value for rows that have no such neighbour.
Column lag(const ColumnOrName& value, int offset, const Column& otherwise);
Column lead(const ColumnOrName& value, int offset, const Column& otherwise);
Column nth_value(const ColumnOrName& value, int n, bool ignore_nulls = false);

// One row for each element; select takes one of them beside other columns. The outer forms keep rows without elements.
Column explode(const ColumnOrName& value);
Column explode_outer(const ColumnOrName& value);
Column posexplode(const ColumnOrName& value);
Column posexplode_outer(const ColumnOrName& value);
Column inline_(const ColumnOrName& value);  // `inline` is a word of C++
Column inline_outer(const ColumnOrName& value);
Column stack(const std::vector<Column>& rows_and_values);

// With rollup, cube and grouping sets: whether a key is left out of a row's group.
Column grouping(const ColumnOrName& key);
Column grouping_id();
}  // namespace functions

}  // namespace sluice
