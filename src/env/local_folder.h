// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/stat.h>

#include <string>
#include <vector>

#include "base/status.h"
#include "env/file_system.h"

namespace sluice {

// Folders of the local disk, walked by open descriptors, so that no symbolic link below the folder that is named is
// followed, whoever changes the folders meanwhile.

// FileSystem::List, in no order.
Result<std::vector<FileInfo>> ListFolder(const std::string& folder, bool recursive);
// FileSystem::Delete. Hadoop's side file (.N.crc) of a name goes with it.
Status DeleteBelow(const std::string& root, const std::vector<std::string>& paths);

// Makes the entries of a folder durable. `path` is for the error.
Status SyncFolder(int folder, const std::string& path);
Status SyncFolder(const std::string& folder);

// Changes when a file does.
std::string VersionOf(const struct stat& info);
FileInfo InfoOf(const std::string& path, const struct stat& info);

// Whether two spellings lead to one folder of this machine.
bool IsSameFolder(const std::string& a, const std::string& b);

}  // namespace sluice
