// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "checkpoint/file_sink_log.h"
#include "connectors/file/file_sink_settings.h"
#include "connectors/sink.h"

namespace sluice {

// Files of a format in a folder, made visible batch by batch through <folder>/_spark_metadata.
//   Before anything runs, Start compares the sink log with the checkpoint (next batch n):
//     sink log ends at n-1                          -> go on
//     ... at n, and n was planned before a restart  -> n is committed already (unless the files are another query's)
//     ... at n or later otherwise                   -> refuse: a foreign writer, or a new checkpoint on a used folder
//     ... before n-1, a hole, a damaged entry       -> refuse: the table has lost batches
class FileSink : public StreamSink {
 public:
  static Result<std::unique_ptr<StreamSink>> Open(const FileFormat& format, const SinkContext& context);

  std::string description() const override;
  Status Start(BatchId next, bool recovered) override;
  Result<BatchStanding> Standing(BatchId batch, bool recovered) override;
  Result<std::unique_ptr<TaskWriter>> OpenTask(BatchId batch, TaskId task, const std::string& identity) override;
  Status Commit(BatchId batch, std::vector<std::unique_ptr<TaskCommit>> commits) override;
  Result<std::optional<bool>> Settle(BatchId batch) override;

 private:
  FileSink(SinkContext context, Location folder, std::shared_ptr<const FileSinkSettings> settings);
  Status RefuseUsedFolder(BatchId next, BatchId latest) const;
  Status RefuseLostBatches(BatchId next, std::optional<BatchId> latest) const;
  void RemoveUnnamed(BatchId batch, const std::vector<SinkLogEntry>& entries) const;
  Status CheckMarks(BatchId next, bool recovered) const;
  Status ForeignMark(BatchId batch, BatchId next, bool recovered, const std::string& file,
                     std::optional<BatchId> marked) const;
  void WarnOfOtherColumns() const;
  bool IsOurs(const std::string& path, BatchId batch) const;
  Status UnseenBehind(const std::string& link, BatchId batch) const;
  Status DeleteEarlierAttempt(BatchId batch, const std::vector<SinkLogEntry>& committed) const;

  const SinkContext context_;
  const Location folder_;
  const std::shared_ptr<const FileSinkSettings> settings_;
  FileSinkLog log_;
  std::optional<BatchId> recovered_;  // the batch that was planned before the restart
};

}  // namespace sluice
