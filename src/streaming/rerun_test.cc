// SPDX-License-Identifier: Apache-2.0
// A batch that runs again, with whatever else is different by then: the same bytes, or no file of the first attempt.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <string>
#include <vector>

#include "checkpoint/offset_conf.h"
#include "checkpoint/offset_log.h"
#include "env/faulty_file_system.h"
#include "env/set_back_clock.h"
#include "exec/scripted_rows.h"
#include "expr/function_registry.h"
#include "streaming/stream_script.h"

namespace sluice {
namespace {

using Files = std::map<std::string, std::string>;

// The part files below the table's folder.
Files PartFiles(StreamScript& script) {
  Files files;
  for (const FileInfo& file : script.fs().List("/table", true).ValueOrDie()) {
    if (file.path.find("_spark_metadata") == std::string::npos) files[file.path] = script.Read(file.path);
  }
  return files;
}

// As after a kill before the sink's commit.
void ForgetTheCommit(StreamScript& script) {
  script.Delete("/checkpoint/commits/0");
  script.Delete("/table/_spark_metadata/0");
}

// value, and every function of the batch's time.
QuerySpec SpecWithTimes(const StreamScript& script) {
  QuerySpec spec = script.Spec();
  const auto& fields = *spec.plan->schema;
  std::vector<ExprPtr> exprs = {scripted::Column(spec.plan->schema, "value")};
  arrow::FieldVector columns = {fields.GetFieldByName("value")};
  for (const char* name : {"current_timestamp", "now", "localtimestamp", "current_date"}) {
    exprs.push_back(ResolveFunction(name, {}, {}).ValueOrDie());
    columns.push_back(arrow::field(name, exprs.back()->type()));
  }
  spec.plan = MakeProject(spec.plan, std::move(exprs), arrow::schema(columns));
  return spec;
}

TEST(Rerun, TimesInThePlanAreThoseOfTheBatch) {
  StreamScript script;
  ASSERT_TRUE(script.StartAndSettle(SpecWithTimes(script))->Stop().ok());
  const Files first = PartFiles(script);
  ASSERT_EQ(first.size(), 2u);
  ForgetTheCommit(script);
  script.Delete(first.begin()->first);
  script.PassTime(3 * 86'400'000);  // days later
  ASSERT_TRUE(script.StartAndSettle(SpecWithTimes(script))->Stop().ok());
  EXPECT_EQ(PartFiles(script), first);
}

TEST(Rerun, AClockThatIsSetBackChangesNothing) {
  const auto clock = std::make_shared<SetBackClock>(StreamScript::kStartMs);
  StreamScript script(MakeMemoryFileSystem(), clock);
  ASSERT_TRUE(script.StartAndSettle(SpecWithTimes(script))->Stop().ok());
  const Files first = PartFiles(script);
  ForgetTheCommit(script);
  clock->SetBack(86'400'000);
  ASSERT_TRUE(script.StartAndSettle(SpecWithTimes(script))->Stop().ok());
  EXPECT_EQ(PartFiles(script), first);
}

// The batch recorded how its rows are cut; the session's setting of the second attempt is not asked.
TEST(Rerun, RowGroupsAreCutAsTheBatchWasPlanned) {
  constexpr int kRows = 40'000;
  std::vector<Files> files;
  for (const char* recorded : {"1024", "16m"}) {
    StreamScript script;
    QuerySpec spec = script.Spec({TriggerKind::kProcessingTime, 1000}, kRows);
    ASSERT_TRUE(spec.conf.Set("spark.sluice.parquet.rowGroupBytes", recorded).ok());
    ASSERT_TRUE(script.StartAndSettle(spec)->Stop().ok());
    const Files first = PartFiles(script);
    ForgetTheCommit(script);
    QuerySpec other = script.Spec({TriggerKind::kProcessingTime, 1000}, kRows);
    ASSERT_TRUE(
        other.conf.Set("spark.sluice.parquet.rowGroupBytes", recorded == std::string("16m") ? "1024" : "16m").ok());
    ASSERT_TRUE(script.StartAndSettle(other)->Stop().ok());
    EXPECT_EQ(PartFiles(script), first) << recorded;
    files.push_back(first);
    // The next batch is planned with what the query began with.
    ASSERT_TRUE(script.StartAndSettle(other)->Stop().ok());
    const OffsetEntry next = ParseOffsetEntry(script.Read("/checkpoint/offsets/1"), "1").ValueOrDie();
    EXPECT_EQ(next.conf.Find("spark.sluice.parquet.rowGroupBytes"), recorded);
  }
  EXPECT_NE(files[0], files[1]) << "the setting decides the bytes";
}

struct Change {
  const char* what;
  void (*make)(QuerySpec* spec);
};

void SetScanOption(QuerySpec* spec, const char* key, const char* value) {
  auto plan = std::make_shared<PlanNode>(*spec->plan);
  plan->Get<plan::Scan>().source.options[key] = value;
  spec->plan = plan;
}

const Change kChanges[] = {
    {"compression of the sink", [](QuerySpec* spec) { spec->sink_options["compression"] = "zstd"; }},
    {"maxRecordsPerFile of the sink", [](QuerySpec* spec) { spec->sink_options["maxRecordsPerFile"] = "2"; }},
    {"the codec of the session",
     [](QuerySpec* spec) { EXPECT_TRUE(spec->conf.Set("spark.sql.parquet.compression.codec", "gzip").ok()); }},
    {"maxRecordsPerFile of the session",
     [](QuerySpec* spec) { EXPECT_TRUE(spec->conf.Set("spark.sql.files.maxRecordsPerFile", "3").ok()); }},
    {"the tasks of the source", [](QuerySpec* spec) { SetScanOption(spec, "numPartitions", "5"); }},
    {"what the rows of the source hold", [](QuerySpec* spec) { SetScanOption(spec, "startTimestamp", "5000"); }},
    {"partition columns", [](QuerySpec* spec) { spec->partition_columns = {"value"}; }},
};

// Another setup gives other names. Whatever the change is, a listing holds each row once.
TEST(Rerun, EveryChangeOfSetupTakesTheFilesOfTheFirstAttemptAway) {
  for (const Change& change : kChanges) {
    SCOPED_TRACE(change.what);
    StreamScript expected_script;
    QuerySpec alone = expected_script.Spec();
    change.make(&alone);
    ASSERT_TRUE(expected_script.StartAndSettle(alone)->Stop().ok());
    const size_t expected = PartFiles(expected_script).size();

    StreamScript script;
    ASSERT_TRUE(script.StartAndSettle(script.Spec())->Stop().ok());
    const Files first = PartFiles(script);
    ForgetTheCommit(script);
    QuerySpec other = script.Spec();
    change.make(&other);
    ASSERT_TRUE(script.StartAndSettle(other)->Stop().ok());
    const Files second = PartFiles(script);
    EXPECT_EQ(second.size(), expected);
    for (const auto& [path, bytes] : first) {
      EXPECT_FALSE(second.contains(path) && second.at(path) == bytes) << path << " of the first attempt is still there";
    }
  }
}

TEST(Rerun, OptionsOfTheSourceArePartOfTheRecordedSetup) {
  const auto setup_with = [](const char* start) {
    StreamScript script;
    QuerySpec spec = script.Spec();
    SetScanOption(&spec, "startTimestamp", start);
    EXPECT_TRUE(script.StartAndSettle(spec)->Stop().ok());
    return ParseOffsetEntry(script.Read("/checkpoint/offsets/0"), "0").ValueOrDie().conf.Find(kSetupKey).value_or("");
  };
  const std::string one = setup_with("0");
  EXPECT_FALSE(one.empty());
  EXPECT_NE(one, setup_with("5000"));
}

// Secrets are no part of the recorded checksum, whose guesses they would help.
TEST(Rerun, ASecretDoesNotChangeTheRecordedSetup) {
  const auto setup_with = [](const char* key, const char* value) {
    StreamScript script;
    QuerySpec spec = script.Spec();
    EXPECT_TRUE(spec.conf.Set(key, value).ok());
    EXPECT_TRUE(script.StartAndSettle(spec)->Stop().ok());
    return ParseOffsetEntry(script.Read("/checkpoint/offsets/0"), "0").ValueOrDie().conf.Find(kSetupKey).value_or("");
  };
  const std::string one = setup_with("spark.hadoop.fs.s3a.secret.key", "one-canary-value");
  EXPECT_FALSE(one.empty());
  EXPECT_EQ(one, setup_with("spark.hadoop.fs.s3a.secret.key", "another-canary-value"));
  EXPECT_NE(setup_with("spark.hadoop.fs.s3a.endpoint", "one"), setup_with("spark.hadoop.fs.s3a.endpoint", "another"));
}

// Whichever call of a batch fails, the query ends and holds nothing of the budget any more.
TEST(Rerun, AFailedBatchGivesItsMemoryBack) {
  int64_t cases = 0;
  for (int64_t k = 1;; ++k, ++cases) {
    const auto files = std::make_shared<FaultyFileSystem>(MakeMemoryFileSystem());
    StreamScript script(files);
    QuerySpec spec = script.Spec({TriggerKind::kAvailableNow, 0});
    spec.partition_columns = {"value"};
    files->FailAt(k, FaultWay::kError);
    if (const auto query = script.Start(spec); query.ok()) {
      const bool ended_well = (*query)->AwaitTermination(std::nullopt).ok();
      if (!files->fired()) {
        EXPECT_TRUE(ended_well);
        EXPECT_GT(script.budget().peak(), 0);
        break;
      }
    }
    EXPECT_EQ(script.budget().used(), 0) << files->log().back();
    ASSERT_LT(k, 400);
  }
  EXPECT_GT(cases, 30);
}

// The time of day is set back within a batch: the next trigger is an interval away, not that time more.
TEST(TriggerPace, AClockThatIsSetBackHoldsNoTriggerUp) {
  const auto clock = std::make_shared<SetBackClock>(StreamScript::kStartMs);
  StreamScript script(MakeMemoryFileSystem(), clock);
  std::atomic<int> reports{0};
  const auto query = script
                         .Start(script.Spec(),
                                [&](const QueryProgress& progress) {
                                  EXPECT_GE(progress.batch_duration_ms, 0);
                                  if (++reports == 1) clock->SetBack(3'600'000);
                                })
                         .ValueOrDie();
  while (clock->waiters() == 0) std::this_thread::yield();
  EXPECT_EQ(clock->last_wait_ms(), 1000);
  script.Advance(*query, 1000);
  EXPECT_EQ(query->last_progress()->batch_id, 1);
  ASSERT_TRUE(query->Stop().ok());
}

// Sets the time of day back when a batch is planned.
class SettingBackFiles : public FaultyFileSystem {
 public:
  explicit SettingBackFiles(std::shared_ptr<SetBackClock> clock)
      : FaultyFileSystem(MakeMemoryFileSystem()), clock_(std::move(clock)) {}
  Result<CreateOutcome> CreateAtomic(const std::string& path, std::string_view content) override {
    if (path == "/checkpoint/offsets/0") clock_->SetBack(3'600'000);
    return FaultyFileSystem::CreateAtomic(path, content);
  }

