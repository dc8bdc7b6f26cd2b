// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "base/ids.h"
#include "base/status.h"
#include "connectors/sink.h"
#include "connectors/source.h"
#include "streaming/bad_records/batch.h"
#include "streaming/bad_records/folder.h"
#include "streaming/batch_plan.h"

namespace sluice {

// What one batch sets aside, and what it puts through again.
struct BadRecordWork {
  std::shared_ptr<BadRecordFolder> folder;  // null: a record that cannot be evaluated fails the batch
  std::shared_ptr<StreamSource> replay;     // read instead of the query's source; null: the batch is no replay
  std::unique_ptr<BadRecordBatch> batch;    // null like `folder`
};

// The steps that records which cannot be evaluated add to a batch, in this order:
//   (_replaying/N) -> bad-record files durable -> the sink's commit -> _committed/N -> (_replayed/N) -> commits/N
// A batch whose entry says so puts bad records through again instead of reading a range of the source. To the source,
// and to Spark, it is a batch with an empty range. Called by the query's thread only.
class BadRecords {
 public:
  // Opens the folder of spark.sluice.badRecords.path, if the setting has one.
  static Result<std::unique_ptr<BadRecords>> Open(const Conf& session, const std::string& query_id, Env* env);

  // Records that cannot be evaluated are set aside.
  bool kept() const { return folder_ != nullptr; }
  // The folder as the user gave it; empty: none.
  std::string path() const { return folder_ == nullptr ? "" : folder_->path(); }

  // Before the tasks: a replay is announced by _replaying/N.
  Result<BadRecordWork> Begin(const BatchPlan& plan) const;
  // After the tasks and before the sink's commit: removes what earlier attempts left elsewhere, checks the limits and
  // makes this attempt's files durable.
  Status Publish(const BatchPlan& plan, const BadRecordWork& work, int64_t input_rows) const;
  // After the sink's commit.
  Status Commit(const BadRecordWork& work) const;
  // Instead of the three above when the sink committed the batch before a restart: its files are whole, and only their
  // entry may be missing.
  Status CommitListed(const BatchPlan& plan) const;
  // Before commits/N.
  Status MarkReplayed(const BatchPlan& plan) const;

  // Once, when the query opens. Another engine may have ended a batch that was begun here: it writes commits/N and
  // knows nothing of bad records. Those of ours count when the sink has what was written here of the batch; else that
  // engine read the batch's range itself. In doubt a record is kept rather than lost.
  Status Settle(BatchId next, StreamSink* sink) const;
  // The last batch whose records a replay as batch `next` would put through again; nothing when there are none.
  Result<std::optional<BatchId>> NextReplay(BatchId next) const;

 private:
  BadRecords(const Conf& session, std::string query_id, Env* env)
      : session_(session), query_id_(std::move(query_id)), env_(env) {}
  Result<std::unique_ptr<BadRecordFolder>> OpenFolder(const std::string& path) const;
  Result<std::shared_ptr<BadRecordFolder>> FolderOf(const BatchPlan& plan) const;

  const Conf session_;
  const std::string query_id_;
  Env* const env_;
  std::shared_ptr<BadRecordFolder> folder_;
};

}  // namespace sluice
