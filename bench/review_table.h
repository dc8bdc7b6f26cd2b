// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <arrow/api.h>
#include <arrow/io/file.h>
#include <parquet/arrow/writer.h>

#include <chrono>
#include <cstring>
#include <memory>
#include <string>
#include <vector>

#include "kafka_topic.h"

namespace bench {

inline void Require(const arrow::Status& status) {
  Require(status.ok(), status.ToString());
}

/// Fills 15 string columns by appending, the way anybody would first write it.
class ReviewTable {
 public:
  ReviewTable() : builders_(kColumns) {}

  void Append(const char* line, size_t size) {
    const char* end = line + size;
    for (int column = 0; column < kColumns; ++column) {
      const char* tab = line > end ? nullptr : static_cast<const char*>(std::memchr(line, '\t', end - line));
      const char* stop = tab == nullptr ? end : tab;
      Require(line > end ? builders_[column].AppendNull()
                         : builders_[column].Append(line, static_cast<int32_t>(stop - line)));
      line = stop + 1;
    }
    ++rows_;
  }

  std::shared_ptr<arrow::Table> Finish() {
    std::vector<std::shared_ptr<arrow::Field>> fields;
    std::vector<std::shared_ptr<arrow::Array>> arrays(kColumns + 1);
    for (int column = 0; column < kColumns; ++column) {
      fields.push_back(arrow::field("c" + std::to_string(column), arrow::utf8()));
      Require(builders_[column].Finish(&arrays[column]));
    }
    arrow::TimestampBuilder times(arrow::timestamp(arrow::TimeUnit::MICRO, "UTC"), arrow::default_memory_pool());
    const int64_t now = std::chrono::system_clock::now().time_since_epoch() / std::chrono::microseconds(1);
    Require(times.AppendValues(std::vector<int64_t>(rows_, now)));
    Require(times.Finish(&arrays[kColumns]));
    fields.push_back(arrow::field("review_timestamp", times.type(), false));
    return arrow::Table::Make(arrow::schema(fields), arrays, rows_);
  }

 private:
  static constexpr int kColumns = 15;
  std::vector<arrow::StringBuilder> builders_;
  int64_t rows_ = 0;
};

/// One Parquet file, snappy, Spark's timestamps.
inline void WriteParquet(const arrow::Table& table, const std::string& path) {
  std::shared_ptr<arrow::io::FileOutputStream> out;
  Require(arrow::io::FileOutputStream::Open(path).Value(&out));
  auto properties = parquet::WriterProperties::Builder().compression(arrow::Compression::SNAPPY)->build();
  auto arrow_properties = parquet::ArrowWriterProperties::Builder().enable_deprecated_int96_timestamps()->build();
  Require(
      parquet::arrow::WriteTable(table, arrow::default_memory_pool(), out, 128 * 1024, properties, arrow_properties));
  Require(out->Close());
}

}  // namespace bench
