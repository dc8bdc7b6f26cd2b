// SPDX-License-Identifier: Apache-2.0
#include "streaming/bad_records/replay_source.h"

#include <arrow/api.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/spark_error.h"
#include "connectors/kafka/row_slice.h"
#include "streaming/bad_records/line.h"

namespace sluice {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

constexpr char kPart[] = "part-00000-0123abcd-0000-8000-8000-000000000000-c000.jsonl";

SourceRecord Record(int32_t partition, int64_t offset, std::optional<std::string> value) {
  SourceRecord record;
  record.topic = "t";
  record.partition = partition;
  record.offset = offset;
  record.timestamp_ms = 1000 + offset;
  record.value = std::move(value);
  record.headers = {{"h", "x"}};
  record.place = "topic t, partition " + std::to_string(partition) + ", offset " + std::to_string(offset);
  return record;
}

class ReplaySourceTest : public testing::Test {
 protected:
  void SetAside(int batch, const std::vector<SourceRecord>& records) {
    std::string text;
    for (const SourceRecord& record : records) {
      text += FormatBadRecord(record, UserError("DIVIDE_BY_ZERO", "no")).ValueOrDie();
    }
    ASSERT_TRUE(fs_->CreateAtomic(folder_->FolderOf(BatchId(batch)) + "/" + kPart, text).ok());
    const BadRecordFile file{kPart, static_cast<int64_t>(records.size()), static_cast<int64_t>(text.size())};
    ASSERT_TRUE(folder_->Commit(BatchId(batch), {file}).ok());
  }

  std::shared_ptr<FileSystem> fs_ = MakeMemoryFileSystem();
  std::shared_ptr<Env> env_ = MakeTestEnv(std::make_shared<ManualClock>(0), fs_);
  std::unique_ptr<BadRecordFolder> folder_ = BadRecordFolder::Open("/bad", {}, "q", env_.get()).ValueOrDie();
};

TEST_F(ReplaySourceTest, GivesTheRowsThatTheRecordsWereAPartitionASlice) {
  SetAside(3, {Record(0, 5, "five"), Record(0, 9, std::nullopt), Record(1, 2, std::string(900'000, 'x'))});
  ReplaySource source(folder_.get(), {BatchId(3)});
  const auto tasks = source.PlanTasks("", "").ValueOrDie();
  ASSERT_THAT(tasks, SizeIs(1));
  const auto reader = source.OpenReader(tasks[0], {kValue, kOffset, kTimestamp}).ValueOrDie();
  const auto first = reader->Next().ValueOrDie();
  ASSERT_EQ(first->num_rows(), 2);
  EXPECT_EQ(first->column(0)->GetScalar(0).ValueOrDie()->ToString(), "five");
  EXPECT_TRUE(first->column(0)->IsNull(1));
  EXPECT_EQ(static_cast<const arrow::Int64Array&>(*first->column(1)).Value(1), 9);
  EXPECT_EQ(static_cast<const arrow::TimestampArray&>(*first->column(2)).Value(0), 1'005'000);
  EXPECT_EQ(reader->RecordOf(0).ValueOrDie(), Record(0, 5, "five"));
  EXPECT_EQ(reader->PlaceOf(1), "topic t, partition 0, offset 9");
  const auto second = reader->Next().ValueOrDie();
  ASSERT_EQ(second->num_rows(), 1);
  EXPECT_EQ(reader->RecordOf(0).ValueOrDie().value->size(), 900'000u);
  EXPECT_EQ(reader->Next().ValueOrDie(), nullptr);
}

// It has no value that could be put through: it stays set aside.
TEST_F(ReplaySourceTest, WhatWasTooLargeToBeKeptIsNoRow) {
  SourceRecord large = Record(0, 6, std::nullopt);
  large.headers.clear();
  large.left_out = true;
  SetAside(3, {Record(0, 5, "five"), large, Record(0, 7, "seven")});
  ReplaySource source(folder_.get(), {BatchId(3)});
  const auto reader = source.OpenReader(source.PlanTasks("", "").ValueOrDie().at(0), {kOffset}).ValueOrDie();
  const auto slice = reader->Next().ValueOrDie();
  ASSERT_EQ(slice->num_rows(), 2);
  EXPECT_EQ(reader->RecordOf(1).ValueOrDie(), Record(0, 7, "seven"));
  const auto unreadable = reader->TakeUnreadable();
  ASSERT_THAT(unreadable, SizeIs(1));
  EXPECT_EQ(unreadable[0].first, large);
  EXPECT_TRUE(HasErrorClass(unreadable[0].second, "SLUICE_RECORD_LEFT_OUT"));
}

TEST_F(ReplaySourceTest, EachBatchIsReplayedOnce) {
  for (const int batch : {2, 4, 7}) SetAside(batch, {Record(0, batch, "v")});
  EXPECT_THAT(folder_->ToReplay(BatchId(8), BatchId(7)).ValueOrDie(), ElementsAre(BatchId(2), BatchId(4), BatchId(7)));
  ASSERT_TRUE(folder_->MarkReplayed(BatchId(5), BatchId(4)).ok());
  ASSERT_TRUE(folder_->MarkReplayed(BatchId(5), BatchId(4)).ok()) << "the same once more";
  EXPECT_FALSE(folder_->MarkReplayed(BatchId(5), BatchId(7)).ok());
  EXPECT_THAT(folder_->ToReplay(BatchId(8), BatchId(7)).ValueOrDie(), ElementsAre(BatchId(7)));
  // The batch itself, run again, sees what it saw.
  EXPECT_THAT(folder_->ToReplay(BatchId(5), BatchId(4)).ValueOrDie(), ElementsAre(BatchId(2), BatchId(4)));
  ASSERT_TRUE(folder_->MarkReplayed(BatchId(8), BatchId(7)).ok());
  EXPECT_THAT(folder_->ToReplay(BatchId(9), BatchId(7)).ValueOrDie(), IsEmpty());
}

TEST_F(ReplaySourceTest, ADamagedFileIsNamed) {
  SetAside(1, {Record(0, 1, "v")});
  const std::string path = folder_->FolderOf(BatchId(1)) + "/" + kPart;
  const std::string text = fs_->ReadFile(path).ValueOrDie();
  ASSERT_TRUE(fs_->Delete("/", {path}).ok());
  ReplaySource source(folder_.get(), {BatchId(1)});
  EXPECT_TRUE(IsNotFound(source.PlanTasks("", "").status()));
  ASSERT_TRUE(fs_->CreateAtomic(path, text.substr(1)).ok());
  EXPECT_TRUE(HasErrorClass(source.PlanTasks("", "").status(), "SLUICE_CHECKPOINT_DAMAGED"));
}

}  // namespace
}  // namespace sluice
