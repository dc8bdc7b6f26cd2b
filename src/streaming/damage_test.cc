// SPDX-License-Identifier: Apache-2.0
// Every file of a checkpoint and of a sink log cut at every byte, changed at every byte, missing, empty and from a
// newer version; in the states in which a process may have ended, in entries of ours and of Spark's. A sample here, all
// with SLUICE_DAMAGE=all (make damage).
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iostream>
#include <sstream>

#include "checkpoint/checkpoint.h"
#include "checkpoint/offset_log.h"
#include "connectors/file/table_repair.h"
#include "connectors/kafka/kafka_source.h"
#include "connectors/kafka/scripted_consumer.h"
#include "streaming/damage_script.h"

namespace sluice {
namespace {

constexpr int kBatches = 5;

struct QueryState {
  std::string name;
  DamageFiles files;
  int rows_per_batch = StreamScript::kRowsPerBatch;
  bool protected_offsets = true;  // our checksum stands in them
  int64_t next = kBatches;        // the batch after the last one
};

// Five batches of a query with compact files: 2.compact, 3, 4.
DamageFiles FiveBatches() {
  StreamScript script;
  QuerySpec spec = script.Spec();
  EXPECT_TRUE(spec.conf.Set("spark.sql.streaming.fileSink.log.compactInterval", "3").ok());
  const auto query = script.StartAndSettle(std::move(spec));
  for (int batch = 1; batch < kBatches; ++batch) script.Advance(*query, 1000);
  EXPECT_TRUE(query->Stop().ok());
  return Snapshot(script.fs());
}

// The offsets entries as Spark writes them, without our marks.
DamageFiles AsSparks(DamageFiles files) {
  for (auto& [path, content] : files) {
    if (path.find("/offsets/") == std::string::npos) continue;
    OffsetEntry entry = ParseOffsetEntry(content, path).ValueOrDie();
    entry.conf.Remove(kChecksumKey);
    entry.conf.Remove(kWriterKey);
    content = FormatOffsetEntry(entry);
  }
  return files;
}

DamageFiles Recorded(const std::string& version, const std::string& query) {
  DamageFiles files;
  const std::filesystem::path root = SLUICE_SOURCE_DIR "/tests/golden/checkpoint/" + version;
  const auto read = [&](const std::string& folder, const std::string& into) {
    for (const auto& entry : std::filesystem::recursive_directory_iterator(root / folder)) {
      if (!entry.is_regular_file()) continue;
      std::ostringstream text;
      text << std::ifstream(entry.path(), std::ios::binary).rdbuf();
      files[into + "/" + std::filesystem::relative(entry.path(), root / folder).string()] = text.str();
    }
  };
  read(query, "/checkpoint");
  read(query + "-sink", "/table");
  return files;
}

// Committed; in the table without its commit; planned only.
std::vector<QueryState> StatesOf(const std::string& name, const DamageFiles& committed, int last, int rows,
                                 bool protected_offsets) {
  const std::string number = std::to_string(last);
  QueryState done{name + ", committed", committed, rows, protected_offsets, last + 1};
  QueryState in_table{name + ", in the table only", committed, rows, protected_offsets, last + 1};
  in_table.files.erase("/checkpoint/commits/" + number);
  QueryState planned{name + ", planned", in_table.files, rows, protected_offsets, last + 1};
  planned.files.erase("/table/_spark_metadata/" + number);
  return {done, in_table, planned};
}

std::vector<QueryState> AllStates() {
  const DamageFiles ours = FiveBatches();
  std::vector<QueryState> states = StatesOf("ours", ours, kBatches - 1, StreamScript::kRowsPerBatch, true);
  for (QueryState& state : StatesOf("as Spark's", AsSparks(ours), kBatches - 1, StreamScript::kRowsPerBatch, false)) {
    states.push_back(std::move(state));
  }
  for (const char* version : {"4.2.0", "3.5.7"}) {
    for (QueryState& state : StatesOf(std::string("Spark ") + version, Recorded(version, "rate"), 3, 3, false)) {
      states.push_back(std::move(state));
    }
  }
  return states;
}

enum class Outcome { kRight, kRefused, kReaderRefuses, kInvisible };

class DamageTest : public ::testing::Test {
 protected:
  // A refusal says which file it is about; for one that is missing its folder will do.
  static bool Names(const Status& status, const Damage& damage) {
    const std::string text = status.ToString();
    const size_t slash = damage.path.rfind('/');
    const bool is_log = damage.FileKind() != "metadata";
    const std::string name = damage.path.substr(is_log ? damage.path.rfind('/', slash - 1) + 1 : slash + 1);
    const std::string folder = damage.path.substr(0, slash);
    return text.find(name) != std::string::npos ||
           (damage.kind == Damage::Kind::kMissing && text.find(folder) != std::string::npos);
  }

  static bool HasData(const DamageFiles& files) {
    return std::any_of(files.begin(), files.end(), [](const auto& file) { return file.first.ends_with(".parquet"); });
  }

