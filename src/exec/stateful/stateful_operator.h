// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "exec/exchange.h"
#include "exec/operator.h"
#include "exec/stateful/operator_stores.h"
#include "expr/expr.h"
#include "plan/output_mode.h"
#include "plan/plan.h"

namespace sluice {

// What one batch is to stateful operators. Read-only.
struct StateBatch {
  int64_t version = 0;             // of the state that it reads; it writes the next one
  std::optional<int64_t> late_us;  // rows whose time is at or before this are dropped; none: the query has no watermark
  std::optional<int64_t> evict_us;  // what is at or before this leaves the state
  OutputMode mode = OutputMode::kAppend;
  const EvalContext* context = nullptr;
  MemoryBudget* budget = nullptr;
};

// What a partition did in a batch, as Spark counts it.
struct StateCounts {
  int64_t updated = 0;
  int64_t removed = 0;
  int64_t dropped_late = 0;
  int64_t dropped_duplicates = 0;
  int64_t updates_ns = 0;
  int64_t removals_ns = 0;
  int64_t commit_ns = 0;

  void Add(const StateCounts& other);
};

// Adds the time that it lives to a count of nanoseconds: for the progress, and for nothing that decides.
class StateTimer {
 public:
  explicit StateTimer(int64_t* sum) : sum_(sum), began_(std::chrono::steady_clock::now()) {}
  ~StateTimer() {
    *sum_ += std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::steady_clock::now() - began_).count();
  }
  StateTimer(const StateTimer&) = delete;
  StateTimer& operator=(const StateTimer&) = delete;

 private:
  int64_t* const sum_;
  const std::chrono::steady_clock::time_point began_;
};

// Brings the rows of one task, before they are exchanged, to the partitions that keep their keys. One thread.
class StateInput {
 public:
  virtual ~StateInput() = default;
  // An error of a row carries the row's number.
  virtual Status Add(const std::shared_ptr<arrow::RecordBatch>& slice) = 0;
  virtual Status Finish() = 0;
};

// A partition of an operator with state: its rows of this batch, by input.
struct StatePartition {
  int number = 0;
  std::vector<ExchangeRows> rows;
  OperatorStores* stores = nullptr;
  StateCounts* counts = nullptr;
};

// One node of a plan that keeps state from batch to batch: what its tasks do. Immutable, any thread.
class StatefulOperator {
 public:
  virtual ~StatefulOperator() = default;
  // What it keeps; `partitions` by default as many as the query was started with.
  virtual OperatorStateSpec StateSpec(int64_t id, int partitions) const = 0;
  // Rows of input `side`, of the task `task` of the exchange. Everything given outlives the result.
  virtual Result<std::unique_ptr<StateInput>> OpenInput(size_t side, const StateBatch& batch, Exchange* exchange,
                                                        int task) const = 0;
  // What comes of the partition's rows and its state, which is open. After the last slice the state is as the batch
  // leaves it.
  virtual Result<std::unique_ptr<Operator>> OpenPartition(const StateBatch& batch, StatePartition partition) const = 0;
  // Whether a batch without rows has work when the watermark has risen.
  virtual bool EvictsUnder(OutputMode mode) const = 0;
};

// NotSupported, by name, for nodes that Sluice keeps no state for.
Result<std::unique_ptr<StatefulOperator>> MakeStatefulOperator(const PlanNode& node);

}  // namespace sluice
