// SPDX-License-Identifier: Apache-2.0
#include "streaming/query_log.h"

#include "base/logging.h"
#include "base/spark_error.h"
#include "checkpoint/attempt_marks.h"
#include "streaming/bad_records/entry_conf.h"
#include "streaming/query_spec.h"

namespace sluice {

QueryLog::QueryLog(std::unique_ptr<Checkpoint> checkpoint, std::string setup)
    : checkpoint_(std::move(checkpoint)), setup_(std::move(setup)) {}

Result<std::unique_ptr<QueryLog>> QueryLog::Open(const QuerySpec& spec, std::string setup, Env* env) {
  Location folder{MakeMemoryFileSystem(), "/checkpoint"};
  if (!spec.checkpoint.empty()) {
    SLUICE_ASSIGN(folder, LocatePrivate(env, spec.checkpoint, spec.conf));
  }
  const bool allow_unconditional = spec.conf.GetBool("spark.sluice.s3.allowUnconditionalWrites");
  SLUICE_ASSIGN(auto checkpoint, Checkpoint::Open(folder, env, allow_unconditional));
  return std::unique_ptr<QueryLog>(new QueryLog(std::move(checkpoint), std::move(setup)));
}

// Reads the marks of earlier attempts. If the setup changed again, leaves a mark, so that a later attempt also removes
// this one's files.
Status QueryLog::RecallAttempts(const std::string& bad_records, BatchPlan* plan) const {
  const AttemptMarks marks(checkpoint_->offsets().folder(), checkpoint_->location().path);
  SLUICE_ASSIGN(std::vector<std::string> folders, marks.Of(plan->batch));
  const bool marked = !folders.empty();
  folders.push_back(plan->entry.conf.Find(kBadRecordsPath).value_or(""));
  std::erase(folders, "");
  plan->earlier_bad_records = std::move(folders);
  const bool changed = plan->entry.conf.Find(kSetupKey) != setup_;
  if (marked || changed) plan->attempt = Attempt::kAgainOtherwise;
  return changed ? marks.Add(plan->batch, setup_, bad_records) : Status::OK();
}

Result<RecoveredQuery> QueryLog::Recover(size_t sources, const std::string& bad_records) const {
  SLUICE_ASSIGN(const Recovery found, checkpoint_->Recover(static_cast<int>(sources)));
  RecoveredQuery query;
  query.state = QueryState::From(found, sources);
  query.plan = RecoveredPlan(query.state, found);
  if (query.plan) SLUICE_RETURN_IF_ERROR(RecallAttempts(bad_records, &*query.plan));
  return query;
}

Status QueryLog::Plan(const BatchPlan& plan) const {
  return checkpoint_->offsets().Write(plan.batch, plan.entry);
}

Status QueryLog::Commit(const BatchPlan& plan, int64_t next_watermark_ms) const {
  CommitEntry entry;
  entry.next_batch_watermark_ms = next_watermark_ms;
  return checkpoint_->commits().Write(plan.batch, entry);
}

void QueryLog::Tidy(const BatchPlan& plan, int64_t keep) {
  const Status purged = checkpoint_->Purge(plan.batch, keep);
  if (!purged.ok())
    Log(LogLevel::kWarn, "Query {}: old log entries could not be deleted: {}", query_id(), purged.message());
  if (plan.attempt != Attempt::kAgainOtherwise) return;
  const Status removed = AttemptMarks(checkpoint_->offsets().folder(), checkpoint_->location().path).Remove(plan.batch);
  if (!removed.ok()) Log(LogLevel::kWarn, "Marks of batch {} stay: {}", plan.batch.value, removed.message());
}

Status QueryLog::WithEntry(const Status& status, BatchId batch) const {
  const LogFolder& log = checkpoint_->offsets().folder();
  return batch.value < 0 ? status : WithContext(status, "offsets in " + log.PathOf(batch.ToString()));
}

}  // namespace sluice
