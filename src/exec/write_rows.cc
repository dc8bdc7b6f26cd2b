// SPDX-License-Identifier: Apache-2.0
#include "exec/write_rows.h"

#include <arrow/record_batch.h>

#include <algorithm>

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
  SLUICE_ASSIGN(const auto rows, parts.open(part));
  SLUICE_RETURN_IF_ERROR(running->Begin(rows.get()));
  const auto write = [&]() -> Status {
    for (;;) {
      SLUICE_ASSIGN(const auto slice, rows->Next());
      if (slice == nullptr) return Status::OK();
      SLUICE_RETURN_IF_ERROR(writer->Write(slice));
    }
  };
  const Status written = write();
  running->End(rows.get());
  SLUICE_RETURN_IF_ERROR(written);
  return writer->Finish();
}

}  // namespace

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
