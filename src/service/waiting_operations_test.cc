// SPDX-License-Identifier: Apache-2.0
#include "service/waiting_operations.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <fstream>
#include <stdexcept>
#include <string>
#include <thread>

#include "base/spark_error.h"

namespace sluice {
namespace {

std::shared_ptr<Operation> NewOperation(bool reattachable = false) {
  OperationKey key;
  key.session_id = "session";
  key.id = "11111111-1111-1111-1111-111111111111";
  key.reattachable = reattachable;
  return std::make_shared<Operation>(key, &SystemClock());
}

int64_t NowMs() {
  return SystemClock().MonotonicNanos() / 1'000'000;
}

// Milliseconds until it has ended; 10,000 when it does not.
int64_t MsToEnd(const Operation& operation) {
  const int64_t begin = NowMs();
  while (!operation.finished() && NowMs() - begin < 10'000) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  return NowMs() - begin;
}

std::string EndOf(Operation* operation) {
  MsToEnd(*operation);
  Operation::Reader reader = operation->Attach(std::nullopt, nullptr).ValueOrDie();
  for (;;) {
    std::shared_ptr<const std::string> bytes;
    const auto pulled = operation->Next(&reader, &bytes);
    if (!pulled.ok()) {
      const SparkErrorDetail* detail = FindSparkError(pulled.status());
      return detail == nullptr ? pulled.status().ToString() : detail->error_class + ": " + detail->message;
    }
    if (*pulled == Operation::Pull::kEnd) return "end";
    if (*pulled == Operation::Pull::kNothingYet) return "wait";
  }
}

int ThreadsNow() {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with("Threads:")) return std::stoi(line.substr(8));
  }
  return -1;
}

Wait Until(const std::atomic<bool>* happened) {
  return {[happened]() -> std::optional<Status> {
            if (happened->load()) return Status::OK();
            return std::nullopt;
          },
          std::nullopt};
}

TEST(WaitingOperations, EndAfterAWakeAtOnce) {
  std::atomic<bool> happened{false};
  WaitingOperations waiting(&SystemClock());
  const auto operation = NewOperation();
  waiting.Add(operation, Until(&happened));
  std::this_thread::sleep_for(std::chrono::milliseconds(20));
  EXPECT_FALSE(operation->finished());
  happened = true;
  waiting.Wake();
  EXPECT_LT(MsToEnd(*operation), 80);
  EXPECT_EQ(EndOf(operation.get()), "end");
}

TEST(WaitingOperations, EndThoughNobodyWakesThem) {
  std::atomic<bool> happened{false};
  WaitingOperations waiting(&SystemClock());
  const auto operation = NewOperation();
  waiting.Add(operation, Until(&happened));
  std::this_thread::sleep_for(std::chrono::milliseconds(20));
  happened = true;
  EXPECT_EQ(EndOf(operation.get()), "end");
}

TEST(WaitingOperations, AreLookedAtWhenTheirTimeIsOver) {
  WaitingOperations waiting(&SystemClock());
  const int64_t until = NowMs() + 30;
  const auto operation = NewOperation();
  const auto look = [until]() -> std::optional<Status> {
    if (NowMs() >= until) return Status::OK();
    return std::nullopt;
  };
  waiting.Add(operation, {look, until});
  MsToEnd(*operation);
  EXPECT_LT(NowMs() - until, 60);  // a look each 100 ms comes later
}

TEST(WaitingOperations, ShareOneThread) {
  std::atomic<bool> happened{false};
  WaitingOperations waiting(&SystemClock());
  const int before = ThreadsNow();
  std::vector<std::shared_ptr<Operation>> operations;
  for (int i = 0; i < 500; ++i) {
    operations.push_back(NewOperation());
    waiting.Add(operations.back(), Until(&happened));
  }
  EXPECT_LE(ThreadsNow(), before + 1);
  happened = true;
  waiting.Wake();
  for (const auto& operation : operations) EXPECT_EQ(EndOf(operation.get()), "end");
}

TEST(WaitingOperations, FailOnTheirOwn) {
  std::atomic<bool> happened{false};
  WaitingOperations waiting(&SystemClock());
  const auto bad = NewOperation();
  const auto good = NewOperation();
  waiting.Add(good, Until(&happened));
  waiting.Add(bad, {[]() -> std::optional<Status> { throw std::runtime_error("no thread more"); }, std::nullopt});
  EXPECT_THAT(EndOf(bad.get()), testing::HasSubstr("no thread more"));
  EXPECT_EQ(EndOf(good.get()), "wait");
  happened = true;
  EXPECT_EQ(EndOf(good.get()), "end");
}

TEST(WaitingOperations, AreCancelledWhenTheServerCloses) {
  std::atomic<bool> never{false};
  WaitingOperations waiting(&SystemClock());
  const auto before = NewOperation();
  waiting.Add(before, Until(&never));
  waiting.Close();
  const auto after = NewOperation();
  waiting.Add(after, Until(&never));
  EXPECT_THAT(EndOf(before.get()), testing::HasSubstr("OPERATION_CANCELED"));
  EXPECT_THAT(EndOf(after.get()), testing::HasSubstr("OPERATION_CANCELED"));
}

TEST(WaitingOperations, SayThatTheirResultIsComplete) {
  std::atomic<bool> happened{true};
  WaitingOperations waiting(&SystemClock());
  const auto operation = NewOperation(/*reattachable=*/true);
  waiting.Add(operation, Until(&happened));
  MsToEnd(*operation);
  Operation::Reader reader = operation->Attach(std::nullopt, nullptr).ValueOrDie();
  std::shared_ptr<const std::string> bytes;
  ASSERT_EQ(operation->Next(&reader, &bytes).ValueOrDie(), Operation::Pull::kResponse);
  spark::connect::ExecutePlanResponse response;
  ASSERT_TRUE(response.ParseFromString(*bytes));
  EXPECT_TRUE(response.has_result_complete());
}

}  // namespace
}  // namespace sluice
