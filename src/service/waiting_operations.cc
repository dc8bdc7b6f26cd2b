// SPDX-License-Identifier: Apache-2.0
#include "service/waiting_operations.h"

#include <algorithm>
#include <chrono>
#include <iterator>
#include <utility>

#include "service/caught.h"

namespace sluice {
namespace {

// How long something may go unnoticed of which nobody tells: an interrupt, a reader that has gone.
constexpr int64_t kLookMs = 100;
// Many wakes in so short a time are one, and what is late waits so long for its reader.
constexpr int64_t kShortestMs = 5;

void Cancel(Operation* operation) {
  operation->Interrupt();
  EndOperation(operation, Status::OK());
}

}  // namespace

void EndOperation(Operation* operation, Status result) {
  operation->OnInterrupt(nullptr);
  std::optional<spark::connect::ExecutePlanResponse> last;
  if (operation->key().reattachable) last.emplace().mutable_result_complete();
  operation->Finish(std::move(result), std::move(last));
}

void WaitingOperations::Close() {
  {
    std::lock_guard lock(mutex_);
    closed_ = true;
    news_there_.notify_all();
  }
  if (thread_.joinable()) thread_.join();
}

void WaitingOperations::Add(std::shared_ptr<Operation> operation, Wait wait) {
  std::unique_lock lock(mutex_);
  if (closed_) {
    lock.unlock();
    Cancel(operation.get());
    return;
  }
  if (!thread_.joinable()) thread_ = std::thread([this] { Loop(); });
  added_.push_back({std::move(operation), std::move(wait)});
  news_there_.notify_all();
}

void WaitingOperations::Wake() {
  std::lock_guard lock(mutex_);
  news_ = true;
  news_there_.notify_all();
}

void WaitingOperations::LookAtAll(std::vector<Waiting>* waiting) const {
  std::vector<Waiting> left;
  for (Waiting& one : *waiting) {
    std::optional<Status> ended;
    const Status looked = Caught([&] {
      ended = one.wait.look();
      return Status::OK();
    });
    if (!looked.ok()) ended = looked;
    if (ended) {
      EndOperation(one.operation.get(), *std::move(ended));
    } else {
      left.push_back(std::move(one));
    }
  }
  *waiting = std::move(left);
}

int64_t WaitingOperations::MsToNextLook(const std::vector<Waiting>& waiting) const {
  const int64_t now = NowMs();
  int64_t wait = kLookMs;
  for (const Waiting& one : waiting) {
    if (one.wait.until_ms) wait = std::min(wait, std::max<int64_t>(*one.wait.until_ms - now, kShortestMs));
  }
  return wait;
}

void WaitingOperations::Loop() {
  std::vector<Waiting> waiting;
  std::unique_lock lock(mutex_);
  while (!closed_) {
    std::move(added_.begin(), added_.end(), std::back_inserter(waiting));
    added_.clear();
    news_ = false;
    lock.unlock();
    LookAtAll(&waiting);
    const int64_t wait = MsToNextLook(waiting);
    lock.lock();
    const auto wanted = [&] { return closed_ || !added_.empty() || (news_ && !waiting.empty()); };
    if (waiting.empty()) {
      news_there_.wait(lock, wanted);
    } else {
      news_there_.wait_for(lock, std::chrono::milliseconds(kShortestMs), [&] { return closed_ || !added_.empty(); });
      news_there_.wait_for(lock, std::chrono::milliseconds(wait), wanted);
    }
  }
  std::move(added_.begin(), added_.end(), std::back_inserter(waiting));
  lock.unlock();
  for (const Waiting& one : waiting) Cancel(one.operation.get());
}

}  // namespace sluice
