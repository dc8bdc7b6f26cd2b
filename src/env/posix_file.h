// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <string>

#include "base/status.h"

namespace sluice {

// Closes what it owns; -1 owns nothing.
class FileDescriptor {
 public:
  explicit FileDescriptor(int fd) : fd_(fd) {}
  FileDescriptor(const FileDescriptor&) = delete;
  FileDescriptor& operator=(const FileDescriptor&) = delete;
  ~FileDescriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  int get() const { return fd_; }
  bool valid() const { return fd_ >= 0; }

 private:
  int fd_;
};

// The error of a system call that has just failed, from errno.
Status ErrnoError(const char* call, const std::string& path);

// Opens a plain file for reading, also behind a symbolic link; the descriptor is the caller's. What is no plain file (a
// FIFO, a device, a socket, a folder) is refused by its kind (SLUICE_FILE_KIND) at once, whoever else has it open.
Result<int> OpenPlainFile(const std::string& path);
// All of a plain file of at most `at_most` bytes; a larger one is refused by its size before it is read.
Result<std::string> ReadPlainFile(const std::string& path, int64_t at_most);

// Writes everything, whatever signals come; `path` is for the error.
Status WriteAll(int fd, const char* data, size_t size, const std::string& path);

}  // namespace sluice
