// SPDX-License-Identifier: Apache-2.0
#include "connectors/parquet/string_chunk.h"

#include <arrow/api.h>
#include <arrow/io/memory.h>
#include <gtest/gtest.h>
#include <parquet/column_reader.h>
#include <parquet/file_reader.h>
#include <parquet/page_index.h>

#include <algorithm>
#include <optional>
#include <random>
#include <string>

#include "connectors/parquet/parquet_assembly.h"
#include "types/spark_type.h"

namespace sluice {
namespace {

using Values = std::vector<std::optional<std::string>>;

std::shared_ptr<arrow::Array> ViewsOf(const Values& values) {
  arrow::StringViewBuilder builder;
  for (const auto& value : values) EXPECT_TRUE((value ? builder.Append(*value) : builder.AppendNull()).ok());
  return *builder.Finish();
}

// Random values: `different` of them, up to `longest` bytes, one in `null_every` NULL (0: none).
Values RandomValues(int count, int different, int longest, int null_every, unsigned seed) {
  std::mt19937 random(seed);
  Values pool;
  for (int i = 0; i < different; ++i) {
    std::string value(random() % static_cast<unsigned>(longest + 1), '\0');
    for (char& c : value) c = static_cast<char>(random());  // zero bytes and high bytes, too
    pool.emplace_back(std::move(value));
  }
  Values values;
  for (int i = 0; i < count; ++i) {
    const bool null = null_every > 0 && random() % static_cast<unsigned>(null_every) == 0;
    values.push_back(null ? std::nullopt : pool[random() % pool.size()]);
  }
  return values;
}

// One column c in a file, written in slices.
class Written {
 public:
  Written(const std::vector<Values>& row_groups, bool nullable, bool dictionary, arrow::Compression::type codec,
          int slice_rows = 1000) {
    const auto leaf = parquet::schema::PrimitiveNode::Make(
        "c", nullable ? parquet::Repetition::OPTIONAL : parquet::Repetition::REQUIRED, parquet::LogicalType::String(),
        parquet::Type::BYTE_ARRAY);
    const auto root = parquet::schema::GroupNode::Make("root", parquet::Repetition::REQUIRED, {leaf});
    parquet::WriterProperties::Builder properties;
    properties.compression(codec)->enable_write_page_index()->set_size_statistics_level(
        parquet::SizeStatisticsLevel::None);
    if (!dictionary) properties.disable_dictionary();
    auto sink = *arrow::io::BufferOutputStream::Create();
    ParquetAssembly file(sink, root, properties.build(), nullptr);
    for (const Values& values : row_groups) {
      file.OpenRowGroup();
      const auto array = ViewsOf(values);
      for (int64_t row = 0; row < array->length(); row += slice_rows) {
        const auto slice = array->Slice(row, slice_rows);
        file.strings(0)->Write(*slice, nullptr, slice->length());
      }
      file.CloseRowGroup(array->length());
    }
    file.Close();
    reader_ = parquet::ParquetFileReader::Open(std::make_shared<arrow::io::BufferReader>(*sink->Finish()));
  }

  parquet::ParquetFileReader& reader() { return *reader_; }

  Values Read(int row_group) {
    const auto column = std::static_pointer_cast<parquet::ByteArrayReader>(reader_->RowGroup(row_group)->Column(0));
    Values values;
    const bool nullable = column->descr()->max_definition_level() > 0;
    std::vector<int16_t> levels(1024);
    std::vector<parquet::ByteArray> read(levels.size());
    while (column->HasNext()) {
      int64_t there = 0;
      const int64_t rows = column->ReadBatch(1024, nullable ? levels.data() : nullptr, nullptr, read.data(), &there);
      for (int64_t row = 0, next = 0; row < rows; ++row) {
        if (nullable && levels[row] == 0) {
          values.push_back(std::nullopt);
        } else {
          const parquet::ByteArray& value = read[next++];
          values.emplace_back(std::string(reinterpret_cast<const char*>(value.ptr), value.len));
        }
      }
    }
    return values;
  }

