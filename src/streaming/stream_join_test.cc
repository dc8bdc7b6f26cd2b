// SPDX-License-Identifier: Apache-2.0
// Joins of two streams that Spark ran (tests/golden/state/joins.json, tools/record_joins.py), and queries whose state
// it kept in version 1 of its formats (format1.json, tools/record_state_formats.py): the same rows and the same state
// in each batch.
#include <arrow/api.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cctype>
#include <filesystem>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <set>

#include "analysis/analyzer.h"
#include "analysis/fixed_catalog.h"
#include "base/spark_error.h"
#include "checkpoint/offset_log.h"
#include "env/faulty_file_system.h"
#include "state/delta_file.h"
#include "state/state_schema.h"
#include "state/unsafe_row.h"
#include "streaming/stream_script.h"
#include "types/spark_type.h"

namespace sluice {
namespace {

using nlohmann::json;
using Contents = std::map<std::string, std::string>;

json FileOf(const std::string& name) {
  std::ifstream in(std::filesystem::path(SLUICE_SOURCE_DIR) / "tests" / "golden" / "state" / name);
  return json::parse(in);
}

const json& Recorded() {
  static const json recorded = [] {
    json all = FileOf("joins.json");
    const json formats = FileOf("format1.json");
    for (const auto& [version, kinds] : formats.items()) {
      for (const auto& [name, kind] : kinds.items()) all["kinds"][name + " in format 1 of " + version] = kind;
    }
    return all;
  }();
  return recorded;
}

PlanPtr StreamOf(char side) {
  ScanSpec source;
  source.streaming = true;
  source.format = "json";
  source.paths = {std::string("/in/") + side};
  source.columns = {0, 1, 2};
  source.options["maxFilesPerTrigger"] = "1";
  source.source_schema =
      ParseSparkSchema(std::string{side} + "k STRING, " + side + "t TIMESTAMP, " + side + "v INT").ValueOrDie();
  const auto schema = source.source_schema;
  return MakeNode(plan::Scan{std::move(source)}, {}, schema);
}

PlanPtr Marked(const PlanPtr& stream, int64_t delay_ms) {
  const ExprPtr time = std::make_shared<ColumnExpr>(1, stream->schema->field(1)->name(), TimestampType(), true);
  return MakeNode(plan::Watermark{time, delay_ms}, {stream}, stream->schema);
}

Result<PlanPtr> PlanOf(const std::string& sql) {
  FixedCatalog catalog;
  catalog.AddView("l", Marked(StreamOf('l'), 10'000));
  catalog.AddView("r", Marked(StreamOf('r'), 20'000));
  catalog.AddView("w", StreamOf('r'));
  spark::connect::Relation relation;
  relation.mutable_sql()->set_query(sql);
  SLUICE_ASSIGN(const PlanPtr plan, Analyzer(catalog, Conf()).Resolve(relation));
  return Optimize(plan, EvalContext());
}

QuerySpec SpecOf(const PlanPtr& plan, const json& conf = json::object()) {
  QuerySpec spec;
  spec.plan = plan;
  spec.sink_format = "json";
  spec.sink_path = "/table";
  spec.checkpoint = "/checkpoint";
  spec.trigger = {TriggerKind::kAvailableNow, 0};
  EXPECT_TRUE(spec.conf.Set("spark.sql.shuffle.partitions", "2").ok());
  EXPECT_TRUE(spec.conf.Set("spark.sql.session.timeZone", "UTC").ok());
  EXPECT_TRUE(spec.conf.Set("spark.sql.streaming.fileSink.log.compactInterval", "100").ok());
  for (const auto& [key, value] : conf.items()) EXPECT_TRUE(spec.conf.Set(key, value.get<std::string>()).ok()) << key;
  return spec;
}

void Put(FileSystem& fs, const std::string& path, const std::string& text) {
  const auto file = fs.OpenForWrite(path).ValueOrDie();
  ASSERT_TRUE(file->Write(text.data(), static_cast<int64_t>(text.size())).ok());
  ASSERT_TRUE(file->Publish().ok());
}

void AddTurn(FileSystem& fs, size_t turn) {
  for (const auto& [side, rows] : Recorded()["turns"][turn].items()) {
    std::string text;
    for (const json& row : rows) text += row.dump() + "\n";
    Put(fs, "/in/" + side + "/" + std::to_string(turn) + ".json", text);
  }
}

Status RunTurn(StreamScript& script, const QuerySpec& spec) {
  SLUICE_ASSIGN(const auto query, script.Start(spec));
  return query->AwaitTermination(std::nullopt).status();
}

// The rows of a batch as JSON, NULLs left out.
std::multiset<std::string> RowsOf(const StreamScript& script, int64_t batch) {
  std::multiset<std::string> rows;
  std::istringstream log(script.Read("/table/_spark_metadata/" + std::to_string(batch)));
  for (std::string line; std::getline(log, line);) {
    if (!line.starts_with("{")) continue;
    const std::string path = json::parse(line)["path"].get<std::string>();
    std::istringstream file(script.Read("/table/" + path.substr(path.rfind('/') + 1)));
    for (std::string row; std::getline(file, row);) rows.insert(json::parse(row).dump());
  }
  return rows;
}

std::string Bytes(const std::string& digits) {
  std::string bytes;
  for (size_t i = 0; i < digits.size(); i += 2) {
    bytes.push_back(static_cast<char>(std::stoi(digits.substr(i, 2), nullptr, 16)));
  }
  return bytes;
}

void Apply(const json& delta, Contents* contents) {
  for (const auto& [key, value] : delta.items()) {
    if (value.is_null()) {
      contents->erase(Bytes(key));
    } else {
      (*contents)[Bytes(key)] = Bytes(value.get<std::string>());
    }
  }
}

void Apply(const std::string& delta, Contents* contents) {
  const Status read =
      ReadStateFile(StateCodec::kLz4, delta, [&](std::string_view key, const std::optional<std::string_view>& value) {
        if (value) {
          (*contents)[std::string(key)] = *value;
        } else {
          contents->erase(std::string(key));
        }
        return Status::OK();
      });
  EXPECT_TRUE(read.ok()) << read;
}

void ExpectSameState(const StreamScript& script, const json& recorded) {
  for (const auto& [place, deltas] : recorded.items()) {
    Contents theirs;
    Contents ours;
    for (size_t version = 1; version <= deltas.size(); ++version) {
      Apply(deltas[version - 1], &theirs);
      Apply(script.Read("/checkpoint/state/" + place + "/" + std::to_string(version) + ".delta"), &ours);
      EXPECT_EQ(ours, theirs) << place << " " << version;
    }
  }
}

// Names and types; Sluice's fields may all be NULL.
void ExpectSameSchemas(const StreamScript& script, const json& recorded) {
  for (const auto& [store, bytes] : recorded.items()) {
    const auto theirs = ParseStateSchema(Bytes(bytes.get<std::string>()), store);
    const auto ours = ParseStateSchema(script.Read("/checkpoint/state/" + store + "/_metadata/schema"), store);
    ASSERT_TRUE(theirs.ok() && ours.ok()) << store;
    EXPECT_EQ(ours->key->field_names(), theirs->key->field_names()) << store;
    EXPECT_EQ(ours->value->field_names(), theirs->value->field_names()) << store;
    EXPECT_TRUE(CheckStateSchema(*ours, *theirs).ok()) << store;
  }
}

class RecordedJoin : public ::testing::TestWithParam<std::string> {};

TEST_P(RecordedJoin, GivesAndKeepsWhatSparkDoes) {
  const json& kind = Recorded()["kinds"][GetParam()];
  StreamScript script;
  const auto plan = PlanOf(kind["sql"].get<std::string>());
  ASSERT_TRUE(plan.ok()) << plan.status();
  const json conf = kind.value("conf", json::object());
  const QuerySpec spec = SpecOf(*plan, conf);
  for (size_t turn = 0; turn < Recorded()["turns"].size(); ++turn) {
    AddTurn(script.fs(), turn);
    if (!kind["runs"].get<bool>() && turn + 1 < Recorded()["turns"].size()) continue;
    const Status ran = RunTurn(script, spec);
    ASSERT_TRUE(ran.ok()) << ran;
  }
  size_t rows = 0;
  for (const json& batch : kind["rows"]) {
    const auto number = batch[0].get<int64_t>();
    std::multiset<std::string> expected;
    for (const json& row : batch[1]) expected.insert(json::parse(row.get<std::string>()).dump());
    EXPECT_EQ(RowsOf(script, number), expected) << "batch " << number;
    rows += expected.size();
    const std::string path = "/checkpoint/offsets/" + std::to_string(number);
    EXPECT_EQ(ParseOffsetEntry(script.Read(path), path).ValueOrDie().batch_watermark_ms,
              kind["watermarks"][static_cast<size_t>(number)].get<int64_t>())
        << number;
    for (const auto& [key, value] : conf.items()) {
      EXPECT_EQ(ParseOffsetEntry(script.Read(path), path).ValueOrDie().conf.Find(key), value.get<std::string>());
    }
  }
  EXPECT_EQ(script.Names("/checkpoint/commits").size(), kind["rows"].size());
  EXPECT_GT(rows, 2u);
  ExpectSameState(script, kind["state"]);
  ExpectSameSchemas(script, kind.value("schemas", json::object()));
}

std::vector<std::string> Kinds() {
  std::vector<std::string> names;
  for (const auto& [name, kind] : Recorded()["kinds"].items()) names.push_back(name);
  return names;
}

INSTANTIATE_TEST_SUITE_P(All, RecordedJoin, ::testing::ValuesIn(Kinds()), [](const auto& info) {
  std::string name = info.param;
  std::replace_if(
      name.begin(), name.end(), [](unsigned char c) { return std::isalnum(c) == 0; }, '_');
  return name;
});

// A query takes over what Spark began: no column of the stored schemas is less than the query's own.
TEST(RecordedStateSchemas, AreTheQuerys) {
  size_t seen = 0;
  for (const auto& [name, kind] : Recorded()["kinds"].items()) {
    if (!kind.contains("schemas")) continue;
    StreamScript script;
    for (const auto& [store, bytes] : kind["schemas"].items()) {
      Put(script.fs(), "/checkpoint/state/" + store + "/_metadata/schema", Bytes(bytes.get<std::string>()));
    }
    AddTurn(script.fs(), 0);
    const Status ran = RunTurn(script, SpecOf(PlanOf(kind["sql"].get<std::string>()).ValueOrDie(), kind["conf"]));
    EXPECT_TRUE(ran.ok()) << name << ": " << ran;
    ++seen;
  }
  EXPECT_EQ(seen, 14u);
}

// Whatever a batch does not get done, the batch before it stays, and the next run does it once.
TEST(StreamJoinFaults, ABatchThatFailsIsDoneByTheNextRun) {
  const json& kind = Recorded()["kinds"]["left in runs"];
  const PlanPtr plan = PlanOf(kind["sql"].get<std::string>()).ValueOrDie();
  int failed = 0;
  for (int64_t call = 1;; call += 3) {
    const auto files = std::make_shared<FaultyFileSystem>(MakeMemoryFileSystem());
    const auto before = std::make_unique<StreamScript>(files);
    for (size_t turn = 0; turn < 3; ++turn) {
      AddTurn(*files, turn);
      if (turn < 2) {
        ASSERT_TRUE(RunTurn(*before, SpecOf(plan)).ok());
      }
    }
    const size_t commits = before->Names("/checkpoint/commits").size();
    files->FailAt(call, call % 2 == 0 ? FaultWay::kError : FaultWay::kCrashAfter);
    const Status ended = RunTurn(*before, SpecOf(plan));
    const bool fired = files->fired();
    files->Revive();
    if (ended.ok() && !fired) break;
    if (before->Names("/checkpoint/commits").size() > commits) continue;  // the batch was done
    ++failed;
    StreamScript after(files);
    const Status again = RunTurn(after, SpecOf(plan));
    ASSERT_TRUE(again.ok()) << call << ": " << again;
    const auto batch = static_cast<int64_t>(commits);
    std::multiset<std::string> expected;
    for (const json& row : kind["rows"][commits][1]) expected.insert(json::parse(row.get<std::string>()).dump());
    EXPECT_EQ(RowsOf(after, batch), expected) << call;
    for (const auto& [place, deltas] : kind["state"].items()) {
      Contents theirs;
      Contents ours;
      for (size_t version = 1; version <= commits + 1; ++version) {
        Apply(deltas[version - 1], &theirs);
        Apply(after.Read("/checkpoint/state/" + place + "/" + std::to_string(version) + ".delta"), &ours);
      }
      EXPECT_EQ(ours, theirs) << call << ": " << place;
    }
  }
  EXPECT_GT(failed, 10);
}

// Every key and row that Spark kept, decoded and encoded again.
TEST(RecordedJoinState, DecodesAndEncodesToItself) {
  using Types = std::vector<std::shared_ptr<arrow::DataType>>;
  const Types key = {StringType()};
  const Types numbered = {StringType(), arrow::int64()};
  const Types row = {StringType(), TimestampType(), arrow::int32(), arrow::boolean()};
  size_t seen = 0;
  const auto check = [&](const Types& types, const std::string& bytes) {
    const auto codec = UnsafeRowCodec::Make(types).ValueOrDie();
    ASSERT_TRUE(codec.Fits(bytes));
    const auto columns = codec.Decode({bytes}, arrow::default_memory_pool());
    ASSERT_TRUE(columns.ok()) << columns.status();
    std::string again;
    std::vector<uint64_t> at;
    ASSERT_TRUE(codec.Encode(*columns, 1, &again, &at).ok());
    EXPECT_EQ(again, bytes);
    ++seen;
  };
  for (const char* kind : {"inner", "left", "right", "full"}) {
    for (const auto& [place, deltas] : Recorded()["kinds"][kind]["state"].items()) {
      const bool rows = place.ends_with("keyWithIndexToValue");
      for (const json& delta : deltas) {
        for (const auto& [bytes, value] : delta.items()) {
          check(rows ? numbered : key, Bytes(bytes));
          if (!value.is_null()) check(rows ? row : Types{arrow::int64()}, Bytes(value.get<std::string>()));
        }
      }
    }
  }
  EXPECT_GT(seen, 100u);
}

}  // namespace
}  // namespace sluice
