// SPDX-License-Identifier: Apache-2.0
#include "checkpoint/checkpoint.h"

#include <fmt/format.h>

#include <utility>

#include "base/logging.h"
#include "base/spark_error.h"
#include "checkpoint/offset_order.h"

namespace sluice {
namespace {

constexpr int64_t kPurgeStep = 10;  // batches deleted by one request

Location Child(const Location& folder, const std::string& name) {
  return {folder.fs, folder.path + "/" + name};
}

Status RefuseLogsWithoutMetadata(const Location& folder) {
  for (const char* name : {"offsets", "commits"}) {
    SLUICE_ASSIGN(const std::vector<BatchId> batches, LogFolder(Child(folder, name)).List());
    if (batches.empty()) continue;
    return UserError(
        "STREAMING_CHECKPOINT_MISSING_METADATA_FILE",
        fmt::format("The checkpoint {0} has {1} but no file {0}/metadata, which holds the query's id. Restore that "
                    "file, or use another checkpoint and another output folder.",
                    folder.path, name),
        {{"checkpointLocation", folder.path}});
  }
  return Status::OK();
}

// Creating a file that exists must be refused, every time.
Status ProbeStore(const Location& folder, const std::string& content, bool allow_overwriting) {
  const std::string path = folder.path + "/metadata";
  // A reply that was lost makes one "created" possible; two in a row are not.
  for (int attempt = 0; attempt < 2; ++attempt) {
    SLUICE_ASSIGN(const CreateOutcome outcome, folder.fs->CreateAtomic(path, content));
    if (outcome == CreateOutcome::kExists) return Status::OK();
  }
  const std::string text = fmt::format(
      "The store of {} creates a file that is there already, although it was told not to (If-None-Match): two writers "
      "could not be told apart on it.",
      path);
  if (!allow_overwriting) {
    return EnvironmentError(
        "SLUICE_STORE_OVERWRITES",
        text + " Set spark.sluice.s3.allowUnconditionalWrites=true to go on with one writer, at your own risk.");
  }
  Log(LogLevel::kWarn, "{}", text);
  return Status::OK();
}

Status DamagedOrder(const Location& folder, const std::string& what) {
  return EnvironmentError("SLUICE_CHECKPOINT_DAMAGED",
                          fmt::format("The checkpoint {} is damaged: {}.", folder.path, what), false,
                          {{"checkpointLocation", folder.path}});
}

Status CheckSources(const OffsetEntry& entry, int sources, const std::string& path) {
  if (static_cast<int>(entry.offsets.size()) == sources) return Status::OK();
  return UserError(
      "SLUICE_CHECKPOINT_MISMATCH",
      fmt::format("{} has the offsets of {} source(s), but the query has {}: the checkpoint is of another query.", path,
                  entry.offsets.size(), sources));
}

}  // namespace

Checkpoint::Checkpoint(Location folder, QueryMetadata metadata)
    : folder_(std::move(folder)),
      metadata_(std::move(metadata)),
      offsets_(Child(folder_, "offsets")),
      commits_(Child(folder_, "commits")) {}

Result<std::unique_ptr<Checkpoint>> Checkpoint::Open(Location folder, Env* env, bool allow_overwriting_store) {
  const LogFolder root(folder);
  Result<std::string> text = root.Read("metadata");
  if (!text.ok()) {
    if (!IsNotFound(text.status())) return text.status();
    SLUICE_RETURN_IF_ERROR(RefuseLogsWithoutMetadata(folder));
    text = FormatQueryMetadata({env->NewUuid()});
    SLUICE_RETURN_IF_ERROR(root.Create("metadata", *text));
  }
  SLUICE_ASSIGN(QueryMetadata metadata, ParseQueryMetadata(*text, root.PathOf("metadata")));
  SLUICE_RETURN_IF_ERROR(ProbeStore(folder, *text, allow_overwriting_store));
  return std::unique_ptr<Checkpoint>(new Checkpoint(std::move(folder), std::move(metadata)));
}

Location Checkpoint::SourceFolder(int ordinal) const {
  return Child(folder_, fmt::format("sources/{}", ordinal));
}

Result<Recovery> Checkpoint::Recover(int sources) const {
  for (const LogFolder* log : {&offsets_.folder(), &commits_.folder()}) SLUICE_RETURN_IF_ERROR(log->MakeDurable());
  SLUICE_ASSIGN(const std::optional<BatchId> planned, offsets_.Latest());
  SLUICE_ASSIGN(const std::optional<BatchId> committed, commits_.Latest());
  if (committed && (!planned || *committed > *planned)) {
    return DamagedOrder(folder_, fmt::format("commits/{0} is there, but offsets/{0} is missing (the latest is {1})",
                                             committed->value, planned ? planned->ToString() : "none"));
  }
  Recovery recovery;
  if (!planned) return recovery;
  SLUICE_ASSIGN(OffsetEntry latest, offsets_.Read(*planned));
  SLUICE_RETURN_IF_ERROR(CheckSources(latest, sources, offsets_.folder().PathOf(planned->ToString())));
  std::optional<OffsetEntry> before;
  if (planned->value > 0) {
    SLUICE_ASSIGN(before, offsets_.Read(planned->Previous()));
    SLUICE_RETURN_IF_ERROR(CheckSources(*before, sources, offsets_.folder().PathOf(planned->Previous().ToString())));
    SLUICE_RETURN_IF_ERROR(CheckOffsetOrder(*before, latest, offsets_.folder(), *planned));
  }
  if (committed) {
    SLUICE_ASSIGN(recovery.last_commit, commits_.Read(*committed));
  }
  if (committed == planned) {
    recovery.next = planned->Next();
    recovery.previous = std::move(latest);
    return recovery;
  }
  recovery.next = *planned;
  recovery.recovered = true;
  recovery.planned = std::move(latest);
  recovery.previous = std::move(before);
  return recovery;
}

Status Checkpoint::Purge(BatchId current, int64_t keep) {
  const BatchId end(current.value - keep);  // exclusive
  if (end.value <= 0) return Status::OK();
  std::vector<BatchId> old;
  if (!purged_below_) {
    // There may be any gaps.
    SLUICE_ASSIGN(old, offsets_.folder().List());
    purged_below_ = old.empty() ? end : old.front();
    std::erase_if(old, [&](BatchId batch) { return batch >= end; });
  } else {
    for (BatchId batch = *purged_below_; batch < end; batch = batch.Next()) old.push_back(batch);
  }
  if (end.value - purged_below_->value < kPurgeStep) return Status::OK();
  std::vector<std::string> paths;
  for (const BatchId batch : old) {
    paths.push_back(offsets_.folder().PathOf(batch.ToString()));
    paths.push_back(commits_.folder().PathOf(batch.ToString()));
  }
  SLUICE_RETURN_IF_ERROR(folder_.fs->Delete(folder_.path, paths));
  purged_below_ = end;
  return Status::OK();
}

}  // namespace sluice
