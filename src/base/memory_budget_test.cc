// SPDX-License-Identifier: Apache-2.0
#include "base/memory_budget.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <future>
#include <thread>
#include <vector>

#include "base/memory_turn.h"
#include "base/spark_error.h"

namespace sluice {
namespace {

TEST(MemoryBudget, StandingSharesShrinkAndLeaveThreeQuarters) {
  MemoryBudget budget(1 << 20);
  std::vector<int64_t> shares;
  Status refused;
  for (int query = 0; query < 1000 && refused.ok(); ++query) {
    const auto share = budget.TakeStanding(128 << 10, 4 << 10);
    refused = share.status();
    if (refused.ok()) shares.push_back(*share);
  }
  EXPECT_GE(shares.size(), 12U);
  EXPECT_EQ(shares.front(), 128 << 10);
  EXPECT_EQ(shares.at(1), 32 << 10);
  EXPECT_EQ(shares.back(), 4 << 10);
  EXPECT_TRUE(HasErrorClass(refused, "SLUICE_MEMORY_BUDGET")) << refused;
  EXPECT_NE(refused.message().find("spark.sluice.memory"), std::string::npos) << refused;
  EXPECT_LE(budget.used(), 256 << 10);
  EXPECT_TRUE(budget.TryTake(768 << 10)) << "what tasks may use";
  budget.Give(768 << 10);
  for (const int64_t share : shares) budget.GiveStanding(share);
  EXPECT_EQ(budget.used(), 0);
  EXPECT_EQ(budget.TakeStanding(128 << 10, 4 << 10).ValueOrDie(), 128 << 10);
}

TEST(MemoryBudget, WhatIsHeldLeavesAQuarterToTasks) {
  MemoryBudget budget(100);
  EXPECT_TRUE(budget.TryHold(50));
  EXPECT_TRUE(budget.TryHold(25));
  EXPECT_FALSE(budget.TryHold(1));
  ASSERT_TRUE(budget.Take(25).ok());
  budget.GiveHeld(25);
  EXPECT_TRUE(budget.TryHold(25));
  budget.Give(25);
  budget.GiveHeld(75);
  EXPECT_EQ(budget.used(), 0);
}

// Tasks end, but who holds state may never: a wait for it ends with an error.
TEST(MemoryBudget, NobodyWaitsForEverForWhatIsHeld) {
  MemoryBudget budget(100, std::chrono::milliseconds(50));
  ASSERT_TRUE(budget.TryHold(70));
  EXPECT_TRUE(HasErrorClass(budget.Take(40), "SLUICE_MEMORY_BUDGET"));
  ASSERT_TRUE(budget.Take(30).ok());
  std::future<Status> waiting = std::async(std::launch::async, [&] { return budget.Take(20); });
  EXPECT_EQ(waiting.wait_for(std::chrono::milliseconds(200)), std::future_status::timeout)
      << "a task's bytes come back";
  budget.Give(30);
  EXPECT_TRUE(waiting.get().ok());
  std::future<Status> for_held = std::async(std::launch::async, [&] { return budget.Take(80); });
  budget.GiveHeld(70);
  budget.Give(20);
  EXPECT_TRUE(for_held.get().ok()) << "what was held was given back in time";
}

TEST(MemoryTurn, TheOnlyOneIsAlwaysGrantedAndTheNextWaits) {
  MemoryBudget budget(100);
  ASSERT_TRUE(budget.TryTake(90));
  std::atomic<bool> cancelled{false};
  MemoryTurn first(&budget), second(&budget);
  ASSERT_TRUE(first.TryCover(40));
  EXPECT_TRUE(first.TryCover(60)) << "it may grow";
  EXPECT_EQ(budget.used(), 150);
  EXPECT_FALSE(second.TryCover(1));
  std::future<bool> waiting = std::async(std::launch::async, [&] { return second.Cover(20, cancelled); });
  EXPECT_TRUE(first.TryCover(5));
  EXPECT_EQ(first.held(), 60) << "it never shrinks";
  first.Release();
  EXPECT_TRUE(waiting.get());
  EXPECT_EQ(budget.used(), 110);
  second.Release();
  EXPECT_EQ(budget.used(), 90);
}

TEST(MemoryTurn, SeveralShareWhatIsFree) {
  MemoryBudget budget(100);
  MemoryTurn first(&budget), second(&budget), third(&budget);
  EXPECT_TRUE(first.TryCover(40));
  EXPECT_TRUE(second.TryCover(40));
  EXPECT_FALSE(third.TryCover(40));
  EXPECT_TRUE(third.TryCover(20));
}

TEST(MemoryTurn, ACancelledWaitEnds) {
  MemoryBudget budget(100);
  std::atomic<bool> cancelled{false};
  MemoryTurn holder(&budget), waiter(&budget);
  ASSERT_TRUE(holder.TryCover(100));
  std::future<bool> waiting = std::async(std::launch::async, [&] { return waiter.Cover(20, cancelled); });
  cancelled = true;
  waiter.Wake();
  EXPECT_FALSE(waiting.get());
  EXPECT_EQ(budget.used(), 100);
}

TEST(MemoryTurn, UnderLoadEverybodyGoesOn) {
  MemoryBudget budget(100);
  std::atomic<bool> cancelled{false};
  std::vector<std::thread> tasks;
  for (int t = 0; t < 4; ++t) {
    tasks.emplace_back([&] {
      for (int i = 0; i < 200; ++i) {
        ASSERT_TRUE(budget.Take(25).ok());  // as a writer: all four together leave nothing
        {
          MemoryTurn turn(&budget);
          ASSERT_TRUE(turn.Cover(30, cancelled));
        }
        budget.Give(25);
      }
    });
  }
  for (std::thread& task : tasks) task.join();
  EXPECT_EQ(budget.used(), 0);
}

}  // namespace
}  // namespace sluice
