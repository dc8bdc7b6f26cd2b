// SPDX-License-Identifier: Apache-2.0
#include "connectors/parquet/parquet_source.h"

#include <arrow/type.h>
#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <set>

#include "base/spark_error.h"
#include "connectors/parquet/file_schema.h"
#include "connectors/parquet/first_rows.h"
#include "connectors/parquet/parquet_file.h"
#include "connectors/parquet/parquet_slice_reader.h"
#include "connectors/parquet/partition_type.h"
#include "connectors/parquet/table_files.h"
#include "types/spark_type.h"

namespace sluice {
namespace {

// Of a file, compressed: larger ones are read by several tasks.
constexpr int64_t kTaskBytes = 16 << 20;
constexpr int64_t kMostTasks = 1 << 14;  // of a file, whatever size a sink log claims
// With more files, reading all footers before the first row would take longer than it saves.
constexpr size_t kMaxFilesToRank = 256;
constexpr char kInferPartitionTypes[] = "spark.sql.sources.partitionColumnTypeInference.enabled";

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
      {"datetimeRebaseMode", "", OptionUse::kRefused, "A file's footer tells its calendar."},
      {"int96RebaseMode", "", OptionUse::kRefused, "A file's footer tells its calendar."},
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

// The files and columns of a table as they were when a query was resolved.
struct ResolvedTable {
  TableFiles files;
  std::shared_ptr<arrow::Schema> schema;
  std::vector<int> folders;  // as of TableRead
};

std::shared_ptr<arrow::Field> PartitionColumn(const TableFiles& table, size_t part, bool infer) {
  std::vector<std::optional<std::string>> values;
  for (const TableFile& file : table.files) values.push_back(file.partition[part]);
  const bool any = std::any_of(values.begin(), values.end(), [](const auto& value) { return value.has_value(); });
  return arrow::field(table.partition_names[part], infer || !any ? InferPartitionType(values) : StringType());
}

// A column that folders stand for comes last, or where the file has one of that name, whose values are not read then.
void AddPartitionColumns(const arrow::FieldVector& of_file, bool infer, ResolvedTable* table) {
  const auto& names = table->files.partition_names;
  arrow::FieldVector fields;
  std::set<size_t> placed;
  for (const auto& field : of_file) {
    const auto same = std::find_if(names.begin(), names.end(),
                                   [&](const std::string& name) { return Lower(name) == Lower(field->name()); });
    const auto part = static_cast<size_t>(same - names.begin());
    fields.push_back(same == names.end() ? field : PartitionColumn(table->files, part, infer));
    table->folders.push_back(same == names.end() ? -1 : static_cast<int>(part));
    placed.insert(part);
  }
  for (size_t i = 0; i < names.size(); ++i) {
    if (placed.contains(i)) continue;
    fields.push_back(PartitionColumn(table->files, i, infer));
    table->folders.push_back(static_cast<int>(i));
  }
  table->schema = arrow::schema(std::move(fields));
}

Status FindColumns(const SourceContext& context, const std::vector<std::string>& paths, ResolvedTable* resolved) {
  const TableFiles& table = resolved->files;
  if (table.files.empty()) {
    return UserError("UNABLE_TO_INFER_SCHEMA",
                     fmt::format("There is no Parquet file in {} that could tell the columns.", fmt::join(paths, ", ")),
                     {{"format", "Parquet"}});
  }
  const TableFile& first = table.files.front();
  SLUICE_ASSIGN(const auto reader, OpenParquetFile(first));
  SLUICE_ASSIGN(const auto of_file, SchemaOfParquetFile(*reader->metadata()));
  SLUICE_RETURN_IF_ERROR(CheckColumnNames(*of_file, first.path));
  arrow::FieldVector of_folders;
  for (const std::string& name : table.partition_names) of_folders.push_back(arrow::field(name, StringType()));
  SLUICE_RETURN_IF_ERROR(CheckColumnNames(*arrow::schema(of_folders), first.path));
  AddPartitionColumns(of_file->fields(), context.conf.GetBool(kInferPartitionTypes), resolved);
  return Status::OK();
}

class ParquetTable : public BatchSource {
 public:
  ParquetTable(const std::shared_ptr<const ResolvedTable>& table, std::string time_zone, MemoryBudget* budget)
      : read_(std::make_shared<TableRead>(
            TableRead{table->schema, table->folders, std::move(time_zone), std::make_shared<TableMemory>(budget)})) {
    for (const TableFile& file : table->files.files) files_.push_back(std::make_shared<SharedFooter>(file));
  }

  // Large files are cut by their bytes, so that nothing but their size need be known.
  Result<std::vector<InputPartition>> PlanTasks() override {
    std::vector<InputPartition> tasks;
    for (const auto& file : files_) {
      const int64_t size = file->file().size;
      const int64_t parts = std::clamp<int64_t>(size / kTaskBytes + (size % kTaskBytes > 0 ? 1 : 0), 1, kMostTasks);
      for (int64_t i = 0; i < parts; ++i) {
        const int64_t end = i + 1 == parts ? INT64_MAX : size * (i + 1) / parts;
        const FilePart part{file, size * i / parts, end, static_cast<int>(tasks.size())};
        const std::string range = parts == 1 ? "" : fmt::format(":{}-{}", part.begin, size * (i + 1) / parts);
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
  SLUICE_RETURN_IF_ERROR(FindColumns(context, paths, table.get()));
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
  return std::unique_ptr<BatchSource>(std::make_unique<ParquetTable>(table, context.conf.time_zone(), context.budget));
}

}  // namespace sluice
