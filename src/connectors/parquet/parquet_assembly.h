// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <arrow/type_fwd.h>
#include <parquet/column_writer.h>
#include <parquet/metadata.h>
#include <parquet/page_index.h>
#include <parquet/properties.h>
#include <parquet/schema.h>

#include <cstdint>
#include <memory>
#include <vector>

#include "connectors/parquet/string_chunk.h"

namespace sluice {

// Puts a Parquet file together as parquet::ParquetFileWriter does with buffered row groups (magic, chunks, page index,
// footer), but the chunks of flat STRING and BINARY columns are ours. Throws parquet::ParquetException.
class ParquetAssembly {
 public:
  ParquetAssembly(std::shared_ptr<arrow::io::OutputStream> sink, const parquet::schema::NodePtr& root,
                  std::shared_ptr<parquet::WriterProperties> properties,
                  std::shared_ptr<const arrow::KeyValueMetadata> metadata);

  void OpenRowGroup();
  bool row_group_open() const { return row_group_ != nullptr; }
  // Writers of a leaf of the open row group: one of the two is null.
  StringChunk* strings(int leaf) { return leaves_[static_cast<size_t>(leaf)].strings.get(); }
  parquet::ColumnWriter* values(int leaf) { return leaves_[static_cast<size_t>(leaf)].values.get(); }
  void CloseRowGroup(int64_t rows);
  // Writes page index and footer.
  void Close();

 private:
  struct Leaf {
    std::unique_ptr<StringChunk> strings;  // for all row groups
    std::shared_ptr<parquet::ColumnWriter> values;
    parquet::ColumnChunkMetaDataBuilder* metadata = nullptr;
  };
  std::unique_ptr<parquet::PageWriter> OpenPages(int leaf, bool buffered);

  const std::shared_ptr<arrow::io::OutputStream> sink_;
  const std::shared_ptr<parquet::WriterProperties> properties_;
  const std::shared_ptr<const arrow::KeyValueMetadata> key_values_;
  parquet::SchemaDescriptor schema_;
  std::unique_ptr<parquet::FileMetaDataBuilder> metadata_;
  std::unique_ptr<parquet::PageIndexBuilder> page_index_;
  parquet::RowGroupMetaDataBuilder* row_group_ = nullptr;
  int16_t row_groups_ = 0;
  ChunkScratch scratch_;
  std::vector<Leaf> leaves_;
};

}  // namespace sluice
