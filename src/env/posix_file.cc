// SPDX-License-Identifier: Apache-2.0
#include "env/posix_file.h"

#include <fmt/format.h>

#include <cerrno>
#include <cstring>

#include "base/spark_error.h"
#include "env/file_system.h"

namespace sluice {

Status ErrnoError(const char* call, const std::string& path) {
  const int error = errno;
  if (error == ENOENT || error == ENOTDIR) return NotFoundError(path);
  const bool full = error == ENOSPC || error == EDQUOT;
  return EnvironmentError(full ? "SLUICE_NO_SPACE" : "SLUICE_IO",
                          fmt::format("{} {}: {}", call, path, std::strerror(error)));
}

Status WriteAll(int fd, const char* data, size_t size, const std::string& path) {
  while (size > 0) {
    const ssize_t written = ::write(fd, data, size);
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return ErrnoError("write", path);
    data += written;
    size -= static_cast<size_t>(written);
  }
  return Status::OK();
}

}  // namespace sluice
