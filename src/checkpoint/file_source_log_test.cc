// SPDX-License-Identifier: Apache-2.0
#include "checkpoint/file_source_log.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "base/spark_error.h"
#include "env/env.h"

namespace sluice {
namespace {

using testing::ElementsAre;

class FileSourceLogTest : public testing::Test {
 protected:
  FileSourceLog Opened(int64_t interval = 3) {
    FileSourceLog log({fs_, "/ck/sources/0"}, {interval, true, 60'000}, clock_.get());
    EXPECT_TRUE(log.Open().ok());
    return log;
  }
  std::vector<std::string> Names() const {
    std::vector<std::string> names;
    for (const FileInfo& file : fs_->List("/ck/sources/0", false).ValueOrDie()) names.push_back(file.path.substr(14));
    return names;
  }

  std::shared_ptr<ManualClock> clock_ = std::make_shared<ManualClock>(1'000'000);
  std::shared_ptr<FileSystem> fs_ = MakeMemoryFileSystem();
};

FileSourceEntry File(const std::string& name, int64_t timestamp_ms) {
  return {"file:///in/" + name, timestamp_ms, 0};
}

TEST_F(FileSourceLogTest, IsSparksToTheByte) {
  for (const std::string version : {"3.5.7", "4.2.0"}) {
    for (const std::string name : {"0", "1"}) {
      std::ifstream file(std::string(SLUICE_SOURCE_DIR) + "/tests/golden/checkpoint/" + version + "/files/sources/0/" +
                         name);
      std::stringstream text;
      text << file.rdbuf();
      const auto entries = ParseFileSourceEntries(text.str(), name).ValueOrDie();
      ASSERT_EQ(entries.size(), 1u);
      EXPECT_EQ(std::to_string(entries[0].offset), name);
      EXPECT_EQ(FormatFileSourceEntries(entries), text.str());
    }
  }
}

TEST_F(FileSourceLogTest, GoesOnWhereItEndedAndCompacts) {
  FileSourceLog log = Opened();
  EXPECT_EQ(log.latest(), -1);
  ASSERT_TRUE(log.Add({File("a", 1), File("b", 2)}).ok());
  ASSERT_TRUE(log.Add({File("c", 3)}).ok());
  ASSERT_TRUE(log.Add({File("d", 4)}).ok());
  ASSERT_TRUE(log.Add({File("e", 5)}).ok());
  EXPECT_THAT(Names(), ElementsAre("0", "1", "2.compact", "3"));
  const FileSourceLog again = Opened(7);  // the log's own interval counts, not the setting
  EXPECT_EQ(again.latest(), 3);
  std::vector<std::pair<std::string, int64_t>> files;
  for (const FileSourceEntry& entry : again.entries()) files.emplace_back(entry.path.substr(11), entry.offset);
  EXPECT_THAT(files, ElementsAre(std::pair("a", 0), std::pair("b", 0), std::pair("c", 1), std::pair("d", 2),
                                 std::pair("e", 3)));
}

TEST_F(FileSourceLogTest, WhatACompactionMadeNeedlessGoesWhenItIsOld) {
  FileSourceLog log = Opened();
  for (int i = 0; i < 5; ++i) ASSERT_TRUE(log.Add({File(std::to_string(i), i)}).ok());
  EXPECT_THAT(Names(), ElementsAre("0", "1", "2.compact", "3", "4"));
  clock_->Advance(60'000);
  ASSERT_TRUE(log.Add({File("5", 5)}).ok());
  EXPECT_THAT(Names(), ElementsAre("5.compact"));
  EXPECT_EQ(Opened().entries().size(), 6u);
}

TEST_F(FileSourceLogTest, AnotherWriterIsNoticed) {
  FileSourceLog late = Opened();
  FileSourceLog first = Opened();
  ASSERT_TRUE(first.Add({File("a", 1)}).ok());
  EXPECT_TRUE(HasErrorClass(late.Add({File("b", 1)}), "CONCURRENT_STREAM_LOG_UPDATE"));
  EXPECT_EQ(late.latest(), -1);
  EXPECT_TRUE(late.entries().empty());
}

TEST_F(FileSourceLogTest, DamageIsNamed) {
  FileSourceLog log = Opened(10);
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(log.Add({File(std::to_string(i), i)}).ok());
  ASSERT_TRUE(fs_->Delete("/ck", {"/ck/sources/0/1"}).ok());
  FileSourceLog holed({fs_, "/ck/sources/0"}, {}, clock_.get());
  EXPECT_TRUE(HasErrorClass(holed.Open(), "SLUICE_CHECKPOINT_DAMAGED"));
  for (const std::string text : {"", "v2\n", "v1\nx", "v1\n{\"path\":1,\"timestamp\":1,\"batchId\":0}",
                                 "v1\n{\"path\":\"a\",\"timestamp\":1.5,\"batchId\":0}", "v1\n{\"path\":\"a\"}"}) {
    EXPECT_FALSE(ParseFileSourceEntries(text, "f").ok()) << text;
  }
}

}  // namespace
}  // namespace sluice
