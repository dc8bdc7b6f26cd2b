// SPDX-License-Identifier: Apache-2.0
#include "connectors/file/file_table.h"

#include <arrow/type.h>
#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <set>

#include "base/spark_error.h"
#include "connectors/file/file_facts.h"
#include "connectors/file/partition_type.h"
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

// A column that folders stand for comes last, of the type `given` for it, if it is. Where the files were found to have
// one of that name, it stands there instead, and the files' values are not read.
void AddPartitionColumns(bool infer, bool given, const arrow::FieldVector& columns, ResolvedTable* table) {
  const auto& names = table->files.partition_names;
  arrow::FieldVector fields;
  arrow::FieldVector of_files;
  std::vector<std::shared_ptr<arrow::Field>> of_folders(names.size());
  std::set<size_t> placed;
  const auto add = [&](std::shared_ptr<arrow::Field> field, int folder, int in_file) {
    fields.push_back(std::move(field));
    table->folders.push_back(folder);
    table->in_files.push_back(in_file);
  };
  for (const auto& field : columns) {
    const auto same = std::find_if(names.begin(), names.end(),
                                   [&](const std::string& name) { return Lower(name) == Lower(field->name()); });
    const auto part = static_cast<size_t>(same - names.begin());
    if (same == names.end()) {
      add(field, -1, static_cast<int>(of_files.size()));
    } else if (given) {
      of_folders[part] = field;
      continue;
    } else {
      add(PartitionColumn(table->files, part, infer), static_cast<int>(part), -1);
      placed.insert(part);
    }
    of_files.push_back(field);
  }
  for (size_t i = 0; i < names.size(); ++i) {
    if (placed.contains(i)) continue;
    add(of_folders[i] != nullptr ? of_folders[i] : PartitionColumn(table->files, i, infer), static_cast<int>(i), -1);
  }
  table->schema = arrow::schema(std::move(fields));
  table->of_files = arrow::schema(std::move(of_files));
}

Status CheckNames(const arrow::Schema& schema) {
  std::set<std::string> seen;
  for (const auto& field : schema.fields()) {
    if (seen.insert(Lower(field->name())).second) continue;
    return UserError("COLUMN_ALREADY_EXISTS",
                     fmt::format("The column `{}` already exists. Choose another name or rename the existing column.",
                                 Lower(field->name())),
                     {{"columnName", "`" + Lower(field->name()) + "`"}});
  }
  return Status::OK();
}

Status FindColumns(const FileFormat& format, const SourceContext& context, ResolvedTable* resolved) {
  const TableFiles& table = resolved->files;
  const bool infer = context.conf.GetBool(kInferPartitionTypes);
  if (context.schema != nullptr) {
    const auto given = context.file_facts ? WithoutFileFacts(*context.schema) : context.schema;
    arrow::FieldVector fields;
    for (const auto& field : given->fields()) fields.push_back(field->WithNullable(true));
    AddPartitionColumns(infer, /*given=*/true, fields, resolved);
    return CheckNames(*resolved->schema);
  }
  if (table.files.empty()) {
    return UserError("UNABLE_TO_INFER_SCHEMA",
                     fmt::format("There is no {} file in {} that could tell the columns.", format.title,
                                 fmt::join(FilePathsOf(context), ", ")),
                     {{"format", format.title}});
  }
  SLUICE_ASSIGN(const auto of_files, format.infer(context, table.files));
  SLUICE_RETURN_IF_ERROR(CheckNames(*of_files));
  AddPartitionColumns(infer, /*given=*/false, of_files->fields(), resolved);
  return CheckNames(*resolved->schema);
}

class FileTable : public BatchSource {
 public:
  FileTable(const TableFiles& files, std::shared_ptr<FileReaders> readers) : readers_(std::move(readers)) {
    for (const TableFile& file : files.files) files_.push_back(readers_->Share(file));
  }

