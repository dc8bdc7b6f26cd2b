// SPDX-License-Identifier: Apache-2.0
#include "connectors/file/row_codec.h"

#include <arrow/api.h>
#include <gtest/gtest.h>

#include "base/spark_error.h"
#include "types/spark_type.h"

namespace sluice {
namespace {

std::shared_ptr<arrow::Array> Texts(const std::vector<std::optional<std::string>>& values) {
  arrow::StringViewBuilder builder;
  for (const auto& value : values) EXPECT_TRUE((value ? builder.Append(*value) : builder.AppendNull()).ok());
  return *(*builder.Finish())->View(StringType());
}

template <typename Builder, typename Value>
std::shared_ptr<arrow::Array> Numbers(const std::shared_ptr<arrow::DataType>& type,
                                      const std::vector<std::optional<Value>>& values) {
  Builder builder(type, arrow::default_memory_pool());
  for (const auto& value : values) EXPECT_TRUE((value ? builder.Append(*value) : builder.AppendNull()).ok());
  return *builder.Finish();
}

std::shared_ptr<arrow::Array> ListOf(const std::vector<int32_t>& offsets, const std::shared_ptr<arrow::Array>& values,
                                     const std::shared_ptr<arrow::DataType>& type, std::shared_ptr<arrow::Buffer> valid,
                                     int64_t nulls) {
  return arrow::MakeArray(arrow::ArrayData::Make(type, static_cast<int64_t>(offsets.size()) - 1,
                                                 {std::move(valid), arrow::Buffer::FromVector(offsets)},
                                                 {values->data()}, nulls));
}

// Four rows of every kind of type; long strings, short ones and empty ones; nulls at each level.
std::shared_ptr<arrow::RecordBatch> EveryType() {
  const std::string longer = "longer than the twelve bytes of a view";
  const auto texts = Texts({"", longer, std::nullopt, "short"});
  const auto elements = Texts({longer + "1", std::nullopt, "x", "", longer + "2"});
  const auto list_type = ArrayType(StringType());
  const auto list = ListOf({0, 2, 2, 2, 5}, elements, list_type, arrow::Buffer::FromString("\x0B"), 1);  // row 2: null
  const auto numbers = Numbers<arrow::Int32Builder, int32_t>(arrow::int32(), {1, std::nullopt, 3, 4});
  const auto struct_type = arrow::struct_(
      {arrow::field("n", arrow::int32()), arrow::field("l", list_type), arrow::field("v", arrow::null())});
  const auto nothing = std::make_shared<arrow::NullArray>(4);
  const auto fields = arrow::MakeArray(arrow::ArrayData::Make(struct_type, 4, {arrow::Buffer::FromString("\x0D")},
                                                              {numbers->data(), list->data(), nothing->data()}, 1));
  const auto map_type = MapOf(StringType(), arrow::int64());
  const auto pairs = arrow::MakeArray(
      arrow::ArrayData::Make(map_type->field(0)->type(), 3, {nullptr},
                             {Texts({"a", longer, "c"})->data(),
                              Numbers<arrow::Int64Builder, int64_t>(arrow::int64(), {1, std::nullopt, -3})->data()},
                             0));
  const auto map = ListOf({0, 1, 1, 3, 3}, pairs, map_type, nullptr, 0);
  const auto decimal_type = arrow::decimal128(38, 2);
  const auto decimals = Numbers<arrow::Decimal128Builder, arrow::Decimal128>(
      decimal_type, {arrow::Decimal128("99999999999999999999999999999999999999"), std::nullopt, arrow::Decimal128(-1),
                     arrow::Decimal128(0)});
  arrow::ArrayVector columns{texts,
                             *texts->View(BinaryType()),
                             Numbers<arrow::BooleanBuilder, bool>(arrow::boolean(), {true, std::nullopt, false, true}),
                             Numbers<arrow::Int8Builder, int8_t>(arrow::int8(), {1, 2, std::nullopt, -4}),
                             Numbers<arrow::DoubleBuilder, double>(arrow::float64(), {0.5, -0.0, 1e300, std::nullopt}),
                             Numbers<arrow::TimestampBuilder, int64_t>(TimestampType(), {1, 2, 3, 4}),
                             decimals,
                             list,
                             fields,
                             map,
                             nothing};
  arrow::FieldVector schema;
  for (const auto& column : columns)
    schema.push_back(arrow::field("c" + std::to_string(schema.size()), column->type()));
  return arrow::RecordBatch::Make(arrow::schema(schema), 4, columns);
}

std::vector<int> AllColumns(const arrow::RecordBatch& batch) {
  std::vector<int> all;
  for (int i = 0; i < batch.num_columns(); ++i) all.push_back(i);
  return all;
}

std::string Encoded(const RowCodec& codec, const arrow::RecordBatch& batch, const std::vector<int64_t>& rows) {
  std::string bytes;
  const RowEncoder encoder(codec, batch);
  for (const int64_t row : rows) encoder.Append(row, &bytes);
  return bytes;
}

// Compared value by value as Spark prints them: what lies under a null is no value.
void ExpectRows(const arrow::RecordBatch& found, const arrow::RecordBatch& expected, const std::vector<int64_t>& rows) {
  ASSERT_TRUE(found.ValidateFull().ok()) << found.ValidateFull();
  ASSERT_EQ(found.num_rows(), static_cast<int64_t>(rows.size()));
  for (int column = 0; column < expected.num_columns(); ++column) {
    for (size_t i = 0; i < rows.size(); ++i) {
      EXPECT_EQ(*FormatValue(*found.column(column), static_cast<int64_t>(i), "UTC"),
                *FormatValue(*expected.column(column), rows[i], "UTC"))
          << "column " << column << ", row " << rows[i];
    }
  }
}

TEST(RowCodec, EveryTypeComesBackInAnyOrder) {
  const auto batch = EveryType();
  const auto codec = *RowCodec::Make(*batch->schema(), AllColumns(*batch));
  for (const std::vector<int64_t>& rows : std::vector<std::vector<int64_t>>{{0, 1, 2, 3}, {3, 1, 1, 0}, {2}, {}}) {
    const auto decoded =
        codec->Decode(arrow::Buffer::FromString(Encoded(*codec, *batch, rows)), static_cast<int64_t>(rows.size()));
    ASSERT_TRUE(decoded.ok()) << decoded.status();
    ExpectRows(**decoded, *batch, rows);
  }
}

// A slice that begins in the middle of its columns' buffers.
TEST(RowCodec, PartsOfASliceComeBack) {
  const auto batch = EveryType();
  const auto codec = *RowCodec::Make(*batch->schema(), AllColumns(*batch));
  const auto part = batch->Slice(1, 3);
  const auto decoded = codec->Decode(arrow::Buffer::FromString(Encoded(*codec, *part, {0, 1, 2})), 3);
  ASSERT_TRUE(decoded.ok()) << decoded.status();
  ExpectRows(**decoded, *batch, {1, 2, 3});
}

TEST(RowCodec, ColumnsThatAreNotEncodedAreNull) {
  const auto batch = EveryType();
  const auto codec = *RowCodec::Make(*batch->schema(), {8, 0});
  const auto decoded = *codec->Decode(arrow::Buffer::FromString(Encoded(*codec, *batch, {0, 1, 2, 3})), 4);
  ASSERT_TRUE(decoded->ValidateFull().ok());
  EXPECT_EQ(decoded->num_columns(), batch->num_columns());
  EXPECT_EQ(decoded->column(3)->type_id(), arrow::Type::NA);
  EXPECT_EQ(*FormatValue(*decoded->column(8), 3, "UTC"), *FormatValue(*batch->column(8), 3, "UTC"));
}

TEST(RowCodec, BytesThatAreCutAnywhereAreAnError) {
  const auto batch = EveryType();
  const auto codec = *RowCodec::Make(*batch->schema(), AllColumns(*batch));
  const std::string bytes = Encoded(*codec, *batch, {0, 1, 2, 3});
  for (size_t size = 0; size < bytes.size(); ++size) {
    const auto decoded = codec->Decode(arrow::Buffer::FromString(bytes.substr(0, size)), 4);
    ASSERT_TRUE(HasErrorClass(decoded.status(), "SLUICE_IO")) << size;
  }
  EXPECT_TRUE(HasErrorClass(codec->Decode(arrow::Buffer::FromString(bytes + "x"), 4).status(), "SLUICE_IO"));
}

TEST(RowCodec, TypesOfNoEngineColumnAreRefused) {
  EXPECT_FALSE(RowCodec::Make(*arrow::schema({arrow::field("s", arrow::utf8())}), {0}).ok());
  EXPECT_TRUE(RowCodec::Make(*arrow::schema({arrow::field("s", arrow::utf8())}), {}).ok());
}

}  // namespace
}  // namespace sluice
