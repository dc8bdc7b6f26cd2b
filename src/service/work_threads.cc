// SPDX-License-Identifier: Apache-2.0
#include "service/work_threads.h"

#include <fmt/format.h>

#include <chrono>
#include <string>
#include <system_error>
#include <thread>
#include <utility>

#include "base/spark_error.h"

namespace sluice {
namespace {

constexpr std::chrono::seconds kIdle(2);

}  // namespace

WorkThreads::~WorkThreads() {
  std::unique_lock lock(mutex_);
  closed_ = true;
  work_there_.notify_all();
  all_gone_.wait(lock, [&] { return threads_ == 0; });
}

Status WorkThreads::Run(std::function<void()> work) {
  const std::lock_guard lock(mutex_);
  work_.push_back(std::move(work));
  if (idle_ >= work_.size()) {
    work_there_.notify_one();
    return Status::OK();
  }
  std::string why = threads_ >= kMost ? fmt::format("{} calls are under way already", kMost) : "";
  if (why.empty()) {
    ++threads_;
    try {
      std::thread([this] { Loop(); }).detach();
      return Status::OK();
    } catch (const std::system_error& error) {
      --threads_;
      why = fmt::format("the system gives no thread more ({})", error.what());
    }
  }
  work_.pop_back();
  return EnvironmentError("SLUICE_TOO_MANY_OPERATIONS",
                          fmt::format("The server has too much to do: {}. Try again later.", why), /*retryable=*/true);
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
