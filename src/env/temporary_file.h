// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/status.h"
#include "env/posix_file.h"

namespace sluice {

// $TMPDIR, else /tmp.
std::string TemporaryFolder();

// Holds bytes that do not fit into memory, in the temporary folder ($TMPDIR, else /tmp). The file has no name: whatever
// ends the process, nothing stays behind. A full disk is an error that names the folder. One thread at a
// time; once nothing is appended any more, several may read.
class TemporaryFile {
 public:
  static Result<std::unique_ptr<TemporaryFile>> Make();
  Status Append(std::string_view bytes);
  // Fills `out` with the `count` bytes from `offset` on, all of which must have been appended.
  Status Read(int64_t offset, char* out, size_t count) const;
  // Bytes appended so far.
  int64_t size() const { return size_; }

 private:
  TemporaryFile(std::string name, int fd) : name_(std::move(name)), fd_(fd) {}

  const std::string name_;  // for errors: the name that it had for a moment
  const FileDescriptor fd_;
  int64_t size_ = 0;
};

}  // namespace sluice