 private:
  std::unique_ptr<parquet::ParquetFileReader> reader_;
};

std::pair<std::string, std::string> RangeOf(const Values& values) {
  std::vector<std::string> there;
  for (const auto& value : values) {
    if (value) there.push_back(*value);
  }
  const auto [least, most] = std::minmax_element(there.begin(), there.end());
  return {*least, *most};
}

TEST(StringChunk, WhatIsWrittenIsRead) {
  unsigned seed = 1;
  for (const auto codec : {arrow::Compression::UNCOMPRESSED, arrow::Compression::SNAPPY}) {
    for (const bool dictionary : {false, true}) {
      for (const int null_every : {0, 3, 500}) {
        for (const int different : {1, 700, 22'000}) {
          const std::vector<Values> groups = {RandomValues(22'000, different, 30, null_every, seed),
                                              RandomValues(500, different, 30, null_every, seed + 1)};
          Written file(groups, null_every > 0, dictionary, codec, 333 + static_cast<int>(seed % 1000));
          ASSERT_EQ(file.Read(0), groups[0]) << "seed " << seed;
          ASSERT_EQ(file.Read(1), groups[1]) << "seed " << seed;
          seed += 2;
        }
      }
    }
  }
}

TEST(StringChunk, ADictionaryThatGrowsTooLargeGivesWayToPlainPages) {
  const Values values = RandomValues(45'000, 1'000'000, 20, 0, 7);
  Written file({values}, false, true, arrow::Compression::SNAPPY);
  const auto chunk = file.reader().metadata()->RowGroup(0)->ColumnChunk(0);
  EXPECT_TRUE(chunk->has_dictionary_page());
  bool plain = false, positions = false;
  for (const auto& stats : chunk->encoding_stats()) {
    if (stats.page_type != parquet::PageType::DATA_PAGE) continue;
    plain |= stats.encoding == parquet::Encoding::PLAIN;
    positions |= stats.encoding == parquet::Encoding::RLE_DICTIONARY;
  }
  EXPECT_TRUE(plain && positions);
}

TEST(StringChunk, AColumnOfNullsNeedsNoDictionary) {
  const Values values(30'000, std::nullopt);
  Written file({values}, true, true, arrow::Compression::SNAPPY);
  EXPECT_EQ(file.Read(0), values);
  EXPECT_FALSE(file.reader().metadata()->RowGroup(0)->ColumnChunk(0)->has_dictionary_page());
}

TEST(StringChunk, StatisticsAreThoseOfTheValues) {
  for (const bool dictionary : {false, true}) {
    const Values values = RandomValues(50'000, 5'000, 40, 10, 11);
    Written file({values}, true, dictionary, arrow::Compression::SNAPPY);
    const auto statistics = file.reader().metadata()->RowGroup(0)->ColumnChunk(0)->encoded_statistics();
    const auto [least, most] = RangeOf(values);
    EXPECT_EQ(statistics->min(), least);
    EXPECT_EQ(statistics->max(), most);
    EXPECT_EQ(statistics->null_count, std::count(values.begin(), values.end(), std::nullopt));
  }
}

TEST(StringChunk, ThePageIndexNamesEveryPagesRowsAndRange) {
  const Values values = RandomValues(50'000, 40'000, 40, 10, 13);
  Written file({values}, true, false, arrow::Compression::SNAPPY);
  const auto index = file.reader().GetPageIndexReader()->RowGroup(0);
  const auto pages = index->GetOffsetIndex(0)->page_locations();
  const auto columns = std::dynamic_pointer_cast<parquet::ByteArrayColumnIndex>(index->GetColumnIndex(0));
  ASSERT_NE(columns, nullptr);
  ASSERT_EQ(pages.size(), 3U);  // of 20,000 rows at most
  for (size_t i = 0; i < pages.size(); ++i) {
    const auto begin = pages[i].first_row_index;
    const auto end = i + 1 < pages.size() ? pages[i + 1].first_row_index : static_cast<int64_t>(values.size());
    EXPECT_EQ(begin, static_cast<int64_t>(i) * StringChunk::kPageRows);
    const auto [least, most] = RangeOf(Values(values.begin() + begin, values.begin() + end));
    EXPECT_EQ(std::string(parquet::ByteArrayToString(columns->min_values()[i])), least);
    EXPECT_EQ(std::string(parquet::ByteArrayToString(columns->max_values()[i])), most);
  }
}

TEST(StringChunk, ValuesLargerThanAPageAndTooLargeForStatistics) {
  const Values values = {"a", std::string(3 << 20, 'x'), "b", std::string(5000, 'y'), "c"};
  for (const bool dictionary : {false, true}) {
    Written file({values, values}, false, dictionary, arrow::Compression::SNAPPY, 2);
    EXPECT_EQ(file.Read(0), values);
    EXPECT_EQ(file.Read(1), values);
    const auto statistics = file.reader().metadata()->RowGroup(0)->ColumnChunk(0)->encoded_statistics();
    EXPECT_TRUE(statistics->has_min);
    EXPECT_FALSE(statistics->has_max);
  }
}

TEST(StringChunk, HowRowsAreCutIntoSlicesDoesNotShow) {
  const Values values = RandomValues(30'000, 20'000, 60, 7, 17);
  Written all({values}, true, true, arrow::Compression::SNAPPY, 30'000);
  Written cut({values}, true, true, arrow::Compression::SNAPPY, 17);
  EXPECT_EQ(all.reader().metadata()->size(), cut.reader().metadata()->size());
  EXPECT_EQ(all.reader().metadata()->SerializeToString(), cut.reader().metadata()->SerializeToString());
}

TEST(StringChunk, ANullInARequiredColumnIsAnError) {
  EXPECT_THROW(Written({{std::nullopt}}, false, false, arrow::Compression::SNAPPY), parquet::ParquetException);
}

}  // namespace
}  // namespace sluice
