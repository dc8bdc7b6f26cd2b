// SPDX-License-Identifier: Apache-2.0
#include "exec/stateful/streaming_limit.h"

#include <arrow/api.h>
#include <gtest/gtest.h>

#include "exec/scripted_rows.h"

namespace sluice {
namespace {

TEST(StreamingLimit, GivesTheFirstRowsOfAllBatchesTogether) {
  const auto schema = arrow::schema({arrow::field("v", arrow::int64())});
  const StreamingLimit limit(4, schema);
  const auto fs = MakeMemoryFileSystem();
  EvalContext context;
  const std::vector<std::string> files = {R"([{"v": 1}, {"v": 2}, {"v": 3}])", R"([{"v": 4}, {"v": 5}])",
                                          R"([{"v": 6}])"};
  std::vector<int64_t> given;
  for (int64_t version = 0; version < 3; ++version) {
    // Each batch as after a restart.
    OperatorStores stores(limit.StateSpec(0, 200), Location{fs, "/ck"}, StateCodec::kLz4, nullptr);
    ASSERT_EQ(stores.spec().partitions, 1);
    ASSERT_TRUE(stores.Prepare(version).ok());
    StateBatch batch{version, {}, {}, OutputMode::kAppend, &context, nullptr};
    Exchange exchange(1, 1, nullptr);
    auto input = limit.OpenInput(0, batch, &exchange, 0).ValueOrDie();
    ASSERT_TRUE(input->Add(scripted::Rows(schema, files[static_cast<size_t>(version)])).ok());
    ASSERT_TRUE(input->Finish().ok());
    ASSERT_TRUE(stores.Open(0, version).ok());
    StateCounts counts;
    auto out = limit.OpenPartition(batch, StatePartition{0, {exchange.Take(0)}, &stores, &counts}).ValueOrDie();
    for (auto slice = out->Next().ValueOrDie(); slice != nullptr; slice = out->Next().ValueOrDie()) {
      const auto& values = static_cast<const arrow::Int64Array&>(*slice->column(0));
      for (int64_t row = 0; row < slice->num_rows(); ++row) given.push_back(values.Value(row));
    }
    ASSERT_TRUE(stores.Commit(0, version + 1).ok());
  }
  EXPECT_EQ(given, (std::vector<int64_t>{1, 2, 3, 4}));
}

}  // namespace
}  // namespace sluice
