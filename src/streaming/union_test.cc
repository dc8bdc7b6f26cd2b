// SPDX-License-Identifier: Apache-2.0
// One query over several sources: each has its line in the offsets, by its place in the plan, as Spark counts them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/spark_error.h"
#include "checkpoint/offset_log.h"
#include "streaming/stream_script.h"

namespace sluice {
namespace {

using testing::ElementsAre;

QuerySpec SpecOf(const StreamScript& script, const std::vector<int>& rows_of_sources) {
  QuerySpec spec = script.Spec();
  std::vector<PlanPtr> inputs;
  for (const int rows : rows_of_sources) inputs.push_back(script.Spec({}, rows).plan);
  const auto schema = inputs[0]->schema;
  spec.plan = MakeNode(plan::Union(), std::move(inputs), schema);
  return spec;
}

OffsetEntry EntryOf(const StreamScript& script, const std::string& batch) {
  return ParseOffsetEntry(script.Read("/checkpoint/offsets/" + batch), batch).ValueOrDie();
}

std::vector<std::string> PartFiles(const StreamScript& script) {
  std::vector<std::string> files;
  for (const std::string& name : script.Names("/table")) files.push_back(name + script.Read("/table/" + name));
  return files;
}

TEST(Union, EverySourceHasItsOffsetAndItsRows) {
  StreamScript script;
  const auto query = script.StartAndSettle(SpecOf(script, {10, 4, 1}));
  script.Advance(*query, 1000);
  const QueryProgress last = *query->last_progress();
  ASSERT_TRUE(query->Stop().ok());
  EXPECT_EQ(EntryOf(script, "1").offsets.size(), 3u);
  ASSERT_EQ(last.sources.size(), 3u);
  EXPECT_EQ(last.sources[0].input_rows, 10);
  EXPECT_EQ(last.sources[1].input_rows, 4);
  EXPECT_EQ(last.sources[2].input_rows, 1);
  EXPECT_EQ(last.input_rows(), 15);
  EXPECT_EQ(PartFiles(script).size(), 2 * 5u) << "a batch has two tasks a source, and one for a single row";
}

TEST(Union, ARestartGoesOnWithEachSource) {
  StreamScript script;
  ASSERT_TRUE(script.StartAndSettle(SpecOf(script, {10, 4}))->Stop().ok());
  const OffsetEntry first = EntryOf(script, "0");
  const auto second = script.StartAndSettle(SpecOf(script, {10, 4}));
  ASSERT_TRUE(second->Stop().ok());
  for (size_t i = 0; i < 2; ++i) EXPECT_EQ(second->last_progress()->sources[i].start_offset, first.offsets[i]);
}

TEST(Union, ABatchThatIsRunAgainWritesTheSameFiles) {
  StreamScript script;
  ASSERT_TRUE(script.StartAndSettle(SpecOf(script, {10, 4}))->Stop().ok());
  const std::vector<std::string> files = PartFiles(script);
  script.Delete("/checkpoint/commits/0");
  script.Delete("/table/_spark_metadata/0");
  ASSERT_TRUE(script.StartAndSettle(SpecOf(script, {10, 4}))->Stop().ok());
  EXPECT_EQ(PartFiles(script), files);
  EXPECT_THAT(script.Names("/checkpoint/commits"), ElementsAre("0"));
}

TEST(Union, AnotherNumberOfSourcesIsRefused) {
  StreamScript script;
  ASSERT_TRUE(script.StartAndSettle(SpecOf(script, {10, 4}))->Stop().ok());
  for (const std::vector<int>& sources : {std::vector<int>{10}, {10, 4, 1}}) {
    auto query = script.Start(SpecOf(script, sources));
    const Status status = query.ok() ? (*query)->Stop() : query.status();
    EXPECT_FALSE(status.ok()) << sources.size();
  }
}

}  // namespace
}  // namespace sluice
