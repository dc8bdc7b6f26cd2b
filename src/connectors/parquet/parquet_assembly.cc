// SPDX-License-Identifier: Apache-2.0
#include "connectors/parquet/parquet_assembly.h"

#include <arrow/io/interfaces.h>
#include <parquet/exception.h>
#include <parquet/file_writer.h>

namespace sluice {

ParquetAssembly::ParquetAssembly(std::shared_ptr<arrow::io::OutputStream> sink, const parquet::schema::NodePtr& root,
                                 std::shared_ptr<parquet::WriterProperties> properties,
                                 std::shared_ptr<const arrow::KeyValueMetadata> metadata)
    : sink_(std::move(sink)), properties_(std::move(properties)), key_values_(std::move(metadata)) {
  schema_.Init(root);
  metadata_ = parquet::FileMetaDataBuilder::Make(&schema_, properties_);
  page_index_ = parquet::PageIndexBuilder::Make(&schema_);
  leaves_.resize(static_cast<size_t>(schema_.num_columns()));
  // One codec for the whole file.
  const auto codec = properties_->compression(std::make_shared<parquet::schema::ColumnPath>());
  if (codec != arrow::Compression::UNCOMPRESSED) {
    PARQUET_ASSIGN_OR_THROW(scratch_.codec, arrow::util::Codec::Create(codec));
  }
  for (int i = 0; i < schema_.num_columns(); ++i) {
    const parquet::ColumnDescriptor* column = schema_.Column(i);
    const bool flat = column->max_repetition_level() == 0 && column->path()->ToDotVector().size() == 1;
    if (column->physical_type() != parquet::Type::BYTE_ARRAY || !flat) continue;
    leaves_[static_cast<size_t>(i)].strings = std::make_unique<StringChunk>(column, *properties_, &scratch_);
  }
  PARQUET_THROW_NOT_OK(sink_->Write(parquet::kParquetMagic, sizeof(parquet::kParquetMagic)));
}

std::unique_ptr<parquet::PageWriter> ParquetAssembly::OpenPages(int leaf, bool buffered) {
  return parquet::PageWriter::Open(sink_, properties_->compression(schema_.Column(leaf)->path()),
                                   leaves_[static_cast<size_t>(leaf)].metadata, row_groups_, static_cast<int16_t>(leaf),
                                   arrow::default_memory_pool(), buffered, nullptr, nullptr, false,
                                   page_index_->GetColumnIndexBuilder(leaf), page_index_->GetOffsetIndexBuilder(leaf));
}

void ParquetAssembly::OpenRowGroup() {
  row_group_ = metadata_->AppendRowGroup();
  page_index_->AppendRowGroup();
  for (int i = 0; i < schema_.num_columns(); ++i) {
    Leaf& leaf = leaves_[static_cast<size_t>(i)];
    leaf.metadata = row_group_->NextColumnChunk();
    if (leaf.strings != nullptr) continue;
    leaf.values = parquet::ColumnWriter::Make(leaf.metadata, OpenPages(i, /*buffered=*/true), properties_.get());
  }
}

void ParquetAssembly::CloseRowGroup(int64_t rows) {
  int64_t bytes = 0;
  for (int i = 0; i < schema_.num_columns(); ++i) {
    Leaf& leaf = leaves_[static_cast<size_t>(i)];
    if (leaf.strings != nullptr) {
      bytes += leaf.strings->Close(OpenPages(i, /*buffered=*/false), leaf.metadata);
    } else {
      bytes += leaf.values->Close();
      leaf.values.reset();
    }
  }
  scratch_.pages.Clear();
  row_group_->set_num_rows(rows);
  row_group_->Finish(bytes, row_groups_++);
  row_group_ = nullptr;
}

void ParquetAssembly::Close() {
  page_index_->Finish();
  const auto written = page_index_->WriteTo(sink_.get());
  metadata_->SetIndexLocations(parquet::IndexKind::kColumnIndex, written.column_index_locations);
  metadata_->SetIndexLocations(parquet::IndexKind::kOffsetIndex, written.offset_index_locations);
  parquet::WriteFileMetaData(*metadata_->Finish(key_values_), sink_.get());
}

}  // namespace sluice
