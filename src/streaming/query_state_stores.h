// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "base/status.h"
#include "conf/conf.h"
#include "env/env.h"
#include "exec/stateful/stateful_operator.h"
#include "exec/stream_shape.h"

namespace sluice {

class ThreadPool;

// The operators of a query that keep state, by step, and what they keep. Made and prepared by the query's thread; a
// partition of a step belongs to one task at a time.
class QueryStateStores {
 public:
  // `conf` has the recorded settings. `checkpoint`: none, and no files are kept.
  static Result<std::unique_ptr<QueryStateStores>> Make(const StreamingShape& shape, const Conf& conf,
                                                        std::optional<Location> checkpoint, MemoryBudget* budget);

  // Before the first batch of a run, which reads state `version`: compares with what the checkpoint has.
  Status Prepare(int64_t version);

  size_t size() const { return steps_.size(); }
  const StatefulOperator& step(size_t i) const { return *steps_[i].node; }
  OperatorStores& stores(size_t i) const { return *steps_[i].stores; }
  int partitions(size_t i) const { return steps_[i].stores->spec().partitions; }
  // Steps by Spark's number of them.
  const std::vector<size_t>& by_id() const { return by_id_; }
  // Whether a batch without rows has work to do once the watermark has risen.
  bool EvictsUnder(OutputMode mode) const;

  // Between batches: snapshots that are due, old files. Failures are logged; the next time tries again.
  void Upkeep(const Conf& conf, int64_t now_ms, ThreadPool* tasks);

 private:
  struct Step {
    std::unique_ptr<StatefulOperator> node;
    std::unique_ptr<OperatorStores> stores;
  };
  Status CheckOperators(int64_t version) const;

  std::vector<Step> steps_;
  std::vector<size_t> by_id_;
  std::optional<Location> checkpoint_;
  int64_t last_upkeep_ms_ = 0;
};

}  // namespace sluice
