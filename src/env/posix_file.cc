// SPDX-License-Identifier: Apache-2.0
#include "env/posix_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>

#include <cerrno>
#include <cstring>

#include "base/spark_error.h"
#include "env/file_system.h"

namespace sluice {
namespace {

const char* KindName(mode_t mode) {
  switch (mode & S_IFMT) {
    case S_IFIFO:
      return "FIFO";
    case S_IFCHR:
    case S_IFBLK:
      return "device";
    case S_IFSOCK:
      return "socket";
    case S_IFDIR:
      return "folder";
    default:
      return "thing of another kind";
  }
}

Status CheckPlain(const struct stat& info, const std::string& path) {
  if (S_ISREG(info.st_mode)) return Status::OK();
  return EnvironmentError("SLUICE_FILE_KIND",
                          fmt::format("{} is a {} where a file is needed", path, KindName(info.st_mode)));
}

}  // namespace

Result<int> OpenPlainFile(const std::string& path) {
  struct stat info;
  // Opening alone may do something to a device.
  if (::stat(path.c_str(), &info) != 0) return ErrnoError("open", path);
  SLUICE_RETURN_IF_ERROR(CheckPlain(info, path));
  // It may have become another file since.
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
  if (fd < 0) return ErrnoError("open", path);
  Status checked = ::fstat(fd, &info) == 0 ? CheckPlain(info, path) : ErrnoError("stat", path);
  if (checked.ok()) return fd;
  ::close(fd);
  return checked;
}

Result<std::string> ReadPlainFile(const std::string& path, int64_t at_most) {
  SLUICE_ASSIGN(const int opened, OpenPlainFile(path));
  const FileDescriptor fd(opened);
  struct stat info;
  if (::fstat(fd.get(), &info) != 0) return ErrnoError("stat", path);
  if (info.st_size > at_most) return TooLargeError(path, at_most, info.st_size);
  std::string content(static_cast<size_t>(info.st_size), '\0');
  size_t filled = 0;
  while (filled < content.size()) {
    const ssize_t count = ::read(fd.get(), content.data() + filled, content.size() - filled);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return ErrnoError("read", path);
    if (count == 0) break;
    filled += static_cast<size_t>(count);
  }
  content.resize(filled);
  return content;
}

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