  static std::multiset<std::string> Contents(const DamageFiles& files) {
    std::multiset<std::string> contents;
    for (const auto& [path, content] : files) contents.insert(content);
    return contents;
  }

  Outcome Judge(const QueryState& state, const Restarted& expected, const Damage& damage) {
    const std::string& whole = state.files.at(damage.path);
    const DamageFiles damaged = damage.Apply(state.files);
    const Restarted restarted = RestartOn(damaged, state.rows_per_batch, state.next);
    const std::string what = state.name + ": " + damage.Describe(whole);
    if (!restarted.status.ok()) {
      EXPECT_NE(FindSparkError(restarted.status), nullptr) << what << "\n" << restarted.status;
      EXPECT_TRUE(Names(restarted.status, damage)) << what << "\n" << restarted.status;
      ExpectFoundAndMendedRightly(state, expected, damaged, what);
      return Outcome::kRefused;
    }
    if (restarted == expected) return Outcome::kRight;
    // Another id only gives the next files other names.
    if (damage.FileKind() == "metadata" && Contents(restarted.named) == Contents(expected.named) &&
        Contents(restarted.parts) == Contents(expected.parts)) {
      return Outcome::kRight;
    }
    // A batch of Spark's that runs again has names of ours, and the recorded tables are without their data files.
    const bool runs_again = damage.kind == Damage::Kind::kMissing && damage.FileKind() == "_spark_metadata";
    if (runs_again && !HasData(state.files)) return Outcome::kRight;
    for (const auto& [path, content] : restarted.named) {
      if (content == "missing" && !expected.named.contains(path)) return Outcome::kReaderRefuses;
    }
    Invisible& invisible = invisible_[fmt::format(
        "{} entries, {} in {} of {}", state.protected_offsets ? "our" : "Spark's",
        damage.kind == Damage::Kind::kTruncated ? "cut" : "a change", damage.Field(whole), damage.FileKind())];
    if (++invisible.count == 1) invisible.example = damage.Describe(whole);
    // Nothing else may pass unseen.
    const bool is_sink_log = damage.FileKind() == "_spark_metadata";
    EXPECT_TRUE(is_sink_log
                    ? damage.CutsWholeLines(whole)
                    : !state.protected_offsets && damage.FileKind() == "offsets" && damage.ChangesAnOffset(whole))
        << "a silent change: " << what;
    return Outcome::kInvisible;
  }

  // What a restart refuses, verify finds. After repair a restart refuses still, or resumes rightly.
  void ExpectFoundAndMendedRightly(const QueryState& state, const Restarted& expected, const DamageFiles& damaged,
                                   const std::string& what) {
    const auto fs = Restore(damaged);
    const Location checkpoint{fs, "/checkpoint"};
    const Location table{fs, "/table"};
    const TableReport report = VerifyCheckpoint(checkpoint, table).ValueOrDie();
    EXPECT_TRUE(report.damaged()) << what << "\n" << FormatReport(report);
    ManualClock clock(StreamScript::kStartMs);
    const TableRepair repair = RepairCheckpoint(checkpoint, table, &clock).ValueOrDie();
    if (repair.mended.empty() || !HasData(damaged)) return;
    const Restarted again = RestartOn(Snapshot(*fs), state.rows_per_batch, state.next);
    if (!again.status.ok()) return;
    ++mended_;
    EXPECT_TRUE(again == expected) << what << "\n" << FormatRepair(repair);
  }

  struct Invisible {
    int64_t count = 0;
    std::string example;  // the first
  };
  std::map<std::string, Invisible> invisible_;
  int64_t mended_ = 0;
};

TEST_F(DamageTest, ARestartRefusesByNameOrResumesRightly) {
  int64_t counts[4] = {0, 0, 0, 0};
  int64_t files = 0;
  int64_t bytes = 0;
  for (const QueryState& state : AllStates()) {
    const Restarted expected = RestartOn(state.files, state.rows_per_batch, state.next);
    ASSERT_TRUE(expected.status.ok()) << state.name << ": " << expected.status;
    for (const auto& [path, content] : state.files) {
      if (path.ends_with(".parquet") || path.ends_with(".json")) continue;
      ++files;
      bytes += static_cast<int64_t>(content.size());
      ForEachDamage(path, content, 250,
                    [&](const Damage& damage) { ++counts[static_cast<int>(Judge(state, expected, damage))]; });
    }
  }
  std::cout << fmt::format(
      "damage: {} files, {} bytes: {} refused by name, {} resumed rightly, {} refused by readers, {} invisible; {} "
      "mended\n",
      files, bytes, counts[1], counts[0], counts[2], counts[3], mended_);
  for (const auto& [what, seen] : invisible_) {
    std::cout << fmt::format("damage: invisible: {:5} {}, such as {}\n", seen.count, what, seen.example);
  }
  EXPECT_GT(counts[0], 0);
  EXPECT_GT(counts[1], counts[0] / 10);
}

// What a restart would read from Kafka: the checkpoint's consequence for the source, without the rest of a query.
class KafkaDamageTest : public ::testing::Test {
 protected:
  struct Plan {
    Status status;
    std::vector<std::string> tasks;
  };

