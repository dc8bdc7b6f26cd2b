// SPDX-License-Identifier: Apache-2.0
#include "connectors/file/table_files.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <utility>

#include "base/spark_error.h"
#include "checkpoint/file_sink_log.h"
#include "connectors/file/partition_path.h"
#include "connectors/file/path_pattern.h"
#include "connectors/file/table_paths.h"

namespace sluice {
namespace {

Status PathNotFound(const std::string& path) {
  return UserError("PATH_NOT_FOUND", fmt::format("There is nothing at the path {}.", path), {{"path", path}});
}

std::string Lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(), [](unsigned char c) { return std::tolower(c); });
  return text;
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
    file.modified_ms = entry.modified_ms;
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

// `log` is the folder of the sink log that names the files, if there is one.
Result<std::vector<FileInfo>> FilesInFolder(const Location& folder, std::string* log_folder) {
  FileSinkLog log({folder.fs, folder.path + "/_spark_metadata"}, {}, &SystemClock());
  SLUICE_RETURN_IF_ERROR(log.Refresh());
  if (log.Latest()) {
    *log_folder = folder.path + "/_spark_metadata";
    return FilesInLog(log, folder);
  }
  SLUICE_ASSIGN(std::vector<FileInfo> files, folder.fs->List(folder.path, /*recursive=*/true));
  std::erase_if(files, [&](const FileInfo& file) {
    const auto parts = Components(std::string_view(file.path).substr(std::min(folder.path.size(), file.path.size())));
    const bool is_data = file.is_link || (!file.is_folder && file.size > 0);
    return !is_data || std::any_of(parts.begin(), parts.end(), IsHiddenName);
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

// The columns that a file's folders stand for, outermost first, and the folder in which the first of them is.
struct PartitionPlace {
  std::vector<std::string> names;
  std::vector<std::optional<std::string>> values;
  std::string_view base;
};

// `path`: below the table's folder. From the file upwards, folders that stand for nothing are passed over until one
// stands for a column; above the columns they end the search: "old/k=1/x/f" has k, and its base is "old".
PartitionPlace PlaceOf(std::string_view path) {
  PartitionPlace place;
  place.base = path;
  for (;;) {
    const size_t slash = place.base.rfind('/');
    if (slash == std::string_view::npos) break;
    const std::string_view above = place.base.substr(0, slash);
    const size_t begin = above.rfind('/') == std::string_view::npos ? 0 : above.rfind('/') + 1;
    auto column = ParsePartitionFolder(above.substr(begin));
    if (!column && !place.names.empty()) break;
    place.base = above;
    if (!column) continue;
    place.names.insert(place.names.begin(), std::move(column->first));
    place.values.insert(place.values.begin(), std::move(column->second));
  }
  place.base = place.base.substr(0, place.base.rfind('/') == std::string_view::npos ? 0 : place.base.rfind('/'));
  return place;
}

Status CheckValues(const PartitionPlace& place, const std::string& path) {
  for (size_t i = 0; i < place.names.size(); ++i) {
    const bool no_name = place.names[i].empty();
    if (!no_name && place.values[i] != "") continue;
    return UserError(
        no_name ? "EMPTY_PARTITION_COLUMN_NAME" : "EMPTY_PARTITION_COLUMN_VALUE",
        fmt::format("A folder of a partition needs a name and a value, such as day=2024-02-03: see {}.", path),
        {{"path", path}});
  }
  return Status::OK();
}

bool SameNames(const std::vector<std::string>& a, const std::vector<std::string>& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](const std::string& x, const std::string& y) { return Lower(x) == Lower(y); });
}

// The files of one path, and the columns that its folders stand for.
class FolderFiles {
 public:
  // `log`: the folder of the sink log that names the files; all of those are of the table.
  FolderFiles(const Location& folder, const std::string& uri, std::vector<FileInfo> files, std::string log)
      : folder_(folder), uri_(uri), files_(std::move(files)), log_(std::move(log)) {
    std::sort(files_.begin(), files_.end(), [](const FileInfo& a, const FileInfo& b) { return a.path < b.path; });
    for (const FileInfo& file : files_) places_.push_back(PlaceOf(BelowFolder(file)));
    partitioned_ = std::any_of(places_.begin(), places_.end(), [](const auto& place) { return !place.names.empty(); });
  }

  // `table->partition_names` are the columns that each file must have, once the `first` told.
  Status AddTo(TableFiles* table, bool* first) {
    for (size_t i = 0; i < files_.size(); ++i) {
      const FileInfo& info = files_[i];
      PartitionPlace& place = places_[i];
      const bool in_sub_folder = BelowFolder(info).find('/') != std::string_view::npos;
      // Files beside the folders of partitions are none of the table's, nor those below other folders.
      if (log_.empty() && partitioned_ != in_sub_folder) continue;
      SLUICE_RETURN_IF_ERROR(CheckPlace(place, info.path));
      if (*first) table->partition_names = place.names;
      *first = false;
      if (!SameNames(place.names, table->partition_names)) {
        return Conflict("CONFLICTING_PARTITION_COLUMN_NAMES", "do not all stand for the same columns", info.path);
      }
      table->files.push_back({folder_.fs, info.path, info.size, std::move(place.values), info.modified_ms, log_});
    }
    return Status::OK();
  }

 private:
  // A sink log may name files elsewhere: the table was moved, or is seen by another path.
  std::string_view BelowFolder(const FileInfo& file) const {
    const bool below = file.path.starts_with(folder_.path + "/");
    return below ? std::string_view(file.path).substr(folder_.path.size() + 1) : std::string_view(file.path);
  }

  // All columns begin in one folder, and a folder beside them that is none is a mistake.
  Status CheckPlace(const PartitionPlace& place, const std::string& path) {
    if (!base_) base_ = place.base;
    if (log_.empty() && (*base_ != place.base || (partitioned_ && place.names.empty()))) {
      return Conflict("CONFLICTING_DIRECTORY_STRUCTURES", "begin at different places", path);
    }
    return CheckValues(place, path);
  }

  Status Conflict(const char* error_class, const char* what, const std::string& path) const {
    return UserError(error_class, fmt::format("The folders of the table {} {}: see {}.", uri_, what, path),
                     {{"path", path}});
  }

  const Location& folder_;
  const std::string& uri_;
  std::vector<FileInfo> files_;
  const std::string log_;
  std::vector<PartitionPlace> places_;
  bool partitioned_ = false;
  std::optional<std::string> base_;
};

// The paths that the given ones stand for. A path with wildcards that is there as it stands is no pattern.
Result<std::vector<std::string>> Expanded(const Location& place, const std::string& uri) {
  if (!HasWildcard(place.path)) return std::vector<std::string>{place.path};
  const Result<FileInfo> info = place.fs->Stat(place.path);
  if (info.ok()) return std::vector<std::string>{place.path};
  if (!IsNotFound(info.status())) return info.status();
  SLUICE_ASSIGN(std::vector<std::string> paths, ExpandPattern(place, uri));
  if (paths.empty()) return PathNotFound(uri);
  return paths;
}

Status AddPath(const Location& place, const std::string& uri, const ListingOptions& options, TableFiles* table,
               bool* first) {
  const auto is_wanted = [&](std::string_view path) {
    return !options.name_pattern || FitsPattern(BaseName(path), *options.name_pattern);
  };
  Result<FileInfo> info = place.fs->Stat(place.path);
  if (!info.ok() && !IsNotFound(info.status())) return info.status();
  if (info.ok() && !info->is_folder) {
    if (!is_wanted(place.path)) return Status::OK();
    table->files.push_back({place.fs, place.path, info->size, {}, info->modified_ms, {}});
    *first = false;
    return Status::OK();
  }
  const size_t before = table->files.size();
  std::string log;
  SLUICE_ASSIGN(std::vector<FileInfo> files, FilesInFolder(place, &log));
  const bool any = !files.empty();
  std::erase_if(files, [&](const FileInfo& file) { return !is_wanted(file.path); });
  if (options.recursive) {
    std::sort(files.begin(), files.end(), [](const FileInfo& a, const FileInfo& b) { return a.path < b.path; });
    for (const FileInfo& file : files) {
      table->files.push_back({place.fs, file.path, file.size, {}, file.modified_ms, log});
    }
  } else {
    SLUICE_RETURN_IF_ERROR(FolderFiles(place, uri, std::move(files), std::move(log)).AddTo(table, first));
  }
  // A store without folders cannot tell an empty one from none; a folder with a sink log may hold no rows yet.
  if (table->files.size() == before && !any && !info.ok()) return PathNotFound(uri);
  return Status::OK();
}

}  // namespace

Result<TableFiles> ListTableFiles(Env* env, const Conf& conf, const std::vector<std::string>& paths,
                                  const ListingOptions& options) {
  if (options.name_pattern) SLUICE_RETURN_IF_ERROR(CheckPattern(*options.name_pattern));
  TableFiles table;
  bool first = true;
  for (const std::string& uri : paths) {
    SLUICE_ASSIGN(const Location place, env->Locate(uri, conf));
    SLUICE_ASSIGN(const std::vector<std::string> expanded, Expanded(place, uri));
    for (const std::string& path : expanded) {
      SLUICE_RETURN_IF_ERROR(AddPath({place.fs, path}, uri, options, &table, &first));
    }
  }
  return table;
}

}  // namespace sluice
