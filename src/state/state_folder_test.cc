// SPDX-License-Identifier: Apache-2.0
#include "state/state_folder.h"

#include <arrow/api.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <map>

#include "base/spark_error.h"
#include "state/unsafe_row.h"

namespace sluice {
namespace {

using Contents = std::map<std::string, std::string>;

Contents ContentsOf(const StateMap& map) {
  Contents contents;
  EXPECT_TRUE(map.Visit([&](std::string_view key, std::string_view value) {
                   contents[std::string(key)] = std::string(value);
                   return Status::OK();
                 })
                  .ok());
  return contents;
}

Status NoLimit(StateMap*, int64_t) {
  return Status::OK();
}

Status AnyRow(std::string_view, const std::optional<std::string_view>&) {
  return Status::OK();
}

Result<Contents> Loaded(const StateFolder& folder, int64_t version) {
  StateMap map;
  SLUICE_RETURN_IF_ERROR(folder.Load(version, &map, NoLimit, AnyRow).status());
  return ContentsOf(map);
}

TEST(StateMap, KeepsTheLastValueOfEachKey) {
  StateMap map;
  Contents expected;
  // Values grow and shrink, keys come back, and most are removed again.
  for (int round = 0; round < 20; ++round) {
    for (int i = 0; i < 200; ++i) {
      const std::string key = "key" + std::to_string(i * (round % 3 + 1));
      const std::string value(static_cast<size_t>((i * 7 + round) % 40), static_cast<char>('a' + round));
      if ((i + round) % 4 == 0) {
        map.Remove(key);
        expected.erase(key);
      } else {
        map.Put(key, value);
        expected[key] = value;
      }
    }
    EXPECT_EQ(map.size(), static_cast<int64_t>(expected.size()));
    map.Settle();
    ASSERT_EQ(ContentsOf(map), expected) << round;
  }
}

TEST(StateMap, GivesEachChangeOnce) {
  StateMap map;
  map.Put("a", "1");
  map.Put("b", "2");
  map.Put("a", "3");
  map.Remove("b");
  map.Remove("none");
  std::vector<std::pair<std::string, std::optional<std::string>>> changes;
  ASSERT_TRUE(map.VisitChanges([&](std::string_view key, const std::optional<std::string_view>& value) {
                   changes.emplace_back(key, value ? std::optional(std::string(*value)) : std::nullopt);
                   return Status::OK();
                 })
                  .ok());
  ASSERT_EQ(changes.size(), 2u);
  EXPECT_EQ(changes[0], std::pair(std::string("a"), std::optional<std::string>("3")));
  EXPECT_EQ(changes[1], std::pair(std::string("b"), std::optional<std::string>()));
  map.Settle();
  EXPECT_EQ(map.changes(), 0);
}

class StateFolderTest : public ::testing::Test {
 protected:
  // Version 1 to 4: a, b, c and d are put, and of each version the key before goes.
  void Write() {
    StateMap map;
    for (int64_t version = 1; version <= 4; ++version) {
      map.Put(std::string(1, static_cast<char>('a' + version - 1)), std::to_string(version));
      if (version > 1) map.Remove(std::string(1, static_cast<char>('a' + version - 2)));
      ASSERT_TRUE(folder_.WriteDelta(version, map).ok());
      map.Settle();
      if (version != 3) continue;
      ASSERT_TRUE(folder_.WriteSnapshot(version, map).ok());
    }
  }

