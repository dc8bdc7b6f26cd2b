// SPDX-License-Identifier: Apache-2.0
#include "service/work_threads.h"

#include <chrono>
#include <thread>
#include <utility>

namespace sluice {
namespace {

constexpr std::chrono::seconds kIdle(10);

}  // namespace

WorkThreads::~WorkThreads() {
  std::unique_lock lock(mutex_);
  closed_ = true;
  work_there_.notify_all();
  all_gone_.wait(lock, [&] { return threads_ == 0; });
}

void WorkThreads::Run(std::function<void()> work) {
  std::lock_guard lock(mutex_);
  work_.push_back(std::move(work));
  if (idle_ >= work_.size()) {
    work_there_.notify_one();
    return;
  }
  ++threads_;
  std::thread([this] { Loop(); }).detach();
}

void WorkThreads::Loop() {
  std::unique_lock lock(mutex_);
  for (;;) {
    ++idle_;
    const bool found = work_there_.wait_for(lock, kIdle, [&] { return closed_ || !work_.empty(); });
    --idle_;
    if (!found || work_.empty()) break;
    {
      const std::function<void()> work = std::move(work_.front());
      work_.pop_front();
      lock.unlock();
      work();
    }
    lock.lock();
  }
  --threads_;
  // Under the lock: once it is free the object may be gone.
  all_gone_.notify_all();
}

}  // namespace sluice
