// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <arrow/type_fwd.h>
#include <arrow/util/compression.h>
#include <parquet/column_page.h>
#include <parquet/column_writer.h>
#include <parquet/properties.h>

#include <cstdint>
#include <memory>
#include <vector>

#include "connectors/parquet/byte_dictionary.h"
#include "connectors/parquet/byte_range.h"
#include "connectors/parquet/page_store.h"

namespace sluice {

// What the chunks of one file share. One thread at a time.
struct ChunkScratch {
  std::unique_ptr<arrow::util::Codec> codec;  // null: not compressed
  std::vector<uint8_t> compressed;
  std::vector<uint8_t> joined;
  PageStore pages;
};

// Writes the chunks of one flat STRING or BINARY column, one a row group. It does what parquet::ByteArrayWriter does,
// in one pass over the values and at half its price: lengths and bytes go straight into the page, levels of pages
// without nulls are not built value by value, and nothing is allocated once the first row group is through. A page ends
// with the value that brings it to kPageBytes, or after kPageRows rows.
class StringChunk {
 public:
  static constexpr int64_t kPageBytes = 1024 * 1024;
  static constexpr int64_t kPageRows = 20'000;

  StringChunk(const parquet::ColumnDescriptor* column, const parquet::WriterProperties& properties,
              ChunkScratch* scratch);

  // Adds the rows `select`, or the first `count` when it is null. Returns the bytes of the values as a plain page has
  // them. Throws parquet::ParquetException.
  int64_t Write(const arrow::Array& array, const int32_t* select, int64_t count);
  // Writes all pages and begins again. Returns the uncompressed bytes.
  int64_t Close(std::unique_ptr<parquet::PageWriter> pager, parquet::ColumnChunkMetaDataBuilder* metadata);

 private:
  using View = arrow::BinaryViewType::c_type;
  template <typename ViewAt>
  int64_t WriteValues(ViewAt view_at, const arrow::Array& array, int64_t count);
  void AddNull();
  void AddPlain(const View& view, const uint8_t* data);
  bool AddPosition(const View& view, const uint8_t* data);
  void Reserve(size_t more);
  void EndPage();
  void EncodePositions();
  size_t PrependLevels();
  void JoinLevels();
  std::shared_ptr<arrow::Buffer> Compress(const uint8_t* page, int64_t size);
  void KeepPage(const uint8_t* page, int64_t size, parquet::Encoding::type encoding);

  const int16_t max_definition_;
  const bool wants_dictionary_;
  ChunkScratch* const scratch_;

  bool plain_ = true;  // pages of values from here on, and not of positions
  ByteDictionary dictionary_;
  std::vector<std::unique_ptr<parquet::DataPageV1>> pages_;
  ByteRange chunk_range_;
  int64_t chunk_rows_ = 0, chunk_nulls_ = 0;

  // The open page: room for levels, then the values.
  std::unique_ptr<uint8_t[]> page_;
  size_t page_used_ = 0, page_capacity_ = 0;
  std::vector<int16_t> positions_;
  std::vector<int16_t> levels_;  // only in a page with nulls
  ByteRange page_range_;
  int64_t page_rows_ = 0, page_nulls_ = 0;
};

}  // namespace sluice
