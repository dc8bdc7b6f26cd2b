// SPDX-License-Identifier: Apache-2.0
#include "exec/stateful/join_state.h"

#include <arrow/api.h>
#include <gtest/gtest.h>

#include "base/spark_error.h"
#include "exec/scripted_rows.h"
#include "types/spark_type.h"

namespace sluice {
namespace {

using Types = std::vector<std::shared_ptr<arrow::DataType>>;

std::string RowOf(const Types& types, const arrow::ArrayVector& columns) {
  std::string bytes;
  std::vector<uint64_t> at;
  EXPECT_TRUE(UnsafeRowCodec::Make(types).ValueOrDie().Encode(columns, 1, &bytes, &at).ok());
  return bytes;
}

// What is made of a key's bytes is what the codec writes for the key's columns and the number.
void ExpectNumbered(Types types, arrow::ArrayVector columns) {
  const NumberedKeys keys(types);
  std::string numbered = "what was there before";
  keys.Begin(RowOf(types, columns), &numbered);
  types.push_back(arrow::int64());
  for (const int64_t number : {int64_t{0}, int64_t{1}, int64_t{1} << 40}) {
    keys.SetNumber(number, &numbered);
    arrow::ArrayVector all = columns;
    all.push_back(scripted::Values(arrow::int64(), "[" + std::to_string(number) + "]"));
    EXPECT_EQ(numbered, RowOf(types, all)) << number;
  }
}

TEST(NumberedKeys, AreTheBytesOfTheKeyAndTheNumber) {
  const auto window = arrow::struct_({arrow::field("start", TimestampType()), arrow::field("end", TimestampType())});
  ExpectNumbered({StringType()}, {scripted::Values(StringType(), R"(["a key of more than twelve bytes"])")});
  ExpectNumbered({StringType(), arrow::int32()},
                 {scripted::Values(StringType(), "[null]"), scripted::Values(arrow::int32(), "[7]")});
  ExpectNumbered({arrow::int64(), StringType(), arrow::boolean()},
                 {scripted::Values(arrow::int64(), "[null]"), scripted::Values(StringType(), R"([""])"),
                  scripted::Values(arrow::boolean(), "[true]")});
  ExpectNumbered({arrow::decimal128(38, 2), StringType()}, {scripted::Values(arrow::decimal128(38, 2), R"(["12.34"])"),
                                                            scripted::Values(StringType(), R"(["x"])")});
  ExpectNumbered({arrow::decimal128(38, 2)}, {scripted::Values(arrow::decimal128(38, 2), "[null]")});
  ExpectNumbered({window},
                 {scripted::Values(window, R"([{"start": "2026-01-01 00:00:00", "end": "2026-01-01 00:00:10"}])")});
}

// With 64 keys the number needs another word of null bits.
TEST(NumberedKeys, OfManyColumns) {
  for (const size_t count : {size_t{63}, size_t{64}, size_t{65}}) {
    Types types(count, arrow::int32());
    arrow::ArrayVector columns(count, scripted::Values(arrow::int32(), "[5]"));
    types[1] = StringType();
    columns[1] = scripted::Values(StringType(), R"(["text"])");
    columns[count - 1] = scripted::Values(arrow::int32(), "[null]");
    ExpectNumbered(types, columns);
  }
}

class JoinStateTest : public ::testing::Test {
 protected:
  std::string Row(int32_t value) {
    const auto rows = scripted::Values(arrow::int32(), "[" + std::to_string(value) + "]");
    return RowOf({arrow::int32(), arrow::boolean()}, {rows, scripted::Values(arrow::boolean(), "[false]")});
  }
  std::vector<std::string> Rows() {
    std::vector<std::string> rows;
    for (int64_t i = 0; i < state_.Count(key_); ++i) rows.emplace_back(state_.Row(key_, i).ValueOrDie());
    return rows;
  }

  const NumberedKeys keys_{{arrow::int32()}};
  StateMap counts_;
  StateMap rows_;
  JoinState state_{&keys_, 1, &counts_, &rows_};
  const std::string key_ = RowOf({arrow::int32()}, {scripted::Values(arrow::int32(), "[1]")});
};

TEST_F(JoinStateTest, TheLastRowTakesThePlaceOfOneThatLeaves) {
  for (int32_t value = 0; value < 5; ++value) state_.Append(key_, Row(value));
  EXPECT_EQ(
      state_.Remove(key_, [&](int64_t, std::string_view row) { return row == Row(1) || row == Row(4); }).ValueOrDie(),
      2);
  EXPECT_EQ(Rows(), (std::vector<std::string>{Row(0), Row(3), Row(2)}));
  EXPECT_EQ(rows_.size(), 3);
  EXPECT_EQ(state_.Remove(key_, [](int64_t, std::string_view) { return true; }).ValueOrDie(), 3);
  EXPECT_EQ(counts_.size() + rows_.size(), 0);
  EXPECT_EQ(state_.Count(key_), 0);
}

TEST_F(JoinStateTest, APartnerIsNotedInTheRow) {
  state_.Append(key_, Row(1));
  state_.Append(key_, Row(2));
  const std::string row(state_.Row(key_, 1).ValueOrDie());
  EXPECT_FALSE(state_.Matched(row));
  state_.MarkMatched(key_, 1, row);
  EXPECT_FALSE(state_.Matched(state_.Row(key_, 0).ValueOrDie()));
  EXPECT_TRUE(state_.Matched(state_.Row(key_, 1).ValueOrDie()));
}

TEST_F(JoinStateTest, StoresThatDoNotFitTogetherAreDamage) {
  state_.Append(key_, Row(1));
  EXPECT_TRUE(HasErrorClass(state_.Row(key_, 1).status(), "SLUICE_STATE_ROW"));
}

}  // namespace
}  // namespace sluice
