// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <deque>
#include <memory>
#include <mutex>
#include <string>

#include "python/worker_daemon.h"

namespace sluice {

// The Python workers of one session: nothing that one session's functions leave behind reaches another's. The first
// task starts a daemon; a worker that has done its task is kept for the next. Thread-safe.
class PythonWorkers {
 public:
  explicit PythonWorkers(PythonSettings settings) : settings_(std::move(settings)) {}

  // A worker, for one task at a time. Destroyed without Release, it is killed.
  class Lease {
   public:
    Lease(PythonWorkers* workers, std::shared_ptr<WorkerDaemon> daemon, std::unique_ptr<WorkerSocket> socket)
        : workers_(workers), daemon_(std::move(daemon)), socket_(std::move(socket)) {}
    ~Lease();
    Lease(const Lease&) = delete;
    Lease& operator=(const Lease&) = delete;
    int fd() const { return socket_->fd.get(); }
    const PythonVersions& versions() const { return daemon_->versions(); }
    std::string last_words() const { return daemon_->last_words(); }
    // The task ended well: the worker may do others.
    void Release();

   private:
    PythonWorkers* const workers_;
    const std::shared_ptr<WorkerDaemon> daemon_;
    std::unique_ptr<WorkerSocket> socket_;
  };

  // Starts what is missing. The lease must not outlive this.
  Result<std::unique_ptr<Lease>> Take();
  const PythonSettings& settings() const { return settings_; }

 private:
  const PythonSettings settings_;
  std::mutex mutex_;
  std::shared_ptr<WorkerDaemon> daemon_;
  std::deque<std::unique_ptr<WorkerSocket>> idle_;  // of this daemon; the first has rested longest: one that has
                                                    // just ended a task still collects its garbage
};

}  // namespace sluice
