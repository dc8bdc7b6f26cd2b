// SPDX-License-Identifier: Apache-2.0
// A restart builds on what a killed process left only when that is durable: folders are synced before they are read.
#include <gtest/gtest.h>

#include <algorithm>

#include "checkpoint/checkpoint.h"
#include "env/faulty_file_system.h"

namespace sluice {
namespace {

TEST(RecoveryDurability, BothLogsAreDurableBeforeTheyAreRead) {
  const auto fs = std::make_shared<FaultyFileSystem>(MakeMemoryFileSystem());
  const auto env = MakeTestEnv(std::make_shared<ManualClock>(0), fs);
  const auto checkpoint = Checkpoint::Open({fs, "/ck"}, env.get()).ValueOrDie();
  OffsetEntry entry;
  entry.offsets.emplace_back("0");
  ASSERT_TRUE(checkpoint->offsets().Write(BatchId(0), entry).ok());
  ASSERT_TRUE(checkpoint->commits().Write(BatchId(0), {}).ok());
  fs->Revive();
  ASSERT_TRUE(checkpoint->Recover(1).ok());
  const std::vector<std::string> calls = fs->log();
  for (const std::string folder : {"/ck/offsets", "/ck/commits"}) {
    const auto durable = std::find(calls.begin(), calls.end(), "MakeDurable " + folder);
    const auto read = std::find_if(calls.begin(), calls.end(), [&](const std::string& call) {
      return call.find(folder) != std::string::npos && !call.starts_with("MakeDurable");
    });
    ASSERT_NE(durable, calls.end()) << folder;
    ASSERT_NE(read, calls.end()) << folder;
    EXPECT_LT(durable, read) << folder;
  }
}

}  // namespace
}  // namespace sluice
