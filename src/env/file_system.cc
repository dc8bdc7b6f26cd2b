// SPDX-License-Identifier: Apache-2.0
#include "env/file_system.h"

#include <fmt/format.h>

#include "base/spark_error.h"

namespace sluice {

bool IsBelow(std::string_view root, std::string_view path) {
  if (!path.starts_with(root)) return false;
  path.remove_prefix(root.size());
  if (!root.ends_with('/')) {
    if (!path.starts_with('/')) return false;
    path.remove_prefix(1);
  }
  for (;;) {
    const std::string_view part = path.substr(0, path.find('/'));
    if (part.empty() || part == "." || part == "..") return false;
    if (part.size() == path.size()) return path.find('\0') == std::string_view::npos;
    if (part.find('\0') != std::string_view::npos) return false;
    path.remove_prefix(part.size() + 1);
  }
}

Status CheckBelow(const std::string& root, const std::vector<std::string>& paths) {
  for (const std::string& path : paths) {
    if (IsBelow(root, path)) continue;
    return EnvironmentError("SLUICE_OUTSIDE",
                            fmt::format("{} is not below {}: nothing outside of it is deleted.", path, root));
  }
  return Status::OK();
}

bool IsNotFound(const Status& status) {
  return HasErrorClass(status, "SLUICE_FILE_NOT_FOUND");
}

Status NotFoundError(const std::string& path) {
  return EnvironmentError("SLUICE_FILE_NOT_FOUND", "There is no " + path);
}

Status TooShortError(const std::string& path, int64_t size) {
  return EnvironmentError("SLUICE_FILE_CHANGED", path + " is shorter than " + std::to_string(size) + " bytes");
}

Status TooLargeError(const std::string& path, int64_t limit, int64_t size) {
  const std::string has = size < 0 ? fmt::format("more than {} bytes", limit) : fmt::format("{} bytes", size);
  return EnvironmentError("SLUICE_FILE_SIZE",
                          fmt::format("{} has {}; a file that is read whole may have {}", path, has, limit));
}

}  // namespace sluice
