// SPDX-License-Identifier: Apache-2.0
#include "streaming/batch_planner.h"

#include "conf/conf.h"
#include "env/clock.h"
#include "streaming/bad_records/protocol.h"
#include "streaming/batch_report.h"
#include "streaming/query_log.h"
#include "streaming/query_state.h"
#include "streaming/source_set.h"

namespace sluice {

BatchPlanner::BatchPlanner(const Conf& session, const QueryLog& log, const SourceSet& sources,
                           const BadRecords& bad_records, EntryStamp stamp, Clock* clock, TriggerTimes* times)
    : session_(session),
      log_(log),
      sources_(sources),
      bad_records_(bad_records),
      stamp_(std::move(stamp)),
      clock_(clock),
      times_(times) {}

Result<std::optional<BatchPlan>> BatchPlanner::Next(const QueryState& state, bool may_be_empty) const {
  times_->Begin();
  SLUICE_ASSIGN(SourceOffsets starts, sources_.FillIn(state.ends));
  Result<std::optional<SourceOffsets>> latest = sources_.Latest(starts);
  SLUICE_RETURN_IF_ERROR(log_.WithEntry(latest.status(), state.next.Previous()));
  times_->End("latestOffset");
  const bool empty = !latest->has_value();
  if (empty && !(may_be_empty && state.watermark_rose())) return std::optional<BatchPlan>();
  SourceOffsets ends = empty ? starts : **std::move(latest);
  return std::make_optional(
      PlanRange(state, std::move(starts), std::move(ends), clock_->NowMillis(), session_, stamp_));
}

Result<std::optional<BatchPlan>> BatchPlanner::NextReplay(const QueryState& state) const {
  if (!state.begun()) return std::optional<BatchPlan>();
  SLUICE_ASSIGN(const std::optional<BatchId> through, bad_records_.NextReplay(state.next));
  if (!through) return std::optional<BatchPlan>();
  return std::make_optional(PlanReplay(state, *through, clock_->NowMillis(), session_, stamp_));
}

}  // namespace sluice
