// SPDX-License-Identifier: Apache-2.0
#include "streaming/bad_records/protocol.h"

#include <fmt/format.h>

#include <set>

#include "base/logging.h"
#include "base/spark_error.h"
#include "conf/conf.h"
#include "streaming/bad_records/entry_conf.h"
#include "streaming/bad_records/replay_source.h"

namespace sluice {
namespace {

// Where earlier attempts at the batch set records aside, but for `current`; each folder once.
std::set<std::string> OtherFolders(const BatchPlan& plan, const BadRecordFolder* current) {
  std::set<std::string> paths(plan.earlier_bad_records.begin(), plan.earlier_bad_records.end());
  if (current != nullptr) paths.erase(current->path());
  return paths;
}

}  // namespace

Result<std::unique_ptr<BadRecordFolder>> BadRecords::OpenFolder(const std::string& path) const {
  return BadRecordFolder::Open(path, session_, query_id_, env_);
}

Result<std::unique_ptr<BadRecords>> BadRecords::Open(const Conf& session, const std::string& query_id, Env* env) {
  std::unique_ptr<BadRecords> records(new BadRecords(session, query_id, env));
  const std::string path = session.Get(kBadRecordsPath);
  if (!path.empty()) {
    SLUICE_ASSIGN(records->folder_, records->OpenFolder(path));
  }
  return records;
}

// A replay goes on in the folder that its records come from, wherever the setting points by now.
Result<std::shared_ptr<BadRecordFolder>> BadRecords::FolderOf(const BatchPlan& plan) const {
  const std::optional<std::string> recorded = plan.entry.conf.Find(kBadRecordsPath);
  if (!ReplayOf(plan.entry) || !recorded) return folder_;
  SLUICE_ASSIGN(std::shared_ptr<BadRecordFolder> folder, OpenFolder(*recorded));
  return folder;
}

Result<BadRecordWork> BadRecords::Begin(const BatchPlan& plan) const {
  BadRecordWork work;
  SLUICE_ASSIGN(work.folder, FolderOf(plan));
  const std::optional<BatchId> through = ReplayOf(plan.entry);
  if (through) {
    if (work.folder == nullptr) {
      return EnvironmentError("SLUICE_CHECKPOINT_DAMAGED",
                              fmt::format("Batch {} puts bad records through again, but its entry in the checkpoint "
                                          "does not say where they are ({}).",
                                          plan.batch.value, kBadRecordsPath));
    }
    SLUICE_RETURN_IF_ERROR(work.folder->BeginReplay(plan.batch, *through));
    SLUICE_ASSIGN(std::vector<BatchId> batches, work.folder->ToReplay(plan.batch, *through));
    work.replay = std::make_shared<ReplaySource>(work.folder.get(), std::move(batches));
  }
  if (work.folder == nullptr) return work;
  // What was within the limits of its batches must not stop the batch that puts it through again.
  const BadRecordLimits limits = through ? BadRecordLimits() : BadRecordLimits::Of(session_);
  work.batch = std::make_unique<BadRecordBatch>(work.folder.get(), limits, plan.batch, plan.recovered());
  return work;
}

Status BadRecords::Publish(const BatchPlan& plan, const BadRecordWork& work, int64_t input_rows) const {
  if (plan.recovered()) {
    for (const std::string& path : OtherFolders(plan, work.folder.get())) {
      SLUICE_ASSIGN(const auto folder, OpenFolder(path));
      SLUICE_RETURN_IF_ERROR(folder->RemoveFiles(plan.batch, {}));
    }
  }
  return work.batch == nullptr ? Status::OK() : work.batch->Publish(input_rows);
}

Status BadRecords::Commit(const BadRecordWork& work) const {
  return work.batch == nullptr ? Status::OK() : work.batch->Commit();
}

// The files are where the last attempt put them, which took away those of the others.
Status BadRecords::CommitListed(const BatchPlan& plan) const {
  if (folder_) SLUICE_RETURN_IF_ERROR(folder_->CommitListed(plan.batch));
  for (const std::string& path : OtherFolders(plan, folder_.get())) {
    SLUICE_ASSIGN(const auto folder, OpenFolder(path));
    SLUICE_RETURN_IF_ERROR(folder->CommitListed(plan.batch));
  }
  return Status::OK();
}

Status BadRecords::MarkReplayed(const BatchPlan& plan) const {
  const std::optional<BatchId> through = ReplayOf(plan.entry);
  if (!through) return Status::OK();
  SLUICE_ASSIGN(const std::shared_ptr<BadRecordFolder> folder, FolderOf(plan));
  return folder->MarkReplayed(plan.batch, *through);
}

Status BadRecords::Settle(BatchId next, StreamSink* sink) const {
  if (folder_ == nullptr) return Status::OK();
  SLUICE_ASSIGN(const std::vector<BadRecordFolder::Unsettled> unsettled, folder_->FindUnsettled(next));
  for (const auto& [batch, replay_through] : unsettled) {
    SLUICE_ASSIGN(const std::optional<bool> settled, sink->Settle(batch));
    const bool ours = settled.value_or(!replay_through);
    Log(LogLevel::kInfo, "Query {}: another engine ended batch {}; the bad records of the attempt before {}.",
        query_id_, batch.value, ours ? "count" : "are dropped, since it read the batch itself");
    SLUICE_RETURN_IF_ERROR(ours ? folder_->CommitListed(batch) : folder_->RemoveFiles(batch, {}));
    if (replay_through) {
      SLUICE_RETURN_IF_ERROR(folder_->MarkReplayed(batch, ours ? *replay_through : BatchId(-1)));
    }
  }
  return Status::OK();
}

Result<std::optional<BatchId>> BadRecords::NextReplay(BatchId next) const {
  if (folder_ == nullptr) return std::optional<BatchId>();
  SLUICE_ASSIGN(const std::vector<BatchId> committed, folder_->CommittedBatches());
  if (committed.empty()) return std::optional<BatchId>();
  SLUICE_ASSIGN(const std::vector<BatchId> batches, folder_->ToReplay(next, committed.back()));
  return batches.empty() ? std::optional<BatchId>() : committed.back();
}

}  // namespace sluice
