// SPDX-License-Identifier: Apache-2.0
// checkpoint repair: what it mends, the query then resumes rightly; what it refuses, it leaves as it is.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include "connectors/file/table_repair.h"
#include "streaming/damage_script.h"

namespace sluice {
namespace {

class RepairTest : public ::testing::Test {
 protected:
  void SetUp() override {
    StreamScript script;
    const auto query = script.StartAndSettle(script.Spec());
    for (int batch = 1; batch < 4; ++batch) script.Advance(*query, 1000);
    ASSERT_TRUE(query->Stop().ok());
    files_ = Snapshot(script.fs());
    expected_ = Restart(files_);
    ASSERT_TRUE(expected_.status.ok()) << expected_.status;
  }

  static Restarted Restart(const DamageFiles& files) { return RestartOn(files, StreamScript::kRowsPerBatch, 4); }

  TableRepair Repair(DamageFiles* files) {
    const auto fs = Restore(*files);
    ManualClock clock(StreamScript::kStartMs);
    const TableRepair repair = RepairCheckpoint({fs, "/checkpoint"}, {fs, "/table"}, &clock).ValueOrDie();
    *files = Snapshot(*fs);
    return repair;
  }

  void ExpectMended(DamageFiles files, const std::string& damaged, const std::string& copy) {
    const TableRepair repair = Repair(&files);
    EXPECT_EQ(repair.mended.size(), 1u) << FormatRepair(repair);
    EXPECT_TRUE(repair.left.empty()) << FormatRepair(repair);
    if (!copy.empty()) {
      EXPECT_EQ(files.count(copy), 1u) << copy;
    }
    EXPECT_EQ(files.count(damaged), 0u);
    const Restarted restarted = Restart(files);
    EXPECT_TRUE(restarted.status.ok()) << restarted.status;
    EXPECT_TRUE(restarted == expected_) << damaged;
    EXPECT_EQ(FormatRepair(Repair(&files)), "nothing to do\n");
  }

  void ExpectLeft(DamageFiles files, const std::string& what) {
    const DamageFiles before = files;
    const TableRepair repair = Repair(&files);
    EXPECT_TRUE(repair.mended.empty()) << what << FormatRepair(repair);
    EXPECT_FALSE(repair.left.empty()) << what;
    EXPECT_TRUE(files == before) << what;
  }

  DamageFiles files_;
  Restarted expected_;
  static constexpr char kBeside[] = ".before-repair-20231114T221320Z";
};

TEST_F(RepairTest, AWholeCheckpointNeedsNothing) {
  DamageFiles files = files_;
  EXPECT_EQ(FormatRepair(Repair(&files)), "nothing to do\n");
  EXPECT_TRUE(files == files_);
}

TEST_F(RepairTest, ACommitOfABatchThatIsInTheTable) {
  for (const std::string& damaged : {std::string(), std::string("v1"), std::string("v1\n{\"next")}) {
    for (const std::string path : {"/checkpoint/commits/3", "/checkpoint/commits/1"}) {
      DamageFiles files = files_;
      files[path] = damaged;
      ExpectMended(files, path, std::string("/checkpoint") + kBeside + path.substr(11));
    }
  }
  DamageFiles files = files_;
  files["/checkpoint/commits/3"] = "";
  files.erase("/table/_spark_metadata/3");
  ExpectLeft(files, "a commit whose batch the table has not: ");
}

TEST_F(RepairTest, AnOffsetsEntryThatNeverRan) {
  DamageFiles files = files_;
  files.erase("/checkpoint/commits/3");
  files.erase("/table/_spark_metadata/3");
  files["/checkpoint/offsets/3"].resize(100);
  ExpectMended(files, "/checkpoint/offsets/3", std::string("/checkpoint") + kBeside + "/offsets/3");
  for (const std::string path : {"/checkpoint/commits/3", "/table/_spark_metadata/3"}) {
    DamageFiles ran = files;
    ran[path] = files_.at(path);
    ExpectLeft(ran, "its range is needed: ");
  }
  files["/checkpoint/offsets/3"] = "v99\n{}\n{}";
  ExpectLeft(files, "of a newer version: ");
}

TEST_F(RepairTest, ASinkLogEntryWithoutACommit) {
  DamageFiles files = files_;
  files["/table/_spark_metadata/3"].resize(50);
  ExpectLeft(files, "a committed batch: ");
  files.erase("/checkpoint/commits/3");
  ExpectMended(files, "/table/_spark_metadata/3", std::string("/table/_spark_metadata") + kBeside + "/3");
}

TEST_F(RepairTest, LeftOverSideFiles) {
  for (const std::string path :
       {"/checkpoint/offsets/.4.123-0.tmp", "/checkpoint/.metadata.8f.tmp", "/checkpoint/commits/..4.8f.tmp.crc",
        "/table/_spark_metadata/.9.compact.123-7.tmp", "/checkpoint/sources/0/.0.1-1.tmp"}) {
    DamageFiles files = files_;
    files[path] = "x";
    ExpectMended(files, path, "");
  }
  DamageFiles files = files_;
  files["/checkpoint/offsets/.9.crc"] = "x";
  ExpectMended(files, "/checkpoint/offsets/.9.crc", std::string("/checkpoint") + kBeside + "/offsets/.9.crc");
  files = files_;
  files["/checkpoint/offsets/.3.crc"] = std::string("crc\0\0\0\2\0\0\0\0\0", 12);
  EXPECT_FALSE(Restart(files).status.ok());
  ExpectMended(files, "/checkpoint/offsets/.3.crc", std::string("/checkpoint") + kBeside + "/offsets/.3.crc");
  files = files_;
  files["/table/_spark_metadata/.3.crc"] = std::string("crc\0\0\0\2\0\0\0\0\0", 12);
  ExpectLeft(files, "nobody knows whether the entry or its checksum is wrong: ");
}

TEST_F(RepairTest, WhatCannotBeMendedIsLeftAndTold) {
  for (const std::string path : {"/checkpoint/metadata", "/checkpoint/offsets/3", "/checkpoint/offsets/2",
                                 "/table/_spark_metadata/1", "/table/_spark_metadata/3"}) {
    DamageFiles files = files_;
    files[path].resize(files[path].size() / 2);
    ExpectLeft(files, path + " cut: ");
    files.erase(path);
    ExpectLeft(files, path + " missing: ");
  }
}

}  // namespace
}  // namespace sluice
