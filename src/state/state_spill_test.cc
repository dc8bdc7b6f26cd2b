// SPDX-License-Identifier: Apache-2.0
// A map in a file is the map in memory: entries, their order, changes, and the files that are written of it.
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <random>

#include "base/spark_error.h"
#include "state/state_folder.h"
#include "state/state_map.h"

namespace sluice {
namespace {

using Entry = std::pair<std::string, std::string>;
using Change = std::pair<std::string, std::optional<std::string>>;

std::vector<Entry> EntriesOf(const StateMap& map) {
  std::vector<Entry> entries;
  EXPECT_TRUE(map.Visit([&](std::string_view key, std::string_view value) {
                   entries.emplace_back(key, value);
                   return Status::OK();
                 })
                  .ok());
  return entries;
}

std::vector<Change> ChangesOf(const StateMap& map) {
  std::vector<Change> changes;
  EXPECT_TRUE(map.VisitChanges([&](std::string_view key, const std::optional<std::string_view>& value) {
                   changes.emplace_back(key, value ? std::optional(std::string(*value)) : std::nullopt);
                   return Status::OK();
                 })
                  .ok());
  return changes;
}

class Spilling {
 public:
  explicit Spilling(int64_t window = 1 << 20) : memory_([this] { return Open(); }), map_(&memory_) {
    memory_.SetWindow(window);
  }
  StateMap& map() { return map_; }
  StateMemory& memory() { return memory_; }
  void Spill() {
    EXPECT_TRUE(memory_.Spill().ok());
    map_.Move();
    EXPECT_TRUE(memory_.status().ok()) << memory_.status();
  }
  void Unspill() {
    memory_.Unspill();
    map_.Move();
  }

 private:
  Result<MappedFile*> Open() {
    SLUICE_ASSIGN(file_, MappedFile::Make());
    return file_.get();
  }
  std::unique_ptr<MappedFile> file_;
  StateMemory memory_;
  StateMap map_;
};

std::string KeyOf(uint64_t number) {
  return "key " + std::to_string(number * 2654435761);
}

class SpilledMap : public ::testing::TestWithParam<unsigned> {
 protected:
  void ExpectSame() {
    StateMap& map = spilling_.map();
    ASSERT_EQ(map.size(), twin_.size());
    ASSERT_EQ(ChangesOf(map), ChangesOf(twin_));
    ASSERT_EQ(EntriesOf(map), EntriesOf(twin_));
  }

  void Change(StateMap* map, const std::string& key, const std::optional<std::string>& value) const {
    value ? map->Put(key, *value) : map->Remove(key);
  }

