// SPDX-License-Identifier: Apache-2.0
#include "connectors/parquet/parquet_format.h"

#include <arrow/type.h>

#include "base/spark_error.h"
#include "connectors/file/file_table.h"
#include "connectors/parquet/file_schema.h"
#include "connectors/parquet/first_rows.h"
#include "connectors/parquet/parquet_file.h"
#include "connectors/parquet/parquet_slice_reader.h"
#include "connectors/parquet/parquet_writer.h"

namespace sluice {
namespace {

// With more files, reading all footers before the first row would take longer than it saves.
constexpr size_t kMaxFilesToRank = 256;

const std::vector<OptionRow>& ReadOptions() {
  static const auto* table = new std::vector<OptionRow>(WithFileOptions({
      {"mergeSchema", "false", OptionUse::kHonoured, "Only false: the first file's columns are the table's."},
      {"datetimeRebaseMode", "", OptionUse::kRefused, "A file's footer tells its calendar."},
      {"int96RebaseMode", "", OptionUse::kRefused, "A file's footer tells its calendar."},
  }));
  return *table;
}

const std::vector<OptionRow>& WriteOptions() {
  constexpr const char* kRowGroups = "Row groups are cut by spark.sluice.parquet.rowGroupBytes.";
  constexpr const char* kDictionary = "A dictionary is used where the first values of a file show that it pays.";
  static const auto* table = new std::vector<OptionRow>{
      {"compression", "snappy", OptionUse::kHonoured, "none, uncompressed, snappy, gzip, zstd, lz4, lz4_raw."},
      {"parquet.block.size", "", OptionUse::kRefused, kRowGroups},
      {"parquet.page.size", "", OptionUse::kRefused, "Pages are of 1 MiB."},
      {"parquet.dictionary.page.size", "", OptionUse::kRefused, kDictionary},
      {"parquet.enable.dictionary", "", OptionUse::kRefused, kDictionary},
      {"parquet.writer.version", "", OptionUse::kRefused, "Pages of version 1 are written, as Spark does."},
      {"parquet.bloom.filter.enabled", "", OptionUse::kRefused, "No bloom filters are written."},
      {"parquet.encryption.footer.key", "", OptionUse::kRefused, "Files are not encrypted."},
      {"parquet.encryption.column.keys", "", OptionUse::kRefused, "Files are not encrypted."},
  };
  return *table;
}

Status CheckRead(const SourceContext& context) {
  SLUICE_ASSIGN(const bool merge, context.options.GetBool("mergeSchema", false));
  if (merge)
    return NotSupported("The option mergeSchema of Parquet tables: all files must have the columns of the first.");
  return Status::OK();
}

Result<std::shared_ptr<arrow::Schema>> Infer(const SourceContext&, const std::vector<TableFile>& files) {
  const TableFile& first = files.front();
  SLUICE_ASSIGN(const auto reader, OpenParquetFile(first));
  SLUICE_ASSIGN(auto schema, SchemaOfParquetFile(*reader->metadata()));
  SLUICE_RETURN_IF_ERROR(CheckColumnNames(*schema, first.path));
  return schema;
}

class ParquetReaders : public FileReaders {
 public:
  using FileReaders::FileReaders;

  std::shared_ptr<SharedFile> Share(TableFile file) const override {
    return std::make_shared<SharedFooter>(std::move(file));
  }
  bool CanCut(const TableFile&) const override { return true; }
  Result<std::unique_ptr<SliceReader>> Open(std::shared_ptr<const FilePart> part, ReadRequest request) const override {
    return ParquetSliceReader::Open(std::move(part), table_, std::move(request));
  }
  Result<std::optional<PlainValue>> BoundOfFirst(const std::vector<std::shared_ptr<SharedFile>>& files,
                                                 const FirstRows& wanted) override {
    if (files.size() > kMaxFilesToRank) return std::nullopt;
    return BoundOfFirstRows(files, *table_, wanted, &footers_);
  }

 private:
  std::vector<std::shared_ptr<parquet::FileMetaData>> footers_;  // kept for the readers, when all were asked already
};

Result<std::shared_ptr<FileReaders>> OpenReaders(const SourceContext&, std::shared_ptr<const TableRead> table) {
  return std::make_shared<ParquetReaders>(std::move(table));
}

class ParquetEncoding : public FileEncoding {
 public:
  explicit ParquetEncoding(std::shared_ptr<const ParquetLayout> layout)
      : FileEncoding(layout->columns, layout->codec.extension), layout_(std::move(layout)) {}
  std::unique_ptr<FileEncoder> Open(std::unique_ptr<PendingFile> file) const override {
    return std::make_unique<ParquetWriter>(std::move(file), layout_);
  }

 private:
  const std::shared_ptr<const ParquetLayout> layout_;
};

Result<std::shared_ptr<const FileEncoding>> Encoding(const SinkContext& context, const std::vector<int>& columns) {
  SLUICE_ASSIGN(const TimestampForm timestamps,
                ParseTimestampForm(context.conf.Get("spark.sql.parquet.outputTimestampType")));
  const std::string codec_name =
      context.options.Get("compression", context.conf.Get("spark.sql.parquet.compression.codec"));
  SLUICE_ASSIGN(const ParquetCodec codec, FindParquetCodec(codec_name));
  SLUICE_ASSIGN(auto layout, ParquetLayout::Make(*context.schema, columns, timestamps, codec));
  return std::make_shared<ParquetEncoding>(std::move(layout));
}

}  // namespace

const FileFormat kParquetFormat = {"parquet",
                                   "Parquet",
                                   /*stream_needs_schema=*/false,
                                   ReadOptions,
                                   WriteOptions,
                                   CheckRead,
                                   Infer,
                                   OpenReaders,
                                   Encoding};

}  // namespace sluice
