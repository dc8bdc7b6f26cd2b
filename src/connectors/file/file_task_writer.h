// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "connectors/file/file_publisher.h"
#include "connectors/file/file_sink_settings.h"
#include "connectors/file/part_file_name.h"
#include "connectors/file/partition_router.h"
#include "connectors/file/partition_sorter.h"
#include "connectors/file/row_codec.h"
#include "connectors/sink.h"
#include "env/env.h"

namespace sluice {

// The part files of one task, published and waiting for the commit.
struct FileTaskCommit : TaskCommit {
  std::vector<PublishedFile> files;
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

// Splits a task's rows over part files: by partition folder and by maxRecordsPerFile. A folder has one file a task (or
// as few as maxRecordsPerFile allows), however many folders there are:
//   the first kDirectFolders folders of the task: their files are open side by side and take rows as they come
//   all further ones: their rows are sorted by folder (partition_sorter.h) and written at the end, one file after the
//   other, in the order of the folders' names
// In both cases rows keep their order within a file. Open row groups together hold at most row_group_bytes of input:
// beyond that the largest is closed. Names and bytes follow from the data and the settings. What the budget leaves
// decides only how much of the sorted rows waits on the local disk.
class FileTaskWriter : public TaskWriter {
 public:
  static constexpr size_t kDirectFolders = 8;

  // Waits for the memory of the open row groups and files.
  static Result<std::unique_ptr<TaskWriter>> Open(FileTask task);
  ~FileTaskWriter() override;
  Status Write(const std::shared_ptr<arrow::RecordBatch>& slice) override;
  Result<std::unique_ptr<TaskCommit>> Finish() override;

 private:
  struct OpenFile {
    std::unique_ptr<FileEncoder> writer;
    std::string path;
  };
  using OpenFiles = std::map<std::string, OpenFile>;  // by partition folder

  struct Memory {
    int64_t taken = 0;               // from the budget
    int64_t sorting = 0;             // of that, for rows that wait to be sorted
    std::optional<int64_t> spooled;  // a file keeps so many bytes here and the rest on a local disk until it is whole
  };
  FileTaskWriter(FileTask task, Memory memory);
  static Result<Memory> TakeMemory(const FileTask& task);
  bool partitioned() const { return !task_.settings->partition_columns.empty(); }
  bool IsDirect(const std::string& folder);
  Status WritePartitioned(const arrow::RecordBatch& slice);
  Status WriteRows(const std::string& folder, const arrow::RecordBatch& slice, const int32_t* rows, int64_t count);
  Status WriteSorted();
  Status WriteSortedFolder(const std::string& folder);
  Result<OpenFile*> FileOf(const std::string& folder);
  Status CloseFile(OpenFiles::iterator file);
  Result<PublishedFile> Publish(WrittenFile* file, const std::string& path) const;
  Status LimitRowGroups();
  std::string NewUuid(const std::string& folder, int counter) const;

  const FileTask task_;
  const Memory memory_;
  PartitionRouter router_;
  std::set<std::string> direct_;  // folders whose files are written as rows come
  std::shared_ptr<const RowCodec> codec_;
  std::unique_ptr<PartitionSorter> sorter_;  // null: no more than kDirectFolders folders so far
  OpenFiles open_;
  std::map<std::string, int> counters_;    // next one, by partition folder
  std::vector<std::string> random_paths_;  // files that a re-run would not find again
  int64_t rows_ = 0;
  bool finished_ = false;
  std::vector<int32_t> all_rows_;
  FilePublisher publisher_;  // uses the others
};

}  // namespace sluice
