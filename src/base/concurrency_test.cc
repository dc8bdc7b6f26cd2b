// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <atomic>
#include <thread>
#include <vector>

#include "base/bounded_queue.h"
#include "base/memory_budget.h"
#include "base/spark_error.h"

namespace sluice {
namespace {

TEST(BoundedQueue, KeepsOrderAndItsBound) {
  BoundedQueue<int> queue(2);
  std::atomic<int> pushed{0};
  std::thread producer([&] {
    for (int i = 0; i < 100; ++i) {
      ASSERT_TRUE(queue.Push(i));
      ++pushed;
    }
    queue.Close();
  });
  for (int i = 0; i < 100; ++i) {
    const auto item = queue.Pop();
    ASSERT_TRUE(item);
    EXPECT_EQ(*item, i);
    EXPECT_LE(pushed.load(), i + 1 + 3) << "two queued, one on its way";
  }
  EXPECT_FALSE(queue.Pop());
  producer.join();
}

TEST(BoundedQueue, CloseFreesAWaitingProducer) {
  BoundedQueue<int> queue(1);
  ASSERT_TRUE(queue.Push(1));
  std::thread producer([&] { EXPECT_FALSE(queue.Push(2)); });
  queue.Close();
  producer.join();
  EXPECT_EQ(queue.Pop(), 1);
}

TEST(MemoryBudget, MoreThanAllIsAnErrorThatNamesTheSetting) {
  MemoryBudget budget(100);
  const Status status = budget.Take(101);
  EXPECT_TRUE(HasErrorClass(status, "SLUICE_MEMORY_BUDGET"));
  EXPECT_NE(status.message().find("spark.sluice.memory"), std::string::npos);
}

TEST(MemoryBudget, AllOfItCanBeTaken) {
  MemoryBudget budget(100);
  ASSERT_TRUE(budget.Take(100).ok());
  EXPECT_EQ(budget.peak(), 100);
  EXPECT_FALSE(budget.TryTake(1));
  budget.Give(100);
}

TEST(MemoryBudget, NeverExceedsItsLimitUnderLoad) {
  MemoryBudget budget(100);
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 500; ++i) {
        ASSERT_TRUE(budget.Take(40).ok());
        EXPECT_LE(budget.used(), 100);
        budget.Give(40);
      }
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(budget.used(), 0);
  EXPECT_LE(budget.peak(), 80) << "two holders at most";
  EXPECT_GE(budget.peak(), 40);
  EXPECT_TRUE(budget.TryTake(100));
  EXPECT_FALSE(budget.TryTake(1));
}

}  // namespace
}  // namespace sluice
