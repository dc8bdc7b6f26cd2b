// SPDX-License-Identifier: Apache-2.0
// What a file sink leaves behind, and what it builds on.
#include <arrow/api.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>

#include "base/memory_budget.h"
#include "connectors/file/file_sink.h"
#include "connectors/parquet/parquet_format.h"
#include "env/faulty_file_system.h"

namespace sluice {
namespace {

class SinkAborts : public testing::Test {
 protected:
  std::unique_ptr<StreamSink> Open(bool deterministic = true) {
    SinkContext context;
    context.env = MakeTestEnv(std::make_shared<ManualClock>(0), fs_);
    context.path = "/out";
    context.output_mode = "append";
    context.query_id = "78047e42-570e-476a-a8da-4f6632edc9a2";
    context.schema = kSchema;
    context.options = Options(std::map<std::string, std::string>{{"maxRecordsPerFile", "2"}});
    context.deterministic = deterministic;
    context.budget = &budget_;
    return FileSink::Open(kParquetFormat, context).ValueOrDie();
  }
  static std::shared_ptr<arrow::RecordBatch> Rows(int count) {
    arrow::Int32Builder numbers;
    for (int i = 0; i < count; ++i) EXPECT_TRUE(numbers.Append(i).ok());
    return arrow::RecordBatch::Make(kSchema, count, {numbers.Finish().ValueOrDie()});
  }
  size_t Files() { return fs_->List("/out", true).ValueOrDie().size(); }

  inline static const auto kSchema = arrow::schema({arrow::field("n", arrow::int32())});
  std::shared_ptr<FaultyFileSystem> fs_ = std::make_shared<FaultyFileSystem>(MakeMemoryFileSystem());
  MemoryBudget budget_{128 << 20};
};

// A sink log that a killed process left is made durable before a restart reads it and builds on it.
TEST_F(SinkAborts, TheLogIsDurableBeforeItIsRead) {
  const auto sink = Open();
  fs_->Revive();
  ASSERT_TRUE(sink->Start(BatchId(0), false).ok());
  const std::vector<std::string> calls = fs_->log();
  const auto durable = std::find(calls.begin(), calls.end(), "MakeDurable /out/_spark_metadata");
  const auto read = std::find(calls.begin(), calls.end(), "List /out/_spark_metadata");
  ASSERT_NE(durable, calls.end());
  ASSERT_NE(read, calls.end());
  EXPECT_LT(durable, read);
}

// Files of random names would stay for ever: no re-run gives them their names again.
TEST_F(SinkAborts, AnAbandonedTaskOfRandomNamesDeletesWhatItPublished) {
  const auto sink = Open(/*deterministic=*/false);
  ASSERT_TRUE(sink->Start(BatchId(0), false).ok());
  {
    const auto task = sink->OpenTask(BatchId(0), TaskId(0), "x").ValueOrDie();
    ASSERT_TRUE(task->Write(Rows(5)).ok());
    EXPECT_EQ(Files(), 2u);
  }
  EXPECT_EQ(Files(), 0u);
  EXPECT_EQ(budget_.used(), 0);
  // One that was finished leaves its files to the commit.
  {
    const auto task = sink->OpenTask(BatchId(0), TaskId(0), "x").ValueOrDie();
    ASSERT_TRUE(task->Write(Rows(5)).ok());
    ASSERT_TRUE(task->Finish().ok());
  }
  EXPECT_EQ(Files(), 3u);
}

// Names that follow from the data are kept: another process that runs the same batch may count on the files.
TEST_F(SinkAborts, AnAbandonedTaskOfNamesFromTheDataDeletesNothing) {
  const auto sink = Open();
  ASSERT_TRUE(sink->Start(BatchId(0), false).ok());
  {
    const auto task = sink->OpenTask(BatchId(0), TaskId(0), "x").ValueOrDie();
    ASSERT_TRUE(task->Write(Rows(5)).ok());
  }
  EXPECT_EQ(Files(), 2u);
  EXPECT_EQ(budget_.used(), 0);
}

// Whichever call fails while a task writes: what it took of the budget is given back.
TEST_F(SinkAborts, AFailedTaskGivesItsMemoryBack) {
  int64_t k = 1;
  for (;; ++k) {
    fs_ = std::make_shared<FaultyFileSystem>(MakeMemoryFileSystem());
    const auto sink = Open();
    fs_->FailAt(k, FaultWay::kError);
    bool done = false;
    if (auto task = sink->OpenTask(BatchId(0), TaskId(0), "x"); task.ok()) {
      done = (*task)->Write(Rows(5)).ok() && (*task)->Finish().ok();
    }
    EXPECT_EQ(budget_.used(), 0) << "call " << k;
    if (!fs_->fired()) {
      EXPECT_TRUE(done);
      break;
    }
    EXPECT_FALSE(done) << "call " << k;
  }
  EXPECT_GT(k, 6);
}

}  // namespace
}  // namespace sluice
