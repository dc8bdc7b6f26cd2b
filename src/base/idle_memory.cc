// SPDX-License-Identifier: Apache-2.0
#include "base/idle_memory.h"

#include <arrow/memory_pool.h>
#include <link.h>
#include <malloc.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstdint>

namespace sluice {
namespace {

// Segments that cannot be written are copies of the file on disk; relocated constants are in a writable one.
int DropFilePages(dl_phdr_info* object, size_t, void* page_size) {
  const uintptr_t page = *static_cast<const uintptr_t*>(page_size);
  for (int i = 0; i < object->dlpi_phnum; ++i) {
    const ElfW(Phdr)& segment = object->dlpi_phdr[i];
    if (segment.p_type != PT_LOAD || (segment.p_flags & PF_W) != 0) continue;
    const uintptr_t begin = (object->dlpi_addr + segment.p_vaddr) / page * page;
    const uintptr_t end = object->dlpi_addr + segment.p_vaddr + segment.p_memsz;
    // Without effect where the system does not allow it.
    ::madvise(reinterpret_cast<void*>(begin), end - begin, MADV_DONTNEED);
  }
  return 0;
}

}  // namespace

void ReleaseIdleMemory() {
  arrow::default_memory_pool()->ReleaseUnused();
#if defined(__GLIBC__)
  ::malloc_trim(0);
#endif
  auto page_size = static_cast<uintptr_t>(::sysconf(_SC_PAGESIZE));
  ::dl_iterate_phdr(&DropFilePages, &page_size);
}

}  // namespace sluice
