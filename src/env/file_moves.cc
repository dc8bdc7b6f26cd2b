// SPDX-License-Identifier: Apache-2.0
#include "env/file_moves.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <set>

#include "base/spark_error.h"
#include "env/posix_file.h"

namespace sluice {
namespace {

std::string ParentOf(const std::string& path) {
  return path.substr(0, path.rfind('/'));
}

Status CopyAndDelete(FileSystem* fs, const std::string& from, const std::string& to) {
  SLUICE_ASSIGN(const FileInfo info, fs->Stat(from));
  SLUICE_ASSIGN(const auto file, fs->OpenForWrite(to));
  if (info.size > 0) SLUICE_RETURN_IF_ERROR(file->CopyFrom(from, 0, info.size));
  SLUICE_ASSIGN(const PublishOutcome outcome, file->Publish());
  if (outcome == PublishOutcome::kExistsOther) {
    return EnvironmentError("SLUICE_FILE_EXISTS",
                            fmt::format("{} cannot be named {}: there is such a file.", from, to));
  }
  return fs->Delete(ParentOf(from), {from});
}

}  // namespace

Status MoveFile(FileSystem* fs, const std::string& from, const std::string& to) {
  if (!IsLocalDisk(*fs)) return CopyAndDelete(fs, from, to);
  // A file that is never published makes the folders, durably.
  SLUICE_RETURN_IF_ERROR(fs->OpenForWrite(to).status());
  if (::renameat2(AT_FDCWD, from.c_str(), AT_FDCWD, to.c_str(), RENAME_NOREPLACE) == 0) return Status::OK();
  // Not every file system knows the flag.
  return errno == EINVAL || errno == ENOSYS ? CopyAndDelete(fs, from, to) : ErrnoError("rename", from);
}

Status DropEmptyFolders(FileSystem* fs, const std::string& root, const std::vector<std::string>& files) {
  SLUICE_RETURN_IF_ERROR(CheckBelow(root, files));
  if (!IsLocalDisk(*fs)) return Status::OK();
  std::set<std::string> folders;
  for (const std::string& file : files) {
    for (std::string folder = ParentOf(file); folder.size() > root.size(); folder = ParentOf(folder)) {
      folders.insert(folder);
    }
  }
  // A folder comes before what is in it.
  for (auto folder = folders.rbegin(); folder != folders.rend(); ++folder) {
    if (::rmdir(folder->c_str()) == 0) continue;
    if (errno != ENOTEMPTY && errno != EEXIST && errno != ENOENT && errno != ENOTDIR)
      return ErrnoError("rmdir", *folder);
  }
  return Status::OK();
}

}  // namespace sluice
