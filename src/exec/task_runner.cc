// SPDX-License-Identifier: Apache-2.0
#include "exec/task_runner.h"

#include <algorithm>
#include <condition_variable>
#include <mutex>

namespace sluice {
namespace {

struct Run {
  std::mutex mutex;
  std::condition_variable ended;
  int next = 0;
  int workers = 0;
  Status error;

  // The next task to begin, or -1.
  int Take(int count) {
    std::lock_guard lock(mutex);
    return error.ok() && next < count ? next++ : -1;
  }
  // True for the first error.
  bool Fail(Status status) {
    std::lock_guard lock(mutex);
    if (!error.ok()) return false;
    error = std::move(status);
    return true;
  }
};

}  // namespace

Status RunTasks(ThreadPool& pool, int count, const std::function<Status(int)>& task,
                const std::function<void()>& cancel_others) {
  Run run;
  run.workers = std::min(count, pool.size());
  for (int worker = run.workers; worker > 0; --worker) {
    pool.Submit([&] {
      for (int i = run.Take(count); i >= 0; i = run.Take(count)) {
        Status status = task(i);
        if (!status.ok() && run.Fail(std::move(status)) && cancel_others) cancel_others();
      }
      // Told under the lock: `run` is gone as soon as the waiter has seen the last worker leave.
      std::lock_guard lock(run.mutex);
      --run.workers;
      run.ended.notify_all();
    });
  }
  std::unique_lock lock(run.mutex);
  run.ended.wait(lock, [&] { return run.workers == 0; });
  return run.error;
}

}  // namespace sluice
