// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/status.h"
#include "connectors/sink.h"
#include "streaming/bad_records/protocol.h"
#include "streaming/batch_plan.h"
#include "streaming/batch_runner.h"
#include "streaming/query_resources.h"
#include "streaming/query_spec.h"
#include "streaming/query_state_stores.h"
#include "streaming/source_set.h"

namespace sluice {

class QueryLog;
class TriggerTimes;
struct RecoveredQuery;

// Runs batches: the one place that knows the order of the steps between offsets/N and commits/N. Owns the query's
// sources, its sink and its bad records. Used by the query's thread, but for Cancel.
class BatchExecutor {
 public:
  // Opens sources and sink; errors here refuse the start. `log` and `times` outlive this.
  static Result<std::unique_ptr<BatchExecutor>> Open(const QuerySpec& spec, const QueryResources& resources,
                                                     StreamingShape shape, const QueryLog& log,
                                                     const RecoveredQuery& found, TriggerTimes* times);
  ~BatchExecutor();

  const SourceSet& sources() const { return *sources_; }
  const BadRecords& bad_records() const { return *bad_records_; }
  std::string sink_description() const { return sink_->description(); }
  const StreamingShape& shape() const { return runner_.shape(); }
  const QueryStateStores& state() const { return *state_; }
  // Whether a batch without rows has work to do once the watermark has risen.
  bool may_be_empty() const;

  // Runs the tasks and commits to the sink, unless the sink has the batch already. Fills in the starts that `plan` does
  // not know. Afterwards commits/N may be written.
  Result<BatchOutcome> Run(BatchPlan* plan);
  // After commits/N: tells the sources.
  Result<std::vector<SourceNews>> Committed(const BatchPlan& plan) const {
    return sources_->Committed(plan.entry.offsets);
  }

  // After commits/N, beside the batches: keeps the files of the state few.
  void Upkeep();

  // After the last batch: sources and sink give back what they hold (connections, prefetched records, their share of
  // the memory budget), though the ended query may live on.
  void Close();
  // Makes the batch that runs end with an error soon, and every later one. Any thread.
  void Cancel() { runner_.Cancel(); }

 private:
  BatchExecutor(const QuerySpec& spec, const QueryResources& resources, StreamingShape shape, const QueryLog& log,
                TriggerTimes* times);
  Status OpenSources(const Conf& conf, const RecoveredQuery& found);
  Status OpenSink(const Conf& conf, const RecoveredQuery& found);
  Status OpenState(const Conf& conf, const RecoveredQuery& found);
  // `sink`: null when it has the batch already.
  Result<BatchOutcome> RunTasks(const BatchPlan& plan, StreamSink* sink, const BadRecordWork& bad_records);
  Result<BatchOutcome> RunNew(const BatchPlan& plan);
  Result<std::vector<SourceInput>> PlanInputs(const BatchPlan& plan, const BadRecordWork& bad_records,
                                              BatchWork* work) const;

  const QuerySpec& spec_;
  const QueryResources& resources_;
  const QueryLog& log_;
  TriggerTimes* const times_;
  BatchRunner runner_;
  std::unique_ptr<BadRecords> bad_records_;
  std::unique_ptr<SourceSet> sources_;
  std::unique_ptr<StreamSink> sink_;
  std::unique_ptr<QueryStateStores> state_;
};

}  // namespace sluice
