// SPDX-License-Identifier: Apache-2.0
#include "connectors/file/table_paths.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/spark_error.h"
#include "env/local_folder.h"
#include "env/percent_encoding.h"

namespace sluice {

std::string PathOfUri(const std::string& uri) {
  const size_t colon = uri.find(':');
  const bool has_scheme =
      colon != std::string::npos && colon > 1 && uri.substr(0, colon).find('/') == std::string::npos;
  if (!has_scheme) return uri;
  std::string_view rest = std::string_view(uri).substr(colon + 1);
  const bool local = uri.starts_with("file:");
  if (rest.starts_with("//")) rest.remove_prefix(2);
  // file://host/p has a host, which is this one.
  if (local && !rest.starts_with("/")) rest.remove_prefix(std::min(rest.find('/'), rest.size()));
  return PercentDecode(rest);
}

Result<std::string> TablePaths::PathOf(const std::string& uri) {
  const std::string path = PathOfUri(uri);
  if (IsBelow(table_.path, path)) return path;
  for (const std::string& spelling : other_spellings_) {
    if (IsBelow(spelling, path)) return table_.path + path.substr(spelling.size());
  }
  const bool is_local = table_.fs->Uri("/").starts_with("file:") && IsBelow("/", path);
  for (size_t end = path.rfind('/'); is_local && end != 0 && end != std::string::npos; end = path.rfind('/', end - 1)) {
    std::string folder = path.substr(0, end);
    if (!IsSameFolder(folder, table_.path)) continue;
    other_spellings_.push_back(std::move(folder));
    return table_.path + path.substr(end);
  }
  return EnvironmentError(
      "SLUICE_SINK_LOG_DAMAGED",
      fmt::format("The sink log {}/_spark_metadata names {}, which is not below {}: nothing is read or deleted outside "
                  "of a table's folder. When the folder was moved or copied, let the log name the new place: sluice "
                  "checkpoint repair CHECKPOINT --sink TABLE --moved-from OLD-TABLE.",
                  table_.path, uri, table_.path),
      false, {{"file", uri}});
}

}  // namespace sluice
