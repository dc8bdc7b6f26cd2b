// SPDX-License-Identifier: Apache-2.0
#include "connectors/parquet/parquet_source.h"

#include <arrow/type.h>
#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <set>

#include "base/spark_error.h"
#include "connectors/parquet/first_rows.h"
#include "connectors/parquet/parquet_file.h"
#include "connectors/parquet/parquet_slice_reader.h"
#include "connectors/parquet/table_files.h"

namespace sluice {
namespace {

// Of a file, compressed: larger ones are read by several tasks.
constexpr int64_t kTaskBytes = 16 << 20;
// With more files, reading all footers before the first row would take longer than it saves.
constexpr size_t kMaxFilesToRank = 256;

const std::vector<OptionRow>& Table() {
  constexpr const char* kWhole = "A table is read as it is.";
  static const auto* table = new std::vector<OptionRow>{
      {"path", "", OptionUse::kHonoured, "File or folder."},
      {"mergeSchema", "false", OptionUse::kHonoured, "Only false: the first file's columns are the table's."},
      {"recursiveFileLookup", "", OptionUse::kRefused, kWhole},
      {"pathGlobFilter", "", OptionUse::kRefused, kWhole},
      {"modifiedBefore", "", OptionUse::kRefused, kWhole},
      {"modifiedAfter", "", OptionUse::kRefused, kWhole},
      {"ignoreCorruptFiles", "", OptionUse::kRefused, "A damaged file is an error."},
      {"ignoreMissingFiles", "", OptionUse::kRefused, "A missing file is an error."},
      {"datetimeRebaseMode", "", OptionUse::kRefused, "Dates are read as they are written."},
      {"int96RebaseMode", "", OptionUse::kRefused, "Timestamps are read as they are written."},
  };
  return *table;
}

Status CheckRead(const SourceContext& context) {
  SLUICE_RETURN_IF_ERROR(CheckOptions(context.options, Table(), {}, "parquet source"));
  SLUICE_ASSIGN(const bool merge, context.options.GetBool("mergeSchema", false));
  if (merge)
    return NotSupported("The option mergeSchema of Parquet tables: all files must have the columns of the first.");
  return Status::OK();
}

std::vector<std::string> PathsOf(const SourceContext& context) {
  std::vector<std::string> paths = context.paths;
  if (const auto path = context.options.Find("path"); path && paths.empty()) paths.push_back(*path);
  return paths;
}

std::string Lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(), [](unsigned char c) { return std::tolower(c); });
  return text;
}

Result<std::shared_ptr<arrow::Schema>> SchemaOf(const TableFiles& table, const std::vector<std::string>& paths) {
  if (table.files.empty()) {
    return UserError("UNABLE_TO_INFER_SCHEMA",
                     fmt::format("There is no Parquet file in {} that could tell the columns.", fmt::join(paths, ", ")),
                     {{"format", "Parquet"}});
  }
  SLUICE_ASSIGN(const auto reader, OpenParquetFile(table.files.front()));
  SLUICE_ASSIGN(const auto file_schema, SchemaOfParquetFile(reader.get()));
  std::set<std::string> in_folders;
  for (const std::string& name : table.partition_names) in_folders.insert(Lower(name));
  arrow::FieldVector fields;
  for (const auto& field : file_schema->fields()) {
    if (!in_folders.contains(Lower(field->name()))) fields.push_back(field);
  }
  for (size_t i = 0; i < table.partition_names.size(); ++i) {
    std::vector<std::optional<std::string>> values;
    for (const TableFile& file : table.files) values.push_back(file.partition[i]);
    fields.push_back(arrow::field(table.partition_names[i], InferPartitionType(values)));
  }
  return arrow::schema(std::move(fields));
}

// The files and columns of a table as they were when a query was resolved.
struct ResolvedTable {
  TableFiles files;
  std::shared_ptr<arrow::Schema> schema;
};

class ParquetTable : public BatchSource {
 public:
  ParquetTable(std::shared_ptr<const ResolvedTable> table, std::string time_zone)
      : read_(std::make_shared<TableRead>(TableRead{table->schema, std::move(time_zone)})) {
    for (const TableFile& file : table->files.files) files_.push_back(std::make_shared<SharedFooter>(file));
  }

  // Large files are cut by their bytes, so that nothing but their size need be known.
  Result<std::vector<InputPartition>> PlanTasks() override {
    std::vector<InputPartition> tasks;
    for (const auto& file : files_) {
      const int64_t size = file->file().size;
      const int64_t parts = std::max<int64_t>(1, (size + kTaskBytes - 1) / kTaskBytes);
      for (int64_t i = 0; i < parts; ++i) {
        const FilePart part{file, size * i / parts, size * (i + 1) / parts};
        const std::string range = parts == 1 ? "" : fmt::format(":{}-{}", part.begin, part.end);
        tasks.push_back({file->file().path + range, std::make_shared<FilePart>(part)});
      }
    }
    return tasks;
  }

  Result<std::unique_ptr<SliceReader>> OpenReader(const InputPartition& input,
                                                  const std::vector<int>& columns) override {
    return OpenWanted(input, columns, nullptr);
  }
  Result<std::unique_ptr<SliceReader>> OpenWanted(const InputPartition& input, const std::vector<int>& columns,
                                                  const std::shared_ptr<const RowsWanted>& wanted) override {
    return ParquetSliceReader::Open(std::static_pointer_cast<const FilePart>(input.detail), read_, {columns, wanted});
  }

  Result<std::optional<PlainValue>> BoundOfFirst(const FirstRows& wanted) override {
    if (files_.size() > kMaxFilesToRank) return std::nullopt;
    return BoundOfFirstRows(files_, *read_, wanted, &footers_);
  }

 private:
  const std::shared_ptr<const TableRead> read_;
  std::vector<std::shared_ptr<SharedFooter>> files_;
  std::vector<std::shared_ptr<parquet::FileMetaData>> footers_;  // kept for the readers, when all were asked already
};

Result<std::shared_ptr<const ResolvedTable>> Resolve(const SourceContext& context) {
  SLUICE_RETURN_IF_ERROR(CheckRead(context));
  const std::vector<std::string> paths = PathsOf(context);
  auto table = std::make_shared<ResolvedTable>();
  SLUICE_ASSIGN(table->files, ListTableFiles(context.env.get(), context.conf, paths));
  SLUICE_ASSIGN(table->schema, SchemaOf(table->files, paths));
  return std::shared_ptr<const ResolvedTable>(std::move(table));
}

}  // namespace

Result<std::shared_ptr<arrow::Schema>> ParquetTableSchema(const SourceContext& context, bool streaming) {
  if (streaming) return NotSupported("Streams from Parquet files (readStream.parquet). Streams come from Kafka here.");
  SLUICE_ASSIGN(const auto table, Resolve(context));
  if (context.resolved != nullptr) context.resolved->found = table;
  return table->schema;
}

Result<std::unique_ptr<BatchSource>> OpenParquetTable(const SourceContext& context) {
  std::shared_ptr<const ResolvedTable> table;
  if (context.resolved != nullptr) table = std::static_pointer_cast<const ResolvedTable>(context.resolved->found);
  if (table == nullptr) {
    SLUICE_ASSIGN(table, Resolve(context));
  }
  return std::unique_ptr<BatchSource>(std::make_unique<ParquetTable>(std::move(table), context.conf.time_zone()));
}

}  // namespace sluice
