// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <optional>
#include <utility>
#include <vector>

#include "base/status.h"
#include "base/thread_pool.h"

namespace sluice {

// Runs task(0) .. task(count - 1) on the pool and waits for all that were begun. The first task to fail makes
// `cancel_others` be called (once, from its thread; may be null), keeps tasks from beginning, and its error is the
// result. Not to be called from a thread of the same pool.
Status RunTasks(ThreadPool& pool, int count, const std::function<Status(int)>& task,
                const std::function<void()>& cancel_others);

// The same for tasks that give something: the results in task order.
template <typename T>
Result<std::vector<T>> CollectTasks(ThreadPool& pool, int count, const std::function<Result<T>(int)>& task,
                                    const std::function<void()>& cancel_others) {
  std::vector<std::optional<T>> slots(static_cast<size_t>(count));
  SLUICE_RETURN_IF_ERROR(RunTasks(
      pool, count,
      [&](int i) -> Status {
        SLUICE_ASSIGN(slots[static_cast<size_t>(i)], task(i));
        return Status::OK();
      },
      cancel_others));
  std::vector<T> results;
  results.reserve(slots.size());
  for (std::optional<T>& slot : slots) results.push_back(std::move(*slot));
  return results;
}

}  // namespace sluice
