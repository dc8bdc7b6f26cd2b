// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <unistd.h>

#include <cstddef>
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

// Writes everything, whatever signals come; `path` is for the error.
Status WriteAll(int fd, const char* data, size_t size, const std::string& path);

}  // namespace sluice
