// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <map>

#include "base/spark_error.h"
#include "exec/scripted_rows.h"
#include "streaming/bad_records/folder.h"
#include "streaming/bad_records/line.h"
#include "streaming/stream_script.h"

namespace sluice {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

using IsBad = std::function<bool(int64_t)>;
using Files = std::map<std::string, std::string>;

// A query over ten numbers a batch (0..9, 10..19, ...) in two tasks, of which some cannot be evaluated.
class BadRecords : public testing::TestWithParam<std::pair<const char*, const char*>> {
 protected:
  QuerySpec Spec(const IsBad& bad, std::map<std::string, std::string> settings = {}) {
    QuerySpec spec = script_.Spec();
    const auto& fields = *spec.plan->schema;
    const int value = fields.GetFieldIndex("value");
    const auto column = std::make_shared<ColumnExpr>(value, "value", arrow::int64(), true);
    spec.plan = MakeProject(spec.plan, {scripted::FailWhere(column, bad)}, arrow::schema({fields.field(value)}));
    settings.emplace("spark.sluice.badRecords.path", "/bad");
    for (const auto& [key, text] : settings) EXPECT_TRUE(spec.conf.Set(key, text).ok());
    return spec;
  }

  Files Below(const std::string& folder) const {
    Files files;
    for (const FileInfo& file : script_.env()->Locate(folder, {})->fs->List(folder, true).ValueOrDie()) {
      if (!file.is_folder) files[file.path] = script_.Read(file.path);
    }
    return files;
  }
  // Lines of all bad-record files of a batch.
  int64_t Lines(const std::string& id, int batch) const {
    int64_t lines = 0;
    for (const auto& [path, text] : Below("/bad/query=" + id + "/batch=" + std::to_string(batch)))
      lines += std::count(text.begin(), text.end(), '\n');
    return lines;
  }

