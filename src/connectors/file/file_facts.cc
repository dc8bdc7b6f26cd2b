// SPDX-License-Identifier: Apache-2.0
#include "connectors/file/file_facts.h"

#include <arrow/type.h>

#include "types/spark_type.h"

namespace sluice {
namespace {

// As Hadoop writes a path: file:/t, and not file:///t.
std::string PathOf(const TableFile& file) {
  std::string uri = UriOf(file);
  if (uri.starts_with("file:///")) uri.erase(5, 2);
  return uri;
}

}  // namespace

const std::array<FileFact, 5>& FileFacts() {
  static constexpr std::array<FileFact, 5> kFacts = {
      {{"file uri", [] { return StringType(); }, UriOf},
       {"file path", [] { return StringType(); }, PathOf},
       {"file name", [] { return StringType(); },
        [](const TableFile& file) { return file.path.substr(file.path.rfind('/') + 1); }},
       {"file size", [] { return arrow::int64(); }, [](const TableFile& file) { return std::to_string(file.size); }},
       {"file modified", [] { return arrow::int64(); },
        [](const TableFile& file) { return std::to_string(file.modified_ms * 1000); }}}};
  return kFacts;
}

std::string UriOf(const TableFile& file) {
  return file.fs->Uri(file.path);
}

void AddFileFacts(TableFile* file) {
  for (const FileFact& fact : FileFacts()) file->partition.emplace_back(fact.text(*file));
}

void AddFileFacts(ResolvedTable* table) {
  const size_t folders = table->files.partition_names.size();
  for (TableFile& file : table->files.files) {
    file.partition.resize(folders);
    AddFileFacts(&file);
  }
  arrow::FieldVector fields = table->schema->fields();
  for (const FileFact& fact : FileFacts()) {
    fields.push_back(arrow::field(fact.name, fact.type(), false));
    table->folders.push_back(static_cast<int>(table->files.partition_names.size()));
    table->in_files.push_back(-1);
    table->files.partition_names.emplace_back(fact.name);
  }
  table->schema = arrow::schema(std::move(fields));
}

std::shared_ptr<arrow::Schema> WithoutFileFacts(const arrow::Schema& schema) {
  arrow::FieldVector fields = schema.fields();
  fields.resize(fields.size() - FileFacts().size());
  return arrow::schema(std::move(fields));
}

}  // namespace sluice
