// SPDX-License-Identifier: Apache-2.0
#include "connectors/parquet/parquet_writer.h"

#include <arrow/array.h>
#include <arrow/record_batch.h>
#include <arrow/util/key_value_metadata.h>
#include <parquet/exception.h>
#include <parquet/properties.h>

#include "base/spark_error.h"
#include "connectors/parquet/dictionary_choice.h"
#include "connectors/parquet/parquet_assembly.h"
#include "connectors/parquet/pending_output.h"
#include "types/spark_type.h"

namespace sluice {
namespace {

constexpr char kCreatedBy[] = "sluice version " SLUICE_VERSION;

// Calls what may throw Parquet's exceptions; the Status inside, if there is one, comes back with its detail.
template <typename Call>
Status Caught(Call call) {
  BEGIN_PARQUET_CATCH_EXCEPTIONS
  return call();
  END_PARQUET_CATCH_EXCEPTIONS
}

}  // namespace

Result<std::shared_ptr<const ParquetLayout>> ParquetLayout::Make(const arrow::Schema& slices,
                                                                 const std::vector<int>& columns,
                                                                 TimestampForm timestamps, const ParquetCodec& codec) {
  auto layout = std::make_shared<ParquetLayout>();
  arrow::FieldVector fields;
  for (const int column : columns) fields.push_back(slices.field(column));
  layout->schema = arrow::schema(std::move(fields));
  layout->columns = columns;
  SLUICE_ASSIGN(layout->shape, MakeParquetShape(*layout->schema, timestamps));
  layout->codec = codec;
  layout->row_metadata = SchemaToSparkJson(*layout->schema);
  return layout;
}

ParquetWriter::ParquetWriter(std::unique_ptr<PendingFile> file, std::shared_ptr<const ParquetLayout> layout)
    : output_(std::make_shared<PendingOutput>(std::move(file))), layout_(std::move(layout)) {}

ParquetWriter::~ParquetWriter() {
  // Drops an unfinished file first, so that Parquet's own closing writes nowhere.
  output_->Release();
}

Status ParquetWriter::Open(const arrow::RecordBatch* first, const int32_t* rows, int64_t count) {
  parquet::WriterProperties::Builder builder;
  builder.created_by(kCreatedBy)
      ->version(parquet::ParquetVersion::PARQUET_2_6)
      ->data_page_version(parquet::ParquetDataPageVersion::V1)
      ->compression(layout_->codec.compression)
      ->data_pagesize(StringChunk::kPageBytes)
      ->max_rows_per_page(StringChunk::kPageRows)
      ->enable_write_page_index()
      ->set_size_statistics_level(parquet::SizeStatisticsLevel::None);
  for (size_t i = 0; i < layout_->columns.size(); ++i) {
    const ColumnShape& shape = layout_->shape.columns[i];
    const bool flat = shape.children.empty();
    if (!flat || first == nullptr || DictionaryPays(*first->column(layout_->columns[i]), rows, count)) continue;
    builder.disable_dictionary(layout_->shape.root->field(static_cast<int>(i))->path());
  }
  auto metadata = arrow::key_value_metadata({"org.apache.spark.version", "org.apache.spark.sql.parquet.row.metadata"},
                                            {SLUICE_SPARK_VERSION, layout_->row_metadata});
  return Caught([&] {
    file_ = std::make_unique<ParquetAssembly>(output_, layout_->shape.root, builder.build(), std::move(metadata));
    return Status::OK();
  });
}

Status ParquetWriter::WriteShredded(const ColumnShape& shape, const std::shared_ptr<arrow::Array>& array,
                                    const int32_t* rows, int64_t count) {
  std::vector<std::shared_ptr<arrow::Array>> keep;
  SLUICE_RETURN_IF_ERROR(ShredColumn(shape, array, rows, count, &levels_, &keep));
  for (int i = shape.leaf_begin; i < shape.leaf_end; ++i) {
    const LeafLevels& leaf = levels_[static_cast<size_t>(i - shape.leaf_begin)];
    parquet::ColumnWriter* writer = file_->values(i);
    LeafEntries entries;
    entries.array = leaf.leaf;
    entries.levels = static_cast<int64_t>(leaf.definition.size());
    if (writer->descr()->max_definition_level() > 0) entries.definition = leaf.definition.data();
    if (writer->descr()->max_repetition_level() > 0) entries.repetition = leaf.repetition.data();
    entries.select = leaf.select.data();
    entries.values = static_cast<int64_t>(leaf.select.size());
    // A vector without elements may have no address, and no address means "all".
    static constexpr int32_t kNone = 0;
    if (entries.select == nullptr) entries.select = &kNone;
    open_bytes_ += leaf_writer_.Write(writer, entries);
  }
  return Status::OK();
}

Status ParquetWriter::WriteColumn(const ColumnShape& shape, const std::shared_ptr<arrow::Array>& array,
                                  const int32_t* rows, int64_t count) {
  if (shape.children.empty()) {
    if (StringChunk* strings = file_->strings(shape.leaf_begin)) {
      open_bytes_ += strings->Write(*array, rows, count);
      return Status::OK();
    }
  }
  if (!shape.children.empty() || array->null_count() != 0) return WriteShredded(shape, array, rows, count);
  if (static_cast<int64_t>(present_.size()) < count) present_.assign(static_cast<size_t>(count), 1);
  LeafEntries entries;
  entries.array = array.get();
  entries.definition = shape.nullable ? present_.data() : nullptr;
  entries.levels = count;
  entries.select = rows;
  entries.values = count;
  open_bytes_ += leaf_writer_.Write(file_->values(shape.leaf_begin), entries);
  return Status::OK();
}

Status ParquetWriter::Write(const arrow::RecordBatch& slice, const int32_t* rows, int64_t count) {
  if (count == 0) return Status::OK();
  if (file_ == nullptr) SLUICE_RETURN_IF_ERROR(Open(&slice, rows, count));
  return Caught([&]() -> Status {
    if (!file_->row_group_open()) file_->OpenRowGroup();
    for (size_t i = 0; i < layout_->columns.size(); ++i) {
      SLUICE_RETURN_IF_ERROR(WriteColumn(layout_->shape.columns[i], slice.column(layout_->columns[i]), rows, count));
    }
    rows_ += count;
    open_rows_ += count;
    return Status::OK();
  });
}

Status ParquetWriter::CloseGroup() {
  if (file_ == nullptr || !file_->row_group_open()) return Status::OK();
  return Caught([&] {
    file_->CloseRowGroup(open_rows_);
    open_bytes_ = open_rows_ = 0;
    return Status::OK();
  });
}

Result<WrittenFile> ParquetWriter::Finish() {
  if (file_ == nullptr) SLUICE_RETURN_IF_ERROR(Open(nullptr, nullptr, 0));
  SLUICE_RETURN_IF_ERROR(CloseGroup());
  SLUICE_RETURN_IF_ERROR(Caught([&] {
    file_->Close();
    return Status::OK();
  }));
  return WrittenFile{output_->Release(), output_->position(), rows_};
}

}  // namespace sluice