  StreamScript script_;
};

TEST_F(BadRecords, AreSetAsideAndCountedAndTheRestIsCommitted) {
  const auto query = script_.StartAndSettle(Spec([](int64_t v) { return v == 3 || v == 8 || v == 14; }));
  script_.Advance(*query, 1000);
  script_.Advance(*query, 1000);
  ASSERT_TRUE(query->Stop().ok());
  const auto progress = query->recent_progress();
  ASSERT_THAT(progress, SizeIs(3));
  EXPECT_EQ(progress[0].bad_records, 2);
  EXPECT_EQ(progress[0].output_rows, 8);
  EXPECT_EQ(progress[1].bad_records, 1);
  EXPECT_EQ(progress[2].bad_records, 0);
  EXPECT_EQ(progress[2].sources[0].metrics.at("badRecords"), "0");
  EXPECT_EQ(Lines(query->id(), 0), 2);
  EXPECT_THAT(script_.Names("/bad/query=" + query->id() + "/_committed"), ElementsAre("0", "1"));
  const auto folder = BadRecordFolder::Open("/bad", {}, query->id(), script_.env().get()).ValueOrDie();
  const auto files = folder->FilesOf(BatchId(1)).ValueOrDie();
  ASSERT_THAT(files, SizeIs(1));
  EXPECT_EQ(files[0].records, 1);
  const std::string line = script_.Read(folder->FolderOf(BatchId(1)) + "/" + files[0].name);
  EXPECT_EQ(static_cast<int64_t>(line.size()), files[0].bytes);
  EXPECT_THAT(line, HasSubstr(R"("errorClass":"DIVIDE_BY_ZERO","sqlState":"22012","message":"bad value 14")"));
}

TEST_F(BadRecords, ARunOfTheBatchAgainWritesTheSameBytes) {
  const IsBad bad = [](int64_t v) { return v % 3 == 0; };
  const auto first = script_.StartAndSettle(Spec(bad));
  ASSERT_TRUE(first->Stop().ok());
  const Files table = Below("/table"), records = Below("/bad");
  ASSERT_THAT(records, SizeIs(3));
  script_.Delete("/checkpoint/commits/0");
  script_.Delete("/table/_spark_metadata/0");
  script_.Delete("/bad/query=" + first->id() + "/_committed/0");
  const auto second = script_.StartAndSettle(Spec(bad));
  ASSERT_TRUE(second->Stop().ok());
  EXPECT_EQ(second->last_progress()->bad_records, 4);
  EXPECT_EQ(Below("/bad"), records);
  const Files again = Below("/table");
  for (const auto& [path, bytes] : table) {
    if (path.find("_spark_metadata") == std::string::npos) {
      EXPECT_EQ(again.at(path), bytes) << path;
    }
  }
}

TEST_F(BadRecords, WhatABatchLeftThatRunsOtherwiseTheNextTimeIsReplaced) {
  const auto first = script_.StartAndSettle(Spec([](int64_t v) { return v < 8; }));
  ASSERT_TRUE(first->Stop().ok());
  script_.Delete("/checkpoint/commits/0");
  script_.Delete("/table/_spark_metadata/0");
  script_.Delete("/bad/query=" + first->id() + "/_committed/0");
  ASSERT_EQ(Lines(first->id(), 0), 8);
  // The expression was mended in part: one task has another bad record, the other has none.
  const auto second = script_.StartAndSettle(Spec([](int64_t v) { return v == 0; }));
  ASSERT_TRUE(second->Stop().ok());
  EXPECT_EQ(Lines(first->id(), 0), 1);
  EXPECT_THAT(script_.Names("/bad/query=" + first->id() + "/batch=0"), SizeIs(1));
}

TEST_F(BadRecords, ABatchThatTheSinkHasGetsItsEntryAtTheRestart) {
  const IsBad bad = [](int64_t v) { return v == 4; };
  const auto first = script_.StartAndSettle(Spec(bad));
  ASSERT_TRUE(first->Stop().ok());
  const std::string entry = "/bad/query=" + first->id() + "/_committed/0";
  const std::string text = script_.Read(entry);
  script_.Delete("/checkpoint/commits/0");
  script_.Delete(entry);
  // Also when the setting points elsewhere by then.
  const auto second = script_.StartAndSettle(Spec(bad, {{"spark.sluice.badRecords.path", "/elsewhere"}}));
  ASSERT_TRUE(second->Stop().ok());
  EXPECT_EQ(script_.Read(entry), text);
}

TEST_F(BadRecords, ABatchThatRunsAgainWithAnotherPathLeavesNothingInTheFirst) {
  const IsBad bad = [](int64_t v) { return v == 4; };
  const auto first = script_.StartAndSettle(Spec(bad));
  ASSERT_TRUE(first->Stop().ok());
  script_.Delete("/checkpoint/commits/0");
  script_.Delete("/table/_spark_metadata/0");
  script_.Delete("/bad/query=" + first->id() + "/_committed/0");
  const QuerySpec elsewhere = Spec(bad, {{"spark.sluice.badRecords.path", "/elsewhere"}});
  ASSERT_TRUE(script_.StartAndSettle(elsewhere)->Stop().ok());
  EXPECT_THAT(Below("/bad"), IsEmpty());
  const Files records = Below("/elsewhere");
  EXPECT_THAT(records, SizeIs(2));
  // Killed once more, after the sink's commit.
  script_.Delete("/checkpoint/commits/0");
  script_.Delete("/elsewhere/query=" + first->id() + "/_committed/0");
  ASSERT_TRUE(script_.StartAndSettle(elsewhere)->Stop().ok());
  EXPECT_EQ(Below("/elsewhere"), records);
}

TEST_P(BadRecords, BeyondALimitTheQueryFailsAndNothingIsCommitted) {
  const auto& [key, value] = GetParam();
  const IsBad six = [](int64_t v) { return v < 6; };
  const std::string setting = std::string("spark.sluice.badRecords.") + key;
  const auto ended = script_.Start(Spec(six, {{setting, value}})).ValueOrDie()->AwaitTermination(std::nullopt);
  EXPECT_TRUE(HasErrorClass(ended.status(), "SLUICE_BAD_RECORDS_LIMIT")) << ended.status();
  EXPECT_THAT(ended.status().message(), HasSubstr(setting));
  EXPECT_THAT(Below("/bad"), IsEmpty());
  EXPECT_THAT(script_.Names("/checkpoint/commits"), IsEmpty());
  EXPECT_THAT(script_.Names("/table/_spark_metadata"), IsEmpty());
}
INSTANTIATE_TEST_SUITE_P(Limits, BadRecords,
                         testing::Values(std::pair("maxPerBatch", "5"), std::pair("maxRatio", "0.59")));

TEST_F(BadRecords, AtTheLimitsTheQueryGoesOn) {
  const auto query =
      script_.StartAndSettle(Spec([](int64_t v) { return v < 6; }, {{"spark.sluice.badRecords.maxPerBatch", "6"},
                                                                    {"spark.sluice.badRecords.maxRatio", "0.6"}}));
  ASSERT_TRUE(query->Stop().ok());
  EXPECT_EQ(query->last_progress()->bad_records, 6);
}

TEST_F(BadRecords, ABatchOfNothingElseIsCommittedToo) {
  const auto query = script_.StartAndSettle(Spec([](int64_t) { return true; }));
  ASSERT_TRUE(query->Stop().ok());
  EXPECT_EQ(query->last_progress()->bad_records, StreamScript::kRowsPerBatch);
  EXPECT_EQ(query->last_progress()->output_rows, 0);
  EXPECT_EQ(Lines(query->id(), 0), StreamScript::kRowsPerBatch);
}

TEST_F(BadRecords, WithoutAPathTheFirstOneFailsTheQuery) {
  auto spec = Spec([](int64_t v) { return v == 3; }, {{"spark.sluice.badRecords.path", ""}});
  const auto ended = script_.Start(spec).ValueOrDie()->AwaitTermination(std::nullopt);
  EXPECT_TRUE(HasErrorClass(ended.status(), "DIVIDE_BY_ZERO")) << ended.status();
}

TEST_F(BadRecords, AnEntryWithValuesOfOtherTypesIsDamaged) {
  const auto folder = BadRecordFolder::Open("/bad", {}, "q", script_.env().get()).ValueOrDie();
  const auto fs = script_.env()->Locate("/bad", {})->fs;
  for (const char* line : {R"({"file":1,"records":1,"bytes":1})", R"({"file":"f","records":"1","bytes":1})", "{}"}) {
    EXPECT_TRUE(fs->CreateAtomic("/bad/query=q/_committed/7", std::string("v1\n") + line).ok());
    EXPECT_TRUE(HasErrorClass(folder->FilesOf(BatchId(7)).status(), "SLUICE_CHECKPOINT_DAMAGED")) << line;
    EXPECT_TRUE(fs->Delete("/", {"/bad/query=q/_committed/7"}).ok());
  }
}

TEST_F(BadRecords, AnEntryNamesNoFilesElsewhere) {
  const auto folder = BadRecordFolder::Open("/bad", {}, "q", script_.env().get()).ValueOrDie();
  const auto fs = script_.env()->Locate("/bad", {})->fs;
  const std::string part = "part-00000-78047e42-570e-476a-a8da-4f6632edc9a2-c000";
  std::string deep;
  for (int i = 0; i < 100'000; ++i) deep += "[";
  for (const std::string& file : {"../" + part + ".jsonl", "/etc/" + part + ".jsonl", part + "/../../x.jsonl",
                                  part + ".jsonl/../x", part + ".json", std::string("..")}) {
    EXPECT_TRUE(
        fs->CreateAtomic("/bad/query=q/_committed/7", "v1\n{\"file\":\"" + file + "\",\"records\":1,\"bytes\":1}")
            .ok());
    EXPECT_TRUE(HasErrorClass(folder->FilesOf(BatchId(7)).status(), "SLUICE_CHECKPOINT_DAMAGED")) << file;
    EXPECT_TRUE(fs->Delete("/", {"/bad/query=q/_committed/7"}).ok());
  }
  EXPECT_TRUE(fs->CreateAtomic("/bad/query=q/_committed/8", "v1\n" + deep).ok());
  EXPECT_THAT(folder->FilesOf(BatchId(8)).status().message(), HasSubstr("nested too deeply"));
  EXPECT_TRUE(HasErrorClass(ParseBadRecord(deep, "/bad/x").status(), "SLUICE_CHECKPOINT_DAMAGED"));
}

// Folders that another hand made; none is batch 0 or 7.
TEST_F(BadRecords, OnlyFoldersOfBatchesAreSettled) {
  const auto folder = BadRecordFolder::Open("/bad", {}, "q", script_.env().get()).ValueOrDie();
  const auto fs = script_.env()->Locate("/bad", {})->fs;
  const std::string part = "/part-00000-78047e42-570e-476a-a8da-4f6632edc9a2-c000.jsonl";
  for (const char* name : {"batch=x", "batch=", "batch=007", "batch=-1", "batch=9223372036854775807"}) {
    EXPECT_TRUE(fs->CreateAtomic(std::string("/bad/query=q/") + name + part, "{}\n").ok());
  }
  EXPECT_THAT(folder->FindUnsettled(BatchId(100)).ValueOrDie(), IsEmpty());
  EXPECT_TRUE(fs->CreateAtomic("/bad/query=q/batch=3" + part, "{}\n{}\n").ok());
  EXPECT_THAT(folder->FindUnsettled(BatchId(100)).ValueOrDie(), SizeIs(1));
  EXPECT_TRUE(folder->CommitListed(BatchId(3)).ok());
  EXPECT_EQ(folder->FilesOf(BatchId(3)).ValueOrDie().front().records, 2);
}

TEST_F(BadRecords, NothingBehindALinkIsRemoved) {
  const std::string top = testing::TempDir() + "bad_record_links";
  std::filesystem::remove_all(top);
  const auto env = MakeTestEnv(std::make_shared<ManualClock>(0), MakeLocalFileSystem());
  const std::string part = "/part-00000-78047e42-570e-476a-a8da-4f6632edc9a2-c000.jsonl";
  ASSERT_TRUE(env->Locate(top, {})->fs->CreateAtomic(top + "/victim" + part, "{}\n").ok());
  std::filesystem::create_directories(top + "/bad/query=q");
  std::filesystem::create_symlink(top + "/victim", top + "/bad/query=q/batch=3");
  const auto folder = BadRecordFolder::Open(top + "/bad", {}, "q", env.get()).ValueOrDie();
  EXPECT_TRUE(HasErrorClass(folder->RemoveFiles(BatchId(3), {}), "SLUICE_LINK"));
  std::filesystem::create_symlink(top + "/bad/query=q", top + "/bad/query=r");
  const auto other = BadRecordFolder::Open(top + "/bad", {}, "r", env.get()).ValueOrDie();
  EXPECT_TRUE(HasErrorClass(other->RemoveFiles(BatchId(3), {}), "SLUICE_LINK"));
  EXPECT_TRUE(std::filesystem::exists(top + "/victim" + part));
  std::filesystem::remove_all(top);
}

TEST(BadRecordLine, ARecordComesBackAsItWas) {
  SourceRecord record;
  record.topic = "reviews";
  record.partition = 3;
  record.offset = 42;
  record.timestamp_ms = 1'700'000'000'123;
  record.timestamp_type = 1;
  record.key = std::nullopt;
  record.value = std::string("a\0\xff\n\"", 5);
  record.headers = {{"trace", "\x01"}, {"none", std::nullopt}, {"trace", ""}};
  record.place = "topic reviews, partition 3, offset 42";
  const std::string line =
      FormatBadRecord(record, UserError("CAST_INVALID_INPUT", "The value '\xff' ...")).ValueOrDie();
  EXPECT_EQ(std::count(line.begin(), line.end(), '\n'), 1);
  EXPECT_EQ(ParseBadRecord(line, "/bad/f").ValueOrDie(), record);
  EXPECT_THAT(line, HasSubstr(R"("value":"YQD/CiI=")"));
  record.value = std::nullopt;
  record.key = "";
  record.headers.clear();
  EXPECT_EQ(ParseBadRecord(FormatBadRecord(record, UserError("X", "y")).ValueOrDie(), "/bad/f").ValueOrDie(), record);
}

TEST(BadRecordLine, DamageIsNamed) {
  for (
      const char* line :
      {"", "{", "[]", R"({"topic":"t"})", R"({"topic":1,"partition":0})",
       R"({"topic":"t","partition":0,"offset":1,"timestamp":1,"timestampType":0,"headers":null,"key":"&","value":7})"}) {
    EXPECT_TRUE(HasErrorClass(ParseBadRecord(line, "/bad/f").status(), "SLUICE_CHECKPOINT_DAMAGED")) << line;
  }
  EXPECT_TRUE(HasErrorClass(ParseBadRecord(R"({"place":"row 3"})", "/bad/f").status(), "UNSUPPORTED_FEATURE.SLUICE"));
}

}  // namespace
}  // namespace sluice
