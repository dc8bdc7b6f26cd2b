// SPDX-License-Identifier: Apache-2.0
#include "exec/sort.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>
#include <random>

#include "exec/local.h"
#include "exec/retained_batch.h"
#include "exec/scan.h"
#include "exec/scripted_rows.h"

namespace sluice {
namespace {

using scripted::BatchPtr;
using scripted::Column;
using scripted::Rows;
using scripted::Values;

struct Case {
  const char* name;
  std::shared_ptr<arrow::DataType> type;
  const char* sorted;  // ascending, without nulls, no two equal
};

// A column put into another order and sorted again is the column.
TEST(Sort, OrdersEveryTypeAsSparkDoes) {
  const Case cases[] = {
      {"boolean", arrow::boolean(), "[false, true]"},
      {"tinyint", arrow::int8(), "[-128, -1, 0, 127]"},
      {"smallint", arrow::int16(), "[-32768, -1, 0, 32767]"},
      {"int", arrow::int32(), "[-2147483648, -1, 0, 2147483647]"},
      {"bigint", arrow::int64(), "[-9223372036854775808, -1, 0, 1, 9223372036854775807]"},
      {"float", arrow::float32(), "[-Inf, -1.5, 0.0, 1e-40, 3.5, Inf, NaN]"},
      {"double", arrow::float64(), "[-Inf, -1e300, -1.5, 0.0, 5e-324, 3.5, 1e300, Inf, NaN]"},
      {"date", arrow::date32(), "[-1, 0, 20000]"},
      {"timestamp", TimestampType(), "[-1, 0, 20000]"},
      {"decimal", arrow::decimal128(38, 2),
       R"(["-123456789012345678901234567890.00", "-92233720368547758.09", "-0.01", "0.00", "92233720368547758.08",
           "123456789012345678901234567890.00"])"},
      {"string", StringType(),
       R"(["", "A", "Z", "a", "aa", "ab", "longer than twelve bytes, one", "longer than twelve bytes, two", "z", "é"])"},
      {"binary", BinaryType(), R"(["", "A", "a", "aaaaaaaaa", "aaaaaaaab"])"},
      {"array", arrow::list(arrow::int32()), "[[], [null], [null, 1], [0], [1], [1, 1], [2]]"},
      {"struct", arrow::struct_({arrow::field("a", arrow::int32()), arrow::field("b", StringType())}),
       R"([{"a": null, "b": "z"}, {"a": 1, "b": null}, {"a": 1, "b": "a"}, {"a": 2, "b": "a"}])"},
  };
  std::mt19937 random(1);
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    const auto schema = arrow::schema({arrow::field("v", c.type)});
    const auto sorted = Values(c.type, c.sorted);
    for (const bool ascending : {true, false}) {
      for (const bool nulls_first : {true, false}) {
        std::vector<std::shared_ptr<arrow::Array>> parts;
        for (int64_t i = 0; i < sorted->length(); ++i) parts.push_back(sorted->Slice(i, 1));
        if (!ascending) std::reverse(parts.begin(), parts.end());
        parts.insert(nulls_first ? parts.begin() : parts.end(), arrow::MakeArrayOfNull(c.type, 1).ValueOrDie());
        const auto expected = arrow::Concatenate(parts).ValueOrDie();
        std::shuffle(parts.begin(), parts.end(), random);
        std::vector<BatchPtr> slices;
        for (const auto& part : parts) slices.push_back(arrow::RecordBatch::Make(schema, 1, {part}));
        SortOperator sort(std::make_unique<LocalOperator>(schema, slices),
                          {{Column(schema, "v"), ascending, nulls_first}}, std::nullopt, {}, nullptr);
        const auto result = scripted::Drain(sort).ValueOrDie();
        EXPECT_TRUE(result->column(0)->Equals(expected, arrow::EqualOptions().nans_equal(true)))
            << result->column(0)->ToString();
      }
    }
  }
}

