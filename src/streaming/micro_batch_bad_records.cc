// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "base/logging.h"
#include "base/spark_error.h"
#include "streaming/bad_record_conf.h"
#include "streaming/micro_batch_loop.h"
#include "streaming/replay_source.h"

// What the loop does with records that cannot be evaluated. The order of a batch's steps:
//   (_replaying/N) -> bad-record files durable -> the sink's commit -> _committed/N -> (_replayed/N) -> commits/N
// A batch whose entry says so puts bad records through again instead of reading a range of the source. To the source,
// and to Spark, it is a batch with an empty range.
namespace sluice {

Status MicroBatchLoop::OpenBadRecords() {
  const std::string path = spec_.conf.Get(kBadRecordsPath);
  if (path.empty()) return Status::OK();
  SLUICE_ASSIGN(bad_records_, BadRecordFolder::Open(path, spec_.conf, id_, resources_.env.get()));
  return Status::OK();
}

// A batch of bad records goes on in the folder that they come from.
Result<std::shared_ptr<BadRecordFolder>> MicroBatchLoop::BadRecordsOf(const Planned& planned) const {
  const std::optional<std::string> recorded = planned.entry.conf.Find(kBadRecordsPath);
  if (!ReplayOf(planned.entry) || !recorded) return bad_records_;
  SLUICE_ASSIGN(std::shared_ptr<BadRecordFolder> folder,
                BadRecordFolder::Open(*recorded, spec_.conf, id_, resources_.env.get()));
  return folder;
}

Result<std::shared_ptr<StreamSource>> MicroBatchLoop::SourceOf(const Planned& planned,
                                                               const BadRecordFolder* folder) const {
  const std::optional<BatchId> through = ReplayOf(planned.entry);
  if (!through) return source_;
  if (folder == nullptr) {
    return EnvironmentError("SLUICE_CHECKPOINT_DAMAGED",
                            fmt::format("Batch {} puts bad records through again, but its entry in the checkpoint "
                                        "does not say where they are ({}).",
                                        planned.batch.value, kBadRecordsPath));
  }
  SLUICE_RETURN_IF_ERROR(folder->BeginReplay(planned.batch, *through));
  SLUICE_ASSIGN(std::vector<BatchId> batches, folder->ToReplay(planned.batch, *through));
  return std::make_shared<ReplaySource>(folder, std::move(batches));
}

// Where attempts at the planned batch set records aside before the restart, but for `current`; each once.
std::set<std::string> MicroBatchLoop::OtherBadRecordFolders(const BadRecordFolder* current) const {
  std::set<std::string> paths(earlier_bad_records_.begin(), earlier_bad_records_.end());
  paths.erase("");
  if (current != nullptr) paths.erase(current->path());
  return paths;
}

// The sink has the batch already, so the files of its bad records are whole; only their entry may be missing. They are
// where the last attempt put them, which took away those of the others.
Status MicroBatchLoop::CommitListedBadRecords(const Planned& planned) const {
  if (bad_records_) SLUICE_RETURN_IF_ERROR(bad_records_->CommitListed(planned.batch));
  for (const std::string& path : OtherBadRecordFolders(bad_records_.get())) {
    SLUICE_ASSIGN(const auto folder, BadRecordFolder::Open(path, spec_.conf, id_, resources_.env.get()));
    SLUICE_RETURN_IF_ERROR(folder->CommitListed(planned.batch));
  }
  return Status::OK();
}

// After a kill in a batch another engine may have ended it: it writes commits/N, and knows nothing of bad records.
// Those of ours count when the sink has what was written here of the batch; else that engine read the batch's range
// itself. In doubt a record is kept rather than lost.
Status MicroBatchLoop::SettleBadRecords() {
  if (bad_records_ == nullptr) return Status::OK();
  SLUICE_ASSIGN(const std::vector<BadRecordFolder::Unsettled> unsettled, bad_records_->FindUnsettled(next_));
  for (const auto& [batch, replay_through] : unsettled) {
    SLUICE_ASSIGN(const std::optional<bool> settled, sink_->Settle(batch));
    const bool ours = settled.value_or(!replay_through);
    Log(LogLevel::kInfo, "Query {}: another engine ended batch {}; the bad records of the attempt before {}.", id_,
        batch.value, ours ? "count" : "are dropped, since it read the batch itself");
    SLUICE_RETURN_IF_ERROR(ours ? bad_records_->CommitListed(batch) : bad_records_->RemoveFiles(batch, {}));
    if (replay_through) {
      SLUICE_RETURN_IF_ERROR(bad_records_->MarkReplayed(batch, ours ? *replay_through : BatchId(-1)));
    }
  }
  return Status::OK();
}

// What attempts before the restart left where the setting pointed by then.
Status MicroBatchLoop::RemoveEarlierAttempt(const Planned& planned, const BadRecordFolder* current) const {
  if (!planned.recovered) return Status::OK();
  for (const std::string& path : OtherBadRecordFolders(current)) {
    SLUICE_ASSIGN(const auto folder, BadRecordFolder::Open(path, spec_.conf, id_, resources_.env.get()));
    SLUICE_RETURN_IF_ERROR(folder->RemoveFiles(planned.batch, {}));
  }
  return Status::OK();
}

Status MicroBatchLoop::MarkReplayed(const Planned& planned) const {
  const std::optional<BatchId> through = ReplayOf(planned.entry);
  if (!through) return Status::OK();
  SLUICE_ASSIGN(const std::shared_ptr<BadRecordFolder> folder, BadRecordsOf(planned));
  return folder->MarkReplayed(planned.batch, *through);
}

Status MicroBatchLoop::ExecuteAlone() {
  trigger_start_ms_ = resources_.env->clock().NowMillis();
  monitor_->SetStatus("Processing new data", true, true);
  return ExecutePlanned();
}

Result<bool> MicroBatchLoop::PlanReplay() {
  SLUICE_ASSIGN(const std::vector<BatchId> committed, bad_records_->CommittedBatches());
  if (committed.empty() || !committed_end_) return false;
  const BatchId through = committed.back();
  SLUICE_ASSIGN(const std::vector<BatchId> batches, bad_records_->ToReplay(next_, through));
  if (batches.empty()) return false;
  SLUICE_RETURN_IF_ERROR(WritePlanned(*committed_end_, *committed_end_, through));
  return true;
}

// One batch of the records that were set aside; before it the batch that was planned before the start, if there is one.
// When that was such a batch already, it was an earlier call's, which this one finishes.
Status MicroBatchLoop::RunReplay() {
  if (runner_->shape().scan->scan.format != "kafka") {
    return NotSupported("Only records of Kafka are kept whole and can be put through again.");
  }
  if (bad_records_ == nullptr) {
    return UserError("SLUICE_INVALID_OPTION",
                     fmt::format("Where the bad records are must be given by {}.", kBadRecordsPath));
  }
  if (planned_) {
    const bool replay = ReplayOf(planned_->entry).has_value();
    SLUICE_RETURN_IF_ERROR(ExecuteAlone());
    if (replay || stop_) return Status::OK();
  }
  durations_ms_.clear();
  SLUICE_ASSIGN(const bool found, PlanReplay());
  return found ? ExecuteAlone() : Status::OK();
}

}  // namespace sluice
