// SPDX-License-Identifier: Apache-2.0
#include "exec/write_rows.h"

#include <arrow/record_batch.h>

#include <algorithm>
#include <mutex>
#include <set>

#include "exec/task_runner.h"

namespace sluice {
namespace {

using Commits = std::vector<std::unique_ptr<TaskCommit>>;

// The operators that run, to be cancelled together.
class Running {
 public:
  explicit Running(std::atomic<bool>* cancelled) : cancelled_(cancelled) {}

  void Add(Operator* rows) {
    const std::lock_guard lock(mutex_);
    running_.insert(rows);
    if (*cancelled_) rows->Cancel();
  }
  void Remove(Operator* rows) {
    const std::lock_guard lock(mutex_);
    running_.erase(rows);
  }
  void Cancel() {
    const std::lock_guard lock(mutex_);
    *cancelled_ = true;
    for (Operator* rows : running_) rows->Cancel();
  }

 private:
  std::atomic<bool>* const cancelled_;
  std::mutex mutex_;
  std::set<Operator*> running_;
};

Result<std::unique_ptr<TaskCommit>> WritePart(const PlannedParts& parts, int part, const OpenWriter& open,
                                              Running* running) {
  // The writer's memory first: who waits for it holds nothing.
  SLUICE_ASSIGN(const auto writer, open(TaskId(part)));
  if (parts.parts == 0) return writer->Finish();
  SLUICE_ASSIGN(const auto rows, parts.open(part));
  running->Add(rows.get());
  const auto write = [&]() -> Status {
    for (;;) {
      SLUICE_ASSIGN(const auto slice, rows->Next());
      if (slice == nullptr) return Status::OK();
      SLUICE_RETURN_IF_ERROR(writer->Write(slice));
    }
  };
  const Status written = write();
  running->Remove(rows.get());
  SLUICE_RETURN_IF_ERROR(written);
  return writer->Finish();
}

// The pieces of a slice go to the writers in turn, one after the other, so that each gets its share of few rows too.
Status WriteInTurn(const std::shared_ptr<arrow::RecordBatch>& slice,
                   const std::vector<std::unique_ptr<TaskWriter>>& writers, size_t* turn) {
  const auto count = static_cast<int64_t>(writers.size());
  for (int64_t i = 0; i < count; ++i) {
    const int64_t begin = slice->num_rows() * i / count;
    const int64_t end = slice->num_rows() * (i + 1) / count;
    if (begin == end) continue;
    SLUICE_RETURN_IF_ERROR(writers[(*turn)++ % writers.size()]->Write(slice->Slice(begin, end - begin)));
  }
  return Status::OK();
}

Result<Commits> WriteSpread(const PlannedParts& parts, const OpenWriter& open) {
  std::vector<std::unique_ptr<TaskWriter>> writers;
  for (int i = 0; i < parts.spread; ++i) {
    SLUICE_ASSIGN(auto writer, open(TaskId(i)));
    writers.push_back(std::move(writer));
  }
  size_t turn = 0;
  for (int part = 0; part < parts.parts; ++part) {
    SLUICE_ASSIGN(const auto rows, parts.open(part));
    for (;;) {
      SLUICE_ASSIGN(const auto slice, rows->Next());
      if (slice == nullptr) break;
      SLUICE_RETURN_IF_ERROR(WriteInTurn(slice, writers, &turn));
    }
  }
  Commits commits;
  for (const auto& writer : writers) {
    SLUICE_ASSIGN(auto commit, writer->Finish());
    commits.push_back(std::move(commit));
  }
  return commits;
}

}  // namespace

Result<Commits> WriteRows(const PlannedParts& parts, ThreadPool& pool, const OpenWriter& open) {
  if (parts.spread > 0) return WriteSpread(parts, open);
  Running running(parts.cancelled.get());
  return CollectTasks<std::unique_ptr<TaskCommit>>(
      pool, std::max(parts.parts, 1), [&](int part) { return WritePart(parts, part, open, &running); },
      [&] { running.Cancel(); });
}

}  // namespace sluice
