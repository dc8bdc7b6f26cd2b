// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <memory>

#include "base/memory_budget.h"
#include "conf/conf.h"
#include "env/env.h"
#include "exec/operator.h"
#include "exec/planner.h"
#include "plan/plan.h"

namespace sluice {

// What a batch query runs in.
struct QueryContext {
  std::shared_ptr<Env> env;
  Conf conf;
  EvalContext eval;                // now_us 0: the moment of Start
  MemoryBudget* budget = nullptr;  // null: unlimited; outlives the query
  int threads = 0;                 // 0: one a processor
  SourceOpener open_source;        // null: the connectors of the registry
};

// A running batch query; its rows stream slice by slice. One thread at a time, except Cancel. Destroying it stops what
// still runs.
class Query {
 public:
  // Optimizes and plans what analysis gave.
  static Result<std::unique_ptr<Query>> Start(const PlanPtr& plan, QueryContext context);

  const std::shared_ptr<arrow::Schema>& schema() const { return rows_->schema(); }
  // The next slice, never empty, or null at the end.
  Result<std::shared_ptr<arrow::RecordBatch>> Next();
  // All rows that are left.
  Result<std::vector<std::shared_ptr<arrow::RecordBatch>>> Collect();
  // Makes a running or later Next fail with OPERATION_CANCELED.
  void Cancel();

 private:
  explicit Query(std::unique_ptr<Operator> rows) : rows_(std::move(rows)) {}
  std::unique_ptr<Operator> rows_;
  std::atomic<bool> cancelled_{false};
  bool ended_ = false;
};

}  // namespace sluice
