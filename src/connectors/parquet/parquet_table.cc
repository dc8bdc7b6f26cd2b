// SPDX-License-Identifier: Apache-2.0
#include "connectors/parquet/parquet_table.h"

#include <arrow/type.h>
#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <set>

#include "base/spark_error.h"
#include "connectors/parquet/file_schema.h"
#include "connectors/parquet/parquet_file.h"
#include "connectors/parquet/partition_type.h"
#include "types/spark_type.h"

namespace sluice {
namespace {

constexpr int64_t kMostTasks = 1 << 14;  // of a file, whatever size a sink log claims
constexpr char kInferPartitionTypes[] = "spark.sql.sources.partitionColumnTypeInference.enabled";

std::string Lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(), [](unsigned char c) { return std::tolower(c); });
  return text;
}

std::shared_ptr<arrow::Field> PartitionColumn(const TableFiles& table, size_t part, bool infer) {
  std::vector<std::optional<std::string>> values;
  for (const TableFile& file : table.files) values.push_back(file.partition[part]);
  const bool any = std::any_of(values.begin(), values.end(), [](const auto& value) { return value.has_value(); });
  return arrow::field(table.partition_names[part], infer || !any ? InferPartitionType(values) : StringType());
}

// A column that folders stand for comes last, or where the file has one of that name, whose values are not read then.
// Where the columns are `given`, so are their types.
void AddPartitionColumns(const arrow::FieldVector& of_file, bool infer, bool given, ResolvedTable* table) {
  const auto& names = table->files.partition_names;
  arrow::FieldVector fields;
  std::set<size_t> placed;
  for (const auto& field : of_file) {
    const auto same = std::find_if(names.begin(), names.end(),
                                   [&](const std::string& name) { return Lower(name) == Lower(field->name()); });
    const auto part = static_cast<size_t>(same - names.begin());
    const bool as_it_is = same == names.end() || given;
    fields.push_back(as_it_is ? field : PartitionColumn(table->files, part, infer));
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
  const bool infer = context.conf.GetBool(kInferPartitionTypes);
  if (context.schema != nullptr) {
    arrow::FieldVector fields;
    for (const auto& field : context.schema->fields()) fields.push_back(field->WithNullable(true));
    AddPartitionColumns(fields, infer, /*given=*/true, resolved);
    return Status::OK();
  }
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
  AddPartitionColumns(of_file->fields(), infer, /*given=*/false, resolved);
  return Status::OK();
}

}  // namespace

const std::vector<OptionRow>& ParquetReadOptions() {
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

std::vector<std::string> ParquetPathsOf(const SourceContext& context) {
  std::vector<std::string> paths = context.paths;
  if (const auto path = context.options.Find("path"); path && paths.empty()) paths.push_back(*path);
  return paths;
}

Result<std::shared_ptr<ResolvedTable>> ResolveParquetTable(const SourceContext& context) {
  const std::vector<std::string> paths = ParquetPathsOf(context);
  auto table = std::make_shared<ResolvedTable>();
  SLUICE_ASSIGN(table->files, ListTableFiles(context.env.get(), context.conf, paths));
  SLUICE_RETURN_IF_ERROR(FindColumns(context, paths, table.get()));
  return table;
}

std::vector<FilePart> PartsOfFile(const std::shared_ptr<SharedFooter>& file, int order) {
  const int64_t size = file->file().size;
  const int64_t whole = size / kParquetTaskBytes;
  const int64_t count = std::clamp<int64_t>(whole + (size % kParquetTaskBytes > 0 ? 1 : 0), 1, kMostTasks);
  std::vector<FilePart> parts;
  for (int64_t i = 0; i < count; ++i) {
    const int64_t end = i + 1 == count ? INT64_MAX : size * (i + 1) / count;
    parts.push_back({file, size * i / count, end, order + static_cast<int>(i)});
  }
  return parts;
}

std::string IdentityOf(const FilePart& part) {
  const TableFile& file = part.file->file();
  if (part.begin == 0 && part.end == INT64_MAX) return file.path;
  return fmt::format("{}:{}-{}", file.path, part.begin, std::min(part.end, file.size));
}

}  // namespace sluice
