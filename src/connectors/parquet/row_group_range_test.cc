// SPDX-License-Identifier: Apache-2.0
// Statistics of files that others wrote: what they may hold, and what may be concluded.
#include "connectors/parquet/row_group_range.h"

#include <arrow/api.h>
#include <gtest/gtest.h>
#include <parquet/metadata.h>
#include <parquet/properties.h>
#include <parquet/schema.h>
#include <parquet/statistics.h>

#include <cmath>
#include <optional>
#include <tuple>
#include <vector>

namespace sluice {
namespace {

using parquet::schema::GroupNode;
using parquet::schema::PrimitiveNode;

template <typename Value>
std::string Plain(Value value) {
  return {reinterpret_cast<const char*>(&value), sizeof(value)};
}

// The range of a column of ten rows whose file says so of it.
ColumnRange RangeOf(const parquet::schema::NodePtr& node, const arrow::DataType& type, const std::string& min,
                    const std::string& max, int64_t nulls = 0) {
  const auto root = std::static_pointer_cast<GroupNode>(GroupNode::Make("root", parquet::Repetition::REQUIRED, {node}));
  parquet::SchemaDescriptor schema;
  schema.Init(root);
  const auto properties = parquet::default_writer_properties();
  const auto builder = parquet::FileMetaDataBuilder::Make(&schema, properties);
  auto* const group = builder->AppendRowGroup();
  auto* const chunk = group->NextColumnChunk();
  parquet::EncodedStatistics statistics;
  statistics.set_min(min);
  statistics.set_max(max);
  statistics.set_null_count(nulls);
  chunk->SetStatistics(statistics);
  chunk->Finish(10, -1, -1, 4, 100, 100, false, false, {}, {});
  group->set_num_rows(10);
  group->Finish(100, 0);
  const auto metadata = builder->Finish();
  return RangeInRowGroup(*metadata->RowGroup(0), 0, type);
}

parquet::schema::NodePtr Node(parquet::Type::type type) {
  return PrimitiveNode::Make("c", parquet::Repetition::OPTIONAL, type);
}

TEST(RowGroupRange, BoundsOfNumbers) {
  const ColumnRange range = RangeOf(Node(parquet::Type::DOUBLE), *arrow::float64(), Plain(-1.5), Plain(7.0), 3);
  EXPECT_EQ(range.least, PlainValue(-1.5));
  EXPECT_EQ(range.greatest, PlainValue(7.0));
  EXPECT_EQ(range.nulls, 3);
  EXPECT_EQ(range.rows, 10);
  EXPECT_TRUE(range.may_be_nan) << "NaN is in no bound of a writer that leaves it out";
}

// A writer that does not set NaN aside: its bounds bound nothing, whichever of them is NaN.
TEST(RowGroupRange, NanAmongTheBoundsOfOthersSaysNothing) {
  const double nan = std::nan("");
  for (const auto& [min, max] : std::vector<std::pair<double, double>>{{nan, 7.0}, {-1.5, nan}, {nan, nan}}) {
    const ColumnRange range = RangeOf(Node(parquet::Type::DOUBLE), *arrow::float64(), Plain(min), Plain(max));
    EXPECT_FALSE(range.least.has_value()) << min << " " << max;
    EXPECT_FALSE(range.greatest.has_value()) << min << " " << max;
    const ColumnRange narrow = RangeOf(Node(parquet::Type::FLOAT), *arrow::float32(), Plain(static_cast<float>(min)),
                                       Plain(static_cast<float>(max)));
    EXPECT_FALSE(narrow.least.has_value()) << min << " " << max;
    EXPECT_FALSE(narrow.greatest.has_value()) << min << " " << max;
  }
}

// Writers may leave out how many values are NULL: then any may be.
TEST(RowGroupRange, AnUnknownNumberOfNullsMayBeAny) {
  const ScanCondition is_null{ScanCondition::Kind::kIsNull, 0, {}, {}};
  const ScanCondition is_not_null{ScanCondition::Kind::kIsNotNull, 0, {}, {}};
  for (const auto& [nulls, may_be_null, may_be_value] : std::vector<std::tuple<std::optional<int64_t>, bool, bool>>{
           {std::nullopt, true, true}, {0, false, true}, {3, true, true}, {10, true, false}}) {
    ColumnRange range;
    range.rows = 10;
    range.nulls = nulls;
    const auto range_of = [&](int) { return range; };
    EXPECT_EQ(MayHold(is_null, range_of), may_be_null) << nulls.value_or(-1);
    EXPECT_EQ(MayHold(is_not_null, range_of), may_be_value) << nulls.value_or(-1);
  }
}

// A column that is read as another type than it is stored as.
TEST(RowGroupRange, BoundsOfAnotherTypeSayNothing) {
  const auto unsigned_int = PrimitiveNode::Make("c", parquet::Repetition::OPTIONAL,
                                                parquet::LogicalType::Int(32, false), parquet::Type::INT32);
  EXPECT_FALSE(RangeOf(unsigned_int, *arrow::int64(), Plain(int32_t{1}), Plain(int32_t{-1})).least.has_value());
  const auto millis = PrimitiveNode::Make("c", parquet::Repetition::OPTIONAL,
                                          parquet::LogicalType::Timestamp(true, parquet::LogicalType::TimeUnit::MILLIS),
                                          parquet::Type::INT64);
  EXPECT_FALSE(RangeOf(millis, *arrow::timestamp(arrow::TimeUnit::MICRO, "UTC"), Plain(int64_t{1}), Plain(int64_t{2}))
                   .least.has_value());
  const auto decimal = PrimitiveNode::Make("c", parquet::Repetition::OPTIONAL, parquet::LogicalType::Decimal(9, 3),
                                           parquet::Type::INT32);
  EXPECT_FALSE(RangeOf(decimal, *arrow::decimal128(9, 2), Plain(int32_t{1}), Plain(int32_t{2})).least.has_value());
  EXPECT_TRUE(RangeOf(decimal, *arrow::decimal128(9, 3), Plain(int32_t{1}), Plain(int32_t{2})).least.has_value());
}

}  // namespace
}  // namespace sluice
