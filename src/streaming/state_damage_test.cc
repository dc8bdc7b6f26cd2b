// SPDX-License-Identifier: Apache-2.0
// Every file of state cut at every byte, changed at every byte, missing and empty: of a query of ours, restarted, and
// of checkpoints that Spark recorded, read as a restart reads them. A sample here, all with SLUICE_DAMAGE=all (make
// damage).
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <zlib.h>

#include <filesystem>
#include <fstream>
#include <iostream>
#include <sstream>

#include "checkpoint/offset_log.h"
#include "exec/stateful/operator_stores.h"
#include "state/delta_file.h"
#include "state/state_check.h"
#include "state/stored_state.h"
#include "streaming/damage_script.h"
#include "streaming/stateful_script.h"

namespace sluice {
namespace {

constexpr char kState[] = "/checkpoint/state/";
constexpr char kCodecKey[] = "spark.sql.streaming.stateStore.compression.codec";

std::string NameOf(const std::string& path) {
  return path.substr(path.rfind('/') + 1);
}

// "delta", "snapshot", "schema", "metadata", "crc"
std::string KindOf(const std::string& path) {
  const std::string name = NameOf(path);
  return name.find('.') == std::string::npos ? name : name.substr(name.rfind('.') + 1);
}

// Hadoop's side file of a content.
std::string HadoopCrc(const std::string& content) {
  std::string crc("crc\0\0\0\2\0", 8);
  for (size_t at = 0; at < content.size(); at += 512) {
    const std::string block = content.substr(at, 512);
    const auto sum = crc32(0, reinterpret_cast<const Bytef*>(block.data()), static_cast<uInt>(block.size()));
    for (int shift = 24; shift >= 0; shift -= 8) crc += static_cast<char>(sum >> shift);
  }
  return crc;
}

// What damage came to, by the kind of file and of damage.
class Tally {
 public:
  void Refused() { ++refused_; }
  void Right() { ++right_; }
  void Unseen(const std::string& where, const std::string& example) {
    Seen& seen = unseen_[where];
    if (++seen.count == 1) seen.example = example;
  }
  int64_t refused() const { return refused_; }
  int64_t right() const { return right_; }
  int64_t unseen(const std::string& where) const {
    const auto found = unseen_.find(where);
    return found == unseen_.end() ? 0 : found->second.count;
  }
  void Print(const std::string& title) const {
    std::cout << fmt::format("damage: {}: {} refused by name, {} without effect\n", title, refused_, right_);
    for (const auto& [where, seen] : unseen_) {
      std::cout << fmt::format("damage: {}: not seen: {:5} {}, such as {}\n", title, seen.count, where, seen.example);
    }
  }

 private:
  struct Seen {
    int64_t count = 0;
    std::string example;
  };
  int64_t refused_ = 0;
  int64_t right_ = 0;
  std::map<std::string, Seen> unseen_;
};

std::string Described(const Damage& damage) {
  const char* kinds[] = {"cut", "changed", "missing", "newer"};
  return fmt::format("{} {} at {}", damage.path, kinds[static_cast<int>(damage.kind)], damage.at);
}

std::string Where(const Damage& damage, const std::string& codec) {
  return fmt::format("{} of a {} in {}", damage.kind == Damage::Kind::kTruncated ? "a cut" : "a change",
                     KindOf(damage.path), codec);
}

// An error has one of Spark's classes or ours and names the file, or of a missing one its folder.
void ExpectNamed(const Status& status, const Damage& damage, const std::string& what) {
  EXPECT_NE(FindSparkError(status), nullptr) << what << "\n" << status;
  // Spark's text has both operators, and no path.
  if (HasErrorClass(status, "STREAMING_STATEFUL_OPERATOR_NOT_MATCH_IN_STATE_METADATA")) return;
  std::string path = damage.path;
  if (KindOf(path) == "crc")
    path = path.substr(0, path.rfind('/')) + "/" + NameOf(path).substr(1, NameOf(path).size() - 5);
  if (damage.kind == Damage::Kind::kMissing) path = path.substr(0, path.rfind('/'));
  EXPECT_NE(status.ToString().find(path), std::string::npos) << what << "\n" << status;
}

// What a restart refuses, `checkpoint verify` finds, or ends by an error that names the file: one of a newer program.
void ExpectFound(const DamageFiles& files, int64_t version, const Damage& damage, const std::string& what) {
  const auto report = CheckState({Restore(files), "/checkpoint"}, version);
  const bool found = report.ok() ? !report->damage.empty() || !report->notes.empty()
                                 : report.status().ToString().find(damage.path) != std::string::npos;
  EXPECT_TRUE(found) << what << "\n" << report.status();
}

// A query of ours: eight batches, snapshots on the way.
class OurStateDamageTest : public ::testing::TestWithParam<const char*> {
 protected:
  static constexpr int kBatches = 8;

