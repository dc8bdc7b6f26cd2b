// SPDX-License-Identifier: Apache-2.0
#include <arrow/io/file.h>
#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <mutex>
#include <random>
#include <set>

#include "base/spark_error.h"
#include "env/file_system.h"
#include "env/percent_encoding.h"
#include "env/posix_file.h"

namespace sluice {
namespace {

// Writes at least this much at a time: Parquet's writer makes many small writes.
constexpr size_t kWriteBuffer = 256 * 1024;
constexpr int64_t kLongCopy = 1 << 20;

std::string ParentOf(const std::string& path) {
  const size_t slash = path.rfind('/');
  return slash == 0 || slash == std::string::npos ? "/" : path.substr(0, slash);
}

Status SyncFolder(const std::string& folder) {
  const FileDescriptor fd(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd.valid()) return ErrnoError("open", folder);
  // Some file systems cannot sync a folder and say EINVAL; there is nothing more to do on those.
  if (::fsync(fd.get()) != 0 && errno != EINVAL) return ErrnoError("fsync", folder);
  return Status::OK();
}

// Makes folders and their parents, durable in their parents. Thread-safe.
class DurableFolders {
 public:
  Status Make(const std::string& folder) {
    struct stat info;
    const std::string parent = ParentOf(folder);
    if (::stat(folder.c_str(), &info) == 0) {
      if (!S_ISDIR(info.st_mode)) return EnvironmentError("SLUICE_IO", folder + " is a file where a folder is needed");
      // A process that was killed may have made it and not have synced it. Where we could not make one, it was not
      // ours.
      if (parent == folder || IsKnown(folder) || ::access(parent.c_str(), R_OK | W_OK) != 0) return Status::OK();
      SLUICE_RETURN_IF_ERROR(Make(parent));
    } else {
      if (parent != folder) SLUICE_RETURN_IF_ERROR(Make(parent));
      if (::mkdir(folder.c_str(), 0777) != 0 && errno != EEXIST) return ErrnoError("mkdir", folder);
    }
    SLUICE_RETURN_IF_ERROR(SyncFolder(parent));
    const std::lock_guard lock(mutex_);
    known_.insert(folder);
    return Status::OK();
  }

 private:
  bool IsKnown(const std::string& folder) {
    const std::lock_guard lock(mutex_);
    return known_.contains(folder);
  }

