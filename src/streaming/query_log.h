// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "base/status.h"
#include "checkpoint/checkpoint.h"
#include "streaming/batch_plan.h"
#include "streaming/query_state.h"

namespace sluice {

struct QuerySpec;

// What a restart finds in the logs.
struct RecoveredQuery {
  QueryState state;
  std::optional<BatchPlan> plan;  // a batch that was planned and perhaps begun; it runs first
};

// The logs of one query, written in this order for each batch N:
//   offsets/N            before any task runs: from then on batch N is exactly this plan
//   (.N.attempt-<setup>) before a recovered batch is begun under another setup
//   commits/N            after the sink's commit: batch N is over, and a restart begins with N+1
// Used by the query's thread only.
class QueryLog {
 public:
  // `setup` is a checksum of all that decides the names of a batch's files.
  static Result<std::unique_ptr<QueryLog>> Open(const QuerySpec& spec, std::string setup, Env* env);

  const Checkpoint& checkpoint() const { return *checkpoint_; }
  const std::string& query_id() const { return checkpoint_->query_id(); }
  const std::string& setup() const { return setup_; }

  // Marks the attempt that is to come, if an earlier one differed. `bad_records` is this start's folder, or empty.
  Result<RecoveredQuery> Recover(size_t sources, const std::string& bad_records) const;
  Status Plan(const BatchPlan& plan) const;
  // `next_watermark_ms`: of the batch to come.
  Status Commit(const BatchPlan& plan, int64_t next_watermark_ms) const;
  // Removes the marks of `plan` and entries older than `keep` batches. Failures are logged only: the next one tries
  // again.
  void Tidy(const BatchPlan& plan, int64_t keep);
  // Names the entry of `batch`, if there is one: the offset that a source could not use stands there.
  Status WithEntry(const Status& status, BatchId batch) const;

 private:
  QueryLog(std::unique_ptr<Checkpoint> checkpoint, std::string setup);
  Status RecallAttempts(const std::string& bad_records, BatchPlan* plan) const;

  const std::unique_ptr<Checkpoint> checkpoint_;
  const std::string setup_;
};

}  // namespace sluice
