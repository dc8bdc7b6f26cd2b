// SPDX-License-Identifier: Apache-2.0
#include "env/temporary_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>

#include "base/spark_error.h"

namespace sluice {

std::string TemporaryFolder() {
  const char* chosen = std::getenv("TMPDIR");
  return chosen == nullptr || *chosen == '\0' ? "/tmp" : chosen;
}

Result<std::unique_ptr<TemporaryFile>> TemporaryFile::Make() {
  std::string name = TemporaryFolder() + "/sluice-XXXXXX";
  const int fd = ::mkostemp(name.data(), O_CLOEXEC);
  if (fd < 0) return ErrnoError("create", name);
  ::unlink(name.c_str());
  return std::unique_ptr<TemporaryFile>(new TemporaryFile(std::move(name), fd));
}

Status TemporaryFile::Append(std::string_view bytes) {
  SLUICE_RETURN_IF_ERROR(WriteAll(fd_.get(), bytes.data(), bytes.size(), name_));
  size_ += static_cast<int64_t>(bytes.size());
  return Status::OK();
}

Status TemporaryFile::Read(int64_t offset, char* out, size_t count) const {
  for (size_t done = 0; done < count;) {
    const ssize_t got = ::pread(fd_.get(), out + done, count - done, offset + static_cast<int64_t>(done));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return ErrnoError("read", name_);
    if (got == 0) return EnvironmentError("SLUICE_IO", name_ + " is shorter than what was written to it");
    done += static_cast<size_t>(got);
  }
  return Status::OK();
}

}  // namespace sluice