  // Values grow and shrink, keys come back; every so often a value is larger than a block, or than the window.
  void Batch(int changes, uint64_t keys) {
    for (int i = 0; i < changes; ++i) {
      const std::string key = KeyOf(random_() % keys);
      const uint64_t kind = random_() % 1000;
      std::optional<std::string> value;
      if (kind > 300) value = std::string(random_() % (kind == 999 ? 300'000 : 60), static_cast<char>('a' + kind % 26));
      Change(&spilling_.map(), key, value);
      Change(&twin_, key, value);
      const std::string asked = KeyOf(random_() % keys);
      ASSERT_EQ(spilling_.map().Contains(asked), twin_.Contains(asked));
      ASSERT_EQ(spilling_.map().Get(asked), twin_.Get(asked)) << asked;
    }
  }

  std::mt19937_64 random_{GetParam()};
  Spilling spilling_{3 << 16};  // three segments
  StateMap twin_;
};

TEST_P(SpilledMap, DoesWhatTheMapInMemoryDoes) {
  for (int round = 0; round < 12; ++round) {
    // The changes of a batch stay known when the map moves in the midst of it.
    Batch(1500, 4000);
    if (round == 2 || round == 8) spilling_.Spill();
    if (round == 6) spilling_.Unspill();
    EXPECT_EQ(spilling_.map().in_memory(), round < 2 || round == 6 || round == 7);
    Batch(500, 4000);
    ExpectSame();
    if (round == 4) {
      for (uint64_t i = 0; i < 4000; ++i) {
        spilling_.map().Remove(KeyOf(i));
        twin_.Remove(KeyOf(i));
      }
    }
    spilling_.map().Settle();
    twin_.Settle();
    ExpectSame();
  }
  EXPECT_GT(twin_.size(), 500);
}

INSTANTIATE_TEST_SUITE_P(Seeds, SpilledMap, ::testing::Range(1U, 5U));

TEST(SpilledMapMemory, KeepsNothingOnTheHeap) {
  Spilling spilling;
  spilling.Spill();
  StateMap& map = spilling.map();
  for (uint64_t i = 0; i < 50'000; ++i) map.Put(KeyOf(i), "a value of some size");
  EXPECT_EQ(map.bytes(), 0);
  EXPECT_GT(map.all_bytes(), 3'000'000);
  EXPECT_TRUE(map.Get(KeyOf(7)));
  EXPECT_GT(map.bytes(), 0);  // the copy that the view points to
  map.EndViews();
  EXPECT_EQ(map.bytes(), 0);
}

int64_t ResidentOfFiles() {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with("RssFile:")) return std::stoll(line.substr(8)) * 1024;
  }
  return -1;
}

TEST(SpilledMapMemory, KeepsTheWindowInMemoryAndNoMore) {
  constexpr int64_t kWindow = 4 << 20;
  Spilling spilling(kWindow);
  spilling.Spill();
  StateMap& map = spilling.map();
  for (uint64_t i = 0; i < 400'000; ++i) map.Put(KeyOf(i), "a value of some size");
  ASSERT_GT(map.all_bytes(), 30'000'000);
  spilling.memory().Rest();
  const int64_t before = ResidentOfFiles();
  int64_t largest = 0;
  for (uint64_t i = 0; i < 100'000; ++i) {
    ASSERT_TRUE(map.Contains(KeyOf(i * 7 % 400'000)));
    if (i % 1000 == 0) largest = std::max(largest, ResidentOfFiles() - before);
  }
  EXPECT_LT(largest, kWindow + (2 << 20));  // code that was not run before is counted, too
  spilling.memory().Rest();
  EXPECT_LT(ResidentOfFiles() - before, 2 << 20);
}

TEST(SpilledMapMemory, AFullDiskIsSaid) {
  ::signal(SIGXFSZ, SIG_IGN);
  rlimit limit{};
  ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &limit), 0);
  const rlimit little{1 << 20, limit.rlim_max};
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &little), 0);
  Spilling spilling;
  spilling.Spill();
  StateMap& map = spilling.map();
  for (uint64_t i = 0; i < 50'000; ++i) map.Put(KeyOf(i), "a value of some size");
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &limit), 0);
  EXPECT_TRUE(HasErrorClass(spilling.memory().status(), "SLUICE_IO")) << spilling.memory().status();
  EXPECT_NE(spilling.memory().status().ToString().find("/sluice-"), std::string::npos);
  // What the map was told it still has: who asks it before the error is seen gets the truth.
  EXPECT_EQ(map.size(), 50'000);
  for (uint64_t i = 0; i < 50'000; i += 101) EXPECT_EQ(map.Get(KeyOf(i)), "a value of some size");
}

TEST(SpilledMapMemory, LeavesNoNameBehind) {
  const std::filesystem::path folder = std::filesystem::path(::testing::TempDir()) / "spill-names";
  std::filesystem::remove_all(folder);
  std::filesystem::create_directory(folder);
  const char* former = std::getenv("TMPDIR");
  const std::string kept = former == nullptr ? "" : former;
  ::setenv("TMPDIR", folder.c_str(), 1);
  Spilling spilling;
  spilling.Spill();
  spilling.map().Put("a", "1");
  EXPECT_TRUE(std::filesystem::is_empty(folder));
  ::setenv("TMPDIR", "/not/there", 1);
  StateMemory nowhere([]() -> Result<MappedFile*> {
    SLUICE_RETURN_IF_ERROR(MappedFile::Make().status());
    return nullptr;
  });
  const Status failed = nowhere.Spill();
  EXPECT_NE(failed.ToString().find("/not/there"), std::string::npos) << failed;
  EXPECT_FALSE(nowhere.spilled());
  kept.empty() ? ::unsetenv("TMPDIR") : ::setenv("TMPDIR", kept.c_str(), 1);
}

TEST(SpilledFolder, WritesAndReadsTheSameFiles) {
  const auto fs = MakeMemoryFileSystem();
  for (const StateCodec codec : {StateCodec::kLz4, StateCodec::kZstd, StateCodec::kSnappy}) {
    Spilling spilling;
    StateMap twin;
    for (uint64_t i = 0; i < 40'000; ++i) {
      spilling.map().Put(KeyOf(i), std::string(i % 50, 'v'));
      twin.Put(KeyOf(i), std::string(i % 50, 'v'));
      if (i == 20'000) spilling.Spill();
    }
    const std::string name = "/ck/" + std::to_string(static_cast<int>(codec));
    const StateFolder of_map({fs, name + "/map"}, codec);
    const StateFolder of_twin({fs, name + "/twin"}, codec);
    for (const auto& [folder, map] : {std::pair(&of_map, &spilling.map()), std::pair(&of_twin, &twin)}) {
      ASSERT_TRUE(folder->WriteDelta(1, *map).ok());
      map->Settle();
      for (uint64_t i = 0; i < 40'000; i += 3) map->Remove(KeyOf(i));
      map->Put("last", "one");
      ASSERT_TRUE(folder->WriteDelta(2, *map).ok());
      map->Settle();
      ASSERT_TRUE(folder->WriteSnapshot(2, *map).ok());
    }
    for (const char* file : {"/1.delta", "/2.delta", "/2.snapshot"}) {
      EXPECT_EQ(fs->ReadFile(name + "/map" + file).ValueOrDie(), fs->ReadFile(name + "/twin" + file).ValueOrDie());
    }
    // A partition that is loaded is spilled on the way when it does not fit.
    Spilling loaded;
    int covers = 0;
    const auto cover = [&](StateMap* map, int64_t) -> Status {
      ++covers;
      if (map->bytes() < 300'000 || loaded.memory().spilled()) return loaded.memory().status();
      SLUICE_RETURN_IF_ERROR(loaded.memory().Spill());
      map->Move();
      return Status::OK();
    };
    const auto any = [](std::string_view, const std::optional<std::string_view>&) { return Status::OK(); };
    const auto version = of_map.Load(2, &loaded.map(), cover, any);
    ASSERT_TRUE(version.ok()) << version.status();
    EXPECT_EQ(*version, 2);
    EXPECT_TRUE(loaded.memory().spilled());
    EXPECT_FALSE(loaded.map().in_memory());
    EXPECT_GT(covers, 3);
    EXPECT_EQ(EntriesOf(loaded.map()), EntriesOf(twin));
    EXPECT_EQ(loaded.map().changes(), 0);
  }
}

}  // namespace
}  // namespace sluice
