// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>

#include "base/status.h"
#include "env/posix_file.h"

namespace sluice {

// A file in the temporary folder ($TMPDIR, else /tmp) whose parts stand in the address space: memory that the kernel
// keeps on disk. The file has no name, is 0600 and closed in child processes: whatever ends the process, nothing stays
// behind. Space is taken from the disk before a part is given out, so that a full disk is an error here and no signal
// later. Thread-safe; parts must not outlive the file.
class MappedFile {
 public:
  struct Part {
    char* data = nullptr;
    size_t size = 0;  // whole pages
    int64_t offset = 0;
  };

  static Result<std::unique_ptr<MappedFile>> Make();
  // A new part of at least `size` bytes, all of them 0. SLUICE_IO, with the folder's name, when the disk is full.
  Result<Part> Map(size_t size);
  // The part's memory and its space on the disk are free again (the space only where files may have holes).
  void Unmap(const Part& part);
  // Takes the pages out of the process's memory. What they hold stays, and comes back when it is touched.
  static void Forget(const char* data, size_t size);

  // The name that the file had for a moment.
  const std::string& name() const { return name_; }

 private:
  MappedFile(std::string name, int fd) : name_(std::move(name)), fd_(fd) {}

  const std::string name_;
  const FileDescriptor fd_;
  std::mutex mutex_;
  int64_t size_ = 0;  // under the lock
};

}  // namespace sluice
