// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>

#include "base/status.h"
#include "streaming/batch_plan.h"

namespace sluice {

class BadRecords;
class Clock;
class Conf;
class QueryLog;
class SourceSet;
class TriggerTimes;
struct QueryState;

// Decides what the next batch is. Writes nothing. Used by the query's thread only; keeps what it is given by reference.
class BatchPlanner {
 public:
  BatchPlanner(const Conf& session, const QueryLog& log, const SourceSet& sources, const BadRecords& bad_records,
               EntryStamp stamp, Clock* clock, TriggerTimes* times);

  // Asks all sources for their ends; nothing when none has anything new. `may_be_empty`: a batch without rows is worth
  // while when the watermark has risen, since it lets state go.
  Result<std::optional<BatchPlan>> Next(const QueryState& state, bool may_be_empty) const;
  // A batch of the records that were set aside; nothing when there are none.
  Result<std::optional<BatchPlan>> NextReplay(const QueryState& state) const;

 private:
  const Conf& session_;
  const QueryLog& log_;
  const SourceSet& sources_;
  const BadRecords& bad_records_;
  const EntryStamp stamp_;
  Clock* const clock_;
  TriggerTimes* const times_;
};

}  // namespace sluice
