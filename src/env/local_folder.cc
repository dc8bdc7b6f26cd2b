// SPDX-License-Identifier: Apache-2.0
#include "env/local_folder.h"

#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <map>

#include "base/spark_error.h"
#include "env/posix_file.h"

namespace sluice {
namespace {

constexpr int kFolderFlags = O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NONBLOCK;
constexpr int kDeepestFolder = 200;  // each level on the way keeps a descriptor open

class OpenFolder {
 public:
  // Takes the descriptor.
  explicit OpenFolder(int fd) : folder_(::fdopendir(fd)) {
    if (folder_ == nullptr) ::close(fd);
  }
  OpenFolder(const OpenFolder&) = delete;
  OpenFolder& operator=(const OpenFolder&) = delete;
  ~OpenFolder() {
    if (folder_ != nullptr) ::closedir(folder_);
  }

  int fd() const { return ::dirfd(folder_); }

  Result<std::vector<std::string>> Names(const std::string& path) const {
    if (folder_ == nullptr) return ErrnoError("list", path);
    std::vector<std::string> names;
    errno = 0;
    for (const dirent* entry = ::readdir(folder_); entry != nullptr; entry = ::readdir(folder_)) {
      const std::string name = entry->d_name;
      if (name != "." && name != "..") names.push_back(name);
    }
    if (errno != 0) return ErrnoError("list", path);
    return names;
  }

