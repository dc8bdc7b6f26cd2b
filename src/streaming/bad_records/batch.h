// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "exec/row_isolation.h"
#include "streaming/bad_records/folder.h"

namespace sluice {

class Conf;

// How many bad records a batch may have before the query fails after all.
struct BadRecordLimits {
  int64_t max_per_batch = 0;  // 0: any number
  double max_ratio = 1.0;     // of the batch's input rows

  static BadRecordLimits Of(const Conf& conf);
};

// The bad records of one batch: a file a task, written while the tasks run and seen by nobody before Publish. Destroyed
// without it, it leaves nothing. OpenTask is called by the tasks in parallel, the rest by the query's thread.
class BadRecordBatch {
 public:
  // `recovered`: the batch was planned before a restart, so an earlier attempt may have left files.
  BadRecordBatch(const BadRecordFolder* folder, BadRecordLimits limits, BatchId batch, bool recovered);
  ~BadRecordBatch();

  // Where the bad rows of a task go; lives as long as this. `identity` is the task's input.
  BadRowSink* OpenTask(TaskId task, const std::string& identity);
  int64_t records() const { return records_; }
  // After the last task, before the sink commits: SLUICE_BAD_RECORDS_LIMIT when there are too many, else makes all
  // files durable under their names and removes what an earlier attempt left that is not this batch's.
  Status Publish(int64_t rows_read);
  // After the sink's commit.
  Status Commit() const { return folder_->Commit(batch_, files_); }

 private:
  class Task;
  Status Count(const SourceRecord& record, const Status& error);
  Status PublishFile(Task* task);

  const BadRecordFolder* const folder_;
  const BadRecordLimits limits_;
  const BatchId batch_;
  const bool recovered_;
  std::atomic<int64_t> records_{0};
  std::atomic<int64_t> left_out_{0};  // of them, those that never became rows
  std::mutex mutex_;                  // of tasks_ while tasks open
  std::map<TaskId, std::unique_ptr<Task>> tasks_;
  std::vector<BadRecordFile> files_;
};

}  // namespace sluice
