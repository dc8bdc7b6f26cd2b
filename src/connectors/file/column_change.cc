// SPDX-License-Identifier: Apache-2.0
#include "connectors/file/column_change.h"

#include <arrow/api.h>
#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <map>
#include <optional>

#include "base/logging.h"
#include "connectors/file/table_paths.h"
#include "connectors/parquet/file_schema.h"
#include "connectors/parquet/parquet_file.h"
#include "types/spark_type.h"

namespace sluice {
namespace {

constexpr int64_t kSmallEntry = 256 * 1024;

struct Column {
  std::string name;
  std::string type;
};

// By the name in lower case: names have no case.
std::map<std::string, Column> ColumnsOf(const arrow::Schema& schema) {
  std::map<std::string, Column> columns;
  for (const auto& field : schema.fields()) {
    std::string key = field->name();
    std::transform(key.begin(), key.end(), key.begin(), [](unsigned char c) { return std::tolower(c); });
    columns.emplace(std::move(key), Column{field->name(), SparkTypeName(*field->type())});
  }
  return columns;
}

// What stands in the data files: partition columns are folders.
arrow::Schema ColumnsInFiles(const arrow::Schema& query, const FileSinkSettings& settings) {
  arrow::FieldVector fields;
  for (int i = 0; i < query.num_fields(); ++i) {
    const auto& folders = settings.partition_columns;
    if (std::find(folders.begin(), folders.end(), i) == folders.end()) fields.push_back(query.field(i));
  }
  return arrow::Schema(fields);
}

// The newest file that small entries of the log name.
Result<std::optional<SinkLogEntry>> LastFile(const FileSinkLog& log) {
  const auto& batches = log.listing().batches;
  for (auto batch = batches.rbegin(); batch != batches.rend(); ++batch) {
    if (batch->second.size > kSmallEntry) break;
    SLUICE_ASSIGN(const std::vector<SinkLogEntry> entries, log.ReadBatch(batch->first));
    const auto added = std::find_if(entries.rbegin(), entries.rend(), [](const auto& entry) {
      return !entry.deletes() && !entry.is_folder && entry.path.ends_with(".parquet");
    });
    if (added != entries.rend()) return std::optional<SinkLogEntry>(*added);
    if (batch->second.compact) break;  // has all that is older
  }
  return std::optional<SinkLogEntry>();
}

Result<std::string> Change(const arrow::Schema& query, const FileSinkSettings& settings, const FileSinkLog& log,
                           const Location& table) {
  SLUICE_ASSIGN(const std::optional<SinkLogEntry> last, LastFile(log));
  if (!last) return std::string();
  SLUICE_ASSIGN(std::string path, TablePaths(table).PathOf(last->path));
  SLUICE_ASSIGN(const auto reader, OpenParquetFile({table.fs, std::move(path), last->size, {}, {}}));
  SLUICE_ASSIGN(const auto before, SchemaOfParquetFile(*reader->metadata()));
  return SchemaChange(*before, ColumnsInFiles(query, settings));
}

}  // namespace

std::string SchemaChange(const arrow::Schema& before, const arrow::Schema& now) {
  const std::map<std::string, Column> old_columns = ColumnsOf(before);
  const std::map<std::string, Column> new_columns = ColumnsOf(now);
  std::string text;
  const auto add = [&text](const std::string& difference) { text += (text.empty() ? "" : ", ") + difference; };
  for (const auto& [key, column] : new_columns) {
    const auto old = old_columns.find(key);
    if (old == old_columns.end()) {
      add(fmt::format("{} is new", column.name));
    } else if (old->second.type != column.type) {
      add(fmt::format("{} was {} and is {}", column.name, old->second.type, column.type));
    }
  }
  for (const auto& [key, column] : old_columns) {
    if (!new_columns.contains(key)) add(fmt::format("{} is missing", column.name));
  }
  return text;
}

std::string ColumnChange(const arrow::Schema& query, const FileSinkSettings& settings, const FileSinkLog& log,
                         const Location& table) {
  const Result<std::string> change = Change(query, settings, log, table);
  if (change.ok()) return *change;
  // A table whose last file cannot be read is no reason to stop: nothing of it is needed to go on.
  Log(LogLevel::kInfo, "The columns of {} were not compared with the query's: {}", table.path,
      change.status().message());
  return "";
}

}  // namespace sluice
