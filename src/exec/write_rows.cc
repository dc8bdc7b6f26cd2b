// SPDX-License-Identifier: Apache-2.0
#include "exec/write_rows.h"

#include <arrow/record_batch.h>

#include <algorithm>
#include <utility>

#include "exec/running_parts.h"
#include "exec/task_runner.h"

namespace sluice {
namespace {

using Commits = std::vector<std::unique_ptr<TaskCommit>>;

Result<std::unique_ptr<TaskCommit>> WritePart(const PlannedParts& parts, int part, const OpenWriter& open,
                                              RunningParts* running) {
  // The writer's memory first: who waits for it holds nothing.
  SLUICE_ASSIGN(const auto writer, open(TaskId(part)));
  if (parts.parts == 0) return writer->Finish();
  SLUICE_ASSIGN(auto rows, parts.open(part));
  SLUICE_RETURN_IF_ERROR(running->Use(std::move(rows), [&](Operator* input) { return WriteAll(input, writer.get()); }));
  return writer->Finish();
}

}  // namespace

Status WriteAll(Operator* rows, TaskWriter* writer) {
  for (;;) {
    SLUICE_ASSIGN(const auto slice, rows->Next());
    if (slice == nullptr) return Status::OK();
    if (slice->num_rows() > 0) SLUICE_RETURN_IF_ERROR(writer->Write(slice));
  }
}

Result<Commits> WriteRows(const PlannedParts& parts, ThreadPool& pool, const OpenWriter& open) {
  RunningParts running;
  return CollectTasks<std::unique_ptr<TaskCommit>>(
      pool, std::max(parts.parts, 1), [&](int part) { return WritePart(parts, part, open, &running); },
      [&] {
        *parts.cancelled = true;
        running.Stop(/*for_good=*/true);
      });
}

}  // namespace sluice