  static QuerySpec Spec(const StreamScript& script) {
    QuerySpec spec = StatefulSpec(script);
    for (const auto& [key, value] :
         std::map<std::string, std::string>{{kCodecKey, GetParam()},
                                            {"spark.sql.streaming.stateStore.minDeltasForSnapshot", "2"},
                                            {"spark.sql.streaming.stateStore.maintenanceInterval", "1ms"}}) {
      EXPECT_TRUE(spec.conf.Set(key, value).ok());
    }
    return spec;
  }

  static DamageFiles Written() {
    StreamScript script;
    for (int batch = 0; batch < kBatches; ++batch) {
      const auto progress = RunOne(script, Spec(script));
      EXPECT_TRUE(progress.ok()) << progress.status();
    }
    return Snapshot(script.fs());
  }

  struct Went {
    Status status;
    DamageFiles left;  // rows, and the files of the versions that the restart wrote
  };
  // Runs one batch more on the files.
  static Went GoOn(const DamageFiles& files, int64_t wrote) {
    StreamScript script(Restore(files));
    Went went{RunOne(script, Spec(script)).status(), {}};
    if (!went.status.ok()) return went;
    for (auto& [path, content] : Snapshot(script.fs())) {
      if (path.starts_with("/table/") || NameOf(path) == fmt::format("{}.delta", wrote)) went.left[path] = content;
    }
    return went;
  }
};

TEST_P(OurStateDamageTest, ARestartRefusesByNameOrResumesRightly) {
  const DamageFiles committed = Written();
  DamageFiles planned = committed;
  planned.erase(fmt::format("/checkpoint/commits/{}", kBatches - 1));
  planned.erase(fmt::format("/table/_spark_metadata/{}", kBatches - 1));
  Tally tally;
  const std::string codec = GetParam();
  for (const auto& [files, wrote] : {std::pair(committed, kBatches + 1), std::pair(planned, kBatches)}) {
    const Went expected = GoOn(files, wrote);
    ASSERT_TRUE(expected.status.ok()) << expected.status;
    ASSERT_FALSE(expected.left.empty());
    for (const auto& [path, content] : files) {
      if (!path.starts_with(kState)) continue;
      ForEachDamage(path, content, 100, [&](const Damage& damage) {
        const DamageFiles damaged = damage.Apply(files);
        const Went went = GoOn(damaged, wrote);
        if (!went.status.ok()) {
          tally.Refused();
          ExpectNamed(went.status, damage, Described(damage));
          ExpectFound(damaged, wrote - 1, damage, Described(damage));
        } else if (went.left == expected.left) {
          tally.Right();
        } else {
          tally.Unseen(Where(damage, codec), Described(damage));
        }
      });
    }
  }
  tally.Print("ours, " + codec);
  EXPECT_GT(tally.refused(), 0);
  EXPECT_GT(tally.right(), 0);
  // Snappy has no checksum.
  for (const char* damage : {"a cut", "a change"}) {
    for (const char* kind : {"delta", "snapshot", "schema", "metadata"}) {
      const std::string where = fmt::format("{} of a {} in {}", damage, kind, codec);
      const bool unprotected = codec == "snappy" && (std::string(kind) == "delta" || std::string(kind) == "snapshot");
      EXPECT_EQ(unprotected ? 0 : tally.unseen(where), 0) << where;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Codecs, OurStateDamageTest, ::testing::Values("lz4", "zstd", "snappy"),
                         [](const auto& codec) { return std::string(codec.param); });

// A checkpoint that Spark recorded (tests/golden/state): what a restart would hold of its state.
class SparksState {
 public:
  explicit SparksState(const std::string& name) {
    const std::filesystem::path folder = SLUICE_SOURCE_DIR "/tests/golden/state/" + name;
    // Of one only the state was kept.
    const std::filesystem::path root = std::filesystem::exists(folder / "ck") ? folder / "ck" : folder;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(root)) {
      if (!entry.is_regular_file()) continue;
      std::ostringstream text;
      text << std::ifstream(entry.path(), std::ios::binary).rdbuf();
      files_["/checkpoint/" + std::filesystem::relative(entry.path(), root).string()] = text.str();
    }
    for (const auto& [path, content] : files_) {
      if (KindOf(path) == "delta") version_ = std::max<int64_t>(version_, std::stoll(NameOf(path)));
    }
    const Location checkpoint{Restore(files_), "/checkpoint"};
    for (const StoredOperator& one : StoredOperatorsOf(checkpoint).ValueOrDie()) {
      OperatorStateSpec spec{one.metadata.id, one.metadata.name, {}, one.metadata.stores.at(0).partitions};
      for (const OperatorMetadata::Store& store : one.metadata.stores) {
        const StoredStore stored(checkpoint, one, store, StateCodec::kLz4);
        spec.stores.push_back({store.name, stored.ReadSchema().ValueOrDie(), store.prefix_columns});
      }
      specs_.push_back(std::move(spec));
    }
  }
  const DamageFiles& files() const { return files_; }
  int64_t version() const { return version_; }

  // The same state in another codec, or with Hadoop's side files.
  void Recode(const std::string& codec) {
    codec_ = StateCodecOf(codec).ValueOrDie();
    for (auto& [path, content] : files_) {
      if (KindOf(path) == "delta" || KindOf(path) == "snapshot") content = InCodec(content);
      if (path.starts_with("/checkpoint/offsets/")) {
        OffsetEntry entry = ParseOffsetEntry(content, path).ValueOrDie();
        entry.conf.Set(kCodecKey, codec);
        content = FormatOffsetEntry(entry);
      }
    }
  }
  void AddSideFiles() {
    DamageFiles sides;
    for (const auto& [path, content] : files_) {
      if (!path.starts_with(kState)) continue;
      sides[path.substr(0, path.rfind('/')) + "/." + NameOf(path) + ".crc"] = HadoopCrc(content);
    }
    files_.merge(sides);
  }

  struct Held {
    Status status;
    std::set<std::string> rows;
  };
  Held Read(const DamageFiles& files) const {
    Held held;
    held.status = ReadAll({Restore(files), "/checkpoint"}, &held.rows);
    return held;
  }

 private:
  std::string InCodec(const std::string& lz4) const {
    std::string bytes;
    const auto writer = StateFileWriter::Make(codec_, [&](std::string_view piece) {
                          bytes.append(piece);
                          return Status::OK();
                        }).ValueOrDie();
    EXPECT_TRUE(ReadStateFile(StateCodec::kLz4, lz4, [&](auto key, const auto& value) {
                  return writer->Add(key, value);
                }).ok());
    EXPECT_TRUE(writer->Finish().ok());
    if (codec_ == StateCodec::kZstd) {  // as Spark's codec writes it: without the checksum at the end
      bytes[4] = static_cast<char>(bytes[4] & ~4);
      bytes.resize(bytes.size() - 4);
    }
    return bytes;
  }

  Status ReadAll(const Location& checkpoint, std::set<std::string>* rows) const {
    for (const OperatorStateSpec& spec : specs_) {
      OperatorStores stores(spec, checkpoint, codec_, nullptr);
      SLUICE_RETURN_IF_ERROR(stores.Prepare(version_));
      for (int partition = 0; partition < spec.partitions; ++partition) {
        SLUICE_RETURN_IF_ERROR(stores.Open(partition, version_));
        for (size_t store = 0; store < spec.stores.size(); ++store) {
          SLUICE_RETURN_IF_ERROR(stores.map(partition, store).Visit([&](std::string_view key, std::string_view value) {
            rows->insert(fmt::format("{} {} {} {} {}", spec.id, partition, store, key, value));
            return Status::OK();
          }));
        }
      }
    }
    return Status::OK();
  }

  DamageFiles files_;
  int64_t version_ = 0;
  StateCodec codec_ = StateCodec::kLz4;
  std::vector<OperatorStateSpec> specs_;
};

struct Recorded {
  const char* codec;
  bool side_files;
};

class SparksStateDamageTest : public ::testing::TestWithParam<Recorded> {};

TEST_P(SparksStateDamageTest, ARestartRefusesByNameOrHoldsTheSame) {
  Tally tally;
  const std::string codec = GetParam().codec;
  for (const char* name : {"wcount", "dedup", "session", "left_outer_range", "snapshot"}) {
    SparksState state(name);
    if (codec != "lz4") state.Recode(codec);
    if (GetParam().side_files) state.AddSideFiles();
    const SparksState::Held expected = state.Read(state.files());
    ASSERT_TRUE(expected.status.ok()) << name << ": " << expected.status;
    for (const auto& [path, content] : state.files()) {
      if (!path.starts_with(kState)) continue;
      ForEachDamage(path, content, 100, [&](const Damage& damage) {
        const std::string what = std::string(name) + " " + Described(damage);
        const DamageFiles damaged = damage.Apply(state.files());
        const SparksState::Held held = state.Read(damaged);
        if (!held.status.ok()) {
          tally.Refused();
          ExpectNamed(held.status, damage, what);
          ExpectFound(damaged, state.version(), damage, what);
        } else if (held.rows == expected.rows) {
          tally.Right();
        } else {
          tally.Unseen(Where(damage, codec), what);
        }
      });
    }
  }
  tally.Print(fmt::format("Spark's, {}{}", codec, GetParam().side_files ? " with side files" : ""));
  EXPECT_GT(tally.refused(), 0);
  EXPECT_GT(tally.right(), 0);
  const bool seen = codec == "lz4" || GetParam().side_files;
  for (const char* damage : {"a cut", "a change"}) {
    for (const char* kind : {"delta", "snapshot"}) {
      const std::string where = fmt::format("{} of a {} in {}", damage, kind, codec);
      EXPECT_EQ(seen ? tally.unseen(where) : 0, 0) << where;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Codecs, SparksStateDamageTest,
                         ::testing::Values(Recorded{"lz4", false}, Recorded{"lz4", true}, Recorded{"zstd", false},
                                           Recorded{"zstd", true}, Recorded{"snappy", false}, Recorded{"snappy", true}),
                         [](const auto& recorded) {
                           return std::string(recorded.param.codec) +
                                  (recorded.param.side_files ? "WithSideFiles" : "");
                         });

}  // namespace
}  // namespace sluice
