// SPDX-License-Identifier: Apache-2.0
#include "exec/task_runner.h"

#include <gtest/gtest.h>

#include <atomic>
#include <latch>

#include "base/spark_error.h"

namespace sluice {
namespace {

TEST(TaskRunner, GivesResultsInTaskOrder) {
  ThreadPool pool(3);
  auto squares = CollectTasks<int>(
      pool, 50, [](int i) -> Result<int> { return i * i; }, nullptr);
  ASSERT_TRUE(squares.ok());
  ASSERT_EQ(squares->size(), 50U);
  for (int i = 0; i < 50; ++i) EXPECT_EQ((*squares)[static_cast<size_t>(i)], i * i);
}

TEST(TaskRunner, NoTasksAreNoWork) {
  ThreadPool pool(1);
  EXPECT_TRUE(RunTasks(pool, 0, nullptr, nullptr).ok());
}

TEST(TaskRunner, TheFirstErrorCancelsTheOthersAndIsTheResult) {
  ThreadPool pool(2);
  std::latch cancelled(1);
  std::latch second_runs(1);
  std::atomic<int> begun{0};
  int cancels = 0;
  const Status status = RunTasks(
      pool, 100,
      [&](int i) -> Status {
        ++begun;
        if (i == 0) {
          second_runs.wait();
          return InternalError("task 0 failed");
        }
        second_runs.count_down();
        cancelled.wait();  // as a reader that stops when it is cancelled
        return InternalError("task 1 was cancelled");
      },
      [&] {
        ++cancels;
        cancelled.count_down();
      });
  EXPECT_NE(status.message().find("task 0 failed"), std::string::npos) << status;
  EXPECT_EQ(cancels, 1);
  EXPECT_EQ(begun, 2);
}

}  // namespace
}  // namespace sluice
