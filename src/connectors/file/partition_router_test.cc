// SPDX-License-Identifier: Apache-2.0
#include "connectors/file/partition_router.h"

#include <arrow/api.h>
#include <gtest/gtest.h>

#include <map>

#include "connectors/file/partition_path.h"
#include "types/spark_type.h"

namespace sluice {
namespace {

using Rows = std::vector<int32_t>;
using Parts = std::vector<std::pair<std::string, Rows>>;

Parts Routed(PartitionRouter* router, const arrow::RecordBatch& slice) {
  Parts found;
  const auto parts = router->Route(slice);
  EXPECT_TRUE(parts.ok()) << parts.status();
  for (const auto& part : **parts) found.emplace_back(part.folder, part.rows);
  return found;
}

std::shared_ptr<arrow::Array> Texts(const std::vector<std::optional<std::string>>& values) {
  arrow::StringViewBuilder builder;
  for (const auto& value : values) EXPECT_TRUE((value ? builder.Append(*value) : builder.AppendNull()).ok());
  return *(*builder.Finish())->View(StringType());
}

std::shared_ptr<arrow::RecordBatch> Slice(arrow::ArrayVector columns) {
  arrow::FieldVector fields;
  for (const auto& column : columns) fields.push_back(arrow::field("c", column->type()));
  const int64_t rows = columns[0]->length();
  return arrow::RecordBatch::Make(arrow::schema(fields), rows, std::move(columns));
}

TEST(PartitionRouter, PartsComeInTheOrderOfTheirFirstRows) {
  PartitionRouter router({0}, {"p"}, "UTC");
  EXPECT_EQ(Routed(&router, *Slice({Texts({"b", "a", "b", "b", "a"})})), (Parts{{"p=b", {0, 2, 3}}, {"p=a", {1, 4}}}));
  EXPECT_EQ(Routed(&router, *Slice({Texts({"a", "b"})})), (Parts{{"p=a", {0}}, {"p=b", {1}}}));
  EXPECT_EQ(Routed(&router, *Slice({Texts({})})), Parts());
}

TEST(PartitionRouter, NullAndTheEmptyStringShareAFolder) {
  PartitionRouter router({0}, {"p"}, "UTC");
  const std::string folder = std::string("p=") + kNullPartition;
  EXPECT_EQ(Routed(&router, *Slice({Texts({std::nullopt, "", "x", ""})})), (Parts{{folder, {0, 1, 3}}, {"p=x", {2}}}));
}

// "a" and "bc" are not "ab" and "c", and NULL is not 0.
TEST(PartitionRouter, ValuesOfSeveralColumnsDoNotRunTogether) {
  PartitionRouter router({0, 1}, {"p", "q"}, "UTC");
  EXPECT_EQ(Routed(&router, *Slice({Texts({"a", "ab"}), Texts({"bc", "c"})})),
            (Parts{{"p=a/q=bc", {0}}, {"p=ab/q=c", {1}}}));
}

// Every row goes where PartitionFolder says, for columns of each type, also from the middle of a column, and with more
// values than are remembered.
TEST(PartitionRouter, AgreesWithPartitionFolder) {
  arrow::BooleanBuilder flags;
  arrow::Int32Builder numbers;
  arrow::TimestampBuilder times(TimestampType(), arrow::default_memory_pool());
  arrow::Decimal128Builder decimals(arrow::decimal128(20, 3), arrow::default_memory_pool());
  arrow::DoubleBuilder doubles;
  std::vector<std::optional<std::string>> texts;
  for (int i = 0; i < 20'000; ++i) {
    ASSERT_TRUE(flags.Append(i % 3 == 0).ok());
    ASSERT_TRUE((i % 7 == 0 ? numbers.AppendNull() : numbers.Append(i % 6007)).ok());
    ASSERT_TRUE(times.Append(1'700'000'000'000'000 + i % 5).ok());
    ASSERT_TRUE(decimals.Append(arrow::Decimal128(i % 2)).ok());
    ASSERT_TRUE(doubles.Append(i % 2 == 0 ? 0.0 : -0.0).ok());
    texts.emplace_back("/" + std::to_string(i % 11));
  }
  const auto whole = Slice({*flags.Finish(), *numbers.Finish(), *times.Finish(), *decimals.Finish(), *doubles.Finish(),
                            Texts(texts), std::make_shared<arrow::NullArray>(20'000)});
  const std::vector<std::vector<int>> choices{{0}, {1}, {2, 3}, {4}, {5, 1, 0}, {6}};
  for (const std::vector<int>& columns : choices) {
    const std::vector<std::string> names(columns.size(), "c");
    PartitionRouter router(columns, names, "America/Los_Angeles");
    for (const auto& slice : {whole->Slice(1, 9'999), whole->Slice(10'000, 10'000)}) {
      arrow::ArrayVector values;
      for (const int column : columns) values.push_back(slice->column(column));
      std::map<std::string, Rows> expected;
      for (int64_t row = 0; row < slice->num_rows(); ++row) {
        expected[*PartitionFolder(names, values, row, "America/Los_Angeles")].push_back(static_cast<int32_t>(row));
      }
      const Parts found = Routed(&router, *slice);
      EXPECT_EQ((std::map<std::string, Rows>(found.begin(), found.end())), expected);
      EXPECT_EQ(found.size(), expected.size());
    }
  }
}

}  // namespace
}  // namespace sluice