  // Large files are cut by their bytes, so that nothing but their size need be known.
  Result<std::vector<InputPartition>> PlanTasks() override {
    std::vector<InputPartition> tasks;
    for (const auto& file : files_) {
      for (FilePart& part : PartsOfFile(*readers_, file, static_cast<int>(tasks.size()))) {
        tasks.push_back({IdentityOf(part), std::make_shared<FilePart>(std::move(part))});
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
    return readers_->Open(std::static_pointer_cast<const FilePart>(input.detail), {columns, wanted});
  }
  Result<std::optional<PlainValue>> BoundOfFirst(const FirstRows& wanted) override {
    return readers_->BoundOfFirst(files_, wanted);
  }

 private:
  const std::shared_ptr<FileReaders> readers_;
  std::vector<std::shared_ptr<SharedFile>> files_;
};

Result<std::shared_ptr<const ResolvedTable>> Resolve(const FileFormat& format, const SourceContext& context) {
  SLUICE_RETURN_IF_ERROR(
      CheckOptions(context.options, format.read_options(), {}, fmt::format("{} source", format.name)));
  SLUICE_ASSIGN(std::shared_ptr<const ResolvedTable> table, ResolveFileTable(format, context));
  return table;
}

}  // namespace

std::vector<OptionRow> WithFileOptions(std::vector<OptionRow> of_format) {
  static const auto* common = new std::vector<OptionRow>{
      {"path", "", OptionUse::kHonoured, "File or folder; wildcards as *, ?, [ab] and {a,b}."},
      {"pathGlobFilter", "", OptionUse::kHonoured, "Only files whose name this pattern fits."},
      {"recursiveFileLookup", "false", OptionUse::kHonoured, "True: all files below, and folders stand for no column."},
      {"basePath", "", OptionUse::kRefused, "Name the folder of the table as the path."},
      {"modifiedBefore", "", OptionUse::kRefused, "Files are told apart by path alone."},
      {"modifiedAfter", "", OptionUse::kRefused, "Files are told apart by path alone."},
      {"ignoreCorruptFiles", "", OptionUse::kRefused, "A damaged file is an error."},
      {"ignoreMissingFiles", "", OptionUse::kRefused, "A missing file is an error."},
  };
  std::vector<OptionRow> rows = *common;
  rows.insert(rows.end(), of_format.begin(), of_format.end());
  return rows;
}

std::vector<std::string> FilePathsOf(const SourceContext& context) {
  std::vector<std::string> paths = context.paths;
  if (const auto path = context.options.Find("path"); path && paths.empty()) paths.push_back(*path);
  return paths;
}

Result<ListingOptions> ListingOptionsOf(const Options& options) {
  ListingOptions listing;
  listing.name_pattern = options.Find("pathGlobFilter");
  SLUICE_ASSIGN(listing.recursive, options.GetBool("recursiveFileLookup", false));
  return listing;
}

Result<std::shared_ptr<ResolvedTable>> ResolveFileTable(const FileFormat& format, const SourceContext& context) {
  SLUICE_RETURN_IF_ERROR(format.check_read(context));
  SLUICE_ASSIGN(const ListingOptions listing, ListingOptionsOf(context.options));
  auto table = std::make_shared<ResolvedTable>();
  SLUICE_ASSIGN(table->files, ListTableFiles(context.env.get(), context.conf, FilePathsOf(context), listing));
  SLUICE_RETURN_IF_ERROR(FindColumns(format, context, table.get()));
  if (context.file_facts) AddFileFacts(table.get());
  return table;
}

std::shared_ptr<const TableRead> ReadOf(const ResolvedTable& table, const SourceContext& context) {
  return std::make_shared<TableRead>(TableRead{table.schema, table.folders, context.conf.time_zone(),
                                               std::make_shared<TableMemory>(context.budget), table.of_files,
                                               table.in_files});
}

std::vector<FilePart> PartsOfFile(const FileReaders& readers, const std::shared_ptr<SharedFile>& file, int order) {
  if (!readers.CanCut(file->file())) return {FilePart{file, 0, INT64_MAX, order}};
  const int64_t size = file->file().size;
  const int64_t whole = size / kFileTaskBytes;
  const int64_t count = std::clamp<int64_t>(whole + (size % kFileTaskBytes > 0 ? 1 : 0), 1, kMostTasks);
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

Result<std::shared_ptr<arrow::Schema>> FileTableSchema(const FileFormat& format, const SourceContext& context) {
  SLUICE_ASSIGN(const auto table, Resolve(format, context));
  if (context.resolved != nullptr) context.resolved->found = table;
  return table->schema;
}

Result<std::unique_ptr<BatchSource>> OpenFileTable(const FileFormat& format, const SourceContext& context) {
  std::shared_ptr<const ResolvedTable> table;
  if (context.resolved != nullptr) table = std::static_pointer_cast<const ResolvedTable>(context.resolved->found);
  if (table == nullptr) {
    SLUICE_ASSIGN(table, Resolve(format, context));
  }
  SLUICE_ASSIGN(auto readers, format.open(context, ReadOf(*table, context)));
  return std::unique_ptr<BatchSource>(std::make_unique<FileTable>(table->files, std::move(readers)));
}

}  // namespace sluice
