// SPDX-License-Identifier: Apache-2.0
#include "connectors/file/file_sink_settings.h"

#include <arrow/type.h>
#include <arrow/type_traits.h>
#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <set>

#include "base/spark_error.h"
#include "types/spark_type.h"

namespace sluice {
namespace {

constexpr int64_t kLeastRowGroupBytes = 1024;

std::string Lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(), [](unsigned char c) { return std::tolower(c); });
  return text;
}

Status CheckNames(const arrow::Schema& schema) {
  std::set<std::string> names;
  for (const auto& field : schema.fields()) {
    if (names.insert(Lower(field->name())).second) continue;
    return UserError("COLUMN_ALREADY_EXISTS",
                     fmt::format("Two columns are named {}; a file needs different names.", field->name()),
                     {{"columnName", field->name()}});
  }
  return Status::OK();
}

Status FindPartitionColumns(const SinkContext& context, FileSinkSettings* settings) {
  for (const std::string& name : context.partition_columns) {
    int found = -1;
    for (int i = 0; i < context.schema->num_fields(); ++i) {
      if (Lower(context.schema->field(i)->name()) == Lower(name)) found = i;
    }
    if (found < 0) {
      return UserError("PARTITION_COLUMN_NOT_FOUND_IN_SCHEMA",
                       fmt::format("partitionBy names the column {}, which the query does not have.", name),
                       {{"column", name}});
    }
    if (arrow::is_nested(context.schema->field(found)->type()->id())) {
      return UserError("INVALID_PARTITION_COLUMN_DATA_TYPE",
                       fmt::format("The column {} of type {} cannot be a folder's name.", name,
                                   SparkTypeName(*context.schema->field(found)->type())));
    }
    settings->partition_columns.push_back(found);
    settings->partition_names.push_back(context.schema->field(found)->name());
  }
  if (!settings->partition_columns.empty() &&
      settings->partition_columns.size() >= static_cast<size_t>(context.schema->num_fields())) {
    return UserError("ALL_PARTITION_COLUMNS_NOT_ALLOWED", "partitionBy must leave at least one column for the files.");
  }
  return Status::OK();
}

Result<FileSinkLogOptions> LogOptions(const SinkContext& context) {
  FileSinkLogOptions log;
  log.compact_interval = context.conf.GetInt("spark.sql.streaming.fileSink.log.compactInterval");
  log.delete_expired = context.conf.GetBool("spark.sql.streaming.fileSink.log.deletion");
  log.cleanup_delay_ms = context.conf.GetDurationMs("spark.sql.streaming.fileSink.log.cleanupDelay");
  log.batches_to_retain = context.conf.GetInt("spark.sql.streaming.minBatchesToRetain");
  if (log.compact_interval <= 0) {
    return UserError("INVALID_CONF_VALUE.REQUIREMENT",
                     "spark.sql.streaming.fileSink.log.compactInterval must be above 0.");
  }
  if (const auto retention = context.options.Find("retention")) {
    SLUICE_ASSIGN(log.retention_ms, ParseDurationMs(*retention));
  }
  return log;
}

Result<std::shared_ptr<FileSinkSettings>> MakeFileSettings(const FileFormat& format, const SinkContext& context) {
  SLUICE_RETURN_IF_ERROR(CheckNames(*context.schema));
  auto settings = std::make_shared<FileSinkSettings>();
  SLUICE_RETURN_IF_ERROR(FindPartitionColumns(context, settings.get()));
  std::vector<int> columns;
  for (int i = 0; i < context.schema->num_fields(); ++i) {
    const auto& partitions = settings->partition_columns;
    if (std::find(partitions.begin(), partitions.end(), i) == partitions.end()) columns.push_back(i);
  }
  SLUICE_ASSIGN(settings->encoding, format.encoding(context, columns));
  SLUICE_ASSIGN(settings->max_records_per_file,
                context.options.GetInt("maxRecordsPerFile", context.conf.GetInt("spark.sql.files.maxRecordsPerFile")));
  // A checkpoint may have recorded anything.
  settings->row_group_bytes =
      std::max<int64_t>(context.conf.GetBytes("spark.sluice.parquet.rowGroupBytes"), kLeastRowGroupBytes);
  settings->time_zone = context.options.Get("timeZone", context.conf.time_zone());
  if (settings->time_zone.empty()) settings->time_zone = "UTC";  // a session always sets one
  return settings;
}

}  // namespace

std::vector<OptionRow> FileSinkOptions(const FileFormat& format) {
  std::vector<OptionRow> rows = {
      {"path", "", OptionUse::kHonoured, "Folder of the table."},
      {"checkpointLocation", "", OptionUse::kHonoured, "Folder of the query's checkpoint."},
      {"queryName", "", OptionUse::kHonoured, "Name of the query."},
      {"maxRecordsPerFile", "0", OptionUse::kHonoured, "Rows of one file at most; 0: no limit."},
      {"retention", "", OptionUse::kHonoured,
       "Age (\"7 days\") at which files leave the sink log when it is compacted."},
      {"timeZone", "", OptionUse::kHonoured, "Zone of timestamps in the names of partition folders."},
  };
  rows.insert(rows.end(), format.write_options().begin(), format.write_options().end());
  return rows;
}

Result<std::shared_ptr<const FileSinkSettings>> FileSinkSettings::Make(const FileFormat& format,
                                                                       const SinkContext& context) {
  SLUICE_RETURN_IF_ERROR(
      CheckOptions(context.options, FileSinkOptions(format), {}, fmt::format("{} sink", format.name)));
  SLUICE_ASSIGN(const auto settings, MakeFileSettings(format, context));
  SLUICE_ASSIGN(settings->log, LogOptions(context));
  return settings;
}

Result<std::shared_ptr<const FileSinkSettings>> FileSinkSettings::MakeBatch(const FileFormat& format,
                                                                            const SinkContext& context) {
  return MakeFileSettings(format, context);
}

}  // namespace sluice
