// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "connectors/batch_sink.h"
#include "connectors/file/file_format.h"
#include "connectors/file/file_sink_settings.h"

namespace sluice {

// The options of every batch write of files, followed by those of the format.
std::vector<OptionRow> BatchFileOptions(const FileFormat& format);

// Files of a format in a folder, written by a batch query. Tasks write into <folder>/_temporary/<uuid>, which no reader
// looks into; the commit deletes what is overwritten, moves the files to their places and leaves _SUCCESS last. So a
// write that fails before its commit changes nothing, and whoever waits for _SUCCESS sees all or nothing.
class BatchFileSink : public BatchSink {
 public:
  // Null for kIgnore when the folder is there. PATH_ALREADY_EXISTS for kErrorIfExists.
  static Result<std::unique_ptr<BatchSink>> Open(const FileFormat& format, const SinkContext& context, SaveMode mode);
  ~BatchFileSink() override;
  Result<std::unique_ptr<TaskWriter>> OpenTask(TaskId task) override;
  Status Commit(std::vector<std::unique_ptr<TaskCommit>> commits) override;

 private:
  BatchFileSink(SinkContext context, Location folder, std::shared_ptr<const FileSinkSettings> settings, SaveMode mode);
  Result<std::vector<std::string>> FilesToDelete(const std::vector<std::string>& written) const;
  Status MoveFiles(const std::vector<std::string>& from, const std::vector<std::string>& to) const;
  void RemoveTemporary() const;

  const SinkContext context_;
  const Location folder_;
  const std::shared_ptr<const FileSinkSettings> settings_;
  const SaveMode mode_;
  bool only_written_partitions_ = false;  // are overwritten
  const std::string temporary_;           // the folder of the files that are not visible yet
};

}  // namespace sluice
