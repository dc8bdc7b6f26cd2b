// SPDX-License-Identifier: Apache-2.0
// A sink log that a killed process left is made durable before a restart reads it and builds on it.
#include <arrow/api.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "connectors/file/file_sink.h"
#include "env/faulty_file_system.h"

namespace sluice {
namespace {

TEST(SinkDurability, TheLogIsDurableBeforeItIsRead) {
  const auto fs = std::make_shared<FaultyFileSystem>(MakeMemoryFileSystem());
  SinkContext context;
  context.env = MakeTestEnv(std::make_shared<ManualClock>(0), fs);
  context.path = "/out";
  context.output_mode = "append";
  context.query_id = "78047e42-570e-476a-a8da-4f6632edc9a2";
  context.schema = arrow::schema({arrow::field("n", arrow::int32())});
  const auto sink = FileSink::Open(context).ValueOrDie();
  fs->Revive();
  ASSERT_TRUE(sink->Start(BatchId(0), false).ok());
  const std::vector<std::string> calls = fs->log();
  const auto durable = std::find(calls.begin(), calls.end(), "MakeDurable /out/_spark_metadata");
  const auto read = std::find(calls.begin(), calls.end(), "List /out/_spark_metadata");
  ASSERT_NE(durable, calls.end());
  ASSERT_NE(read, calls.end());
  EXPECT_LT(durable, read);
}

}  // namespace
}  // namespace sluice
