// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "env/file_system.h"

namespace sluice {

// A file of `fs` that is opened when it has more than `memory_bytes`, or else by Publish. On a local disk to open a
// file in a new folder waits until the folder is durable: so that wait happens where the file is published. CopyFrom is
// not there.
std::unique_ptr<PendingFile> MakeDeferredFile(std::shared_ptr<FileSystem> fs, std::string path, int64_t memory_bytes);

}  // namespace sluice
