// SPDX-License-Identifier: Apache-2.0
#include "connectors/file/column_change.h"

#include <arrow/api.h>
#include <gtest/gtest.h>

#include "base/memory_budget.h"
#include "connectors/file/file_sink.h"
#include "connectors/parquet/parquet_format.h"
#include "types/spark_type.h"

namespace sluice {
namespace {

std::shared_ptr<arrow::Schema> Columns(const std::string& names, const std::shared_ptr<arrow::DataType>& type) {
  arrow::FieldVector fields;
  for (const char name : names) fields.push_back(arrow::field(std::string(1, name), type));
  return arrow::schema(fields);
}

TEST(SchemaChange, NamesWhatIsNewMissingAndOtherwise) {
  const auto ints = arrow::int32();
  EXPECT_EQ(SchemaChange(*Columns("ab", ints), *Columns("ba", ints)), "");
  EXPECT_EQ(SchemaChange(*Columns("ab", ints), *Columns("AB", ints)), "") << "names have no case";
  EXPECT_EQ(SchemaChange(*Columns("ab", ints), *Columns("bc", ints)), "c is new, a is missing");
  EXPECT_EQ(SchemaChange(*Columns("a", ints), *Columns("a", StringType())), "a was INT and is STRING");
}

class ColumnChangeTest : public ::testing::Test {
 protected:
  SinkContext Context(const std::shared_ptr<arrow::Schema>& schema) {
    SinkContext context;
    context.env = env_;
    context.path = "/out";
    context.output_mode = "append";
    context.query_id = "78047e42-570e-476a-a8da-4f6632edc9a2";
    context.schema = schema;
    context.budget = &budget_;
    return context;
  }

  void RunBatch(int64_t batch, const std::string& names, bool with_rows = true) {
    const auto schema = Columns(names, arrow::int32());
    auto sink = FileSink::Open(kParquetFormat, Context(schema)).ValueOrDie();
    ASSERT_TRUE(sink->Start(BatchId(batch), false).ok());
    std::vector<std::unique_ptr<TaskCommit>> commits;
    if (with_rows) {
      auto writer = sink->OpenTask(BatchId(batch), TaskId(0), "part").ValueOrDie();
      arrow::ArrayVector columns(names.size(), *arrow::MakeArrayFromScalar(arrow::Int32Scalar(1), 3));
      ASSERT_TRUE(writer->Write(arrow::RecordBatch::Make(schema, 3, columns)).ok());
      commits.push_back(writer->Finish().ValueOrDie());
    }
    ASSERT_TRUE(sink->Commit(BatchId(batch), std::move(commits)).ok());
  }

  std::string Change(const std::string& names, const std::vector<std::string>& folders = {}) {
    SinkContext context = Context(Columns(names, arrow::int32()));
    context.partition_columns = folders;
    const auto settings = FileSinkSettings::Make(kParquetFormat, context).ValueOrDie();
    FileSinkLog log({fs_, "/out/_spark_metadata"}, {}, clock_.get());
    EXPECT_TRUE(log.Refresh().ok());
    return ColumnChange(*context.schema, *settings, log, {fs_, "/out"});
  }

  std::shared_ptr<ManualClock> clock_ = std::make_shared<ManualClock>(1700000000000);
  std::shared_ptr<FileSystem> fs_ = MakeMemoryFileSystem();
  std::shared_ptr<Env> env_ = MakeTestEnv(clock_, fs_);
  MemoryBudget budget_{128 << 20};
};

TEST_F(ColumnChangeTest, ComparesWithTheLastFile) {
  EXPECT_EQ(Change("ab"), "") << "an empty table";
  RunBatch(0, "ab");
  RunBatch(1, "ac");
  EXPECT_EQ(Change("ac"), "");
  EXPECT_EQ(Change("ab"), "b is new, c is missing");
  EXPECT_EQ(Change("acf", {"f"}), "") << "a partition column stands in the names of folders";
  RunBatch(2, "ac", /*with_rows=*/false);
  EXPECT_EQ(Change("a"), "c is missing") << "a batch without rows has no file to compare with";
}

TEST_F(ColumnChangeTest, LooksIntoASmallCompactFile) {
  for (int batch = 0; batch < 10; ++batch) RunBatch(batch, batch < 9 ? "ab" : "ac");
  EXPECT_EQ(Change("ab"), "b is new, c is missing");
}

TEST_F(ColumnChangeTest, AFileThatCannotBeReadIsPassedOver) {
  RunBatch(0, "ab");
  for (const FileInfo& file : fs_->List("/out", true).ValueOrDie()) {
    if (!file.path.ends_with(".parquet")) continue;
    ASSERT_TRUE(fs_->Delete("/out", {file.path}).ok());
  }
  EXPECT_EQ(Change("ac"), "");
}

}  // namespace
}  // namespace sluice
