// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "expr/expr.h"

namespace sluice {

// The running values of one aggregate for all groups of one aggregation. One thread at a time.
class Accumulator {
 public:
  virtual ~Accumulator() = default;
  // Groups are numbered from 0; grows to `groups` fresh groups.
  virtual void Resize(int64_t groups) = 0;
  // Adds one row of each argument column to group group_ids[row].
  virtual Status Update(const std::vector<std::shared_ptr<arrow::Array>>& args, const uint32_t* group_ids,
                        int64_t rows) = 0;
  // Adds another accumulator of the same kind: its group i goes to our group mapping[i].
  virtual Status Merge(const Accumulator& other, const uint32_t* mapping) = 0;
  // One value a group, of the aggregate's type.
  virtual Result<std::shared_ptr<arrow::Array>> Finish() = 0;
};

// A resolved aggregate call: count, count(distinct), sum, avg, min, max, first, last, ... Immutable.
struct AggregateCall {
  std::string name;           // lower case
  std::vector<ExprPtr> args;  // already coerced; empty for count(*)
  bool distinct = false;
  ExprPtr filter;  // FILTER (WHERE ..), or null
  std::shared_ptr<arrow::DataType> type;
  bool nullable = true;
  std::string display;  // as Spark names the column: "count(DISTINCT star_rating)", "count(1)"
  bool ansi = true;
};

std::vector<std::string> AggregateNames();
bool IsAggregateFunction(const std::string& name);
Result<AggregateCall> ResolveAggregate(const std::string& name, std::vector<ExprPtr> args, bool distinct, bool ansi);
Result<std::unique_ptr<Accumulator>> MakeAccumulator(const AggregateCall& call);

}  // namespace sluice
