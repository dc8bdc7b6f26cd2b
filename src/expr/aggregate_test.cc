// SPDX-License-Identifier: Apache-2.0
#include "expr/aggregate.h"

#include <arrow/api.h>
#include <gtest/gtest.h>

#include <limits>

#include "types/spark_type.h"
#include "types/value_formatter.h"

namespace sluice {
namespace {

using ArrayPtr = std::shared_ptr<arrow::Array>;

template <typename Builder, typename T>
ArrayPtr Column(const std::shared_ptr<arrow::DataType>& type, const std::vector<std::optional<T>>& values) {
  Builder builder(type, arrow::default_memory_pool());
  for (const auto& value : values) EXPECT_TRUE((value ? builder.Append(*value) : builder.AppendNull()).ok());
  return *builder.Finish();
}

ArrayPtr Longs(const std::vector<std::optional<int64_t>>& values) {
  return Column<arrow::Int64Builder>(arrow::int64(), values);
}
ArrayPtr Doubles(const std::vector<std::optional<double>>& values) {
  return Column<arrow::DoubleBuilder>(arrow::float64(), values);
}
ArrayPtr Texts(const std::vector<std::optional<std::string>>& values) {
  return Column<arrow::StringViewBuilder>(StringType(), values);
}

std::vector<ExprPtr> ArgsOf(const std::shared_ptr<arrow::DataType>& type) {
  return {std::make_shared<ColumnExpr>(0, "v", type, true)};
}

// Groups 0 and 1 by turns, in two accumulators that are merged; "a|b" of the two values.
Result<std::string> Aggregate(const std::string& name, const ArrayPtr& column, bool ansi = true) {
  SLUICE_ASSIGN(auto call, ResolveAggregate(name, ArgsOf(column->type()), false, ansi));
  const auto batch =
      arrow::RecordBatch::Make(arrow::schema({arrow::field("v", column->type())}), column->length(), {column});
  EvalContext context;
  Evaluation evaluation(*batch, context);
  SLUICE_ASSIGN(auto values, evaluation.Eval(call.args[0]));
  SLUICE_ASSIGN(auto total, MakeAccumulator(call));
  total->Resize(2);
  const int64_t half = column->length() / 2;
  std::vector<uint32_t> groups;
  for (int64_t i = 0; i < column->length(); ++i) groups.push_back(static_cast<uint32_t>(i % 2));
  SLUICE_RETURN_IF_ERROR(total->Update({values->Slice(0, half)}, groups.data(), half));
  SLUICE_ASSIGN(auto other, MakeAccumulator(call));
  other->Resize(2);
  // The other one numbers its groups the other way round.
  std::vector<uint32_t> swapped;
  for (size_t i = static_cast<size_t>(half); i < groups.size(); ++i) swapped.push_back(1 - groups[i]);
  SLUICE_RETURN_IF_ERROR(other->Update({values->Slice(half)}, swapped.data(), column->length() - half));
  const uint32_t mapping[] = {1, 0};
  SLUICE_RETURN_IF_ERROR(total->Merge(*other, mapping));
  SLUICE_ASSIGN(auto result, total->Finish());
  EXPECT_TRUE(result->ValidateFull().ok());
  EXPECT_TRUE(result->type()->Equals(call.type)) << result->type()->ToString();
  SLUICE_ASSIGN(auto first, FormatValue(*result, 0, "UTC"));
  SLUICE_ASSIGN(auto second, FormatValue(*result, 1, "UTC"));
  return first + "|" + second;
}

TEST(Aggregate, CountsWhatIsNotNull) {
  EXPECT_EQ(*Aggregate("count", Longs({1, 2, std::nullopt, 4, 5, std::nullopt})), "2|2");
  EXPECT_EQ(*Aggregate("count", Longs({})), "0|0");
}

TEST(Aggregate, SumsAndAverages) {
  EXPECT_EQ(*Aggregate("sum", Longs({1, 10, std::nullopt, 20, 3, std::nullopt})), "4|30");
  EXPECT_EQ(*Aggregate("avg", Longs({1, 10, 2, 20, 3, 40})), "2.0|23.333333333333332");
  EXPECT_EQ(*Aggregate("sum", Longs({std::nullopt, 1})), "NULL|1");
  EXPECT_EQ(*Aggregate("avg", Longs({std::nullopt, 1})), "NULL|1.0");
  EXPECT_EQ(*Aggregate("sum", Texts({"1.5", "2"})), "1.5|2.0");
}

TEST(Aggregate, SumOverflowIsAnErrorOnlyUnderAnsi) {
  constexpr int64_t kMost = std::numeric_limits<int64_t>::max();
  const auto column = Longs({kMost, 1, 1, 1});
  EXPECT_TRUE(HasErrorClass(Aggregate("sum", column).status(), "ARITHMETIC_OVERFLOW"));
  EXPECT_EQ(*Aggregate("sum", column, false), "-9223372036854775808|2");
  EXPECT_EQ(*Aggregate("try_sum", column), "NULL|2");
}

TEST(Aggregate, DecimalsKeepTheirDigits) {
  const auto type = arrow::decimal128(5, 2);
  const auto column = Column<arrow::Decimal128Builder, arrow::Decimal128>(
      type, {arrow::Decimal128(100), arrow::Decimal128(99999), arrow::Decimal128(200), arrow::Decimal128(1)});
  EXPECT_EQ(*Aggregate("sum", column), "3.00|1000.00");
  EXPECT_EQ(*Aggregate("avg", column), "1.500000|500.000000");
  EXPECT_EQ(SparkSimpleString(*ResolveAggregate("sum", ArgsOf(type), false, true)->type), "decimal(15,2)");
  EXPECT_EQ(SparkSimpleString(*ResolveAggregate("avg", ArgsOf(type), false, true)->type), "decimal(9,6)");
}

TEST(Aggregate, ExtremesPutNanLastAndCompareBytes) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  EXPECT_EQ(*Aggregate("max", Doubles({1.0, -1.0, nan, std::nullopt})), "NaN|-1.0");
  EXPECT_EQ(*Aggregate("min", Doubles({nan, nan, 1.0, std::nullopt})), "1.0|NaN");
  EXPECT_EQ(*Aggregate("min", Texts({"b", "\xFF", "B", "a longer text than twelve bytes"})),
            "B|a longer text than twelve bytes");
  EXPECT_EQ(*Aggregate("max", Texts({std::nullopt, "a"})), "NULL|a");
}

TEST(Aggregate, FirstAndLastKeepTheOrder) {
  EXPECT_EQ(*Aggregate("first", Texts({"a", "b", "c", "d"})), "a|b");
  EXPECT_EQ(*Aggregate("last", Texts({"a", "b", "c", "d"})), "c|d");
  EXPECT_EQ(*Aggregate("first", Longs({std::nullopt, 2, 3, 4})), "NULL|2");
}

TEST(Aggregate, PickedValuesAreThinnedOut) {
  const auto call = *ResolveAggregate("last", ArgsOf(StringType()), false, true);
  auto accumulator = *MakeAccumulator(call);
  accumulator->Resize(3);
  for (int i = 0; i < 5000; ++i) {
    const uint32_t groups[] = {0, 2};
    ASSERT_TRUE(accumulator->Update({Texts({"value number " + std::to_string(i), std::nullopt})}, groups, 2).ok());
  }
  const auto result = *accumulator->Finish();
  EXPECT_EQ(*FormatValue(*result, 0, "UTC"), "value number 4999");
  EXPECT_TRUE(result->IsNull(1));
  EXPECT_TRUE(result->IsNull(2));
}

TEST(Aggregate, VarianceAndDeviation) {
  const auto column = Doubles({1, 5, 2, 5, 3, 5});
  EXPECT_EQ(*Aggregate("var_samp", column), "1.0|0.0");
  EXPECT_EQ(*Aggregate("stddev", column), "1.0|0.0");
  EXPECT_EQ(*Aggregate("stddev", Doubles({1, 2})), "NULL|NULL");
  EXPECT_EQ(*Aggregate("stddev_pop", Doubles({1, 2})), "0.0|0.0");
}

TEST(Aggregate, NamesColumnsAsSpark) {
  const auto args = ArgsOf(arrow::int64());
  EXPECT_EQ(ResolveAggregate("COUNT", {}, false, true)->display, "count(1)");
  EXPECT_EQ(ResolveAggregate("count", args, true, true)->display, "count(DISTINCT v)");
  EXPECT_EQ(ResolveAggregate("sum", args, false, true)->display, "sum(v)");
  EXPECT_TRUE(HasErrorClass(ResolveAggregate("sum", {}, false, true).status(), "WRONG_NUM_ARGS.WITHOUT_SUGGESTION"));
  EXPECT_TRUE(HasErrorClass(ResolveAggregate("sum", ArgsOf(arrow::boolean()), false, true).status(),
                            "DATATYPE_MISMATCH.UNEXPECTED_INPUT_TYPE"));
}

}  // namespace
}  // namespace sluice
