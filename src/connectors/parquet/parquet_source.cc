// SPDX-License-Identifier: Apache-2.0
#include "connectors/parquet/parquet_source.h"

#include <arrow/type.h>
#include <fmt/format.h>
#include <parquet/file_reader.h>

#include <algorithm>
#include <cctype>
#include <set>

#include "base/spark_error.h"
#include "connectors/parquet/parquet_file.h"
#include "connectors/parquet/parquet_slice_reader.h"
#include "connectors/parquet/table_files.h"

namespace sluice {
namespace {

// Of a file, compressed: larger ones are read by several tasks.
constexpr int64_t kTaskBytes = 16 << 20;

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

class ParquetTable : public BatchSource {
 public:
  ParquetTable(TableFiles table, std::shared_ptr<arrow::Schema> schema, std::string time_zone)
      : table_(std::move(table)),
        read_(std::make_shared<TableRead>(TableRead{std::move(schema), std::move(time_zone)})) {}

  Result<std::vector<InputPartition>> PlanTasks() override {
    std::vector<InputPartition> tasks;
    for (const TableFile& file : table_.files) {
      if (file.size <= kTaskBytes) {
        AddTask(file, {}, &tasks);
        continue;
      }
      SLUICE_RETURN_IF_ERROR(SplitFile(file, &tasks));
    }
    return tasks;
  }

  Result<std::unique_ptr<SliceReader>> OpenReader(const InputPartition& input,
                                                  const std::vector<int>& columns) override {
    return ParquetSliceReader::Open(std::static_pointer_cast<const FilePart>(input.detail), read_, columns);
  }

 private:
  static void AddTask(const TableFile& file, std::vector<int> row_groups, std::vector<InputPartition>* tasks,
                      std::shared_ptr<parquet::FileMetaData> metadata = nullptr) {
    const std::string range = row_groups.empty() ? "" : fmt::format(":{}-{}", row_groups.front(), row_groups.back());
    tasks->push_back(
        {file.path + range, std::make_shared<FilePart>(FilePart{file, std::move(row_groups), std::move(metadata)})});
  }

  static Status SplitFile(const TableFile& file, std::vector<InputPartition>* tasks) {
    SLUICE_ASSIGN(const auto reader, OpenParquetFile(file));
    const auto metadata = reader->parquet_reader()->metadata();
    std::vector<int> row_groups;
    int64_t bytes = 0;
    for (int i = 0; i < metadata->num_row_groups(); ++i) {
      const int64_t size = metadata->RowGroup(i)->total_compressed_size();
      if (!row_groups.empty() && bytes + size > kTaskBytes) {
        AddTask(file, std::move(row_groups), tasks, metadata);
        row_groups.clear();
        bytes = 0;
      }
      row_groups.push_back(i);
      bytes += size;
    }
    if (!row_groups.empty()) AddTask(file, std::move(row_groups), tasks, metadata);
    return Status::OK();
  }

  const TableFiles table_;
  const std::shared_ptr<const TableRead> read_;
};

}  // namespace

Result<std::shared_ptr<arrow::Schema>> ParquetTableSchema(const SourceContext& context, bool streaming) {
  if (streaming) return NotSupported("Streams from Parquet files (readStream.parquet). Streams come from Kafka here.");
  SLUICE_RETURN_IF_ERROR(CheckRead(context));
  const std::vector<std::string> paths = PathsOf(context);
  SLUICE_ASSIGN(const TableFiles table, ListTableFiles(context.env.get(), context.conf, paths));
  return SchemaOf(table, paths);
}

Result<std::unique_ptr<BatchSource>> OpenParquetTable(const SourceContext& context) {
  SLUICE_RETURN_IF_ERROR(CheckRead(context));
  const std::vector<std::string> paths = PathsOf(context);
  SLUICE_ASSIGN(TableFiles table, ListTableFiles(context.env.get(), context.conf, paths));
  SLUICE_ASSIGN(auto schema, SchemaOf(table, paths));
  return std::unique_ptr<BatchSource>(
      std::make_unique<ParquetTable>(std::move(table), std::move(schema), context.conf.time_zone()));
}

}  // namespace sluice
