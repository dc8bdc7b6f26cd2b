// SPDX-License-Identifier: Apache-2.0
#include "streaming/query_setup.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "checkpoint/crc32c.h"
#include "streaming/stream_script.h"

namespace sluice {
namespace {

// An attempt of a program that cut partitioned files in another way made files of other names. Its checksum must
// differ, or these files would stay beside the new ones; who changes the cut again counts the version up, here as well.
TEST(QuerySetup, SaysInWhichWayPartitionedFilesAreCut) {
  StreamScript script;
  QuerySpec spec = script.Spec();
  spec.partition_columns = {"value"};
  const auto checksum = [&](std::string_view partitions) {
    std::string text = Explain(*spec.plan) + spec.sink_format + spec.sink_path;
    for (const auto& [key, value] : spec.sink_options) text += fmt::format("\n{}={}", key, value);
    for (const auto& [key, value] : spec.conf.values()) text += fmt::format("\n{}={}", key, value);
    return fmt::format("{:08x}", Crc32c(text.append(partitions)));
  };
  EXPECT_EQ(SetupOf(spec), checksum("\npartitioned, version 2: value"));
  spec.partition_columns.clear();
  EXPECT_EQ(SetupOf(spec), checksum(""));
}

}  // namespace
}  // namespace sluice