  std::shared_ptr<FileSystem> fs_ = MakeMemoryFileSystem();
  StateFolder folder_{Location{fs_, "/ck/state/0/0"}, StateCodec::kLz4};
};

TEST_F(StateFolderTest, LoadsEachVersion) {
  Write();
  EXPECT_EQ(Loaded(folder_, 0).ValueOrDie(), Contents());
  EXPECT_EQ(Loaded(folder_, 1).ValueOrDie(), (Contents{{"a", "1"}}));
  EXPECT_EQ(Loaded(folder_, 4).ValueOrDie(), (Contents{{"d", "4"}}));
}

TEST_F(StateFolderTest, NeedsEachDeltaBehindTheSnapshot) {
  Write();
  ASSERT_TRUE(fs_->Delete("/ck", {"/ck/state/0/0/2.delta"}).ok());
  EXPECT_EQ(Loaded(folder_, 4).ValueOrDie(), (Contents{{"d", "4"}}));
  const Status missing = Loaded(folder_, 2).status();
  EXPECT_TRUE(HasErrorClass(missing, "CANNOT_LOAD_STATE_STORE.CANNOT_READ_DELTA_FILE_NOT_EXISTS")) << missing;
  EXPECT_NE(missing.ToString().find("2.delta"), std::string::npos);
}

TEST_F(StateFolderTest, GoesBackBehindADamagedSnapshot) {
  Write();
  ASSERT_TRUE(fs_->Delete("/ck", {"/ck/state/0/0/3.snapshot"}).ok());
  ASSERT_TRUE(fs_->CreateAtomic("/ck/state/0/0/3.snapshot", "no such file").ok());
  EXPECT_EQ(Loaded(folder_, 4).ValueOrDie(), (Contents{{"d", "4"}}));
}

// What the deltas of the versions before it held is nowhere else by then.
TEST_F(StateFolderTest, NamesADamagedSnapshotWhoseDeltasAreGone) {
  Write();
  ASSERT_TRUE(folder_.Clean("/ck", 3).ok());
  ASSERT_TRUE(fs_->Delete("/ck", {"/ck/state/0/0/3.snapshot"}).ok());
  ASSERT_TRUE(fs_->CreateAtomic("/ck/state/0/0/3.snapshot", "no such file").ok());
  const Status damaged = Loaded(folder_, 4).status();
  EXPECT_TRUE(HasErrorClass(damaged, "CANNOT_LOAD_STATE_STORE.UNCATEGORIZED")) << damaged;
  EXPECT_NE(damaged.ToString().find("3.snapshot"), std::string::npos) << damaged;
}

TEST_F(StateFolderTest, NamesADamagedDelta) {
  Write();
  ASSERT_TRUE(fs_->Delete("/ck", {"/ck/state/0/0/4.delta"}).ok());
  ASSERT_TRUE(fs_->CreateAtomic("/ck/state/0/0/4.delta", "LZ4Block").ok());
  const Status damaged = Loaded(folder_, 4).status();
  EXPECT_TRUE(HasErrorClass(damaged, "CANNOT_LOAD_STATE_STORE.UNCATEGORIZED")) << damaged;
  EXPECT_NE(damaged.ToString().find("4.delta"), std::string::npos);
}

TEST_F(StateFolderTest, ReplacesWhatAnEarlierAttemptWrote) {
  StateMap first;
  first.Put("a", "1");
  ASSERT_TRUE(folder_.WriteDelta(1, first).ok());
  StateMap second;
  second.Put("a", "2");
  // Spark 4.1's checksum of what is replaced would refuse what replaces it.
  ASSERT_TRUE(fs_->CreateAtomic("/ck/state/0/0/1.delta.crc", "of the first attempt").ok());
  ASSERT_TRUE(folder_.WriteDelta(1, second).ok());
  EXPECT_TRUE(IsNotFound(fs_->Stat("/ck/state/0/0/1.delta.crc").status()));
  EXPECT_EQ(Loaded(folder_, 1).ValueOrDie(), (Contents{{"a", "2"}}));
}

TEST_F(StateFolderTest, DeletesWhatNoKeptVersionNeeds) {
  Write();
  ASSERT_TRUE(folder_.Clean("/ck", 2).ok());
  EXPECT_TRUE(Loaded(folder_, 2).ok());  // no snapshot stands for what is before
  ASSERT_TRUE(folder_.Clean("/ck", 3).ok());
  EXPECT_FALSE(Loaded(folder_, 2).ok());
  EXPECT_EQ(Loaded(folder_, 3).ValueOrDie(), (Contents{{"c", "3"}}));
}

TEST_F(StateFolderTest, ReadsWhatSparkKept) {
  const std::string golden = SLUICE_SOURCE_DIR "/tests/golden/state/snapshot/state/0";
  Contents all;
  for (const char* partition : {"0", "1"}) {
    const StateFolder recorded({MakeLocalFileSystem(), golden + "/" + partition}, StateCodec::kLz4);
    const Contents contents = Loaded(recorded, 30).ValueOrDie();
    all.insert(contents.begin(), contents.end());
  }
  ASSERT_EQ(all.size(), 7u);
  const auto keys = UnsafeRowCodec::Make({arrow::utf8_view()});
  const auto counts = UnsafeRowCodec::Make({arrow::int64()});
  int64_t sum = 0;
  for (const auto& [key, value] : all) {
    const auto name = keys->Decode({key}, nullptr).ValueOrDie()[0];
    EXPECT_EQ(std::static_pointer_cast<arrow::StringViewArray>(name)->GetView(0)[0], 'a');
    sum += std::static_pointer_cast<arrow::Int64Array>(counts->Decode({value}, nullptr).ValueOrDie()[0])->Value(0);
  }
  EXPECT_EQ(sum, 30);  // a row a batch
}

TEST(UnsafeRow, ReservesSpaceForALongDecimalThatIsNull) {
  const auto type = arrow::decimal128(30, 2);
  const auto codec = UnsafeRowCodec::Make({type, arrow::int32()}).ValueOrDie();
  const auto decimals = arrow::MakeArrayOfNull(type, 1).ValueOrDie();
  const auto numbers = std::make_shared<arrow::Int32Array>(1, arrow::Buffer::FromVector(std::vector<int32_t>{-1}));
  std::string bytes;
  std::vector<uint64_t> offsets;
  ASSERT_TRUE(codec.Encode({decimals, numbers}, 1, &bytes, &offsets).ok());
  ASSERT_EQ(bytes.size(), 8u + 16 + 16);
  EXPECT_EQ(bytes[0], 1);
  EXPECT_EQ(bytes[8 + 4], 24);  // the offset of the space
  EXPECT_EQ(bytes.substr(16, 8), std::string("\xff\xff\xff\xff\0\0\0\0", 8));
  EXPECT_TRUE(codec.Fits(bytes));
}

TEST(UnsafeRow, NestedValuesComeBack) {
  const auto type = arrow::list(arrow::field("element", arrow::utf8_view()));
  const auto codec = UnsafeRowCodec::Make({type}).ValueOrDie();
  arrow::ListBuilder builder(arrow::default_memory_pool(), std::make_shared<arrow::StringViewBuilder>());
  auto* texts = static_cast<arrow::StringViewBuilder*>(builder.value_builder());
  ASSERT_TRUE(builder.Append().ok());
  ASSERT_TRUE(texts->Append("a text of more than twelve bytes").ok());
  ASSERT_TRUE(texts->AppendNull().ok());
  ASSERT_TRUE(builder.AppendNull().ok());
  const auto column = builder.Finish().ValueOrDie();
  std::string bytes;
  std::vector<uint64_t> offsets;
  ASSERT_TRUE(codec.Encode({column}, 2, &bytes, &offsets).ok());
  const std::string_view all = bytes;
  const auto back = codec.Decode({all.substr(0, offsets[1]), all.substr(offsets[1])}, nullptr).ValueOrDie()[0];
  EXPECT_EQ(back->ToString(), column->ToString());
}

TEST(UnsafeRow, RefusesRowsThatPointOutside) {
  const auto codec = UnsafeRowCodec::Make({arrow::utf8_view()}).ValueOrDie();
  std::string row(16, '\0');
  row[8] = 100;
  EXPECT_FALSE(codec.Fits(row));
  EXPECT_FALSE(codec.Decode({row}, nullptr).ok());
}

}  // namespace
}  // namespace sluice
