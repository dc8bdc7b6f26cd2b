// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "env/file_system.h"

namespace sluice {

// Gives a published file another name, which must be free. On the local disk it is renamed, and the new name is durable
// after MakeDurable of its folder; elsewhere (S3) it is copied on the store's own side and then deleted.
Status MoveFile(FileSystem* fs, const std::string& from, const std::string& to);

// Removes the folders below `root` in which these files were, and those around them, as far as nothing is in them; of
// no effect where folders are implied.
Status DropEmptyFolders(FileSystem* fs, const std::string& root, const std::vector<std::string>& files);

// The disk of this machine, as MakeLocalFileSystem makes it.
bool IsLocalDisk(const FileSystem& fs);

}  // namespace sluice
