// SPDX-License-Identifier: Apache-2.0
#include "connectors/parquet/table_files.h"

#include <arrow/type.h>
#include <fmt/format.h>

#include <algorithm>

#include "base/spark_error.h"
#include "checkpoint/file_sink_log.h"
#include "connectors/file/partition_path.h"
#include "connectors/file/table_paths.h"
#include "types/datetime_text.h"
#include "types/number_text.h"
#include "types/spark_type.h"

namespace sluice {
namespace {

constexpr size_t kDateLength = 10;       // "2024-02-03"
constexpr size_t kTimestampLength = 19;  // "2024-02-03 04:05:06"

Status PathNotFound(const std::string& path) {
  if (path.find_first_of("*?[{") != std::string::npos) {
    return NotSupported(fmt::format("Paths with wildcards are not supported: {}. Name the file or the folder.", path));
  }
  return UserError("PATH_NOT_FOUND", fmt::format("There is nothing at the path {}.", path), {{"path", path}});
}

// Spark's rule for names that are not data; a partition column may begin with an underscore.
bool IsHidden(std::string_view name) {
  return name.starts_with(".") || (name.starts_with("_") && name.find('=') == std::string_view::npos) ||
         name.ends_with("._COPYING_");
}

std::vector<std::string_view> Components(std::string_view path) {
  std::vector<std::string_view> parts;
  while (!path.empty()) {
    const size_t slash = path.find('/');
    if (slash != 0) parts.push_back(path.substr(0, slash));
    if (slash == std::string_view::npos) break;
    path.remove_prefix(slash + 1);
  }
  return parts;
}

Result<std::vector<FileInfo>> FilesInLog(const FileSinkLog& log, const Location& folder) {
  TablePaths paths(folder);
  std::vector<FileInfo> files;
  const auto add = [&](const SinkLogEntry& entry) -> Status {
    FileInfo file;
    SLUICE_ASSIGN(file.path, paths.PathOf(entry.path));
    file.size = entry.size;
    files.push_back(std::move(file));
    return Status::OK();
  };
  SLUICE_ASSIGN(const std::set<std::string> deleted, log.VisitFiles(add));
  std::set<std::string> gone;
  for (const std::string& uri : deleted) {
    SLUICE_ASSIGN(std::string path, paths.PathOf(uri));
    gone.insert(std::move(path));
  }
  if (!gone.empty()) std::erase_if(files, [&](const FileInfo& file) { return gone.contains(file.path); });
  return files;
}

Result<std::vector<FileInfo>> FilesInFolder(const Location& folder) {
  FileSinkLog log({folder.fs, folder.path + "/_spark_metadata"}, {}, &SystemClock());
  SLUICE_RETURN_IF_ERROR(log.Refresh());
  if (log.Latest()) return FilesInLog(log, folder);
  SLUICE_ASSIGN(std::vector<FileInfo> files, folder.fs->List(folder.path, /*recursive=*/true));
  std::erase_if(files, [&](const FileInfo& file) {
    const auto parts = Components(std::string_view(file.path).substr(std::min(folder.path.size(), file.path.size())));
    const bool is_data = file.is_link || (!file.is_folder && file.size > 0);
    return !is_data || std::any_of(parts.begin(), parts.end(), IsHidden);
  });
  for (const FileInfo& file : files) {
    if (!file.is_link) continue;
    // Leaving it out would lose rows in silence.
    return NotSupported(
        fmt::format("{} is a symbolic link to a folder, which is not followed inside of a table. Name "
                    "that folder as a path of its own.",
                    file.path));
  }
  return files;
}

// Adds the files of one path; `names` are the partition columns that each file must have, once the first told them.
Status AddFolder(const Location& folder, const std::string& uri, TableFiles* table, bool* first) {
  SLUICE_ASSIGN(std::vector<FileInfo> files, FilesInFolder(folder));
  std::sort(files.begin(), files.end(), [](const FileInfo& a, const FileInfo& b) { return a.path < b.path; });
  for (const FileInfo& info : files) {
    TableFile file{folder.fs, info.path, info.size, {}};
    std::vector<std::string> names;
    auto parts =
        Components(info.path.starts_with(folder.path + "/") ? std::string_view(info.path).substr(folder.path.size() + 1)
                                                            : std::string_view(info.path));
    if (!parts.empty()) parts.pop_back();
    for (const std::string_view part : parts) {
      auto column = ParsePartitionFolder(part);
      if (!column) continue;
      names.push_back(column->first);
      file.partition.push_back(std::move(column->second));
    }
    if (*first) table->partition_names = names;
    *first = false;
    if (names != table->partition_names) {
      return UserError(
          "CONFLICTING_PARTITION_COLUMN_NAMES",
          fmt::format("The folders of the table {} do not all stand for the same columns: see {}.", uri, info.path),
          {{"path", info.path}});
    }
    table->files.push_back(std::move(file));
  }
  return Status::OK();
}

}  // namespace

Result<TableFiles> ListTableFiles(Env* env, const Conf& conf, const std::vector<std::string>& paths) {
  TableFiles table;
  bool first = true;
  for (const std::string& uri : paths) {
    SLUICE_ASSIGN(const Location place, env->Locate(uri, conf));
    Result<FileInfo> info = place.fs->Stat(place.path);
    if (!info.ok() && !IsNotFound(info.status())) return info.status();
    if (info.ok() && !info->is_folder) {
      table.files.push_back({place.fs, place.path, info->size, {}});
      first = false;
      continue;
    }
    const size_t before = table.files.size();
    SLUICE_RETURN_IF_ERROR(AddFolder(place, uri, &table, &first));
    // A store without folders cannot tell an empty one from none; a folder with a sink log may hold no rows yet.
    if (table.files.size() == before && !info.ok()) return PathNotFound(uri);
  }
  return table;
}

std::shared_ptr<arrow::DataType> InferPartitionType(const std::vector<std::optional<std::string>>& values) {
  struct Rule {
    bool (*fits)(const std::string& text);
    std::shared_ptr<arrow::DataType> type;
  };
  static const auto* rules = new std::vector<Rule>{
      {[](const std::string& text) { return ParseInteger(text, INT32_MIN, INT32_MAX, false).has_value(); },
       arrow::int32()},
      {[](const std::string& text) { return ParseInteger(text, INT64_MIN, INT64_MAX, false).has_value(); },
       arrow::int64()},
      {[](const std::string& text) {
         // "NaN" and "1d" are texts here.
         return text.find_first_not_of("0123456789+-.eE") == std::string::npos && ParseDouble(text).has_value();
       },
       arrow::float64()},
      {[](const std::string& text) { return text.size() == kDateLength && ParseDate(text).has_value(); },
       arrow::date32()},
      {[](const std::string& text) {
         return text.size() >= kTimestampLength && text[kDateLength] == ' ' && ParseLocalTimestamp(text).has_value();
       },
       TimestampType()},
  };
  for (const Rule& rule : *rules) {
    bool any = false;
    const bool all = std::all_of(values.begin(), values.end(), [&](const auto& value) {
      any |= value.has_value();
      return !value || rule.fits(*value);
    });
    if (any && all) return rule.type;
  }
  return StringType();
}

}  // namespace sluice
