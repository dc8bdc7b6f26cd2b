// SPDX-License-Identifier: Apache-2.0
#include "checkpoint/checkpoint.h"

#include <gtest/gtest.h>

#include "base/spark_error.h"
#include "env/faulty_file_system.h"

namespace sluice {
namespace {

class CheckpointTest : public ::testing::Test {
 protected:
  Result<std::unique_ptr<Checkpoint>> Open() { return Checkpoint::Open({fs, "/ck"}, env.get()); }

  void Plan(int64_t batch) {
    OffsetEntry entry;
    entry.offsets.emplace_back(std::to_string(batch));
    ASSERT_TRUE((*Open())->offsets().Write(BatchId(batch), entry).ok());
  }
  void Commit(int64_t batch) { ASSERT_TRUE((*Open())->commits().Write(BatchId(batch), {}).ok()); }
  void Batches(int64_t count) {
    for (int64_t batch = 0; batch < count; ++batch) {
      Plan(batch);
      Commit(batch);
    }
  }
  void Put(const std::string& path, const std::string& content) {
    ASSERT_TRUE(fs->Delete("/", {path}).ok());
    ASSERT_TRUE(fs->CreateAtomic(path, content).ok());
  }
  Result<Recovery> Recover() {
    SLUICE_ASSIGN(auto checkpoint, Open());
    return checkpoint->Recover(1);
  }
  void ExpectRefusal(const std::string& file) {
    const Status status = Recover().status();
    ASSERT_FALSE(status.ok()) << file;
    EXPECT_NE(status.message().find(file), std::string::npos) << status;
  }

