// SPDX-License-Identifier: Apache-2.0
#include <arrow/api.h>
#include <arrow/json/from_string.h>
#include <gtest/gtest.h>
#include <parquet/file_reader.h>

#include "base/spark_error.h"
#include "connectors/file/file_sink.h"
#include "connectors/file/file_table.h"
#include "connectors/file/partition_type.h"
#include "connectors/file/table_paths.h"
#include "connectors/parquet/parquet_file.h"
#include "connectors/parquet/parquet_format.h"
#include "connectors/parquet/parquet_writer.h"
#include "types/spark_type.h"

namespace sluice {
namespace {

std::shared_ptr<arrow::Array> FromJson(const std::shared_ptr<arrow::DataType>& type, const std::string& json) {
  auto array = arrow::json::ArrayFromJSONString(type, json);
  EXPECT_TRUE(array.ok()) << array.status();
  return *array;
}

struct Column {
  const char* name;
  std::shared_ptr<arrow::DataType> type;
  const char* json;
  bool nullable = true;
};

std::vector<Column> AllTypes() {
  const auto person = arrow::struct_({arrow::field("name", StringType()), arrow::field("age", arrow::int32())});
  return {
      {"bool", arrow::boolean(), "[true, null, false, true]"},
      {"tiny", arrow::int8(), "[-128, null, 127, 0]"},
      {"small", arrow::int16(), "[-32768, 32767, null, 0]"},
      {
          "int",
          arrow::int32(),
          "[1, null, -5, 2147483647]",
      },
      {"long", arrow::int64(), "[1, 2, 3, 9007199254740993]", false},
      {"float", arrow::float32(), "[1.5, null, -0.0, 3.25]"},
      {"double", arrow::float64(), "[1.5, null, 1e300, -2]"},
      {"dec9", arrow::decimal128(9, 2), R"(["1.50", null, "-9999999.99", "0.01"])"},
      {"dec18", arrow::decimal128(18, 3), R"(["1.500", "-999999999999999.999", null, "0.001"])"},
      {"dec38", arrow::decimal128(38, 0), R"(["-1", null, "99999999999999999999999999999999999999", "0"])"},
      {"string", StringType(), R"(["", "longer than twelve bytes", null, "x"])"},
      {"required", StringType(), R"(["a", "b", "c", "d"])", false},
      {"binary", BinaryType(), R"(["", "longer than twelve bytes", null, "x"])"},
      {"date", arrow::date32(), "[0, -1, null, 20000]"},
      {"at", TimestampType(), "[0, -1, null, 1700000000123456]"},
      {"ntz", TimestampNtzType(), "[0, -1, null, 1700000000123456]"},
      {"list", ArrayType(arrow::int32()), "[[1, null, 3], null, [], [4]]"},
      {"lists", ArrayType(ArrayType(StringType())), R"([[["a"], [], null], null, [], [[null, "bb"]]])"},
      {"person", person, R"([{"name": "n", "age": null}, null, {"name": null, "age": 3}, {"name": "m", "age": 4}])"},
      {"people", ArrayType(person), R"([[{"name": "n", "age": 1}, null], [], null, [{"name": null, "age": 2}]])"},
      {"map", MapOf(StringType(), arrow::int64()), R"([[["k", 1], ["l", null]], [], null, [["m", 3]]])"},
  };
}

class ParquetRoundTrip : public ::testing::Test {
 protected:
  std::shared_ptr<arrow::RecordBatch> Slice() {
    arrow::FieldVector fields;
    arrow::ArrayVector arrays;
    for (const Column& column : AllTypes()) {
      fields.push_back(arrow::field(column.name, column.type, column.nullable));
      arrays.push_back(FromJson(column.type, column.json));
    }
    return arrow::RecordBatch::Make(arrow::schema(fields), 4, arrays);
  }

  void WriteFile(const std::string& path, const arrow::RecordBatch& slice, const std::vector<int32_t>& rows,
                 TimestampForm timestamps = TimestampForm::kInt96, const std::string& codec = "snappy") {
    std::vector<int> columns;
    for (int i = 0; i < slice.num_columns(); ++i) columns.push_back(i);
    auto layout = ParquetLayout::Make(*slice.schema(), columns, timestamps, *FindParquetCodec(codec));
    ASSERT_TRUE(layout.ok()) << layout.status();
    ParquetWriter writer(*fs->OpenForWrite(path), *layout);
    const Status status = writer.Write(slice, rows.data(), static_cast<int64_t>(rows.size()));
    ASSERT_TRUE(status.ok()) << status;
    auto written = writer.Finish();
    ASSERT_TRUE(written.ok()) << written.status();
    ASSERT_TRUE(written->file->Publish().ok());
  }

  SourceContext Context(const std::string& path) {
    SourceContext context;
    context.env = env;
    context.paths = {path};
    return context;
  }

