// SPDX-License-Identifier: Apache-2.0
#include "streaming/query_directory.h"

#include <gtest/gtest.h>

#include "base/spark_error.h"
#include "streaming/stream_script.h"

namespace sluice {
namespace {

QueryClaim Claim(const std::string& session, const std::string& name, const std::string& place) {
  return {session, name, "/ck" + place, "/table" + place};
}

TEST(QueryDirectory, OfTwoStartsOneIsRefusedBeforeEitherOpens) {
  QueryDirectory directory;
  const auto first = directory.Take(Claim("s", "q", "/1"));
  ASSERT_TRUE(first.ok());
  EXPECT_TRUE(HasErrorClass(directory.Take(Claim("s", "q", "/2")).status(), "SLUICE_QUERY_NAME_IN_USE"));
  EXPECT_TRUE(HasErrorClass(directory.Take(Claim("s", "", "/1")).status(), "CONCURRENT_QUERY"));
  EXPECT_TRUE(HasErrorClass(directory.Take({"s", "", "/ck/3", "/table/1"}).status(), "SLUICE_SINK_IN_USE"));
  directory.Release(*first);
  EXPECT_TRUE(directory.Take(Claim("s", "q", "/1")).ok());
}

TEST(QueryDirectory, FoldersAreTheProcesssAndNamesTheSessions) {
  QueryDirectory directory;
  ASSERT_TRUE(directory.Take(Claim("a", "q", "/1")).ok());
  EXPECT_TRUE(directory.Take(Claim("b", "q", "/2")).ok());
  EXPECT_TRUE(HasErrorClass(directory.Take(Claim("b", "r", "/1")).status(), "CONCURRENT_QUERY"));
  EXPECT_TRUE(HasErrorClass(directory.Take({"b", "r", "/ck/3", "/table/1"}).status(), "SLUICE_SINK_IN_USE"));
  directory.RemoveSession("a");
  EXPECT_TRUE(directory.Take(Claim("b", "r", "/1")).ok());
}

TEST(QueryDirectory, AQueryThatEndsBeforeItsStartReturnsIsNotMissed) {
  QueryDirectory directory;
  const auto ticket = directory.Take(Claim("s", "q", "/1"));
  ASSERT_TRUE(ticket.ok());
  EXPECT_EQ(directory.AwaitAnyTermination("s", 0).ValueOrDie(), false);
  directory.Ended(*ticket, Status::OK());
  directory.Started(*ticket, nullptr);
  EXPECT_EQ(directory.AwaitAnyTermination("s", std::nullopt).ValueOrDie(), true);
  EXPECT_EQ(directory.AwaitAnyTermination("other", 0).ValueOrDie(), false);
  EXPECT_TRUE(directory.Take(Claim("s", "q", "/1")).ok()) << "its claim is free again";
  directory.ResetTerminated("s");
  EXPECT_EQ(directory.AwaitAnyTermination("s", 0).ValueOrDie(), false);
}

TEST(QueryDirectory, AFailureIsToldEvenIfAnotherQueryEndedBefore) {
  QueryDirectory directory;
  const auto good = directory.Take(Claim("s", "a", "/1"));
  const auto bad = directory.Take(Claim("s", "b", "/2"));
  directory.Ended(good.ValueOrDie(), Status::OK());
  directory.Ended(bad.ValueOrDie(), UserError("DIVIDE_BY_ZERO", "no"));
  EXPECT_TRUE(HasErrorClass(directory.AwaitAnyTermination("s", 0).status(), "DIVIDE_BY_ZERO"));
}

TEST(QueryDirectory, EndedQueriesAreKeptUpToABound) {
  StreamScript script;
  std::vector<std::string> runs;
  for (size_t i = 0; i < QueryDirectory::kKeptEnded + 5; ++i) {
    QuerySpec spec = script.Spec({TriggerKind::kOnce, 0});
    spec.sink_format = "noop";
    spec.sink_path = spec.checkpoint = "";
    auto query = script.Start(std::move(spec));
    ASSERT_TRUE(query.ok()) << query.status();
    ASSERT_TRUE((*query)->AwaitTermination(std::nullopt).ok());
    runs.push_back((*query)->run_id());
  }
  // The directory learns of an end a moment after the query's own waiters.
  while (script.manager().Find(runs[4]) != nullptr) std::this_thread::yield();
  EXPECT_EQ(script.manager().Find(runs[0]), nullptr);
  EXPECT_NE(script.manager().Find(runs[5]), nullptr);
  EXPECT_NE(script.manager().Find(runs.back()), nullptr);
  EXPECT_TRUE(script.manager().Active().empty());
}

// A query that ends after a hundred younger ones is the oldest that has ended, and its thread is the one that looks.
TEST(QueryDirectory, AQueryThatOutlivesManyOthersEndsWell) {
  StreamScript script;
  const std::string run = script.StartAndSettle(script.Spec())->run_id();
  std::vector<std::string> runs;
  for (size_t i = 0; i < QueryDirectory::kKeptEnded + 5; ++i) {
    QuerySpec spec = script.Spec({TriggerKind::kOnce, 0});
    spec.sink_format = "noop";
    spec.sink_path = spec.checkpoint = "";
    const auto query = script.Start(std::move(spec)).ValueOrDie();
    runs.push_back(query->run_id());
    ASSERT_TRUE(query->AwaitTermination(std::nullopt).ok());
  }
  // The directory learns of an end a moment after the query's own waiters, and the last one would take the older out.
  while (script.manager().Find(runs[4]) != nullptr) std::this_thread::yield();
  script.manager().ResetTerminated();
  script.manager().Find(run)->RequestStop();
  EXPECT_TRUE(script.manager().AwaitAnyTermination(std::nullopt).ok());
  EXPECT_NE(script.manager().Find(run), nullptr);
}

TEST(QueryManager, NothingStartsAfterClose) {
  StreamScript script;
  const auto running = script.StartAndSettle(script.Spec());
  EXPECT_TRUE(script.manager().Close());
  EXPECT_FALSE(running->IsActive());
  EXPECT_TRUE(HasErrorClass(script.Start(script.Spec()).status(), "INVALID_HANDLE.SESSION_CLOSED"));
}

}  // namespace
}  // namespace sluice
