// SPDX-License-Identifier: Apache-2.0
#include "streaming/batch_plan.h"

#include "checkpoint/offset_conf.h"
#include "conf/conf.h"
#include "streaming/bad_records/entry_conf.h"
#include "streaming/query_state.h"

namespace sluice {
namespace {

BatchPlan Planned(const QueryState& state, SourceOffsets starts, SourceOffsets ends, std::optional<BatchId> replay,
                  int64_t now_ms, const Conf& session, const EntryStamp& stamp) {
  BatchPlan plan;
  plan.batch = state.next;
  plan.starts = std::move(starts);
  plan.entry.batch_timestamp_ms = now_ms;
  plan.entry.batch_watermark_ms = state.watermark.now_ms;
  plan.late_ms = state.watermark.late_ms;
  plan.entry.conf = NextEntryConf(session, state.recorded ? &*state.recorded : nullptr, stamp.writer);
  plan.entry.conf.Set(kSetupKey, stamp.setup);
  RecordBadRecords(stamp.bad_records, replay, &plan.entry.conf);
  plan.entry.offsets = std::move(ends);
  return plan;
}

}  // namespace

BatchPlan PlanRange(const QueryState& state, SourceOffsets starts, SourceOffsets ends, int64_t now_ms,
                    const Conf& session, const EntryStamp& stamp) {
  return Planned(state, std::move(starts), std::move(ends), std::nullopt, now_ms, session, stamp);
}

BatchPlan PlanReplay(const QueryState& state, BatchId through, int64_t now_ms, const Conf& session,
                     const EntryStamp& stamp) {
  return Planned(state, state.ends, state.ends, through, now_ms, session, stamp);
}

}  // namespace sluice