TEST(Sort, ZerosAndNansAreEqualAndKeepTheirOrder) {
  const auto schema = arrow::schema({arrow::field("v", arrow::float64()), arrow::field("n", arrow::int64())});
  const auto rows = Rows(schema, R"([{"v": NaN, "n": 0}, {"v": 0.0, "n": 1}, {"v": -0.0, "n": 2}, {"v": NaN, "n": 3},
                                    {"v": 0.0, "n": 4}])");
  SortOperator sort(std::make_unique<LocalOperator>(schema, std::vector{rows}), {{Column(schema, "v"), true, true}},
                    std::nullopt, {}, nullptr);
  const auto result = scripted::Drain(sort).ValueOrDie();
  EXPECT_TRUE(result->column(1)->Equals(Values(arrow::int64(), "[1, 2, 4, 0, 3]"))) << result->column(1)->ToString();
}

std::vector<BatchPtr> RandomRows(const std::shared_ptr<arrow::Schema>& schema, int slices, int rows, uint32_t seed) {
  std::mt19937 random(seed);
  std::vector<BatchPtr> result;
  int64_t number = 0;
  for (int s = 0; s < slices; ++s) {
    arrow::Int64Builder keys;
    arrow::StringViewBuilder texts;
    arrow::Int64Builder numbers;
    for (int i = 0; i < rows; ++i) {
      EXPECT_TRUE((random() % 7 == 0 ? keys.AppendNull() : keys.Append(static_cast<int64_t>(random() % 50))).ok());
      const std::string text = (random() % 2 ? "a rather long text " : "t") + std::to_string(random() % 30);
      EXPECT_TRUE((random() % 9 == 0 ? texts.AppendNull() : texts.Append(text)).ok());
      EXPECT_TRUE(numbers.Append(number++).ok());
    }
    result.push_back(arrow::RecordBatch::Make(
        schema, rows, {keys.Finish().ValueOrDie(), texts.Finish().ValueOrDie(), numbers.Finish().ValueOrDie()}));
  }
  return result;
}

const auto kRandomSchema = arrow::schema(
    {arrow::field("k", arrow::int64()), arrow::field("t", StringType()), arrow::field("n", arrow::int64())});

int CompareTexts(const arrow::RecordBatch& rows, int64_t x, int64_t y) {  // DESC NULLS LAST
  const auto& texts = static_cast<const arrow::StringViewArray&>(*rows.column(1));
  if (texts.IsNull(x) != texts.IsNull(y)) return texts.IsNull(x) ? 1 : -1;
  if (texts.IsNull(x) || texts.GetView(x) == texts.GetView(y)) return 0;
  return texts.GetView(x) > texts.GetView(y) ? -1 : 1;
}

int CompareKeys(const arrow::RecordBatch& rows, int64_t x, int64_t y) {  // ASC NULLS FIRST
  const auto& keys = static_cast<const arrow::Int64Array&>(*rows.column(0));
  if (keys.IsNull(x) != keys.IsNull(y)) return keys.IsNull(x) ? -1 : 1;
  if (keys.IsNull(x) || keys.Value(x) == keys.Value(y)) return 0;
  return keys.Value(x) < keys.Value(y) ? -1 : 1;
}

TEST(Sort, AgreesWithASimpleSortWithAndWithoutALimit) {
  const auto slices = RandomRows(kRandomSchema, 20, 2000, 3);
  const auto whole = arrow::ConcatenateRecordBatches(slices).ValueOrDie();
  const auto text = std::make_shared<scripted::FunctionExpr>(
      StringType(), std::vector<ExprPtr>{Column(kRandomSchema, "t")}, [](const auto& args) { return args[0]; });
  const SortKey by_text = {text, false, false};
  const SortKey by_key = {Column(kRandomSchema, "k"), true, true};
  for (const bool text_first : {true, false}) {
    std::vector<int64_t> order(static_cast<size_t>(whole->num_rows()));
    std::iota(order.begin(), order.end(), 0);
    std::stable_sort(order.begin(), order.end(), [&](int64_t x, int64_t y) {
      const int texts = CompareTexts(*whole, x, y);
      const int keys = CompareKeys(*whole, x, y);
      return text_first ? texts < 0 || (texts == 0 && keys < 0) : keys < 0 || (keys == 0 && texts < 0);
    });
    const std::vector<SortKey> keys = text_first ? std::vector{by_text, by_key} : std::vector{by_key, by_text};
    for (const std::optional<int64_t> limit : std::vector<std::optional<int64_t>>{{}, 0, 1, 500, 9000, 500000}) {
      SortOperator sort(std::make_unique<LocalOperator>(kRandomSchema, slices), keys, limit, {}, nullptr);
      const auto result = scripted::Drain(sort).ValueOrDie();
      ASSERT_EQ(result->num_columns(), 3);
      ASSERT_EQ(result->num_rows(), std::min(limit.value_or(40000), int64_t{40000}));
      const auto& numbers = static_cast<const arrow::Int64Array&>(*result->column(2));
      for (int64_t i = 0; i < result->num_rows(); ++i) ASSERT_EQ(numbers.Value(i), order[static_cast<size_t>(i)]) << i;
      ASSERT_TRUE(result->ValidateFull().ok());
    }
  }
}

