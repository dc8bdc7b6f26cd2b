// SPDX-License-Identifier: Apache-2.0
#include "exec/select_rows.h"

#include <gtest/gtest.h>

#include <random>

#include "exec/scripted_rows.h"

namespace sluice {
namespace {

using scripted::Values;

struct Case {
  std::shared_ptr<arrow::DataType> type;
  const char* values;    // five
  const char* selected;  // rows 4, 1, 1, 2
};

TEST(SelectValues, TakesRowsOfEveryEngineType) {
  const Case cases[] = {
      {arrow::null(), "[null, null, null, null, null]", "[null, null, null, null]"},
      {arrow::boolean(), "[true, false, null, true, true]", "[true, false, false, null]"},
      {arrow::int8(), "[0, 1, 2, 3, 4]", "[4, 1, 1, 2]"},
      {arrow::int16(), "[0, 1, null, 3, 4]", "[4, 1, 1, null]"},
      {arrow::int32(), "[0, null, 2, 3, 4]", "[4, null, null, 2]"},
      {arrow::int64(), "[0, 1, 2, 3, null]", "[null, 1, 1, 2]"},
      {arrow::float32(), "[0.5, 1.5, 2.5, 3.5, 4.5]", "[4.5, 1.5, 1.5, 2.5]"},
      {arrow::float64(), "[0.5, 1.5, 2.5, 3.5, 4.5]", "[4.5, 1.5, 1.5, 2.5]"},
      {arrow::date32(), "[0, 1, 2, 3, 4]", "[4, 1, 1, 2]"},
      {TimestampType(), "[0, 1, null, 3, 4]", "[4, 1, 1, null]"},
      {arrow::decimal128(10, 2), R"(["0.00", "1.25", null, "3.00", "-4.50"])", R"(["-4.50", "1.25", "1.25", null])"},
      {StringType(), R"(["", "short", null, "x", "more than twelve bytes"])",
       R"(["more than twelve bytes", "short", "short", null])"},
      {BinaryType(), R"(["", "more than twelve bytes", null, "x", "y"])",
       R"(["y", "more than twelve bytes", "more than twelve bytes", null])"},
      {arrow::list(StringType()), R"([[], ["a", null], null, ["b"], ["c", "more than twelve bytes"]])",
       R"([["c", "more than twelve bytes"], ["a", null], ["a", null], null])"},
      {arrow::map(StringType(), arrow::int32()), R"([[], [["a", 1]], null, [["b", 2]], [["c", null], ["d", 4]]])",
       R"([[["c", null], ["d", 4]], [["a", 1]], [["a", 1]], null])"},
      {arrow::struct_({arrow::field("a", arrow::int32()), arrow::field("b", StringType())}),
       R"([{"a": 0, "b": "x"}, {"a": 1, "b": null}, null, {"a": 3, "b": "y"}, {"a": null, "b": "z"}])",
       R"([{"a": null, "b": "z"}, {"a": 1, "b": null}, {"a": 1, "b": null}, null])"},
      {arrow::utf8(), R"(["", "a", null, "b", "c"])", R"(["c", "a", "a", null])"},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.type->ToString());
    const auto whole = Values(c.type, c.values);
    auto selected = SelectValues(whole, {4, 1, 1, 2}, nullptr);
    ASSERT_TRUE(selected.ok()) << selected.status();
    ASSERT_TRUE((*selected)->ValidateFull().ok()) << (*selected)->ValidateFull();
    EXPECT_TRUE((*selected)->Equals(Values(c.type, c.selected))) << (*selected)->ToString();
    // The same rows seen through a slice.
    auto sliced = SelectValues(whole->Slice(1), {3, 0, 0, 1}, nullptr);
    ASSERT_TRUE(sliced.ok()) << sliced.status();
    EXPECT_TRUE((*sliced)->Equals(Values(c.type, c.selected))) << (*sliced)->ToString();
    auto none = SelectValues(whole, {}, nullptr);
    ASSERT_TRUE(none.ok());
    EXPECT_EQ((*none)->length(), 0);
    EXPECT_TRUE((*none)->ValidateFull().ok());
  }
}

TEST(SelectValues, DropsPayloadsThatNoRowPointsTo) {
  arrow::ArrayVector parts;
  for (int i = 0; i < 20; ++i) {
    parts.push_back(Values(StringType(), R"(["a long string of part )" + std::to_string(i) + "\"]"));
  }
  const auto whole = arrow::Concatenate(parts).ValueOrDie();
  ASSERT_EQ(whole->data()->buffers.size(), 22U);
  const auto selected = SelectValues(whole, {17, 3, 17}, nullptr).ValueOrDie();
  EXPECT_EQ(selected->data()->buffers.size(), 4U);
  ASSERT_TRUE(selected->ValidateFull().ok());
  EXPECT_TRUE(selected->Equals(
      Values(StringType(), R"(["a long string of part 17", "a long string of part 3", "a long string of part 17"])")));
}

TEST(SelectRows, ARangeOfRowsIsASliceWithoutACopy) {
  const auto schema = arrow::schema({arrow::field("n", arrow::int64())});
  const auto batch = scripted::Rows(schema, R"([{"n": 0}, {"n": 1}, {"n": 2}, {"n": 3}])");
  EXPECT_EQ(SelectRows(batch, {0, 1, 2, 3}, nullptr).ValueOrDie(), batch);
  const auto middle = SelectRows(batch, {1, 2}, nullptr).ValueOrDie();
  EXPECT_EQ(middle->column(0)->data()->buffers[1], batch->column(0)->data()->buffers[1]);
  EXPECT_TRUE(middle->Equals(*scripted::Rows(schema, R"([{"n": 1}, {"n": 2}])")));
}

TEST(RowsThatAreTrue, AgreesWithALoopAtEveryOffset) {
  std::mt19937 random(7);
  for (const int share : {0, 5, 50, 95, 100}) {
    arrow::BooleanBuilder builder;
    for (int i = 0; i < 1000; ++i) {
      const bool null = random() % 10 == 0;
      ASSERT_TRUE((null ? builder.AppendNull() : builder.Append(static_cast<int>(random() % 100) < share)).ok());
    }
    const auto whole = builder.Finish().ValueOrDie();
    for (const int64_t offset : {0, 1, 63, 64, 200}) {
      const auto slice = std::static_pointer_cast<arrow::BooleanArray>(whole->Slice(offset, 700));
      std::vector<int32_t> expected;
      for (int64_t i = 0; i < slice->length(); ++i) {
        if (slice->IsValid(i) && slice->Value(i)) expected.push_back(static_cast<int32_t>(i));
      }
      EXPECT_EQ(RowsThatAreTrue(*slice).ValueOrDie(), expected) << share << " " << offset;
    }
  }
  EXPECT_FALSE(RowsThatAreTrue(*Values(arrow::int32(), "[1]")).ok());
  EXPECT_TRUE(RowsThatAreTrue(*Values(arrow::null(), "[null]")).ValueOrDie().empty());
}

}  // namespace
}  // namespace sluice
