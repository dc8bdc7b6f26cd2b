// SPDX-License-Identifier: Apache-2.0
#include "connectors/file/table_move.h"

#include <gtest/gtest.h>

#include "base/spark_error.h"
#include "checkpoint/file_sink_log.h"
#include "connectors/file/file_table.h"
#include "connectors/parquet/parquet_format.h"

namespace sluice {
namespace {

class TableMove : public ::testing::Test {
 protected:
  // Two files of a table that was at /old when its log was written, and one elsewhere.
  TableMove() {
    FileSinkLog log({fs, "/new/_spark_metadata"}, {}, &clock);
    EXPECT_TRUE(log.Refresh().ok());
    EXPECT_TRUE(log.Add(BatchId(0), {Entry("/old/a b.parquet")}).ok());
    EXPECT_TRUE(log.Add(BatchId(1), {Entry("/older/c.parquet"), Entry("/old/b.parquet")}).ok());
    Put("/new/a b.parquet");
    Put("/new/b.parquet");
  }

  SinkLogEntry Entry(const std::string& path) {
    SinkLogEntry entry;
    entry.path = fs->Uri(path);
    entry.size = 4;
    return entry;
  }
  void Put(const std::string& path) { EXPECT_TRUE(fs->CreateAtomic(path, "data").ok()); }
  std::vector<std::string> Paths() {
    FileSinkLog log({fs, "/new/_spark_metadata"}, {}, &clock);
    EXPECT_TRUE(log.Refresh().ok());
    std::vector<std::string> paths;
    EXPECT_TRUE(log.VisitFiles([&](const SinkLogEntry& entry) {
                     paths.push_back(entry.path);
                     return Status::OK();
                   })
                    .ok());
    return paths;
  }

  std::shared_ptr<FileSystem> fs = MakeMemoryFileSystem();
  ManualClock clock{0};
};

TEST_F(TableMove, TheLogNamesTheFilesWhereTheyAre) {
  const auto lines = MoveSinkLog({fs, "/new"}, "/old/", &clock);
  ASSERT_TRUE(lines.ok()) << lines.status();
  EXPECT_EQ(lines->size(), 2u);
  EXPECT_EQ(Paths(), (std::vector<std::string>{fs->Uri("/new/a b.parquet"), fs->Uri("/older/c.parquet"),
                                               fs->Uri("/new/b.parquet")}));
  const auto copy = fs->ReadFile("/new/_spark_metadata.before-repair-19700101T000000Z/1");
  ASSERT_TRUE(copy.ok()) << copy.status();
  EXPECT_NE(copy->find("/old/b.parquet"), std::string::npos);
  EXPECT_TRUE(MoveSinkLog({fs, "/new"}, "/old", &clock)->empty()) << "twice";
}

TEST_F(TableMove, NothingIsChangedWhenAFileIsMissing) {
  ASSERT_TRUE(fs->Delete("/new", {"/new/b.parquet"}).ok());
  const auto before = Paths();
  const auto lines = MoveSinkLog({fs, "/new"}, "/old", &clock);
  EXPECT_TRUE(HasErrorClass(lines.status(), "SLUICE_SINK_LOG_DAMAGED")) << lines.status();
  EXPECT_NE(lines.status().message().find("/new/b.parquet"), std::string::npos);
  EXPECT_EQ(Paths(), before);
}

TEST_F(TableMove, AReadSaysWhichLogAskedForTheOldPath) {
  SourceContext context;
  context.env = MakeTestEnv(std::make_shared<ManualClock>(0), fs);
  context.paths = {"/new"};
  const Status status = FileTableSchema(kParquetFormat, context).status();
  EXPECT_TRUE(HasErrorClass(status, "SLUICE_SINK_LOG_DAMAGED")) << status;
  for (const char* part : {"/old/", "/new/_spark_metadata", "--moved-from"}) {
    EXPECT_NE(status.message().find(part), std::string::npos) << part;
  }
}

}  // namespace
}  // namespace sluice