  std::shared_ptr<FileSystem> fs = MakeMemoryFileSystem();
  std::shared_ptr<Env> env = MakeTestEnv(std::make_shared<ManualClock>(0), fs);
};

TEST_F(CheckpointTest, NewFolderGetsAnIdThatStays) {
  const std::string id = (*Open())->query_id();
  EXPECT_EQ((*Open())->query_id(), id);
  EXPECT_EQ(*fs->ReadFile("/ck/metadata"), "{\"id\":\"" + id + "\"}");
  const Recovery recovery = *Recover();
  EXPECT_EQ(recovery.next, BatchId(0));
  EXPECT_FALSE(recovery.recovered);
}

TEST_F(CheckpointTest, CommittedBatchIsFollowedByTheNext) {
  Batches(3);
  const Recovery recovery = *Recover();
  EXPECT_EQ(recovery.next, BatchId(3));
  EXPECT_FALSE(recovery.recovered);
  EXPECT_EQ(recovery.previous->offsets[0], "2");
  EXPECT_TRUE(recovery.last_commit.has_value());
}

TEST_F(CheckpointTest, PlannedBatchRunsAgainWithItsRange) {
  Batches(3);
  Plan(3);
  const Recovery recovery = *Recover();
  EXPECT_EQ(recovery.next, BatchId(3));
  EXPECT_TRUE(recovery.recovered);
  EXPECT_EQ(recovery.planned->offsets[0], "3");
  EXPECT_EQ(recovery.previous->offsets[0], "2");
}

TEST_F(CheckpointTest, MissingCommitsMeanRunAgain) {
  Batches(3);
  ASSERT_TRUE(fs->Delete("/", {"/ck/commits/2"}).ok());
  EXPECT_TRUE(Recover()->recovered);
  ASSERT_TRUE(fs->Delete("/", {"/ck/commits/0", "/ck/commits/1"}).ok());
  EXPECT_EQ(Recover()->next, BatchId(2));
  EXPECT_TRUE(Recover()->recovered);
}

TEST_F(CheckpointTest, DamagedEntriesAreRefusedByName) {
  Batches(3);
  for (const std::string path : {"/ck/offsets/2", "/ck/offsets/1", "/ck/commits/2"}) {
    const std::string whole = *fs->ReadFile(path);
    for (const std::string& damaged :
         {std::string(), std::string("v1"), std::string("v99\n{}\n1"), whole.substr(0, 20)}) {
      Put(path, damaged);
      ExpectRefusal(path);
    }
    Put(path, whole);
  }
  Put("/ck/commits/2", "v1\n");
  EXPECT_EQ(Recover()->next, BatchId(3));
}

TEST_F(CheckpointTest, MissingOffsetsAreRefused) {
  Batches(3);
  ASSERT_TRUE(fs->Delete("/", {"/ck/offsets/1"}).ok());
  ExpectRefusal("/ck/offsets/1");
  ASSERT_TRUE(fs->Delete("/", {"/ck/offsets/2"}).ok());
  ExpectRefusal("commits/2");
}

TEST_F(CheckpointTest, MetadataIsNotMadeUpForAUsedCheckpoint) {
  Batches(1);
  ASSERT_TRUE(fs->Delete("/", {"/ck/metadata"}).ok());
  EXPECT_TRUE(HasErrorClass(Open().status(), "STREAMING_CHECKPOINT_MISSING_METADATA_FILE"));
  Put("/ck/metadata", "{\"id\":");
  EXPECT_TRUE(HasErrorClass(Open().status(), "SLUICE_CHECKPOINT_DAMAGED"));
}

TEST_F(CheckpointTest, AnotherNumberOfSourcesIsAnotherQuery) {
  Batches(1);
  EXPECT_TRUE(HasErrorClass((*Open())->Recover(2).status(), "SLUICE_CHECKPOINT_MISMATCH"));
}

TEST_F(CheckpointTest, TheSecondWriterOfABatchIsRefused) {
  Plan(0);
  OffsetEntry entry;
  entry.offsets.emplace_back("0");
  EXPECT_TRUE(HasErrorClass((*Open())->offsets().Write(BatchId(0), entry), "CONCURRENT_STREAM_LOG_UPDATE"));
  Commit(0);
  EXPECT_TRUE(HasErrorClass((*Open())->commits().Write(BatchId(0), {}), "CONCURRENT_STREAM_LOG_UPDATE"));
}

TEST_F(CheckpointTest, OtherNamesAreIgnored) {
  Batches(2);
  Put("/ck/offsets/.7.78047e42.tmp", "x");
  Put("/ck/offsets/.2.crc", "x");
  Put("/ck/offsets/+9", "x");
  EXPECT_EQ(Recover()->next, BatchId(2));
}

TEST_F(CheckpointTest, StaleHadoopChecksumIsDamage) {
  Batches(1);
  Put("/ck/offsets/.0.crc", std::string("crc\0\0\0\2\0\0\0\0\0", 12));
  ExpectRefusal("/ck/offsets/0");
}

TEST_F(CheckpointTest, PurgeKeepsAHundredBatchesAndWorksInSteps) {
  Batches(120);
  auto checkpoint = *Open();
  ASSERT_TRUE(checkpoint->Purge(BatchId(109)).ok());
  EXPECT_EQ(fs->List("/ck/offsets", false)->size(), 120u);
  ASSERT_TRUE(checkpoint->Purge(BatchId(119)).ok());
  EXPECT_EQ(fs->List("/ck/offsets", false)->size(), 101u);
  EXPECT_EQ(fs->List("/ck/commits", false)->size(), 101u);
  EXPECT_EQ(Recover()->next, BatchId(120));
  // A step is ten batches, no more.
  ASSERT_TRUE(checkpoint->Purge(BatchId(128)).ok());
  EXPECT_TRUE(fs->Stat("/ck/offsets/19").ok());
  ASSERT_TRUE(checkpoint->Purge(BatchId(129)).ok());
  EXPECT_TRUE(IsNotFound(fs->Stat("/ck/offsets/28").status()));
  EXPECT_TRUE(fs->Stat("/ck/offsets/29").ok());
}

// Whatever call fails in whatever way, opening and planning a batch either succeeds or can be done again.
TEST_F(CheckpointTest, EveryFailedCallLeavesACheckpointThatGoesOn) {
  for (const FaultWay way : {FaultWay::kError, FaultWay::kLostReply, FaultWay::kCrashBefore, FaultWay::kCrashAfter}) {
    for (int64_t k = 1;; ++k) {
      auto faulty = std::make_shared<FaultyFileSystem>(MakeMemoryFileSystem());
      const auto run = [&]() -> Status {
        SLUICE_ASSIGN(auto checkpoint, Checkpoint::Open({faulty, "/ck"}, env.get()));
        SLUICE_ASSIGN(const Recovery recovery, checkpoint->Recover(1));
        OffsetEntry entry;
        entry.offsets.emplace_back("7");
        if (!recovery.recovered) SLUICE_RETURN_IF_ERROR(checkpoint->offsets().Write(recovery.next, entry));
        return checkpoint->commits().Write(recovery.next, {});
      };
      faulty->FailAt(k, way);
      const bool first = run().ok();
      const bool fired = faulty->fired();
      faulty->Revive();
      if (!fired) {
        EXPECT_TRUE(first);
        break;
      }
      // A process that is started again, and perhaps once more, gets on.
      EXPECT_TRUE(first || run().ok()) << "call " << k << " way " << static_cast<int>(way);
      auto checkpoint = Checkpoint::Open({faulty, "/ck"}, env.get());
      ASSERT_TRUE(checkpoint.ok()) << checkpoint.status();
      EXPECT_TRUE((*checkpoint)->Recover(1).ok());
      ASSERT_LT(k, 100);
    }
  }
}

}  // namespace
}  // namespace sluice
