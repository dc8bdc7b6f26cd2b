// SPDX-License-Identifier: Apache-2.0
#include "exec/running_parts.h"

#include <algorithm>

#include "base/spark_error.h"
#include "base/thread_pool.h"
#include "exec/task_runner.h"

namespace sluice {

Status RunningParts::Begin(Operator* part) {
  const std::lock_guard lock(mutex_);
  if (stopped_ || cancelled_) return EnvironmentError("OPERATION_CANCELED", "The query was cancelled.");
  parts_.insert(part);
  return Status::OK();
}

void RunningParts::End(Operator* part) {
  const std::lock_guard lock(mutex_);
  parts_.erase(part);
}

void RunningParts::Stop(bool for_good) {
  const std::lock_guard lock(mutex_);
  stopped_ = true;
  cancelled_ = cancelled_ || for_good;
  for (Operator* part : parts_) part->Cancel();
}

Status RunningParts::Use(std::unique_ptr<Operator> part, const std::function<Status(Operator* part)>& use) {
  SLUICE_RETURN_IF_ERROR(Begin(part.get()));
  const Status used = use(part.get());
  End(part.get());
  return used;
}

Status RunningParts::ForEach(int count, int threads, const std::function<Status(int part)>& use) {
  {
    const std::lock_guard lock(mutex_);
    stopped_ = false;
  }
  if (count <= 1 || threads <= 1) {
    for (int part = 0; part < count; ++part) SLUICE_RETURN_IF_ERROR(use(part));
    return Status::OK();
  }
  ThreadPool pool(std::min(threads, count));
  return RunTasks(pool, count, use, [&] { Stop(/*for_good=*/false); });
}

}  // namespace sluice
