// SPDX-License-Identifier: Apache-2.0
// Tables and checkpoints on a local disk into which somebody has put links, foreign names and other kinds of files.
#include <arrow/api.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>

#include "base/spark_error.h"
#include "checkpoint/checkpoint.h"
#include "checkpoint/checkpoint_check.h"
#include "checkpoint/offset_conf.h"
#include "connectors/file/file_sink.h"
#include "connectors/file/part_file_name.h"
#include "connectors/file/table_check.h"
#include "connectors/file/table_files.h"
#include "connectors/file/table_paths.h"
#include "connectors/file/table_repair.h"
#include "connectors/parquet/parquet_format.h"

namespace sluice {
namespace {

namespace fs = std::filesystem;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;

constexpr char kPart[] = "part-00000-78047e42-570e-476a-a8da-4f6632edc9a2-c000.snappy.parquet";
constexpr char kOrphan[] = "part-00007-78047e42-570e-476a-a8da-4f6632edc9a2-c000.snappy.parquet";

// A checkpoint with one committed batch, and its table of one file, which no reader of this test opens.
class HostileTable : public testing::Test {
 protected:
  void SetUp() override {
    top_ = testing::TempDir() + "table_" + testing::UnitTest::GetInstance()->current_test_info()->name();
    fs::remove_all(top_);
    fs::create_directories(top_ + "/table");
    fs::create_directories(top_ + "/victim");
    const auto checkpoint = Checkpoint::Open({local_, top_ + "/ck"}, env_.get()).ValueOrDie();
    OffsetEntry entry;
    entry.offsets.emplace_back(R"({"t":{"0":1}})");
    ASSERT_TRUE(checkpoint->offsets().Write(BatchId(0), entry).ok());
    ASSERT_TRUE(checkpoint->commits().Write(BatchId(0), {}).ok());
    query_id_ = checkpoint->query_id();
    Put("/table/" + std::string(kPart));
    Log({Entry(top_ + "/table/" + kPart)});
  }
  void TearDown() override { fs::remove_all(top_); }

  void Put(const std::string& name, const std::string& content = "1234") {
    fs::create_directories(fs::path(top_ + name).parent_path());
    std::ofstream(top_ + name, std::ios::binary) << content;
  }
  void Link(const std::string& to, const std::string& name) { fs::create_symlink(to, top_ + name); }
  bool Has(const std::string& name) const { return fs::exists(fs::symlink_status(top_ + name)); }

  SinkLogEntry Entry(const std::string& path) const {
    SinkLogEntry entry;
    entry.path = path.starts_with("/") ? local_->Uri(path) : path;
    entry.size = 4;
    return entry;
  }
  // Makes the sink log's entry of batch 0 anew.
  void Log(const std::vector<SinkLogEntry>& entries) {
    fs::remove(top_ + "/table/_spark_metadata/0");
    Put("/table/_spark_metadata/0", FormatSinkLogEntries(entries));
  }
  Location Checkpointed() const { return {local_, top_ + "/ck"}; }
  Location Table(const std::string& name = "/table") const { return {local_, top_ + name}; }
  TableReport Verify(const std::string& table = "/table") const {
    return VerifyCheckpoint(Checkpointed(), Table(table)).ValueOrDie();
  }
  Result<TableFiles> Read(const std::string& table = "/table") {
    return ListTableFiles(env_.get(), {}, {top_ + table});
  }