 private:
  const std::shared_ptr<SetBackClock> clock_;
};

TEST(TriggerPace, ABatchInWhichTheClockIsSetBackTookNoNegativeTime) {
  const auto clock = std::make_shared<SetBackClock>(StreamScript::kStartMs);
  StreamScript script(std::make_shared<SettingBackFiles>(clock), clock);
  const auto query = script.StartAndSettle(script.Spec());
  EXPECT_EQ(query->last_progress()->batch_duration_ms, 0);
  EXPECT_EQ(clock->last_wait_ms(), 1000);
  script.Advance(*query, 1000);
  EXPECT_EQ(query->last_progress()->batch_id, 1);
  EXPECT_GE(query->last_progress()->input_rows_per_second, 0);
  ASSERT_TRUE(query->Stop().ok());
}

// A batch that takes just as long as the interval: the next one is due now.
TEST(TriggerPace, ATriggerThatIsDueNowIsNotWaitedFor) {
  const auto clock = std::make_shared<SetBackClock>(StreamScript::kStartMs);
  StreamScript script(MakeMemoryFileSystem(), clock);
  const auto query = script
                         .Start(script.Spec(),
                                [&](const QueryProgress& progress) {
                                  if (progress.batch_id == 0) clock->Advance(1000);
                                  if (progress.batch_id == 1) clock->Advance(999);
                                })
                         .ValueOrDie();
  while (clock->waiters() == 0) std::this_thread::yield();
  // Batch 1 came at once, and the one after it a millisecond later.
  EXPECT_EQ(query->last_progress()->batch_id, 1);
  EXPECT_EQ(query->last_progress()->timestamp_ms, StreamScript::kStartMs + 1000);
  EXPECT_EQ(clock->last_wait_ms(), 1);
  ASSERT_TRUE(query->Stop().ok());
}

}  // namespace
}  // namespace sluice
