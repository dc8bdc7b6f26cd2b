// SPDX-License-Identifier: Apache-2.0
#include "exec/group_table.h"

#include <gtest/gtest.h>

#include <map>
#include <random>

#include "base/spark_error.h"
#include "exec/scripted_rows.h"

namespace sluice {
namespace {

using scripted::Values;

// Whole hashes, and ones that collide: in all, in the slot but not in the tag, in the tag but not in the slot. Keys are
// told apart by their bytes alone.
class GroupTableTest : public ::testing::TestWithParam<uint64_t> {
 protected:
  static Result<GroupTable> Make(std::vector<std::shared_ptr<arrow::DataType>> types) {
    return GroupTable::Make(std::move(types), GetParam());
  }
};
INSTANTIATE_TEST_SUITE_P(HashBits, GroupTableTest,
                         ::testing::Values(KeyTable::kWholeHash, uint64_t{0}, uint64_t{0xFFFF} << 32,
                                           uint64_t{0xFFFF}));

struct Case {
  std::vector<std::pair<std::shared_ptr<arrow::DataType>, const char*>> columns;
  std::vector<uint32_t> ids;
  std::vector<const char*> keys;  // of the groups, a column each
};

const auto kPair = arrow::struct_({arrow::field("a", arrow::float64()), arrow::field("b", StringType())});

TEST_P(GroupTableTest, NumbersGroupsAsTheyCome) {
  const Case cases[] = {
      {{{arrow::int32(), "[7, null, 7, -1, null]"}}, {0, 1, 0, 2, 1}, {"[7, null, -1]"}},
      {{{arrow::boolean(), "[true, null, false, true]"}}, {0, 1, 2, 0}, {"[true, null, false]"}},
      {{{arrow::int8(), "[1, -1, 1]"}}, {0, 1, 0}, {"[1, -1]"}},
      {{{arrow::int64(), "[9223372036854775807, -9223372036854775808, 9223372036854775807]"}},
       {0, 1, 0},
       {"[9223372036854775807, -9223372036854775808]"}},
      {{{arrow::float64(), "[0.0, -0.0, NaN, 1.5, NaN]"}}, {0, 0, 1, 2, 1}, {"[0.0, NaN, 1.5]"}},
      {{{arrow::float32(), "[-0.0, 0.0, NaN]"}}, {0, 0, 1}, {"[0.0, NaN]"}},
      {{{TimestampType(), "[5, 6, 5, null]"}}, {0, 1, 0, 2}, {"[5, 6, null]"}},
      {{{arrow::decimal128(38, 1), R"(["1.5", "-1.5", "1.5", null])"}}, {0, 1, 0, 2}, {R"(["1.5", "-1.5", null])"}},
      {{{StringType(), R"(["", null, "twelve bytes", "thirteen byte", "thirteen bytf", "thirteen byte", "", "a"])"}},
       {0, 1, 2, 3, 4, 3, 0, 5},
       {R"(["", null, "twelve bytes", "thirteen byte", "thirteen bytf", "a"])"}},
      {{{BinaryType(), R"(["x", "y", "x"])"}}, {0, 1, 0}, {R"(["x", "y"])"}},
      {{{StringType(), R"(["a", "a", "ab", null, "a"])"}, {StringType(), R"(["bc", "b", "c", "abc", "bc"])"}},
       {0, 1, 2, 3, 0},
       {R"(["a", "a", "ab", null])", R"(["bc", "b", "c", "abc"])"}},
      {{{arrow::int32(), "[1, 1, null, 1]"}, {arrow::float64(), "[0.0, -0.0, NaN, 2.0]"}},
       {0, 0, 1, 2},
       {"[1, null, 1]", "[0.0, NaN, 2.0]"}},
      {{{arrow::list(arrow::int32()), "[[1, 2], [1], [1, 2], null, [], [null]]"}},
       {0, 1, 0, 2, 3, 4},
       {"[[1, 2], [1], null, [], [null]]"}},
      {{{kPair, R"([{"a": -0.0, "b": "x"}, {"a": 0.0, "b": "x"}, {"a": null, "b": "x"}, null])"}},
       {0, 0, 1, 2},
       {R"([{"a": 0.0, "b": "x"}, {"a": null, "b": "x"}, null])"}},
      {{{arrow::null(), "[null, null]"}}, {0, 0}, {"[null]"}},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.columns[0].first->ToString());
    std::vector<std::shared_ptr<arrow::DataType>> types;
    arrow::ArrayVector columns;
    for (const auto& [type, json] : c.columns) {
      types.push_back(type);
      columns.push_back(Values(type, json));
    }
    GroupTable table = Make(types).ValueOrDie();
    std::vector<uint32_t> ids;
    ASSERT_TRUE(table.Map(columns, columns[0]->length(), &ids).ok());
    EXPECT_EQ(ids, c.ids);
    const auto keys = table.Keys(0, table.groups(), nullptr).ValueOrDie();
    ASSERT_EQ(keys.size(), c.keys.size());
    for (size_t i = 0; i < keys.size(); ++i) {
      ASSERT_TRUE(keys[i]->ValidateFull().ok()) << keys[i]->ValidateFull();
      EXPECT_TRUE(keys[i]->Equals(Values(types[i], c.keys[i]), arrow::EqualOptions().nans_equal(true)))
          << keys[i]->ToString();
    }
    // Seen again, through slices, they are the same groups.
    for (auto& column : columns) column = column->Slice(1);
    ASSERT_TRUE(table.Map(columns, columns[0]->length(), &ids).ok());
    EXPECT_EQ(ids, std::vector<uint32_t>(c.ids.begin() + 1, c.ids.end()));
  }
}

TEST(GroupTable, WithoutColumnsThereIsOneGroup) {
  GroupTable table = GroupTable::Make({}).ValueOrDie();
  std::vector<uint32_t> ids = {5};
  EXPECT_EQ(table.groups(), 1);
  ASSERT_TRUE(table.Map({}, 3, &ids).ok());
  EXPECT_EQ(ids, (std::vector<uint32_t>{0, 0, 0}));
  EXPECT_TRUE(table.Keys(0, 1, nullptr).ValueOrDie().empty());
}

TEST(GroupTable, RefusesMaps) {
  EXPECT_TRUE(
      HasErrorClass(GroupTable::Make({arrow::map(StringType(), StringType())}).status(), "UNSUPPORTED_FEATURE.SLUICE"));
  EXPECT_FALSE(GroupTable::Make({arrow::list(arrow::map(StringType(), StringType()))}).ok());
}

TEST_P(GroupTableTest, AgreesWithAMapOverManyKeys) {
  const bool collide = GetParam() != KeyTable::kWholeHash;  // each look-up goes through all keys then
  const uint32_t distinct = collide ? 700 : 20000;
  std::mt19937 random(11);
  GroupTable table = Make({StringType()}).ValueOrDie();
  std::map<std::string, uint32_t> reference;
  for (int slice = 0; slice < (collide ? 3 : 50); ++slice) {
    arrow::StringViewBuilder builder;
    std::vector<uint32_t> expected;
    for (int i = 0; i < 1000; ++i) {
      const std::string key = std::string(random() % (collide ? 2 : 30), 'k') + std::to_string(random() % distinct);
      expected.push_back(reference.emplace(key, static_cast<uint32_t>(reference.size())).first->second);
      ASSERT_TRUE(builder.Append(key).ok());
    }
    std::vector<uint32_t> ids;
    ASSERT_TRUE(table.Map({builder.Finish().ValueOrDie()}, 1000, &ids).ok());
    ASSERT_EQ(ids, expected);
  }
  EXPECT_EQ(table.groups(), static_cast<int64_t>(reference.size()));
  EXPECT_GT(table.groups(), collide ? 1000 : 30000);
  const auto keys = table.Keys(100, table.groups() - 100, nullptr).ValueOrDie();
  const auto& texts = static_cast<const arrow::StringViewArray&>(*keys[0]);
  for (int64_t i = 0; i < texts.length(); ++i) {
    ASSERT_EQ(reference.at(std::string(texts.GetView(i))), static_cast<uint32_t>(i + 100));
  }
}

TEST_P(GroupTableTest, AColumnOfOneValueIsLookedUpOnce) {
  for (const auto& [type, json] : std::vector<std::pair<std::shared_ptr<arrow::DataType>, const char*>>{
           {arrow::int64(), "[7, 5, 5, 5, 5, null]"},
           {arrow::int16(), "[7, 5, 5, 5, 5, null]"},
           {arrow::boolean(), "[false, true, true, true, true, null]"},
           {StringType(), R"(["b", "a", "a", "a", "a", null])"},
           {StringType(),
            R"(["thirteen bytes", "fourteen bytes", "fourteen bytes", "fourteen bytes", "fourteen bytes", null])"}}) {
    GroupTable table = Make({type}).ValueOrDie();
    const auto column = Values(type, json);
    std::vector<uint32_t> ids;
    ASSERT_TRUE(table.Map({column->Slice(1, 4)}, 4, &ids).ok());
    EXPECT_EQ(ids, (std::vector<uint32_t>{0, 0, 0, 0})) << *type;
    ASSERT_TRUE(table.Map({column}, 6, &ids).ok());
    EXPECT_EQ(ids, (std::vector<uint32_t>{1, 0, 0, 0, 0, 2})) << *type;
    ASSERT_TRUE(table.Map({column->Slice(5, 1)}, 1, &ids).ok());
    EXPECT_EQ(ids, (std::vector<uint32_t>{2})) << *type;
  }
}

// As a join looks keys up: what is there, and nothing else, whatever the hashes are.
TEST_P(GroupTableTest, FindsWhatIsThereAndNothingElse) {
  const auto check = [](const std::shared_ptr<arrow::DataType>& type, const char* there, const char* asked) {
    GroupTable table = Make({type}).ValueOrDie();
    std::vector<uint32_t> ids;
    ASSERT_TRUE(table.Map({Values(type, there)}, 4, &ids).ok());
    ASSERT_TRUE(table.Find({Values(type, asked)}, 5, &ids).ok());
    EXPECT_EQ(ids, (std::vector<uint32_t>{3, KeyTable::kOutside, 2, KeyTable::kOutside, 0})) << *type;
    EXPECT_EQ(table.groups(), 4);
  };
  check(StringType(), R"(["a", "thirteen bytes", null, "b"])", R"(["b", "thirteen bytez", null, "c", "a"])");
  check(arrow::int64(), "[1, 2, null, 4294967297]", "[4294967297, 0, null, 4294967298, 1]");
}

// A NULL has the same bits as a zero and as an empty text.
TEST_P(GroupTableTest, AColumnOfNullsAndZerosIsNotOneValue) {
  for (const auto& [type, json] : std::vector<std::pair<std::shared_ptr<arrow::DataType>, const char*>>{
           {arrow::int64(), "[null, 0, 0, null]"},
           {arrow::float64(), "[null, 0.0, 0.0, null]"},
           {StringType(), R"([null, "", "", null])"}}) {
    GroupTable table = Make({type}).ValueOrDie();
    std::vector<uint32_t> ids;
    ASSERT_TRUE(table.Map({Values(type, json)}, 4, &ids).ok());
    EXPECT_EQ(ids, (std::vector<uint32_t>{0, 1, 1, 0})) << *type;
  }
}

// Keys that come in runs are looked up once; here a run breaks off at every place of what is hashed together.
TEST_P(GroupTableTest, AgreesWithAMapOverRuns) {
  constexpr int kRows = 200;
  GroupTable table = Make({arrow::int64()}).ValueOrDie();
  std::map<int64_t, uint32_t> reference;
  for (int slice = 0; slice < kRows; ++slice) {
    arrow::Int64Builder builder;
    std::vector<uint32_t> expected;
    for (int64_t i = 0; i < kRows; ++i) {
      const int64_t key = i == slice ? -slice : 7 + i / 190;
      expected.push_back(reference.emplace(key, static_cast<uint32_t>(reference.size())).first->second);
      ASSERT_TRUE(builder.Append(key).ok());
    }
    std::vector<uint32_t> ids;
    ASSERT_TRUE(table.Map({builder.Finish().ValueOrDie()}, kRows, &ids).ok());
    ASSERT_EQ(ids, expected) << slice;
  }
}

TEST_P(GroupTableTest, MergesAnotherTable) {
  const auto texts = [](const char* json) { return arrow::ArrayVector{Values(StringType(), json)}; };
  auto mine = Make({StringType()}).ValueOrDie();
  auto other = Make({StringType()}).ValueOrDie();
  std::vector<uint32_t> ids;
  ASSERT_TRUE(mine.Map(texts(R"(["a", "thirteen bytes", null])"), 3, &ids).ok());
  ASSERT_TRUE(other.Map(texts(R"(["b", null, "thirteen bytes", "another long text", "a"])"), 5, &ids).ok());
  ASSERT_TRUE(mine.Merge(other, &ids).ok());
  EXPECT_EQ(ids, (std::vector<uint32_t>{3, 2, 1, 4, 0}));
  other = Make({StringType()}).ValueOrDie();  // what was merged stands without its origin
  const auto keys = mine.Keys(0, mine.groups(), nullptr).ValueOrDie();
  EXPECT_TRUE(keys[0]->Equals(Values(StringType(), R"(["a", "thirteen bytes", null, "b", "another long text"])")))
      << keys[0]->ToString();
}

}  // namespace
}  // namespace sluice