TEST(Sort, FailsByNameBeyondTheBudgetAndGivesBackWhatItTook) {
  const auto slices = RandomRows(kRandomSchema, 20, 2000, 4);
  const std::vector<SortKey> keys = {{Column(kRandomSchema, "k"), true, true}};
  MemoryBudget budget(1 << 20);
  {
    SortOperator sort(std::make_unique<LocalOperator>(kRandomSchema, slices), keys, std::nullopt, {}, &budget);
    const auto result = scripted::Drain(sort);
    EXPECT_TRUE(HasErrorClass(result.status(), "SLUICE_MEMORY_BUDGET")) << result.status();
    EXPECT_NE(result.status().message().find("spark.sluice.memory"), std::string::npos);
    EXPECT_GT(budget.used(), 0);
  }
  EXPECT_EQ(budget.used(), 0);
  MemoryBudget larger(8 << 20);
  SortOperator sort(std::make_unique<LocalOperator>(kRandomSchema, slices), keys, std::nullopt, {}, &larger);
  EXPECT_EQ(scripted::Drain(sort).ValueOrDie()->num_rows(), 40000);
  EXPECT_GT(larger.peak(), 1 << 20);
  EXPECT_EQ(larger.used(), 0);
}

TEST(Sort, AFailingKeyNamesItsRow) {
  const auto schema = arrow::schema({arrow::field("n", arrow::int64())});
  const auto scan = scripted::ScanNode(schema, false);
  auto reader = std::make_unique<scripted::ScriptedReader>(std::vector{Rows(schema, R"([{"n": 1}, {"n": 2}])")});
  SortOperator sort(std::make_unique<ScanOperator>(schema, std::move(reader)),
                    {{scripted::FailAt(Column(schema, "n"), 2), true, true}}, std::nullopt, {}, nullptr);
  const auto result = sort.Next();
  ASSERT_NE(FindSparkError(result.status()), nullptr);
  EXPECT_EQ(FindSparkError(result.status())->context, "p0 row 1");
}

TEST(OwnRows, KeepsNeitherPayloadsNorLargeColumns) {
  const auto type = arrow::list(StringType());
  const auto texts = Values(StringType(), R"(["a text that is not inline", null, "x", "another that is not inline"])");
  const auto lists = Values(type, R"([["a text that is not inline"], null, [], ["x", "another that is not inline"]])");
  arrow::Int64Builder builder;
  for (int i = 0; i < 10000; ++i) ASSERT_TRUE(builder.Append(i).ok());
  const auto numbers = builder.Finish().ValueOrDie();
  const auto schema =
      arrow::schema({arrow::field("t", StringType()), arrow::field("l", type), arrow::field("n", arrow::int64())});
  for (const int64_t offset : {0, 1}) {
    const auto batch = arrow::RecordBatch::Make(
        schema, 3, {texts->Slice(offset, 3), lists->Slice(offset, 3), numbers->Slice(5000 + offset, 3)});
    const auto owned = OwnRows(batch, nullptr).ValueOrDie();
    ASSERT_TRUE(owned->ValidateFull().ok()) << owned->ValidateFull();
    EXPECT_TRUE(owned->Equals(*batch));
    EXPECT_NE(owned->column(0)->data()->buffers[2], texts->data()->buffers[2]);
    EXPECT_LT(RetainedBytes(*owned), 2000);
    EXPECT_GT(RetainedBytes(*batch), 80000);
  }
}

}  // namespace
}  // namespace sluice
