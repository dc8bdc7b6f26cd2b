// SPDX-License-Identifier: Apache-2.0
#include <arrow/api.h>
#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "base/spark_error.h"
#include "connectors/console/console_sink.h"
#include "connectors/memory/memory_table.h"
#include "connectors/registry.h"
#include "types/spark_type.h"

namespace sluice {

extern const Connector kMemoryConnector;
extern const Connector kNoopConnector;

namespace {

std::string Recorded(const std::string& name) {
  std::ifstream in(SLUICE_SOURCE_DIR "/tests/golden/console/" + name);
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

class SmallSinksTest : public ::testing::Test {
 protected:
  SmallSinksTest() {
    context.env = MakeTestEnv(std::make_shared<ManualClock>(0), MakeMemoryFileSystem());
    context.schema = arrow::schema({arrow::field("n", arrow::int32()), arrow::field("s", StringType())});
    context.output_mode = "append";
    EXPECT_TRUE(context.conf.Set("spark.sql.session.timeZone", "UTC").ok());
    context.options.Set("queryName", "Rows");
  }

  Status RunBatch(StreamSink* sink, int64_t batch, int begin, int count) {
    arrow::Int32Builder numbers;
    arrow::StringViewBuilder strings;
    for (int i = begin; i < begin + count; ++i) {
      EXPECT_TRUE(numbers.Append(i).ok());
      EXPECT_TRUE(i % 4 == 3 ? strings.AppendNull().ok()
                             : strings.Append("a value longer than twenty characters " + std::to_string(i)).ok());
    }
    SLUICE_ASSIGN(auto writer, sink->OpenTask(BatchId(batch), TaskId(0), "x"));
    SLUICE_RETURN_IF_ERROR(writer->Write(arrow::RecordBatch::Make(
        context.schema, count, {*numbers.Finish(), *(*strings.Finish())->View(StringType())})));
    std::vector<std::unique_ptr<TaskCommit>> commits;
    SLUICE_ASSIGN(auto commit, writer->Finish());
    EXPECT_EQ(commit->rows, count);
    commits.push_back(std::move(commit));
    return sink->Commit(BatchId(batch), std::move(commits));
  }

  int64_t RowsInTable() {
    int64_t rows = 0;
    for (const auto& slice : *FindMemoryTable(context.env, context.session, "rows")->Rows()) rows += slice->num_rows();
    return rows;
  }

  SinkContext context;
};

TEST_F(SmallSinksTest, MemoryTableHasTheCommittedRows) {
  auto sink = *kMemoryConnector.open_sink(context);
  ASSERT_TRUE(RunBatch(sink.get(), 0, 0, 3).ok());
  ASSERT_TRUE(RunBatch(sink.get(), 1, 3, 2).ok());
  EXPECT_EQ(RowsInTable(), 5);
  EXPECT_EQ(*sink->Standing(BatchId(1), true), BatchStanding::kCommitted);
  EXPECT_EQ((*FindMemoryTable(context.env, context.session, "ROWS")->Rows())[0]->column(1)->type()->ToString(),
            StringType()->ToString());
  EXPECT_EQ(FindMemoryTable(context.env, context.session, "other"), nullptr);
}

TEST_F(SmallSinksTest, ATableIsItsSessionsOwnAndGoesWithIt) {
  context.session = "one";
  auto sink = *kMemoryConnector.open_sink(context);
  ASSERT_TRUE(RunBatch(sink.get(), 0, 0, 3).ok());
  EXPECT_EQ(RowsInTable(), 3);
  EXPECT_EQ(FindMemoryTable(context.env, "another", "rows"), nullptr);
  DropMemoryTables(context.env, "another");
  EXPECT_EQ(RowsInTable(), 3);
  DropMemoryTables(context.env, "one");
  EXPECT_EQ(FindMemoryTable(context.env, "one", "rows"), nullptr);
}

TEST_F(SmallSinksTest, AMemoryTableCountsInTheBudget) {
  MemoryBudget budget(64 << 10);
  context.budget = &budget;
  context.output_mode = "complete";
  {
    auto sink = *kMemoryConnector.open_sink(context);
    ASSERT_TRUE(RunBatch(sink.get(), 0, 0, 100).ok());
    const int64_t once = budget.used();
    EXPECT_GT(once, 100 * 4);
    ASSERT_TRUE(RunBatch(sink.get(), 1, 0, 100).ok());
    EXPECT_EQ(budget.used(), once) << "what was replaced is given back";
    EXPECT_TRUE(HasErrorClass(RunBatch(sink.get(), 2, 0, 5000), "SLUICE_MEMORY_BUDGET"));
    EXPECT_EQ(RowsInTable(), 100) << "the table is as it was";
    EXPECT_EQ(budget.used(), once);
  }
  DropMemoryTables(context.env, context.session);
  EXPECT_EQ(budget.used(), 0);
}

TEST_F(SmallSinksTest, CompleteModeReplaces) {
  context.output_mode = "complete";
  auto sink = *kMemoryConnector.open_sink(context);
  ASSERT_TRUE(RunBatch(sink.get(), 0, 0, 3).ok());
  ASSERT_TRUE(RunBatch(sink.get(), 1, 3, 2).ok());
  EXPECT_EQ(RowsInTable(), 2);
}

TEST_F(SmallSinksTest, MemorySinkNeedsAName) {
  context.options = Options();
  EXPECT_TRUE(HasErrorClass(kMemoryConnector.open_sink(context).status(), "SLUICE_INVALID_OPTION"));
}

TEST_F(SmallSinksTest, NoopCountsAndKeepsNothing) {
  auto sink = *kNoopConnector.open_sink(context);
  EXPECT_TRUE(RunBatch(sink.get(), 0, 0, 3).ok());
}

TEST_F(SmallSinksTest, ConsolePrintsAsSparkDoes) {
  std::ostringstream out;
  context.options.Set("numRows", "2");
  auto sink = *OpenConsoleSink(context, &out);
  ASSERT_TRUE(RunBatch(sink.get(), 0, 0, 4).ok());
  EXPECT_EQ(out.str(), Recorded("truncated.txt"));
}

TEST_F(SmallSinksTest, ConsoleCountsWideCharactersAsSparkDoes) {
  const std::vector<std::string> texts = {"漢字かな交じり文",        "ａｂｃ",
                                          "😀😀 and more than twenty", "tab\tline\nret\rvt\vbell\abs\bff\f",
                                          "e\u0301\u00e9",           "한국어 조합"};
  context.schema = arrow::schema({arrow::field("ｗide", StringType())});
  for (const char* truncate : {"true", "false"}) {
    std::ostringstream out;
    context.options.Set("truncate", truncate);
    auto sink = *OpenConsoleSink(context, &out);
    auto writer = *sink->OpenTask(BatchId(0), TaskId(0), "x");
    arrow::StringViewBuilder strings;
    for (const std::string& text : texts) ASSERT_TRUE(strings.Append(text).ok());
    const auto column = *(*strings.Finish())->View(StringType());
    ASSERT_TRUE(writer->Write(arrow::RecordBatch::Make(context.schema, column->length(), {column})).ok());
    std::vector<std::unique_ptr<TaskCommit>> commits;
    commits.push_back(*writer->Finish());
    ASSERT_TRUE(sink->Commit(BatchId(0), std::move(commits)).ok());
    EXPECT_EQ(out.str(), Recorded(truncate == std::string("true") ? "wide_truncated.txt" : "wide.txt"));
  }
}

TEST_F(SmallSinksTest, ConsoleWithoutTruncation) {
  std::ostringstream out;
  context.options.Set("truncate", "false");
  auto sink = *OpenConsoleSink(context, &out);
  ASSERT_TRUE(RunBatch(sink.get(), 0, 0, 4).ok());
  EXPECT_EQ(out.str(), Recorded("whole.txt"));
}

}  // namespace
}  // namespace sluice
