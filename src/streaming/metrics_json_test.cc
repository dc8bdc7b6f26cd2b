// SPDX-License-Identifier: Apache-2.0
#include "streaming/metrics_json.h"

#include <arrow/api.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "types/spark_type.h"

namespace sluice {
namespace {

// The values of a row of one column.
std::string Shown(const std::shared_ptr<arrow::Scalar>& value) {
  const auto array = arrow::MakeArrayFromScalar(*value, 1).ValueOrDie();
  const auto schema = arrow::schema({arrow::field("a", array->type())});
  const std::string json = MetricsToJson(*arrow::RecordBatch::Make(schema, 1, {array}));
  const size_t begin = std::string("{\"values\":[").size();
  return json.substr(begin, json.find("],\"schema\"") - begin);
}

TEST(MetricsJson, ARowHasItsValuesAndItsSchema) {
  const auto schema = arrow::schema({arrow::field("n", arrow::int64(), false), arrow::field("d", arrow::float64())});
  const auto n = arrow::MakeArrayFromScalar(arrow::Int64Scalar(5), 1).ValueOrDie();
  const auto d = arrow::MakeArrayOfNull(arrow::float64(), 1).ValueOrDie();
  EXPECT_EQ(MetricsToJson(*arrow::RecordBatch::Make(schema, 1, {n, d})),
            R"({"values":[5,null],"schema":{"type":"struct","fields":[)"
            R"({"name":"n","type":"long","nullable":false,"metadata":{}},)"
            R"({"name":"d","type":"double","nullable":true,"metadata":{}}]}})");
}

TEST(MetricsJson, ValuesAreAsSparkWritesThem) {
  EXPECT_EQ(Shown(arrow::MakeScalar(true)), "true");
  EXPECT_EQ(Shown(arrow::MakeScalar(int8_t{-7})), "-7");
  EXPECT_EQ(Shown(arrow::MakeScalar(1.5f)), "1.5");
  EXPECT_EQ(Shown(arrow::MakeScalar(0.1)), "0.1");
  EXPECT_EQ(Shown(arrow::MakeScalar(std::nan(""))), "\"NaN\"");
  EXPECT_EQ(Shown(arrow::MakeScalar(-std::numeric_limits<double>::infinity())), "\"-Infinity\"");
  EXPECT_EQ(Shown(std::make_shared<arrow::Date32Scalar>(1)), "86400000");
  EXPECT_EQ(Shown(std::make_shared<arrow::TimestampScalar>(-1, TimestampType())), "-1");
  EXPECT_EQ(Shown(std::make_shared<arrow::StringViewScalar>(arrow::Buffer::FromString("a\"b"))), R"("a\"b")");
  EXPECT_EQ(Shown(std::make_shared<arrow::BinaryViewScalar>(arrow::Buffer::FromString("\x01"))), "\"AQ==\"");
  EXPECT_EQ(Shown(std::make_shared<arrow::Decimal128Scalar>(arrow::Decimal128(750), arrow::decimal128(5, 2))), "7.5");
}

}  // namespace
}  // namespace sluice
