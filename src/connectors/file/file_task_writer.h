// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "connectors/file/file_sink_settings.h"
#include "connectors/file/part_file_name.h"
#include "connectors/sink.h"
#include "env/env.h"

namespace sluice {

// The part files of one task, published and waiting for the sink log.
struct FileTaskCommit : TaskCommit {
  std::vector<SinkLogEntry> entries;
};

// One task of one batch.
struct FileTask {
  std::shared_ptr<Env> env;
  Location folder;  // of the table
  std::shared_ptr<const FileSinkSettings> settings;
  std::string query_id;
  BatchId batch;
  TaskId task;
  std::string identity;
  bool deterministic = true;
  MemoryBudget* budget = nullptr;
  // Asked when a file of ours stands there with other bytes: OK to replace it, or why not.
  std::function<Status(BatchId batch, const std::string& path)> may_replace;
};

// Splits a task's rows over part files: by partition folder, with at most kOpenWriters open (the one not used for the
// longest time closes; its folder goes on with the next counter), and by maxRecordsPerFile. The open row groups of all
// of them together hold at most row_group_bytes of input: beyond that the largest is closed. All of it follows from the
// data.
class FileTaskWriter : public TaskWriter {
 public:
  static constexpr size_t kOpenWriters = 8;

  // Waits for the memory of the open row groups and files.
  static Result<std::unique_ptr<TaskWriter>> Open(FileTask task);
  ~FileTaskWriter() override;
  Status Write(const std::shared_ptr<arrow::RecordBatch>& slice) override;
  Result<std::unique_ptr<TaskCommit>> Finish() override;

 private:
  struct OpenFile {
    std::unique_ptr<ParquetWriter> writer;
    std::string path;
    int64_t last_used = 0;
  };
  using OpenFiles = std::map<std::string, OpenFile>;  // by partition folder

  struct Memory {
    int64_t taken = 0;               // from the budget
    std::optional<int64_t> spooled;  // a file keeps so many bytes here and the rest on a local disk until it is whole
  };
  FileTaskWriter(FileTask task, Memory memory);
  static Result<Memory> TakeMemory(const FileTask& task);
  Status WritePartitioned(const arrow::RecordBatch& slice);
  Status WriteRows(const std::string& folder, const arrow::RecordBatch& slice, const int32_t* rows, int64_t count);
  Result<OpenFile*> FileOf(const std::string& folder);
  Status CloseFile(OpenFiles::iterator file);
  Status LimitRowGroups();
  std::string NewUuid(const std::string& folder, int counter) const;

  const FileTask task_;
  const Memory memory_;
  OpenFiles open_;
  std::map<std::string, int> counters_;  // next one, by partition folder
  std::vector<SinkLogEntry> entries_;
  std::vector<std::string> published_;  // paths, in the order of entries_
  int64_t rows_ = 0;
  int64_t uses_ = 0;
  bool finished_ = false;
  std::vector<int32_t> all_rows_;
};

}  // namespace sluice