  static Plan PlanOf(const DamageFiles& files, const std::string& topic) {
    Plan plan;
    const auto tasks = TasksOf(files, topic);
    plan.status = tasks.status();
    if (tasks.ok()) plan.tasks = *tasks;
    return plan;
  }

  static Result<std::vector<std::string>> TasksOf(const DamageFiles& files, const std::string& topic) {
    const auto fs = Restore(files);
    const auto env = MakeTestEnv(std::make_shared<ManualClock>(StreamScript::kStartMs), fs);
    SLUICE_ASSIGN(const auto checkpoint, Checkpoint::Open({fs, "/checkpoint"}, env.get()));
    SLUICE_ASSIGN(const Recovery recovery, checkpoint->Recover(1));
    const auto consumer = std::make_shared<ScriptedConsumer>();
    for (int i = 0; i < 20; ++i) consumer->Append({topic, 0}, "v");
    SourceContext context;
    context.env = env;
    context.checkpoint = checkpoint->SourceFolder(0);
    context.began = recovery.planned && !recovery.previous;
    const std::map<std::string, std::string> options = {
        {"subscribe", topic}, {"startingOffsets", "latest"}, {"fetchOffset.retryIntervalMs", "0"}};
    SLUICE_ASSIGN(KafkaOptions parsed, ParseKafkaOptions(Options(options), true));
    KafkaSource source(context, std::move(parsed), consumer);
    std::string start;
    if (recovery.previous) {
      start = recovery.previous->offsets[0].value_or("");
    } else {
      SLUICE_ASSIGN(start, source.InitialOffset());
    }
    std::optional<std::string> end = recovery.planned ? recovery.planned->offsets[0] : std::nullopt;
    if (!end) {
      SLUICE_ASSIGN(end, source.LatestOffset(start));
    }
    SLUICE_ASSIGN(const auto inputs, source.PlanTasks(start, end.value_or(start)));
    std::vector<std::string> tasks;
    for (const InputPartition& input : inputs) tasks.push_back(input.identity);
    return tasks;
  }
};

TEST_F(KafkaDamageTest, TheSameRecordsOrARefusal) {
  std::map<std::string, int64_t> invisible;
  int64_t changed_offsets = 0;
  int64_t refused = 0;
  int64_t right = 0;
  for (const char* version : {"4.2.0", "3.5.7"}) {
    DamageFiles committed = Recorded(version, "kafka");
    const OffsetEntry last = ParseOffsetEntry(committed.at("/checkpoint/offsets/1"), "1").ValueOrDie();
    const std::string topic = last.offsets[0]->substr(2, last.offsets[0]->find('"', 2) - 2);
    DamageFiles planned = committed;
    planned.erase("/checkpoint/commits/1");
    DamageFiles first = planned;
    first.erase("/checkpoint/offsets/1");
    first.erase("/checkpoint/commits/0");
    for (const DamageFiles& files : {committed, planned, first}) {
      const Plan expected = PlanOf(files, topic);
      ASSERT_TRUE(expected.status.ok()) << expected.status;
      ASSERT_FALSE(expected.tasks.empty());
      for (const auto& [path, content] : files) {
        if (!path.starts_with("/checkpoint/")) continue;
        ForEachDamage(path, content, 10, [&, &whole = content](const Damage& damage) {
          const Plan plan = PlanOf(damage.Apply(files), topic);
          changed_offsets += damage.ChangesAnOffset(whole) ? 1 : 0;
          // A missing entry makes another batch the next one; whether rightly so, the test above tells.
          const bool other_batch = damage.kind == Damage::Kind::kMissing && damage.FileKind() != "0";
          if (!plan.status.ok()) {
            ++refused;
          } else if (plan.tasks == expected.tasks || other_batch) {
            ++right;
          } else {
            EXPECT_TRUE(damage.ChangesAnOffset(whole)) << "a silent change: " << damage.Describe(whole);
            ++invisible[fmt::format("Spark's entries, a change in {} of {}", damage.Field(whole), damage.FileKind())];
          }
        });
      }
    }
  }
  std::cout << fmt::format("damage: Kafka: {} refused, {} the same records\n", refused, right);
  for (const auto& [what, count] : invisible) {
    std::cout << fmt::format("damage: Kafka: invisible: {:5} {}\n", count, what);
    // The end offset of a Kafka partition is a bare number.
    EXPECT_TRUE(what.ends_with("in 0 of offsets") || what.ends_with("in 0 of 0")) << what;
  }
  int64_t unseen = 0;
  for (const auto& [what, count] : invisible) unseen += count;
  EXPECT_LE(unseen, changed_offsets);
  EXPECT_GT(refused, 0);
  EXPECT_GT(right, 0);
}

}  // namespace
}  // namespace sluice
