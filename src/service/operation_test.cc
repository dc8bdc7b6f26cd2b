// SPDX-License-Identifier: Apache-2.0
#include "service/operation.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "base/spark_error.h"
#include "service/operations.h"

namespace sluice {
namespace {

using spark::connect::ExecutePlanResponse;
using testing::ElementsAre;

constexpr char kId[] = "11111111-1111-1111-1111-111111111111";
constexpr char kOther[] = "22222222-2222-2222-2222-222222222222";

OperationKey Key(const std::string& id = kId, bool reattachable = true, std::vector<std::string> tags = {}) {
  OperationKey key;
  key.session_id = "session";
  key.server_side_session_id = "server";
  key.id = id;
  key.plan = "plan of " + id;
  key.tags = std::move(tags);
  key.reattachable = reattachable;
  return key;
}

ExecutePlanResponse Rows(int64_t count, size_t bytes = 10) {
  ExecutePlanResponse response;
  response.mutable_arrow_batch()->set_row_count(count);
  response.mutable_arrow_batch()->set_data(std::string(bytes, 'x'));
  return response;
}

// Reads until there is nothing more: the row counts, then how it ended.
struct Script {
  std::vector<int64_t> rows;
  std::vector<std::string> ids;
  std::string end;  // "end", "wait", or an error class
};

Script ReadAll(Operation* operation, Operation::Reader* reader, int most = 1000) {
  Script script;
  for (int i = 0; i < most; ++i) {
    std::shared_ptr<const std::string> bytes;
    const auto pulled = operation->Next(reader, &bytes);
    if (!pulled.ok()) {
      script.end = FindSparkError(pulled.status())->error_class;
      return script;
    }
    if (*pulled != Operation::Pull::kResponse) {
      script.end = *pulled == Operation::Pull::kEnd ? "end" : "wait";
      return script;
    }
    ExecutePlanResponse response;
    EXPECT_TRUE(response.ParseFromString(*bytes));
    script.rows.push_back(response.arrow_batch().row_count());
    script.ids.push_back(response.response_id());
  }
  script.end = "more";
  return script;
}

std::string ErrorOf(const Status& status) {
  const SparkErrorDetail* detail = FindSparkError(status);
  return detail == nullptr ? status.ToString() : detail->error_class;
}

class OperationTest : public testing::Test {
 protected:
  Operation::Reader Attach(Operation* operation, std::optional<std::string> last = std::nullopt) {
    return operation->Attach(last, nullptr).ValueOrDie();
  }
  ManualClock clock_{1'000'000};
};

TEST_F(OperationTest, TriesToPushWithoutWaiting) {
  Operation operation(Key(), &clock_);
  Operation::Reader reader = Attach(&operation);
  EXPECT_TRUE(operation.TryPush(Rows(1)));
  EXPECT_FALSE(operation.TryPush(Rows(2)));  // the first was not read yet
  EXPECT_THAT(ReadAll(&operation, &reader).rows, ElementsAre(1));
  EXPECT_TRUE(operation.TryPush(Rows(3)));
  EXPECT_THAT(ReadAll(&operation, &reader).rows, ElementsAre(3));
  operation.Interrupt();
  EXPECT_FALSE(operation.TryPush(Rows(4)));
}

TEST_F(OperationTest, ResponsesComeInOrderWithIdsOfTheirOwn) {
  Operation operation(Key(), &clock_);
  auto reader = Attach(&operation);
  EXPECT_EQ(ReadAll(&operation, &reader).end, "wait");
  ASSERT_TRUE(operation.Push(Rows(1)).ok());
  ASSERT_TRUE(operation.Push(Rows(2)).ok());
  const Script script = ReadAll(&operation, &reader);
  EXPECT_THAT(script.rows, ElementsAre(1, 2));
  EXPECT_NE(script.ids[0], script.ids[1]);
  operation.Finish(Status::OK());
  EXPECT_EQ(ReadAll(&operation, &reader).end, "end");
  EXPECT_EQ(operation.state(), OperationState::kSucceeded);
}

TEST_F(OperationTest, AReaderGoesOnAfterTheLastResponseItHad) {
  Operation operation(Key(), &clock_);
  for (int i = 0; i < 4; ++i) ASSERT_TRUE(operation.Push(Rows(i)).ok());
  operation.Finish(Status::OK());
  auto first = Attach(&operation);
  const Script all = ReadAll(&operation, &first);
  auto second = Attach(&operation, all.ids[1]);
  EXPECT_THAT(ReadAll(&operation, &second).rows, ElementsAre(2, 3));
  auto last = Attach(&operation, all.ids[3]);
  EXPECT_EQ(ReadAll(&operation, &last).end, "end");
  auto again = Attach(&operation);
  EXPECT_THAT(ReadAll(&operation, &again).rows, ElementsAre(0, 1, 2, 3));
}

TEST_F(OperationTest, WhatWasReleasedIsGone) {
  Operation operation(Key(), &clock_);
  for (int i = 0; i < 4; ++i) ASSERT_TRUE(operation.Push(Rows(i)).ok());
  auto reader = Attach(&operation);
  const Script all = ReadAll(&operation, &reader);
  EXPECT_TRUE(operation.ReleaseUntil(all.ids[1]).ok());
  EXPECT_TRUE(operation.ReleaseUntil(all.ids[0]).ok()) << "releases come in any order";
  EXPECT_EQ(ErrorOf(operation.Attach(std::nullopt, nullptr).status()), "INVALID_CURSOR.POSITION_NOT_AVAILABLE");
  EXPECT_EQ(ErrorOf(operation.Attach(all.ids[0], nullptr).status()), "INVALID_CURSOR.POSITION_NOT_AVAILABLE");
  auto next = Attach(&operation, all.ids[1]);
  EXPECT_THAT(ReadAll(&operation, &next).rows, ElementsAre(2, 3));
  EXPECT_EQ(ErrorOf(operation.ReleaseUntil("nobody's")), "INVALID_CURSOR.POSITION_NOT_FOUND");
  EXPECT_EQ(ErrorOf(operation.ReleaseUntil(std::string(kId) + "-4")), "INVALID_CURSOR.POSITION_NOT_FOUND");
  EXPECT_EQ(ErrorOf(operation.Attach("nobody's", nullptr).status()), "INVALID_CURSOR.POSITION_NOT_FOUND");
}

TEST_F(OperationTest, ASecondReaderTakesTheFirstOnesPlace) {
  Operation operation(Key(), &clock_);
  int woken = 0;
  auto first = operation.Attach(std::nullopt, [&] { ++woken; }).ValueOrDie();
  ASSERT_TRUE(operation.Push(Rows(1)).ok());
  EXPECT_EQ(woken, 1);
  auto second = Attach(&operation);
  EXPECT_EQ(woken, 2) << "it has to learn that it is disconnected";
  EXPECT_EQ(ReadAll(&operation, &first).end, "INVALID_CURSOR.DISCONNECTED");
  EXPECT_THAT(ReadAll(&operation, &second).rows, ElementsAre(1));
  operation.Detach(first);
  ASSERT_TRUE(operation.Push(Rows(2)).ok());
  EXPECT_EQ(operation.IdleMs(), 0) << "the second still reads";
}

TEST_F(OperationTest, KeepsTheLastTenMegabytesThatWereSent) {
  Operation operation(Key(), &clock_);
  auto reader = Attach(&operation);
  constexpr size_t kSize = 4 << 20;
  std::vector<std::string> ids;
  for (int i = 0; i < 5; ++i) {
    ASSERT_TRUE(operation.Push(Rows(i, kSize)).ok());
    ids.push_back(ReadAll(&operation, &reader, 1).ids.at(0));
  }
  EXPECT_EQ(ErrorOf(operation.Attach(ids[0], nullptr).status()), "INVALID_CURSOR.POSITION_NOT_AVAILABLE");
  auto late = Attach(&operation, ids[2]);
  EXPECT_THAT(ReadAll(&operation, &late).rows, ElementsAre(3, 4));
}

TEST_F(OperationTest, TheLastResponseIsKeptWhateverItsSize) {
  Operation operation(Key(), &clock_);
  ASSERT_TRUE(operation.Push(Rows(1, 11 << 20)).ok());
  ASSERT_TRUE(operation.Push(Rows(2, 11 << 20)).ok());
  auto reader = Attach(&operation);
  const Script all = ReadAll(&operation, &reader);
  auto again = Attach(&operation, all.ids[0]);
  EXPECT_THAT(ReadAll(&operation, &again).rows, ElementsAre(2));
}

TEST_F(OperationTest, TheProducerWaitsForAReader) {
  Operation operation(Key(), &clock_);
  std::atomic<int> pushed{0};
  std::thread producer([&] {
    for (int i = 0; i < 12; ++i) {
      if (!operation.Push(Rows(i, 16 << 20)).ok()) return;
      ++pushed;
    }
    operation.Finish(Status::OK());
  });
  while (pushed < 4) std::this_thread::yield();
  auto reader = Attach(&operation);
  std::vector<int64_t> rows;
  for (std::string end; end != "end";) {
    const Script script = ReadAll(&operation, &reader, 1);
    rows.insert(rows.end(), script.rows.begin(), script.rows.end());
    end = script.end;
    EXPECT_LE(pushed - static_cast<int>(rows.size()), 5);
  }
  producer.join();
  EXPECT_EQ(rows.size(), 12u);
}

TEST_F(OperationTest, AnInterruptEndsProducerAndReader) {
  Operation operation(Key(), &clock_);
  int cancelled = 0;
  int woken = 0;
  operation.OnInterrupt([&] { ++cancelled; });
  auto reader = operation.Attach(std::nullopt, [&] { ++woken; }).ValueOrDie();
  ASSERT_TRUE(operation.Push(Rows(1)).ok());
  EXPECT_TRUE(operation.Interrupt());
  EXPECT_FALSE(operation.Interrupt()) << "it was stopped before";
  EXPECT_EQ(cancelled, 1);
  EXPECT_EQ(woken, 2);
  EXPECT_EQ(operation.state(), OperationState::kTerminating);
  EXPECT_EQ(ErrorOf(operation.Push(Rows(2))), "OPERATION_CANCELED");
  const Script script = ReadAll(&operation, &reader);
  EXPECT_THAT(script.rows, ElementsAre(1));
  EXPECT_EQ(script.end, "OPERATION_CANCELED") << "though the producer has not ended";
  operation.Finish(Status::OK());
  EXPECT_EQ(operation.state(), OperationState::kCancelled);
  bool called = false;
  Operation late(Key(), &clock_);
  late.Interrupt();
  late.OnInterrupt([&] { called = true; });
  EXPECT_TRUE(called);
}

TEST_F(OperationTest, TheLastResponseComesWithTheEnd) {
  Operation good(Key(), &clock_);
  good.Finish(Status::OK(), Rows(7));
  auto reader = Attach(&good);
  EXPECT_THAT(ReadAll(&good, &reader).rows, ElementsAre(7));
  Operation stopped(Key(), &clock_);
  stopped.Interrupt();
  stopped.Finish(Status::OK(), Rows(7));
  auto other = Attach(&stopped);
  EXPECT_THAT(ReadAll(&stopped, &other).rows, ElementsAre());
}

TEST_F(OperationTest, AnErrorIsGivenAgainToEachReader) {
  Operation operation(Key(), &clock_);
  operation.Finish(UserError("DIVIDE_BY_ZERO", "no"));
  for (int i = 0; i < 3; ++i) {
    auto reader = Attach(&operation);
    EXPECT_EQ(ReadAll(&operation, &reader).end, "DIVIDE_BY_ZERO");
  }
  EXPECT_EQ(operation.state(), OperationState::kFailed);
}

TEST_F(OperationTest, HeartbeatsComeOnlyToAReaderThatWaits) {
  Operation operation(Key(), &clock_);
  operation.Heartbeat();
  auto reader = Attach(&operation);
  EXPECT_EQ(ReadAll(&operation, &reader).rows.size(), 0u);
  operation.Heartbeat();
  operation.Heartbeat();
  EXPECT_EQ(ReadAll(&operation, &reader).rows.size(), 1u) << "one is enough while it is not read";
  operation.Detach(reader);
  operation.Heartbeat();
  auto next = Attach(&operation);
  EXPECT_EQ(ReadAll(&operation, &next).rows.size(), 1u);
}

TEST_F(OperationTest, WhatIsKeptCountsInTheBudget) {
  MemoryBudget budget(4 << 20);
  {
    Operation operation(Key(), &clock_, std::make_shared<ResponseMemory>(&budget));
    auto reader = Attach(&operation);
    for (int i = 0; i < 3; ++i) ASSERT_TRUE(operation.Push(Rows(1, 100 << 10)).ok());
    EXPECT_GE(budget.used(), 300 << 10);
    EXPECT_LT(budget.used(), 302 << 10);
    const Script read = ReadAll(&operation, &reader);
    // A sixteenth of the budget is kept of what was sent, for a reader that attaches again.
    EXPECT_GE(budget.used(), 200 << 10);
    EXPECT_LT(budget.used(), 260 << 10);
    ASSERT_TRUE(operation.ReleaseUntil(read.ids[2]).ok());
    EXPECT_EQ(budget.used(), 0);
    ASSERT_TRUE(operation.Push(Rows(1, 100 << 10)).ok());
    EXPECT_GT(budget.used(), 0);
  }
  EXPECT_EQ(budget.used(), 0);
}

TEST_F(OperationTest, AFullBudgetLetsOneResponseThroughAtATime) {
  MemoryBudget budget(1 << 20);
  const int64_t others = budget.limit() - 1000;
  ASSERT_TRUE(budget.TryTake(others));
  Operation operation(Key(), &clock_, std::make_shared<ResponseMemory>(&budget));
  auto reader = Attach(&operation);
  std::atomic<int> pushed{0};
  std::thread producer([&] {
    for (int i = 0; i < 3; ++i) {
      EXPECT_TRUE(operation.Push(Rows(i, 50 << 10)).ok());
      ++pushed;
    }
    operation.Finish(Status::OK());
  });
  while (pushed == 0) std::this_thread::yield();
  std::this_thread::sleep_for(std::chrono::milliseconds(60));
  EXPECT_EQ(pushed, 1) << "the next one waits until the first is read";
  std::vector<int64_t> rows;
  for (std::string end; end != "end";) {
    const Script read = ReadAll(&operation, &reader);
    rows.insert(rows.end(), read.rows.begin(), read.rows.end());
    end = read.end;
  }
  producer.join();
  EXPECT_THAT(rows, ElementsAre(0, 1, 2));
  EXPECT_EQ(budget.used(), others);
}

TEST_F(OperationTest, AllOperationsTogetherLeaveTheBudgetToTheQueries) {
  MemoryBudget budget(8 << 20);
  const auto memory = std::make_shared<ResponseMemory>(&budget);
  std::vector<std::unique_ptr<Operation>> unread;
  for (int i = 0; i < 30; ++i) {
    unread.push_back(std::make_unique<Operation>(Key("id " + std::to_string(i)), &clock_, memory));
    ASSERT_TRUE(unread.back()->Push(Rows(1, 200 << 10)).ok());
  }
  EXPECT_GT(budget.used(), 1 << 20);
  EXPECT_LE(budget.used(), budget.limit() / 4);
  unread.clear();
  EXPECT_EQ(budget.used(), 0);
}

class OperationsTest : public OperationTest {
 protected:
  std::shared_ptr<Operation> Start(OperationKey key) {
    bool is_new = false;
    return operations_.Start(std::move(key), &is_new).ValueOrDie();
  }
  std::string StartError(OperationKey key) {
    bool is_new = false;
    return ErrorOf(operations_.Start(std::move(key), &is_new).status());
  }
  Operations operations_{&clock_};
};

TEST_F(OperationsTest, AnIdBelongsToOnePlan) {
  bool is_new = false;
  const auto first = operations_.Start(Key(), &is_new).ValueOrDie();
  EXPECT_TRUE(is_new);
  EXPECT_EQ(operations_.Start(Key(), &is_new).ValueOrDie(), first);
  EXPECT_FALSE(is_new);
  OperationKey other = Key();
  other.plan = "another";
  EXPECT_EQ(StartError(other), "INVALID_HANDLE.OPERATION_ALREADY_EXISTS");
  operations_.Release(kId);
  EXPECT_EQ(StartError(Key()), "INVALID_HANDLE.OPERATION_ABANDONED");
  EXPECT_EQ(operations_.Find(kId), nullptr);
}

TEST_F(OperationsTest, InterruptsByAllTagAndId) {
  const auto a = Start(Key("a", true, {"etl", "x"}));
  const auto b = Start(Key("b", true, {"etl"}));
  Start(Key("c"));
  b->Finish(Status::OK());
  EXPECT_THAT(operations_.InterruptTag("etl"), ElementsAre("a")) << "b had ended";
  EXPECT_THAT(operations_.InterruptTag("etl"), ElementsAre());
  EXPECT_THAT(operations_.InterruptOne("nobody"), ElementsAre());
  Start(Key("d"));
  EXPECT_THAT(operations_.InterruptAll(), ElementsAre("c", "d"));
}

TEST_F(OperationsTest, FatesAreRememberedAfterTheRelease) {
  Start(Key())->Finish(Status::OK());
  const auto failed = Start(Key(kOther));
  failed->Finish(UserError("DIVIDE_BY_ZERO", "no"));
  Start(Key("running"));
  EXPECT_EQ(operations_.FateOf("running"), OperationFate::kRunning);
  operations_.Release(kId);
  operations_.Release(kOther);
  operations_.Release("running");
  EXPECT_EQ(operations_.FateOf(kId), OperationFate::kSucceeded);
  EXPECT_EQ(operations_.FateOf(kOther), OperationFate::kFailed);
  EXPECT_EQ(operations_.FateOf("running"), OperationFate::kCancelled);
  EXPECT_EQ(operations_.FateOf("nobody"), OperationFate::kUnknown);
  EXPECT_THAT(operations_.Ids(), ElementsAre(kId, kOther, "running"));
  EXPECT_EQ(operations_.size(), 0u);
}

TEST_F(OperationsTest, TheAbandonedAreRemoved) {
  const auto read = Start(Key());
  const auto reader = Attach(read.get());
  Start(Key(kOther));
  clock_.Advance(Operations::kAbandonedMs);
  operations_.Expire();
  EXPECT_EQ(operations_.size(), 2u);
  clock_.Advance(1);
  operations_.Expire();
  EXPECT_EQ(operations_.Find(kOther), nullptr);
  EXPECT_NE(operations_.Find(kId), nullptr) << "a reader is there";
  read->Detach(reader);
  clock_.Advance(Operations::kAbandonedMs + 1);
  operations_.Expire();
  EXPECT_EQ(operations_.size(), 0u);
  EXPECT_TRUE(read->interrupted());
}

TEST_F(OperationsTest, WhatCannotBeReadAgainIsNotKept) {
  const auto plain = Start(Key(kId, /*reattachable=*/false));
  auto reader = Attach(plain.get());
  ASSERT_TRUE(plain->Push(Rows(1)).ok());
  plain->Finish(Status::OK());
  EXPECT_THAT(ReadAll(plain.get(), &reader).rows, ElementsAre(1));
  plain->Detach(reader);
  clock_.Advance(10);
  operations_.Expire();
  EXPECT_EQ(operations_.Find(kId), nullptr);
}

// It may end before the call that began it has attached.
TEST_F(OperationsTest, WhatEndsAtOnceWaitsForItsFirstReader) {
  const auto plain = Start(Key(kId, /*reattachable=*/false));
  ASSERT_TRUE(plain->Push(Rows(1)).ok());
  plain->Finish(Status::OK());
  clock_.Advance(10);
  operations_.Expire();
  ASSERT_EQ(operations_.Find(kId), plain);
  auto reader = Attach(plain.get());
  EXPECT_THAT(ReadAll(plain.get(), &reader).rows, ElementsAre(1));
}

TEST_F(OperationsTest, WhatLosesItsOnlyReaderIsInterrupted) {
  const auto plain = Start(Key(kId, /*reattachable=*/false));
  const auto again = Start(Key(kOther));
  plain->Detach(Attach(plain.get()));
  again->Detach(Attach(again.get()));
  operations_.Expire();
  EXPECT_TRUE(plain->interrupted());
  EXPECT_FALSE(again->interrupted());
}

TEST_F(OperationsTest, NothingStartsInAClosedSession) {
  const auto running = Start(Key());
  operations_.Close();
  EXPECT_TRUE(running->interrupted());
  EXPECT_EQ(StartError(Key(kOther)), "INVALID_HANDLE.SESSION_CLOSED");
}

TEST_F(OperationsTest, ForgetsWhatWasReadWhenThereAreTooMany) {
  for (size_t i = 0; i < 3 * Operations::kMost; ++i) {
    const auto operation = Start(Key("id " + std::to_string(i), /*reattachable=*/false));
    const auto reader = operation->Attach(std::nullopt, nullptr).ValueOrDie();
    operation->Finish(Status::OK());
    operation->Detach(reader);
  }
  EXPECT_LE(operations_.size(), Operations::kMost);
}

TEST_F(OperationsTest, MoreThanTheMostAreRefused) {
  for (size_t i = 0; i < Operations::kMost; ++i) Start(Key("id " + std::to_string(i)));
  EXPECT_EQ(StartError(Key()), "SLUICE_TOO_MANY_OPERATIONS");
  operations_.Release("id 7");
  EXPECT_EQ(StartError(Key()), "OK");
}

}  // namespace
}  // namespace sluice
