// SPDX-License-Identifier: Apache-2.0
#include "base/thread_pool.h"

#include <gtest/gtest.h>

#include <atomic>
#include <latch>
#include <set>

namespace sluice {
namespace {

TEST(ThreadPool, RunsEveryJobBeforeItIsDestroyed) {
  std::atomic<int> sum{0};
  {
    ThreadPool pool(3);
    for (int i = 1; i <= 100; ++i) pool.Submit([&sum, i] { sum += i; });
  }
  EXPECT_EQ(sum, 5050);
}

TEST(ThreadPool, RunsJobsAtTheSameTime) {
  std::latch both(2);
  std::mutex mutex;
  std::set<std::thread::id> threads;
  {
    ThreadPool pool(2);
    for (int i = 0; i < 2; ++i) {
      pool.Submit([&] {
        both.arrive_and_wait();  // passes only when two threads stand here
        std::lock_guard lock(mutex);
        threads.insert(std::this_thread::get_id());
      });
    }
  }
  EXPECT_EQ(threads.size(), 2U);
}

TEST(ThreadPool, HasAtLeastOneThread) {
  EXPECT_EQ(ThreadPool(0).size(), 1);
}

}  // namespace
}  // namespace sluice
