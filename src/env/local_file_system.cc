// SPDX-License-Identifier: Apache-2.0
#include <arrow/io/file.h>
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
#include "env/file_moves.h"
#include "env/file_system.h"
#include "env/local_folder.h"
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

constexpr mode_t kPrivateFile = 0600;
constexpr mode_t kPrivateFolder = 0700;

// Makes folders and their parents, durable in their parents. Thread-safe.
class DurableFolders {
 public:
  explicit DurableFolders(LocalModes modes) : modes_(modes) {}

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
      SLUICE_RETURN_IF_ERROR(MakeOne(folder));
    }
    SLUICE_RETURN_IF_ERROR(SyncFolder(parent));
    const std::lock_guard lock(mutex_);
    known_.insert(folder);
    return Status::OK();
  }

 private:
  Status MakeOne(const std::string& folder) const {
    if (::mkdir(folder.c_str(), modes_.is_private ? kPrivateFolder : 0777) != 0) {
      return errno == EEXIST ? Status::OK() : ErrnoError("mkdir", folder);
    }
    // The umask may have taken bits away.
    if (modes_.is_private && ::chmod(folder.c_str(), kPrivateFolder) != 0) return ErrnoError("chmod", folder);
    return Status::OK();
  }

  bool IsKnown(const std::string& folder) {
    const std::lock_guard lock(mutex_);
    return known_.contains(folder);
  }

  const LocalModes modes_;
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

Result<bool> SameContent(const std::string& a, const std::string& b) {
  SLUICE_ASSIGN(const int opened_a, OpenPlainFile(a));
  const FileDescriptor fa(opened_a);
  SLUICE_ASSIGN(const int opened_b, OpenPlainFile(b));
  const FileDescriptor fb(opened_b);
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
  LocalPendingFile(std::string path, LocalModes modes)
      : path_(std::move(path)),
        temporary_(TemporaryName(path_)),
        modes_(modes),
        fd_(::open(temporary_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC,
                   modes.is_private ? kPrivateFile : 0666)) {
    buffer_.reserve(kWriteBuffer);
  }
  ~LocalPendingFile() override {
    if (fd_.valid()) ::unlink(temporary_.c_str());
  }

  Status CheckOpen() const {
    if (!fd_.valid()) return ErrnoError("create", temporary_);
    // The umask may have taken bits away.
    if (modes_.is_private && ::fchmod(fd_.get(), kPrivateFile) != 0) return ErrnoError("chmod", temporary_);
    return Status::OK();
  }

  Status Write(const void* data, int64_t size) override {
    const auto count = static_cast<size_t>(size);
    if (buffer_.size() + count > kWriteBuffer) SLUICE_RETURN_IF_ERROR(Flush());
    if (count >= kWriteBuffer) return WriteAll(fd_.get(), static_cast<const char*>(data), count, path_);
    buffer_.append(static_cast<const char*>(data), count);
    return Status::OK();
  }

  Status CopyFrom(const std::string& path, int64_t offset, int64_t length) override {
    SLUICE_RETURN_IF_ERROR(Flush());
    SLUICE_ASSIGN(const int opened, OpenPlainFile(path));
    const FileDescriptor from(opened);
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
  const LocalModes modes_;
  const FileDescriptor fd_;
  std::string buffer_;
  std::string seen_version_;
};

class LocalFileSystem : public FileSystem {
 public:
  explicit LocalFileSystem(LocalModes modes) : modes_(modes), folders_(modes) {}

  Result<std::string> ReadFile(const std::string& path) override { return ReadPlainFile(path, kSmallFileBytes); }

  Result<std::shared_ptr<arrow::io::RandomAccessFile>> OpenForRead(const std::string& path) override {
    SLUICE_ASSIGN(const int fd, OpenPlainFile(path));
    SLUICE_ASSIGN(auto file, arrow::io::ReadableFile::Open(fd));  // which closes it, also when this fails
    return file;
  }

  Result<FileInfo> Stat(const std::string& path) override {
    struct stat info;
    if (::stat(path.c_str(), &info) != 0) return ErrnoError("stat", path);
    return InfoOf(path, info);
  }

  Result<std::vector<FileInfo>> List(const std::string& folder, bool recursive) override {
    SLUICE_ASSIGN(std::vector<FileInfo> found, ListFolder(folder, recursive));
    std::sort(found.begin(), found.end(), [](const FileInfo& a, const FileInfo& b) { return a.path < b.path; });
    return found;
  }

  Result<CreateOutcome> CreateAtomic(const std::string& path, std::string_view content) override {
    SLUICE_RETURN_IF_ERROR(folders_.Make(ParentOf(path)));
    LocalPendingFile file(path, modes_);
    SLUICE_RETURN_IF_ERROR(file.CheckOpen());
    SLUICE_RETURN_IF_ERROR(file.Write(content.data(), static_cast<int64_t>(content.size())));
    SLUICE_ASSIGN(const PublishOutcome outcome, file.Publish());
    return outcome == PublishOutcome::kPublished ? CreateOutcome::kCreated : CreateOutcome::kExists;
  }

  Result<std::unique_ptr<PendingFile>> OpenForWrite(const std::string& path) override {
    SLUICE_RETURN_IF_ERROR(folders_.Make(ParentOf(path)));
    auto file = std::make_unique<LocalPendingFile>(path, modes_);
    SLUICE_RETURN_IF_ERROR(file->CheckOpen());
    return file;
  }

  Status Delete(const std::string& root, const std::vector<std::string>& paths) override {
    return DeleteBelow(root, paths);
  }

  Status MakeDurable(const std::string& folder) override {
    const Status synced = SyncFolder(folder);
    return IsNotFound(synced) ? Status::OK() : synced;
  }

  std::string Uri(const std::string& path) const override { return "file://" + PercentEncodePath(path); }

  std::shared_ptr<FileSystem> WithPrivateModes() override {
    return std::make_shared<LocalFileSystem>(LocalModes{.is_private = true});
  }

 private:
  const LocalModes modes_;
  DurableFolders folders_;
};

}  // namespace

bool IsLocalDisk(const FileSystem& fs) {
  return dynamic_cast<const LocalFileSystem*>(&fs) != nullptr;
}

std::shared_ptr<FileSystem> MakeLocalFileSystem(LocalModes modes) {
  return std::make_shared<LocalFileSystem>(modes);
}

}  // namespace sluice
