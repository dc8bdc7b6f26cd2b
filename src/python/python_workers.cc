// SPDX-License-Identifier: Apache-2.0
#include "python/python_workers.h"

#include <sys/socket.h>

#include <cerrno>
#include <utility>

namespace sluice {
namespace {

// Each takes some 60 MB.
constexpr size_t kMostIdle = 8;

// Whether a worker that waits is still there.
bool IsThere(const WorkerSocket& worker) {
  char byte = 0;
  return ::recv(worker.fd.get(), &byte, 1, MSG_PEEK | MSG_DONTWAIT) < 0 && (errno == EAGAIN || errno == EWOULDBLOCK);
}

}  // namespace

PythonWorkers::Lease::~Lease() {
  if (socket_ != nullptr) daemon_->Kill(socket_->pid);
}

void PythonWorkers::Lease::Release() {
  std::lock_guard lock(workers_->mutex_);
  if (workers_->daemon_ == daemon_ && workers_->idle_.size() < kMostIdle) {
    workers_->idle_.push_back(std::move(socket_));
  }
  socket_ = nullptr;  // closing its connection ends a worker
}

Result<std::unique_ptr<PythonWorkers::Lease>> PythonWorkers::Take() {
  std::unique_lock lock(mutex_);
  if (daemon_ != nullptr && !daemon_->alive()) {
    idle_.clear();
    daemon_ = nullptr;
  }
  if (daemon_ == nullptr) {
    SLUICE_ASSIGN(daemon_, WorkerDaemon::Start(settings_));
  }
  std::unique_ptr<WorkerSocket> socket;
  while (!idle_.empty()) {
    socket = std::move(idle_.front());
    idle_.pop_front();
    if (IsThere(*socket)) return std::make_unique<Lease>(this, daemon_, std::move(socket));
  }
  const std::shared_ptr<WorkerDaemon> daemon = daemon_;
  lock.unlock();
  SLUICE_ASSIGN(socket, daemon->Connect());
  return std::make_unique<Lease>(this, daemon, std::move(socket));
}

}  // namespace sluice