  std::mutex mutex_;
  std::set<std::string> known_;
};

// Hidden and not an integer: ignored by Spark's listing and ours. The number of the process would not do: in a
// container it is always the same, also that of the one before, which was killed and left its files.
std::string TemporaryName(const std::string& path) {
  static const uint32_t process = std::random_device{}();
  static std::atomic<uint64_t> counter{0};
  return fmt::format("{}/.{}.{:08x}-{}.tmp", ParentOf(path), BaseName(path), process, counter++);
}

// A stale checksum beside a rewritten file makes Hadoop refuse it.
void DropChecksumFile(const std::string& path) {
  ::unlink(fmt::format("{}/.{}.crc", ParentOf(path), BaseName(path)).c_str());
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

Result<bool> SameContent(const std::string& a, const std::string& b) {
  const FileDescriptor fa(::open(a.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fa.valid()) return ErrnoError("open", a);
  const FileDescriptor fb(::open(b.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fb.valid()) return ErrnoError("open", b);
  std::string buffer_a(kWriteBuffer, '\0');
  std::string buffer_b(kWriteBuffer, '\0');
  for (int64_t offset = 0;;) {
    const ssize_t read_a = ::pread(fa.get(), buffer_a.data(), buffer_a.size(), offset);
    const ssize_t read_b = ::pread(fb.get(), buffer_b.data(), buffer_b.size(), offset);
    if (read_a < 0) return ErrnoError("read", a);
    if (read_b < 0) return ErrnoError("read", b);
    if (read_a != read_b || std::memcmp(buffer_a.data(), buffer_b.data(), static_cast<size_t>(read_a)) != 0)
      return false;
    if (read_a == 0) return true;
    offset += read_a;
  }
}

class LocalPendingFile : public PendingFile {
 public:
  explicit LocalPendingFile(std::string path)
      : path_(std::move(path)),
        temporary_(TemporaryName(path_)),
        fd_(::open(temporary_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666)) {
    buffer_.reserve(kWriteBuffer);
  }
  ~LocalPendingFile() override {
    if (fd_.valid()) ::unlink(temporary_.c_str());
  }

  Status CheckOpen() const { return fd_.valid() ? Status::OK() : ErrnoError("create", temporary_); }

  Status Write(const void* data, int64_t size) override {
    const auto count = static_cast<size_t>(size);
    if (buffer_.size() + count > kWriteBuffer) SLUICE_RETURN_IF_ERROR(Flush());
    if (count >= kWriteBuffer) return WriteAll(fd_.get(), static_cast<const char*>(data), count, path_);
    buffer_.append(static_cast<const char*>(data), count);
    return Status::OK();
  }

  Status CopyFrom(const std::string& path, int64_t offset, int64_t length) override {
    SLUICE_RETURN_IF_ERROR(Flush());
    const FileDescriptor from(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (!from.valid()) return ErrnoError("open", path);
    SLUICE_RETURN_IF_ERROR(CopyBytes(from.get(), path, offset, length));
    // So that Publish need not wait for all of a large copy at once.
    if (length >= kLongCopy && ::fdatasync(fd_.get()) != 0) return ErrnoError("fsync", path_);
    return Status::OK();
  }

  Result<PublishOutcome> Publish() override {
    SLUICE_RETURN_IF_ERROR(Flush());
    if (::fdatasync(fd_.get()) != 0) return ErrnoError("fsync", path_);
    if (::link(temporary_.c_str(), path_.c_str()) == 0) {
      SLUICE_RETURN_IF_ERROR(CheckLinked());
      DropChecksumFile(path_);
      ::unlink(temporary_.c_str());
      SLUICE_RETURN_IF_ERROR(SyncFolder(ParentOf(path_)));
      return PublishOutcome::kPublished;
    }
    if (errno != EEXIST) return ErrnoError("link", path_);
    struct stat info;
    if (::stat(path_.c_str(), &info) != 0) return ErrnoError("stat", path_);
    seen_version_ = VersionOf(info);
    SLUICE_ASSIGN(const bool same, SameContent(temporary_, path_));
    // Whoever made it may have been killed before it was durable.
    if (same) SLUICE_RETURN_IF_ERROR(SyncFolder(ParentOf(path_)));
    return same ? PublishOutcome::kExistsEqual : PublishOutcome::kExistsOther;
  }

  Status Replace() override {
    struct stat info;
    if (::stat(path_.c_str(), &info) != 0) return ErrnoError("stat", path_);
    if (VersionOf(info) != seen_version_) {
      return EnvironmentError("SLUICE_FILE_CHANGED", path_ + " was changed by another process");
    }
    DropChecksumFile(path_);
    if (::rename(temporary_.c_str(), path_.c_str()) != 0) return ErrnoError("rename", path_);
    SLUICE_RETURN_IF_ERROR(CheckLinked());
    return SyncFolder(ParentOf(path_));
  }

 private:
  // Some network file systems report success for a name that they have not made.
  Status CheckLinked() const {
    struct stat written;
    struct stat named;
    if (::fstat(fd_.get(), &written) != 0) return ErrnoError("stat", temporary_);
    if (::stat(path_.c_str(), &named) == 0 && named.st_size == written.st_size) return Status::OK();
    return EnvironmentError("SLUICE_IO", fmt::format("link {}: the file system reported success, but the file is not "
                                                     "there.",
                                                     path_));
  }

  Status CopyBytes(int from, const std::string& path, int64_t offset, int64_t length) {
    bool in_kernel = true;
    std::string buffer;
    while (length > 0) {
      const off_t position = ::lseek(fd_.get(), 0, SEEK_CUR);
      ssize_t count = -1;
      if (in_kernel) {
        off64_t at = offset;
        count = ::copy_file_range(from, &at, fd_.get(), nullptr, static_cast<size_t>(length), 0);
        // Not every file system can, and some say so in their own way; a full disk shows again in the write below.
        in_kernel = count > 0;
        // One that failed may have copied all the same.
        if (!in_kernel && ::lseek(fd_.get(), position, SEEK_SET) < 0) return ErrnoError("seek", path_);
      }
      if (!in_kernel) {
        buffer.resize(kWriteBuffer);
        const auto wanted = std::min(buffer.size(), static_cast<size_t>(length));
        count = ::pread(from, buffer.data(), wanted, offset);
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) return ErrnoError("read", path);
        if (count == 0) return TooShortError(path, offset + length);
        SLUICE_RETURN_IF_ERROR(WriteAll(fd_.get(), buffer.data(), static_cast<size_t>(count), path_));
      }
      offset += count;
      length -= count;
    }
    return Status::OK();
  }

  Status Flush() {
    const Status status = WriteAll(fd_.get(), buffer_.data(), buffer_.size(), path_);
    buffer_.clear();
    return status;
  }

  const std::string path_;
  const std::string temporary_;
  const FileDescriptor fd_;
  std::string buffer_;
  std::string seen_version_;
};

class LocalFileSystem : public FileSystem {
 public:
  Result<std::string> ReadFile(const std::string& path) override {
    const FileDescriptor fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (!fd.valid()) return ErrnoError("open", path);
    struct stat info;
    if (::fstat(fd.get(), &info) != 0) return ErrnoError("stat", path);
    if (S_ISDIR(info.st_mode)) return EnvironmentError("SLUICE_IO", path + " is a folder");
    std::string content(static_cast<size_t>(info.st_size), '\0');
    size_t filled = 0;
    while (filled < content.size()) {
      const ssize_t count = ::read(fd.get(), content.data() + filled, content.size() - filled);
      if (count < 0 && errno == EINTR) continue;
      if (count < 0) return ErrnoError("read", path);
      if (count == 0) break;
      filled += static_cast<size_t>(count);
    }
    content.resize(filled);
    return content;
  }

  Result<std::shared_ptr<arrow::io::RandomAccessFile>> OpenForRead(const std::string& path) override {
    struct stat info;
    if (::stat(path.c_str(), &info) != 0) return ErrnoError("open", path);
    SLUICE_ASSIGN(auto file, arrow::io::ReadableFile::Open(path));
    return file;
  }

  Result<FileInfo> Stat(const std::string& path) override {
    struct stat info;
    if (::stat(path.c_str(), &info) != 0) return ErrnoError("stat", path);
    return InfoOf(path, info);
  }

  Result<std::vector<FileInfo>> List(const std::string& folder, bool recursive) override {
    std::vector<FileInfo> found;
    SLUICE_RETURN_IF_ERROR(ListInto(folder, recursive, &found));
    std::sort(found.begin(), found.end(), [](const FileInfo& a, const FileInfo& b) { return a.path < b.path; });
    return found;
  }

  Result<CreateOutcome> CreateAtomic(const std::string& path, std::string_view content) override {
    SLUICE_RETURN_IF_ERROR(folders_.Make(ParentOf(path)));
    LocalPendingFile file(path);
    SLUICE_RETURN_IF_ERROR(file.CheckOpen());
    SLUICE_RETURN_IF_ERROR(file.Write(content.data(), static_cast<int64_t>(content.size())));
    SLUICE_ASSIGN(const PublishOutcome outcome, file.Publish());
    return outcome == PublishOutcome::kPublished ? CreateOutcome::kCreated : CreateOutcome::kExists;
  }

  Result<std::unique_ptr<PendingFile>> OpenForWrite(const std::string& path) override {
    SLUICE_RETURN_IF_ERROR(folders_.Make(ParentOf(path)));
    auto file = std::make_unique<LocalPendingFile>(path);
    SLUICE_RETURN_IF_ERROR(file->CheckOpen());
    return file;
  }

  Status Delete(const std::vector<std::string>& paths) override {
    std::set<std::string> folders;
    for (const std::string& path : paths) {
      DropChecksumFile(path);
      if (::unlink(path.c_str()) != 0 && errno != ENOENT && errno != ENOTDIR) return ErrnoError("unlink", path);
      folders.insert(ParentOf(path));
    }
    for (const std::string& folder : folders) SLUICE_RETURN_IF_ERROR(MakeDurable(folder));
    return Status::OK();
  }

  Status MakeDurable(const std::string& folder) override {
    const Status synced = SyncFolder(folder);
    return IsNotFound(synced) ? Status::OK() : synced;
  }

  std::string Uri(const std::string& path) const override { return "file://" + PercentEncodePath(path); }

 private:
  Status ListInto(const std::string& folder, bool recursive, std::vector<FileInfo>* found) {
    DIR* dir = ::opendir(folder.c_str());
    if (dir == nullptr) {
      const Status status = ErrnoError("list", folder);
      return IsNotFound(status) ? Status::OK() : status;
    }
    std::vector<std::string> names;
    errno = 0;
    for (const dirent* entry = ::readdir(dir); entry != nullptr; entry = ::readdir(dir)) {
      const std::string name = entry->d_name;
      if (name != "." && name != "..") names.push_back(name);
    }
    const Status listed = errno == 0 ? Status::OK() : ErrnoError("list", folder);
    ::closedir(dir);
    SLUICE_RETURN_IF_ERROR(listed);
    for (const std::string& name : names) {
      const std::string path = folder + "/" + name;
      struct stat info;
      if (::stat(path.c_str(), &info) != 0) continue;  // deleted since
      if (recursive && S_ISDIR(info.st_mode)) {
        SLUICE_RETURN_IF_ERROR(ListInto(path, true, found));
      } else {
        found->push_back(InfoOf(path, info));
      }
    }
    return Status::OK();
  }

  DurableFolders folders_;
};

}  // namespace

std::shared_ptr<FileSystem> MakeLocalFileSystem() {
  return std::make_shared<LocalFileSystem>();
}

}  // namespace sluice
