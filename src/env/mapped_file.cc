// SPDX-License-Identifier: Apache-2.0
#include "env/mapped_file.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>

#include "env/temporary_file.h"

namespace sluice {

Result<std::unique_ptr<MappedFile>> MappedFile::Make() {
  std::string name = TemporaryFolder() + "/sluice-XXXXXX";
  const int fd = ::mkostemp(name.data(), O_CLOEXEC);
  if (fd < 0) return ErrnoError("create", name);
  ::unlink(name.c_str());
  return std::unique_ptr<MappedFile>(new MappedFile(std::move(name), fd));
}

Result<MappedFile::Part> MappedFile::Map(size_t size) {
  static const auto page = static_cast<size_t>(::sysconf(_SC_PAGESIZE));
  Part part;
  part.size = (size + page - 1) / page * page;
  {
    std::lock_guard lock(mutex_);
    const int failed = ::posix_fallocate(fd_.get(), size_, static_cast<off_t>(part.size));
    if (failed != 0) {
      errno = failed;
      return ErrnoError("allocate", name_);
    }
    part.offset = size_;
    size_ += static_cast<int64_t>(part.size);
  }
  void* data = ::mmap(nullptr, part.size, PROT_READ | PROT_WRITE, MAP_SHARED, fd_.get(), part.offset);
  if (data == MAP_FAILED) return ErrnoError("map", name_);
  part.data = static_cast<char*>(data);
  return part;
}

void MappedFile::Unmap(const Part& part) {
  ::munmap(part.data, part.size);
  const int mode = FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE;
  static_cast<void>(::fallocate(fd_.get(), mode, part.offset, static_cast<off_t>(part.size)));
}

void MappedFile::Forget(const char* data, size_t size) {
  // Of a shared mapping the kernel keeps what was written.
  ::madvise(const_cast<char*>(data), size, MADV_DONTNEED);
}

}  // namespace sluice