  std::string top_;
  std::string query_id_;
  std::shared_ptr<FileSystem> local_ = MakeLocalFileSystem();
  std::shared_ptr<Env> env_ = MakeTestEnv(std::make_shared<ManualClock>(1700000000000), local_);
};

TEST_F(HostileTable, CleanDeletesNothingBehindALink) {
  Put("/table/" + std::string(kOrphan));
  Put("/victim/" + std::string(kOrphan));
  Link(top_ + "/victim", "/table/out");
  Link(".", "/table/self");
  Link(top_, "/table/above");
  const auto removed = CleanCheckpoint(Checkpointed(), Table()).ValueOrDie();
  EXPECT_THAT(removed, ElementsAre(top_ + "/table/" + kOrphan));
  EXPECT_FALSE(Has("/table/" + std::string(kOrphan)));
  EXPECT_TRUE(Has("/victim/" + std::string(kOrphan)));
  EXPECT_THAT(Verify().notes, Contains(HasSubstr("/table/out is a symbolic link")));
}

TEST_F(HostileTable, TheTableItselfMayBeSpelledByALink) {
  Link(top_ + "/table", "/other");
  Link(top_, "/above");
  Put("/table/" + std::string(kOrphan));
  for (const char* table : {"/other", "/above/table"}) {
    const TableReport report = Verify(table);
    EXPECT_FALSE(report.damaged()) << FormatReport(report);
    EXPECT_THAT(report.orphans, ElementsAre(top_ + table + "/" + kOrphan));
    EXPECT_EQ(Read(table).ValueOrDie().files.size(), 1U) << table;
  }
  ASSERT_TRUE(CleanCheckpoint(Checkpointed(), Table("/above/table")).ok());
  EXPECT_FALSE(Has("/table/" + std::string(kOrphan)));
}

TEST_F(HostileTable, NamedFilesBehindALinkAreLookedAt) {
  Put("/elsewhere/" + std::string(kPart));
  Link(top_ + "/elsewhere", "/table/p=1");
  Log({Entry(top_ + "/table/p=1/" + kPart)});
  EXPECT_FALSE(Verify().damaged());
  Put("/elsewhere/" + std::string(kPart), "12345");
  EXPECT_THAT(Verify().damage, Contains(HasSubstr("has 5 bytes")));
  fs::remove(top_ + "/elsewhere/" + kPart);
  EXPECT_THAT(Verify().damage, Contains(HasSubstr("is missing")));
}

TEST_F(HostileTable, EntriesThatNameFilesElsewhereAreDamage) {
  Put("/victim/secret.parquet");
  Put("/table/" + std::string(kOrphan));
  for (const std::string& path :
       {top_ + "/victim/secret.parquet", top_ + "/table/../victim/secret.parquet",
        "file://" + top_ + "/table/%2e%2e/victim/secret.parquet", top_ + "/table/./" + kPart,
        "file://" + top_ + "/table//" + kPart, std::string(kPart), std::string("../x"), std::string("/"),
        std::string(""), "s3a://bucket" + top_ + "/table/" + kPart, "file://" + top_ + "/table/" + kPart + "%00"}) {
    SCOPED_TRACE(path);
    Log({Entry(top_ + "/table/" + kPart), Entry(path)});
    const Status read = Read().status();
    EXPECT_TRUE(HasErrorClass(read, "SLUICE_SINK_LOG_DAMAGED")) << read;
    EXPECT_THAT(read.message(), HasSubstr("which is not below"));
    EXPECT_THAT(Verify().damage, Contains(HasSubstr("which is not below")));
    EXPECT_FALSE(CleanCheckpoint(Checkpointed(), Table()).ok());
    const TableRepair repair = RepairCheckpoint(Checkpointed(), Table(), &env_->clock()).ValueOrDie();
    EXPECT_THAT(repair.left, Contains(HasSubstr("which is not below")));
    EXPECT_TRUE(Has("/victim/secret.parquet"));
    EXPECT_TRUE(Has("/table/" + std::string(kOrphan)));
  }
}

TEST_F(HostileTable, ALogOfForeignNamesDoesNotDrownTheReport) {
  std::vector<SinkLogEntry> entries;
  for (int i = 0; i < 1000; ++i) entries.push_back(Entry("/etc/file-" + std::to_string(i)));
  Log(entries);
  const TableReport report = Verify();
  EXPECT_LT(report.damage.size(), 120U);
  EXPECT_THAT(report.damage, Contains(HasSubstr("1000 files outside of the table")));
}

TEST_F(HostileTable, RepairAndTheSinkDeleteNothingThroughALinkInPlaceOfALog) {
  fs::rename(top_ + "/table/_spark_metadata", top_ + "/victim/log");
  Put("/victim/log/.1.tmp");
  Link(top_ + "/victim/log", "/table/_spark_metadata");
  const auto repaired = RepairCheckpoint(Checkpointed(), Table(), &env_->clock());
  EXPECT_TRUE(HasErrorClass(repaired.status(), "SLUICE_LINK")) << repaired.status();
  EXPECT_TRUE(Has("/victim/log/.1.tmp"));

  ManualClock clock(1700000000000);
  FileSinkLogOptions options;
  options.compact_interval = 2;
  options.batches_to_retain = 1;
  options.cleanup_delay_ms = -1'000'000'000'000;
  FileSinkLog log({local_, top_ + "/table/_spark_metadata"}, options, &clock);
  ASSERT_TRUE(log.Refresh().ok());
  for (int batch = 1; batch < 8; ++batch) {
    ASSERT_TRUE(log.Add(BatchId(batch), {Entry(top_ + "/table/" + kPart)}).ok());
  }
  EXPECT_TRUE(Has("/victim/log/0"));
}

// The files of an earlier attempt behind a link cannot be found, and nobody may say that there are none.
TEST_F(HostileTable, ASinkThatMustFindAnEarlierAttemptRefusesALink) {
  SinkContext context;
  context.env = env_;
  context.path = top_ + "/table";
  context.query_id = query_id_;
  context.schema = arrow::schema({arrow::field("n", arrow::int32())});
  context.recovered_otherwise = true;
  const auto sink = FileSink::Open(kParquetFormat, context).ValueOrDie();
  PartFileName name;
  name.uuid = MakePartUuid({query_id_, BatchId(0), "t-0", "", 0});
  name.extension = ".zstd.parquet";
  const std::string ours = FormatPartFileName(name);
  Put("/victim/" + ours);
  Put("/table/" + ours);
  Link(top_ + "/victim", "/table/p=1");
  ASSERT_TRUE(sink->Start(BatchId(0), true).ok());
  EXPECT_TRUE(HasErrorClass(sink->Standing(BatchId(0), true).status(), "SLUICE_LINK"));
  fs::remove(top_ + "/table/p=1");
  EXPECT_TRUE(sink->Standing(BatchId(0), true).ok());
  EXPECT_FALSE(Has("/table/" + ours));
  EXPECT_TRUE(Has("/victim/" + ours));
}

TEST_F(HostileTable, AFolderBehindALinkIsNotLeftOutOfATableInSilence) {
  Put("/plain/a.parquet");
  Put("/victim/b.parquet");
  EXPECT_EQ(Read("/plain").ValueOrDie().files.size(), 1U);
  Link(top_ + "/victim", "/plain/_hidden");
  EXPECT_EQ(Read("/plain").ValueOrDie().files.size(), 1U);
  Link(top_ + "/victim", "/plain/more");
  const Status status = Read("/plain").status();
  EXPECT_TRUE(HasErrorClass(status, "UNSUPPORTED_FEATURE.SLUICE")) << status;
  EXPECT_THAT(status.message(), HasSubstr("/plain/more"));
}

TEST_F(HostileTable, OtherKindsOfFilesAreDamageAndBlockNothing) {
  for (const char* name : {"/ck/offsets/0", "/ck/commits/0", "/ck/metadata", "/table/_spark_metadata/0"}) {
    SCOPED_TRACE(name);
    fs::rename(top_ + name, top_ + "/kept");
    ASSERT_EQ(::mkfifo((top_ + name).c_str(), 0600), 0);
    EXPECT_THAT(Verify().damage, Contains(HasSubstr("a FIFO where a file is needed")));
    EXPECT_FALSE(CleanCheckpoint(Checkpointed(), Table()).ok());
    fs::remove(top_ + name);
    Put(name);
    ASSERT_EQ(::truncate((top_ + name).c_str(), off_t{1} << 40), 0);
    if (std::string(name).ends_with("_spark_metadata/0")) {
      EXPECT_TRUE(Verify().damaged());
    } else {
      EXPECT_THAT(Verify().damage, Contains(HasSubstr("1099511627776 bytes")));
    }
    fs::remove(top_ + name);
    fs::rename(top_ + "/kept", top_ + name);
  }
  EXPECT_FALSE(Verify().damaged());
}

TEST_F(HostileTable, MadeUpBatchNumbersDoNotDrownTheCheck) {
  for (const char* name : {"/ck/offsets/999999999999", "/ck/offsets/9223372036854775807",
                           "/table/_spark_metadata/9000000000000000001.compact"}) {
    Put(name, "v1\n");
  }
  const CheckpointReport report = CheckCheckpoint(Checkpointed()).ValueOrDie();
  EXPECT_LT(report.damage.size(), 120U);
  EXPECT_THAT(report.damage, Contains(HasSubstr("to 999999999998 are missing")));
  EXPECT_EQ(report.planned, BatchId(999999999999));
  Put("/table/_spark_metadata/999999999988.compact", "v1\n");  // and 999999999989 is a prime
  FileSinkLog log({local_, top_ + "/table/_spark_metadata"}, {}, &env_->clock());
  EXPECT_TRUE(log.Refresh().ok());
}

TEST_F(HostileTable, ReportsShowControlCharacters) {
  Put("/table/p=\x1b[2J\nwhole/" + std::string(kOrphan));
  const std::string text = FormatReport(Verify());
  EXPECT_THAT(text, HasSubstr("p=\\u001b[2J\\nwhole"));
  EXPECT_EQ(text.find('\x1b'), std::string::npos);
}

TEST(SinkLogLine, BombsAreRefused) {
  std::string deep = R"({"path":"/t/x","size":1,"a":)";
  std::string wide = R"({"path":"/t/x","size":1)";
  for (int i = 0; i < 100'000; ++i) {
    deep += "[";
    wide += ",\"" + std::to_string(i) + "\":1";
  }
  for (const std::string& line : {deep, wide + "}"}) {
    EXPECT_TRUE(HasErrorClass(ParseSinkLogLine(line, "/t/_spark_metadata/3").status(), "SLUICE_CHECKPOINT_DAMAGED"));
  }
  const auto memory = MakeMemoryFileSystem();
  ASSERT_TRUE(memory->CreateAtomic("/t/_spark_metadata/0", "v1\n" + std::string(6 << 20, 'x')).ok());
  ManualClock clock(0);
  FileSinkLog log({memory, "/t/_spark_metadata"}, {}, &clock);
  ASSERT_TRUE(log.Refresh().ok());
  const Status status = log.VisitFiles([](const SinkLogEntry&) { return Status::OK(); }).status();
  EXPECT_THAT(status.message(), HasSubstr("a line has no end"));
}

}  // namespace
}  // namespace sluice
