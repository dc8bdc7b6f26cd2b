// SPDX-License-Identifier: Apache-2.0
// What reading a table costs: which bytes, row groups and listings it needs; and that the fast readers of string
// columns give what was written.
#include <arrow/api.h>
#include <arrow/io/memory.h>
#include <gtest/gtest.h>
#include <parquet/arrow/writer.h>
#include <parquet/statistics.h>

#include <random>

#include "connectors/file/file_table.h"
#include "connectors/parquet/parquet_format.h"
#include "connectors/parquet/shared_footer.h"
#include "types/spark_type.h"

namespace sluice {
namespace {

constexpr int64_t kGroupRows = 10'000;  // more than one slice
constexpr int64_t kRows = 25'000;

class ParquetRead : public ::testing::Test {
 protected:
  // Row i has id i as text of six digits; `few` has 5 values and nulls, `long` texts of
  // every length, `n` the number.
  static std::shared_ptr<arrow::Table> Rows() {
    arrow::StringBuilder id;
    arrow::StringBuilder few;
    arrow::StringBuilder text;
    arrow::Int64Builder number;
    std::mt19937 random(1);
    for (int64_t i = 0; i < kRows; ++i) {
      const std::string digits = std::to_string(i);
      EXPECT_TRUE(id.Append(std::string(6 - digits.size(), '0') + digits).ok());
      const auto pick = random() % 6;
      EXPECT_TRUE(
          (pick == 5 ? few.AppendNull() : few.Append(pick == 0 ? "thirteen bytes" : std::string(pick, 'x'))).ok());
      EXPECT_TRUE(text.Append(digits + std::string(random() % 40, 'y')).ok());
      EXPECT_TRUE(number.Append(i).ok());
    }
    const auto schema = arrow::schema({arrow::field("id", arrow::utf8()), arrow::field("few", arrow::utf8()),
                                       arrow::field("long", arrow::utf8(), false), arrow::field("n", arrow::int64())});
    return arrow::Table::Make(schema, {*id.Finish(), *few.Finish(), *text.Finish(), *number.Finish()});
  }

  void Write(const arrow::Table& rows, const std::shared_ptr<parquet::WriterProperties>& properties) {
    auto out = *arrow::io::BufferOutputStream::Create();
    ASSERT_TRUE(parquet::arrow::WriteTable(rows, arrow::default_memory_pool(), out, kGroupRows, properties).ok());
    const auto bytes = *out->Finish();
    ASSERT_TRUE(fs->CreateAtomic("/t/a.parquet", bytes->ToString()).ok());
  }

  std::shared_ptr<arrow::Table> Read(const std::vector<int>& columns) {
    SourceContext context;
    context.env = env;
    context.paths = {"/t"};
    auto table = OpenFileTable(kParquetFormat, context).ValueOrDie();
    std::vector<std::shared_ptr<arrow::RecordBatch>> slices;
    for (const InputPartition& task : table->PlanTasks().ValueOrDie()) {
      auto reader = table->OpenReader(task, columns).ValueOrDie();
      while (auto slice = reader->Next().ValueOrDie()) {
        slices.push_back(slice);
      }
    }
    return arrow::Table::FromRecordBatches(slices).ValueOrDie();
  }

  static std::vector<std::optional<std::string>> Texts(const arrow::ChunkedArray& column) {
    std::vector<std::optional<std::string>> texts;
    for (const auto& chunk : column.chunks()) {
      for (int64_t i = 0; i < chunk->length(); ++i) {
        texts.push_back(chunk->IsNull(i) ? std::nullopt
                                         : std::optional(std::string((*chunk->GetScalar(i))->ToString())));
      }
    }
    return texts;
  }

  std::shared_ptr<FileSystem> fs = MakeMemoryFileSystem();
  std::shared_ptr<Env> env = MakeTestEnv(std::make_shared<ManualClock>(0), fs);
};

TEST_F(ParquetRead, StringColumnsHoweverTheyAreEncoded) {
  const auto rows = Rows();
  // A dictionary that ends in the middle of a column; none; dictionaries alone; small pages.
  const std::shared_ptr<parquet::WriterProperties> ways[] = {
      parquet::WriterProperties::Builder().dictionary_pagesize_limit(20'000)->data_pagesize(4'000)->build(),
      parquet::WriterProperties::Builder().disable_dictionary()->build(),
      parquet::WriterProperties::Builder().dictionary_pagesize_limit(100 << 20)->build(),
      parquet::WriterProperties::Builder()
          .disable_dictionary()
          ->encoding("long", parquet::Encoding::DELTA_BYTE_ARRAY)
          ->data_page_version(parquet::ParquetDataPageVersion::V2)
          ->build(),
  };
  for (const auto& way : ways) {
    Write(*rows, way);
    for (const std::vector<int>& columns : {std::vector<int>{0, 1, 2, 3}, {1}, {1, 3}, {2}}) {
      const auto read = Read(columns);
      ASSERT_EQ(read->num_rows(), kRows);
      for (size_t i = 0; i < columns.size(); ++i) {
        EXPECT_EQ(Texts(*read->column(static_cast<int>(i))), Texts(*rows->column(columns[i]))) << columns[i];
      }
    }
    ASSERT_TRUE(fs->Delete("/", {"/t/a.parquet"}).ok());
  }
}

// Each part of a file has a reader of its own, and they end one after the other.
TEST_F(ParquetRead, AFooterOutlivesTheMemoryOfItsFirstReader) {
  Write(*Rows(), parquet::default_writer_properties());
  TableFile named;
  named.fs = fs;
  named.path = "/t/a.parquet";
  SharedFooter file(named);
  TableMemory table(nullptr);
  auto first_memory = std::make_unique<ReaderMemory>(&table, 0, named.path);
  ReaderMemory second_memory(&table, 1, named.path);
  auto first = file.Open(first_memory.get()).ValueOrDie();
  const auto second = file.Open(&second_memory).ValueOrDie();
  EXPECT_EQ(first->metadata(), second->metadata());
  first.reset();
  first_memory.reset();
  EXPECT_EQ(second->metadata()->RowGroup(1)->ColumnChunk(0)->statistics()->EncodeMin(), "010000");
}

}  // namespace
}  // namespace sluice
