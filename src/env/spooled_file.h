// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "env/file_system.h"

namespace sluice {

// A file of `fs` that is gathered on this machine and goes there in one piece at Publish: up to `memory_bytes` in
// memory, what is more in a TemporaryFile. For many files that are open together where each open one would hold buffers
// for its upload: of spooled ones only one at a time does in the whole process, and small ones (up to 256 KiB).
// CopyFrom is not there.
std::unique_ptr<PendingFile> MakeSpooledFile(std::shared_ptr<FileSystem> fs, std::string path, int64_t memory_bytes);

}  // namespace sluice
