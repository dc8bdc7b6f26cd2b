// SPDX-License-Identifier: Apache-2.0
#include "types/spark_type.h"

#include <arrow/api.h>
#include <gtest/gtest.h>

#include "base/spark_error.h"
#include "types/calendar.h"
#include "types/datetime_text.h"
#include "types/number_text.h"
#include "types/time_zone.h"
#include "types/tree_string.h"

namespace sluice {
namespace {

TEST(SparkType, NamesBothWays) {
  const auto type = *ParseSparkType("struct<a:int,b:array<string>,c:map<string,decimal(10,2)>,d:timestamp_ntz>");
  EXPECT_EQ(SparkSimpleString(*type), "struct<a:int,b:array<string>,c:map<string,decimal(10,2)>,d:timestamp_ntz>");
  EXPECT_EQ(SparkTypeName(*type), "STRUCT<a: INT, b: ARRAY<STRING>, c: MAP<STRING, DECIMAL(10,2)>, d: TIMESTAMP_NTZ>");
  EXPECT_EQ(SparkTypeName(**ParseSparkType("struct<`a b`:int,`c``d`:int>")), "STRUCT<`a b`: INT, `c``d`: INT>");
  EXPECT_EQ(SparkTypeName(**ParseSparkType("array<string collate UTF8_BINARY>")), "ARRAY<STRING>");
  EXPECT_FALSE(ParseSparkType("string collate UNICODE").ok());
  for (const char* text : {"boolean", "tinyint", "smallint", "int", "bigint", "float", "double", "string", "binary",
                           "date", "timestamp", "void"}) {
    EXPECT_EQ(SparkSimpleString(**ParseSparkType(text)), text);
  }
}

TEST(SparkType, ReadsWordsWithoutCaseAndOldNames) {
  EXPECT_EQ(SparkSimpleString(**ParseSparkType("Long")), "bigint");
  EXPECT_EQ(SparkSimpleString(**ParseSparkType("DEC")), "decimal(10,0)");
  EXPECT_EQ(SparkSimpleString(**ParseSparkType("Array < Integer >")), "array<int>");
  EXPECT_EQ(SparkSimpleString(**ParseSparkType("varchar(10)")), "string");
}

// As Spark 4.2.0 shows these columns.
TEST(SparkType, TreesNameNumbersByTheirClasses) {
  const auto type = *ParseSparkType(
      "struct<i:int,l:bigint,s:smallint,b:tinyint,d:decimal(2,1),g:double,x:string,n:timestamp_ntz,"
      "a:array<int>,m:map<string,bigint>,st:struct<p:int,q:array<struct<z:smallint>>>>");
  EXPECT_EQ(SchemaTreeString(*arrow::schema(type->fields())),
            "root\n"
            " |-- i: integer (nullable = true)\n"
            " |-- l: long (nullable = true)\n"
            " |-- s: short (nullable = true)\n"
            " |-- b: byte (nullable = true)\n"
            " |-- d: decimal(2,1) (nullable = true)\n"
            " |-- g: double (nullable = true)\n"
            " |-- x: string (nullable = true)\n"
            " |-- n: timestamp_ntz (nullable = true)\n"
            " |-- a: array (nullable = true)\n"
            " |    |-- element: integer (containsNull = true)\n"
            " |-- m: map (nullable = true)\n"
            " |    |-- key: string\n"
            " |    |-- value: long (valueContainsNull = true)\n"
            " |-- st: struct (nullable = true)\n"
            " |    |-- p: integer (nullable = true)\n"
            " |    |-- q: array (nullable = true)\n"
            " |    |    |-- element: struct (containsNull = true)\n"
            " |    |    |    |-- z: short (nullable = true)\n");
}

TEST(SparkType, RefusesWhatIsNoType) {
  EXPECT_TRUE(HasErrorClass(ParseSparkType("foo").status(), "UNSUPPORTED_DATATYPE"));
  EXPECT_TRUE(HasErrorClass(ParseSparkType("array<int").status(), "PARSE_SYNTAX_ERROR"));
  EXPECT_TRUE(HasErrorClass(ParseSparkType("int int").status(), "PARSE_SYNTAX_ERROR"));
  EXPECT_TRUE(HasErrorClass(ParseSparkType("").status(), "PARSE_SYNTAX_ERROR"));
  EXPECT_TRUE(HasErrorClass(ParseSparkType("decimal(39,0)").status(), "DECIMAL_PRECISION_EXCEEDS_MAX_PRECISION"));
  EXPECT_TRUE(HasErrorClass(ParseSparkType("decimal(5,6)").status(), "PARSE_SYNTAX_ERROR"));
  EXPECT_TRUE(ParseSparkType("decimal(38,38)").ok());
  std::string deep;
  for (int i = 0; i < 5000; ++i) deep += "array<";
  EXPECT_FALSE(ParseSparkType(deep).ok());
}

TEST(SparkSchema, ReadsDdlStructAndJson) {
  const auto ddl = *ParseSparkSchema("a INT, `b c` STRING NOT NULL COMMENT 'x', d: ARRAY<STRUCT<e: DOUBLE>>");
  EXPECT_EQ(ddl->num_fields(), 3);
  EXPECT_EQ(ddl->field(1)->name(), "b c");
  EXPECT_FALSE(ddl->field(1)->nullable());
  const std::string json = SchemaToSparkJson(*ddl);
  EXPECT_EQ(
      json,
      R"({"type":"struct","fields":[{"name":"a","type":"integer","nullable":true,"metadata":{}},)"
      R"({"name":"b c","type":"string","nullable":false,"metadata":{"comment":"x"}},)"
      R"({"name":"d","type":{"type":"array","elementType":{"type":"struct","fields":[{"name":"e","type":"double","nullable":true,"metadata":{}}]},)"
      R"("containsNull":true},"nullable":true,"metadata":{}}]})");
  EXPECT_EQ(SchemaToSparkJson(**ParseSparkSchema(json)), json);
  EXPECT_TRUE((*ParseSparkSchema("struct<a:int>"))->Equals(**ParseSparkSchema("a int")));
  EXPECT_FALSE(SchemaFromSparkJson("{\"type\":\"struct\"}").ok());
  EXPECT_FALSE(SchemaFromSparkJson("nonsense").ok());
}

TEST(EngineColumns, ConvertBothWays) {
  arrow::StringBuilder strings;
  ASSERT_TRUE(strings.AppendValues({"short", "a text longer than twelve bytes"}).ok());
  ASSERT_TRUE(strings.AppendNull().ok());
  arrow::ListBuilder lists(arrow::default_memory_pool(), std::make_shared<arrow::StringBuilder>());
  auto* items = static_cast<arrow::StringBuilder*>(lists.value_builder());
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(lists.Append().ok() && items->Append("item " + std::to_string(i)).ok());
  arrow::TimestampBuilder nanos(arrow::timestamp(arrow::TimeUnit::NANO, "Europe/Berlin"), arrow::default_memory_pool());
  ASSERT_TRUE(nanos.AppendValues({1999, -1, 0}).ok());
  const auto plain = arrow::RecordBatch::Make(
      arrow::schema({arrow::field("s", arrow::utf8()), arrow::field("l", arrow::list(arrow::utf8())),
                     arrow::field("t", nanos.type())}),
      3, {*strings.Finish(), *lists.Finish(), *nanos.Finish()});
  for (const auto& batch : {plain, plain->Slice(1)}) {
    const auto engine = *ToEngineBatch(batch);
    ASSERT_TRUE(engine->ValidateFull().ok()) << engine->ValidateFull();
    EXPECT_EQ(SparkSimpleString(*engine->column(1)->type()), "array<string>");
    EXPECT_TRUE(engine->column(0)->type()->Equals(StringType()));
    EXPECT_EQ(*FormatValue(*engine->column(2), engine->num_rows() - 2, "UTC"), "1969-12-31 23:59:59.999999");
    const auto back = *ToPlainBatch(engine);
    ASSERT_TRUE(back->ValidateFull().ok()) << back->ValidateFull();
    EXPECT_TRUE(back->column(0)->Equals(batch->column(0)));
  }
  EXPECT_FALSE(ToEngineType(arrow::month_day_nano_interval()).ok());
}

TEST(FormatValue, AsShow) {
  const auto one = [](const std::shared_ptr<arrow::Scalar>& scalar) {
    return *FormatValue(**arrow::MakeArrayFromScalar(*scalar, 1), 0, "America/Los_Angeles");
  };
  EXPECT_EQ(one(std::make_shared<arrow::TimestampScalar>(0, TimestampType())), "1969-12-31 16:00:00");
  EXPECT_EQ(one(std::make_shared<arrow::TimestampScalar>(500000, TimestampNtzType())), "1970-01-01 00:00:00.5");
  EXPECT_EQ(
      one(std::make_shared<arrow::BinaryViewScalar>(arrow::Buffer::FromString(std::string("a\xFF")), BinaryType())),
      "[61 FF]");
  EXPECT_EQ(one(arrow::MakeNullScalar(arrow::int32())), "NULL");
}

TEST(TimeZone, FollowsJavaInGapsAndOverlaps) {
  auto zone = *TimeZone::Find("America/Los_Angeles");
  const auto local = [](const char* text) { return *ParseLocalTimestamp(text); };
  std::string text;
  AppendLocalTimestamp(zone.ToLocal(zone.ToUtc(local("2024-03-10 02:30:00"))), &text);
  EXPECT_EQ(text, "2024-03-10 03:30:00");
  EXPECT_EQ(zone.ToUtc(local("2024-11-03 01:30:00")), local("2024-11-03 08:30:00"));
  for (const char* offset : {"+01:00", "GMT+1", "UTC+01:00", "+0100", "+01"}) {
    EXPECT_EQ(TimeZone::Find(offset)->OffsetSeconds(0), 3600) << offset;
  }
  EXPECT_TRUE(HasErrorClass(TimeZone::Find("Mars/Olympus").status(), "INVALID_TIMEZONE"));
  EXPECT_FALSE(TimeZone::Find("+25:00").ok());
}

TEST(Calendar, AgreesWithItselfOverManyYears) {
  for (int64_t days = -1'000'000; days < 1'000'000; days += 37) {
    const CivilDay day = CivilFromDays(days);
    EXPECT_EQ(DaysFromCivil(day.year, day.month, day.day), days);
  }
  static_assert(DaysFromCivil(1970, 1, 1) == 0);
  static_assert(IsoWeekday(0) == 4);
}

TEST(NumberText, DoublesAsTheJvmPrintsThem) {
  const auto text = [](double value) {
    std::string out;
    AppendDouble(value, &out);
    return out;
  };
  EXPECT_EQ(text(1.0), "1.0");
  EXPECT_EQ(text(1e7), "1.0E7");
  EXPECT_EQ(text(9999999.5), "9999999.5");
  EXPECT_EQ(text(0.001), "0.001");
  EXPECT_EQ(text(0.00012), "1.2E-4");
  EXPECT_EQ(text(-0.0), "-0.0");
}

// As BigDecimal.toString: an exponent from the seventh place on.
TEST(NumberText, SmallDecimalsHaveAnExponent) {
  const auto text = [](int64_t digits, int32_t scale) {
    std::string out;
    AppendDecimal(arrow::Decimal128(digits), scale, /*plain=*/false, &out);
    return out;
  };
  EXPECT_EQ(text(1, 6), "0.000001");
  EXPECT_EQ(text(1, 7), "1E-7");
  EXPECT_EQ(text(-12, 8), "-1.2E-7");
  EXPECT_EQ(text(12, 7), "0.0000012");
}

}  // namespace
}  // namespace sluice