 private:
  DIR* const folder_;
};

// Adds what is in an open folder.
Status AddEntries(const OpenFolder& folder, const std::string& path, bool recursive, int depth,
                  std::vector<FileInfo>* found) {
  if (depth > kDeepestFolder) {
    return EnvironmentError("SLUICE_IO", fmt::format("{} is more than {} folders deep.", path, kDeepestFolder));
  }
  SLUICE_ASSIGN(const std::vector<std::string> names, folder.Names(path));
  for (const std::string& name : names) {
    const std::string child = path + "/" + name;
    struct stat info;
    if (::fstatat(folder.fd(), name.c_str(), &info, AT_SYMLINK_NOFOLLOW) != 0) continue;  // deleted since
    const bool is_link = S_ISLNK(info.st_mode);
    if (is_link && ::fstatat(folder.fd(), name.c_str(), &info, 0) != 0) continue;  // it leads nowhere
    if (!recursive || is_link || !S_ISDIR(info.st_mode)) {
      FileInfo entry = InfoOf(child, info);
      entry.is_link = is_link && entry.is_folder;
      found->push_back(std::move(entry));
      continue;
    }
    const int below = ::openat(folder.fd(), name.c_str(), kFolderFlags | O_NOFOLLOW);
    if (below < 0 && (errno == ENOENT || errno == ENOTDIR || errno == ELOOP)) continue;  // changed since
    if (below < 0) return ErrnoError("list", child);
    SLUICE_RETURN_IF_ERROR(AddEntries(OpenFolder(below), child, recursive, depth + 1, found));
  }
  return Status::OK();
}

// Opens the folder `relative` ("" for `top` itself) below an open one, no part of it by a link; -1 when there is none.
Result<int> OpenBelow(int top, const std::string& root, std::string_view relative) {
  int at = ::openat(top, ".", kFolderFlags);
  std::string path = root;
  while (at >= 0 && !relative.empty()) {
    const FileDescriptor parent(at);
    const std::string part(relative.substr(0, relative.find('/')));
    relative.remove_prefix(std::min(part.size() + 1, relative.size()));
    path += "/" + part;
    at = ::openat(parent.get(), part.c_str(), kFolderFlags | O_NOFOLLOW);
    if (at >= 0) continue;
    const int error = errno;
    struct stat info;
    if (::fstatat(parent.get(), part.c_str(), &info, AT_SYMLINK_NOFOLLOW) == 0 && S_ISLNK(info.st_mode)) {
      return EnvironmentError("SLUICE_LINK",
                              fmt::format("{} is a symbolic link: nothing behind it is deleted from {}.", path, root));
    }
    errno = error;
  }
  if (at >= 0) return at;
  if (errno == ENOENT || errno == ENOTDIR) return -1;
  return ErrnoError("open", path);
}

Status DeleteNames(int folder, const std::string& path, const std::vector<std::string>& names) {
  for (const std::string& name : names) {
    ::unlinkat(folder, fmt::format(".{}.crc", name).c_str(), 0);
    if (::unlinkat(folder, name.c_str(), 0) != 0 && errno != ENOENT) {
      return ErrnoError("unlink", fmt::format("{}/{}", path, name));
    }
  }
  return SyncFolder(folder, path);
}

}  // namespace

Result<std::vector<FileInfo>> ListFolder(const std::string& folder, bool recursive) {
  std::vector<FileInfo> found;
  const int fd = ::open(folder.c_str(), kFolderFlags);
  if (fd < 0) {
    const Status status = ErrnoError("list", folder);
    if (IsNotFound(status)) return found;
    return status;
  }
  SLUICE_RETURN_IF_ERROR(AddEntries(OpenFolder(fd), folder, recursive, 0, &found));
  return found;
}

Status DeleteBelow(const std::string& root, const std::vector<std::string>& paths) {
  SLUICE_RETURN_IF_ERROR(CheckBelow(root, paths));
  std::map<std::string, std::vector<std::string>> by_folder;  // names by folder below the root
  const size_t begin = root == "/" ? 1 : root.size() + 1;
  for (const std::string& path : paths) {
    const size_t slash = path.rfind('/');
    by_folder[slash < begin ? "" : path.substr(begin, slash - begin)].push_back(path.substr(slash + 1));
  }
  const FileDescriptor top(::open(root.c_str(), kFolderFlags));
  if (!top.valid()) {
    const Status status = ErrnoError("open", root);
    return IsNotFound(status) ? Status::OK() : status;
  }
  for (const auto& [folder, names] : by_folder) {
    SLUICE_ASSIGN(const int opened, OpenBelow(top.get(), root, folder));
    const FileDescriptor fd(opened);
    if (fd.valid()) SLUICE_RETURN_IF_ERROR(DeleteNames(fd.get(), folder.empty() ? root : root + "/" + folder, names));
  }
  return Status::OK();
}

Status SyncFolder(int folder, const std::string& path) {
  // Some file systems cannot sync a folder and say EINVAL; there is nothing more to do on those.
  if (::fsync(folder) != 0 && errno != EINVAL) return ErrnoError("fsync", path);
  return Status::OK();
}

Status SyncFolder(const std::string& folder) {
  const FileDescriptor fd(::open(folder.c_str(), kFolderFlags));
  if (!fd.valid()) return ErrnoError("open", folder);
  return SyncFolder(fd.get(), folder);
}

std::string VersionOf(const struct stat& info) {
  return fmt::format("{}-{}.{}-{}", info.st_ino, info.st_mtim.tv_sec, info.st_mtim.tv_nsec, info.st_size);
}

FileInfo InfoOf(const std::string& path, const struct stat& info) {
  FileInfo file;
  file.path = path;
  file.is_folder = S_ISDIR(info.st_mode);
  file.size = file.is_folder ? 0 : info.st_size;
  file.modified_ms = info.st_mtim.tv_sec * 1000 + info.st_mtim.tv_nsec / 1'000'000;
  if (!file.is_folder) file.version = VersionOf(info);
  return file;
}

bool IsSameFolder(const std::string& a, const std::string& b) {
  struct stat of_a;
  struct stat of_b;
  return ::stat(a.c_str(), &of_a) == 0 && ::stat(b.c_str(), &of_b) == 0 && S_ISDIR(of_a.st_mode) &&
         of_a.st_dev == of_b.st_dev && of_a.st_ino == of_b.st_ino;
}

}  // namespace sluice