  Result<std::shared_ptr<arrow::Table>> Read(const std::string& path, std::vector<int> columns = {}) {
    SLUICE_ASSIGN(auto schema, FileTableSchema(kParquetFormat, Context(path)));
    SLUICE_ASSIGN(auto table, OpenFileTable(kParquetFormat, Context(path)));
    SLUICE_ASSIGN(auto tasks, table->PlanTasks());
    if (columns.empty()) {
      for (int i = 0; i < schema->num_fields(); ++i) columns.push_back(i);
    }
    std::vector<std::shared_ptr<arrow::RecordBatch>> slices;
    for (const InputPartition& task : tasks) {
      SLUICE_ASSIGN(auto reader, table->OpenReader(task, columns));
      for (;;) {
        SLUICE_ASSIGN(auto slice, reader->Next());
        if (slice == nullptr) break;
        slices.push_back(slice);
      }
    }
    SLUICE_ASSIGN(auto read, arrow::Table::FromRecordBatches(slices));
    return read;
  }

  std::shared_ptr<FileSystem> fs = MakeMemoryFileSystem();
  std::shared_ptr<Env> env = MakeTestEnv(std::make_shared<ManualClock>(0), fs);
};

TEST_F(ParquetRoundTrip, EveryTypeComesBackThroughEveryCodec) {
  const auto slice = Slice();
  for (const ParquetCodec& codec : ParquetCodecs()) {
    const std::string path = std::string("/t/") + codec.name + ".parquet";
    WriteFile(path, *slice, {0, 1, 2, 3}, TimestampForm::kInt96, codec.name);
    auto read = Read(path);
    ASSERT_TRUE(read.ok()) << codec.name << read.status();
    ASSERT_EQ((*read)->num_rows(), 4);
    for (int i = 0; i < slice->num_columns(); ++i) {
      const auto column = (*read)->column(i)->chunk(0);
      EXPECT_TRUE(SameSparkType(*column->type(), *slice->column(i)->type())) << column->type()->ToString();
      EXPECT_TRUE(column->Equals(slice->column(i))) << slice->schema()->field(i)->name() << column->ToString();
    }
  }
}

TEST_F(ParquetRoundTrip, ChosenRowsOfASlicedBatch) {
  const auto slice = Slice();
  WriteFile("/t/some.parquet", *slice->Slice(1), {0, 2});
  auto read = Read("/t/some.parquet");
  ASSERT_TRUE(read.ok()) << read.status();
  for (int i = 0; i < slice->num_columns(); ++i) {
    const auto column = (*read)->column(i)->chunk(0);
    EXPECT_TRUE(column->RangeEquals(0, 1, 1, slice->column(i))) << i;
    EXPECT_TRUE(column->RangeEquals(1, 2, 3, slice->column(i))) << i;
  }
}

TEST_F(ParquetRoundTrip, TimestampForms) {
  auto slice = arrow::RecordBatch::Make(arrow::schema({arrow::field("at", TimestampType())}), 2,
                                        {FromJson(TimestampType(), "[1700000000123456, -1500]")});
  WriteFile("/t/micros.parquet", *slice, {0, 1}, TimestampForm::kMicros);
  EXPECT_EQ((*Read("/t/micros.parquet"))->column(0)->chunk(0)->ToString(), slice->column(0)->ToString());
  WriteFile("/t/millis.parquet", *slice, {0, 1}, TimestampForm::kMillis);
  EXPECT_EQ((*Read("/t/millis.parquet"))->column(0)->chunk(0)->ToString(),
            FromJson(TimestampType(), "[1700000000123000, -2000]")->ToString());
}

TEST_F(ParquetRoundTrip, SchemaAndFooterAreSparks) {
  WriteFile("/t/a.parquet", *Slice(), {0});
  auto reader = *OpenParquetFile({fs, "/t/a.parquet", 0, {}});
  const auto metadata = reader->metadata();
  EXPECT_EQ(metadata->schema()->group_node()->name(), "spark_schema");
  EXPECT_EQ(*metadata->key_value_metadata()->Get("org.apache.spark.version"), "4.2.0");
  EXPECT_EQ(*metadata->key_value_metadata()->Get("org.apache.spark.sql.parquet.row.metadata"),
            SchemaToSparkJson(*Slice()->schema()));
  EXPECT_TRUE(metadata->created_by().starts_with("sluice version "));
  const auto* at = metadata->schema()->Column(metadata->schema()->ColumnIndex("at"));
  EXPECT_EQ(at->physical_type(), parquet::Type::INT96);
  EXPECT_EQ(metadata->schema()->Column(metadata->schema()->ColumnIndex("required"))->max_definition_level(), 0);
}

TEST_F(ParquetRoundTrip, ColumnsAreChosenByIndexAndNoneIsAChoice) {
  WriteFile("/t/a.parquet", *Slice(), {0, 1, 2});
  auto table = *OpenFileTable(kParquetFormat, Context("/t/a.parquet"));
  auto tasks = *table->PlanTasks();
  auto reader = *table->OpenReader(tasks[0], {10, 16});
  auto slice = *reader->Next();
  EXPECT_EQ(slice->schema()->field(0)->name(), "string");
  EXPECT_EQ(slice->schema()->field(1)->name(), "list");
  auto none = *table->OpenReader(tasks[0], {});
  auto counted = none->Next();
  ASSERT_TRUE(counted.ok());
  EXPECT_EQ((*counted)->num_rows(), 3);
  EXPECT_EQ((*counted)->num_columns(), 0);
}

TEST_F(ParquetRoundTrip, PartitionColumnsComeFromFolders) {
  auto slice = arrow::RecordBatch::Make(arrow::schema({arrow::field("n", arrow::int32())}), 1,
                                        {FromJson(arrow::int32(), "[7]")});
  WriteFile("/p/day=2024-02-03/k=1/part.parquet", *slice, {0});
  WriteFile("/p/day=2024-02-04/k=__HIVE_DEFAULT_PARTITION__/part.parquet", *slice, {0});
  WriteFile("/p/_temporary/k=1/part.parquet", *slice, {0});
  auto read = Read("/p");
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ((*read)->schema()->ToString(), "n: int32\nday: date32[day]\nk: int32");
  EXPECT_EQ((*read)->num_rows(), 2);
  EXPECT_EQ((*read)->column(2)->null_count(), 1);
}

TEST_F(ParquetRoundTrip, TheSinkLogDecidesWhatBelongsToTheTable) {
  SinkContext context;
  context.env = env;
  context.path = "/out";
  context.query_id = "q";
  context.schema = arrow::schema({arrow::field("n", arrow::int32())});
  auto slice = arrow::RecordBatch::Make(context.schema, 1, {FromJson(arrow::int32(), "[7]")});
  auto sink = *FileSink::Open(kParquetFormat, context);
  ASSERT_TRUE(sink->Start(BatchId(0), false).ok());
  for (const bool commit : {true, false}) {
    auto writer = *sink->OpenTask(BatchId(commit ? 0 : 1), TaskId(0), "x");
    ASSERT_TRUE(writer->Write(slice).ok());
    std::vector<std::unique_ptr<TaskCommit>> commits;
    commits.push_back(*writer->Finish());
    if (commit) {
      ASSERT_TRUE(sink->Commit(BatchId(0), std::move(commits)).ok());
    }
  }
  auto read = Read("/out");
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ((*read)->num_rows(), 1);
}

TEST_F(ParquetRoundTrip, WhatIsNotThereIsSaid) {
  EXPECT_TRUE(HasErrorClass(FileTableSchema(kParquetFormat, Context("/nowhere")).status(), "PATH_NOT_FOUND"));
  ASSERT_TRUE(fs->CreateAtomic("/bad/a.parquet", "not parquet at all").ok());
  const Status status = FileTableSchema(kParquetFormat, Context("/bad")).status();
  EXPECT_TRUE(HasErrorClass(status, "FAILED_READ_FILE.CANNOT_READ_FILE_FOOTER")) << status;
  EXPECT_NE(status.message().find("/bad/a.parquet"), std::string::npos);
}

TEST(InferPartitionType, NarrowestTypeThatFitsAll) {
  using Values = std::vector<std::optional<std::string>>;
  EXPECT_TRUE(InferPartitionType(Values{"1", std::nullopt, "-7"})->Equals(arrow::int32()));
  EXPECT_TRUE(InferPartitionType(Values{"1", "3000000000"})->Equals(arrow::int64()));
  EXPECT_TRUE(InferPartitionType(Values{"1", "1.5"})->Equals(arrow::float64()));
  EXPECT_TRUE(InferPartitionType(Values{"2024-02-29"})->Equals(arrow::date32()));
  EXPECT_TRUE(InferPartitionType(Values{"2023-02-29"})->Equals(StringType()));
  EXPECT_TRUE(InferPartitionType(Values{"2024-02-03 04:05:06"})->Equals(TimestampType()));
  EXPECT_TRUE(InferPartitionType(Values{"1", "a"})->Equals(StringType()));
  EXPECT_TRUE(InferPartitionType(Values{std::nullopt})->Equals(arrow::null()));
}

TEST(PathOfUri, SchemesAndEscapes) {
  EXPECT_EQ(PathOfUri("file:///a%20b/c"), "/a b/c");
  EXPECT_EQ(PathOfUri("file:/a"), "/a");
  EXPECT_EQ(PathOfUri("file://localhost/a"), "/a");
  EXPECT_EQ(PathOfUri("s3a://bucket/p%253D/k"), "bucket/p%3D/k");
  EXPECT_EQ(PathOfUri("/plain"), "/plain");
}

}  // namespace
}  // namespace sluice
