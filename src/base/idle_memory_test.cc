// SPDX-License-Identifier: Apache-2.0
#include "base/idle_memory.h"

#include <gtest/gtest.h>

#include <fstream>
#include <string>

namespace sluice {
namespace {

// Resident pages of files, in KB.
int64_t ResidentFilePages() {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with("RssFile:")) return std::stoll(line.substr(8));
  }
  return -1;
}

TEST(IdleMemory, CodeIsUnmappedAndStillRuns) {
  const int64_t before = ResidentFilePages();
  ASSERT_GT(before, 0);
  ReleaseIdleMemory();
  EXPECT_LT(ResidentFilePages(), before / 2);
  ReleaseIdleMemory();
}

}  // namespace
}  // namespace sluice
