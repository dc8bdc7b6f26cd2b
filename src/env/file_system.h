// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"

namespace arrow::io {
class RandomAccessFile;
}

namespace sluice {

struct FileInfo {
  std::string path;         // in the file system's own form, see FileSystem
  int64_t size = 0;         // bytes; 0 for a folder
  int64_t modified_ms = 0;  // since 1970 UTC
  bool is_folder = false;
  bool is_link =
      false;            // locally, of a folder: only a symbolic link leads to it, and a listing does not look behind it
  std::string version;  // changes when the content does (S3: ETag; locally inode+mtime+size); empty for folders
};

enum class CreateOutcome { kCreated, kExists };
enum class PublishOutcome {
  kPublished,    // the name was free; the bytes are durable under it
  kExistsEqual,  // the name holds the very same bytes, durably
  kExistsOther,  // the name holds other bytes; nothing was changed
};

// A file being written. Nobody sees a byte of it before Publish; destroying it unpublished leaves nothing behind.
// One thread at a time.
class PendingFile {
 public:
  virtual ~PendingFile() = default;
  virtual Status Write(const void* data, int64_t size) = 0;
  // Appends `length` bytes of another file of the same file system, from `offset` on. S3 copies on its own side,
  // locally the kernel does; long ranges are on their way to the disk on return. A file that is shorter is an error.
  virtual Status CopyFrom(const std::string& path, int64_t offset, int64_t length) = 0;
  // Makes the whole content appear under the name, if the name is free. Durable (file and folder) on return.
  virtual Result<PublishOutcome> Publish() = 0;
  // After kExistsOther only: takes the place of exactly the content that Publish saw (S3: If-Match).
  virtual Status Replace() = 0;
};

// A place for files. Paths are `/`-separated; local ones absolute ("/tmp/x"), S3 ones "bucket/key". Folders are
// implied: writing makes them. Thread-safe. A missing file is an error for which IsNotFound() holds. Errors are
// ErrorKind::kEnvironment and name the path; what the file system can retry itself it has retried.
class FileSystem {
 public:
  virtual ~FileSystem() = default;
  // All of a small file. One of more than kSmallFileBytes is refused by its size (SLUICE_FILE_SIZE), and locally what
  // is no plain file by its kind (SLUICE_FILE_KIND), before anything is read: nothing here waits for a FIFO.
  virtual Result<std::string> ReadFile(const std::string& path) = 0;
  virtual Result<std::shared_ptr<arrow::io::RandomAccessFile>> OpenForRead(const std::string& path) = 0;
  virtual Result<FileInfo> Stat(const std::string& path) = 0;
  // The children of a folder (or, recursive, every file below it) by name; a folder that is not there is empty.
  // A page that fails, fails the listing. `folder` may be a symbolic link; below it none to a folder is followed: it is
  // listed as a folder with is_link, recursive or not.
  virtual Result<std::vector<FileInfo>> List(const std::string& folder, bool recursive) = 0;
  // Creates a whole small file, durably, unless the name is taken. An ambiguous reply is settled by reading back:
  // equal bytes count as kCreated.
  virtual Result<CreateOutcome> CreateAtomic(const std::string& path, std::string_view content) = 0;
  virtual Result<std::unique_ptr<PendingFile>> OpenForWrite(const std::string& path) = 0;
  // Deletes files (never folders) below the folder `root`, durably; a missing one is no error. A path that is not below
  // `root`, or that has "." or ".." in it, is refused before anything is deleted; one that leads through a symbolic
  // link below `root` is refused when its turn comes. A link in the place of a file is deleted itself.
  virtual Status Delete(const std::string& root, const std::vector<std::string>& paths) = 0;
  // What a listing of the folder shows stays after a power cut: a process that was killed may have left names that are
  // not on the disk yet, and nobody may build on those. A folder that is not there is fine.
  virtual Status MakeDurable(const std::string& folder) = 0;
  // URI of a path as Spark writes it into its sink log for the scheme the user gave: file:///.. or s3a://bucket/key,
  // percent-encoded.
  virtual std::string Uri(const std::string& path) const = 0;
  // The same files through a file system that makes files 0600 and folders 0700, whatever the umask; null where files
  // have no modes.
  virtual std::shared_ptr<FileSystem> WithPrivateModes() { return nullptr; }
};

// What ReadFile reads at most.
inline constexpr int64_t kSmallFileBytes = 16 << 20;

// The last part of a path or URI.
inline std::string_view BaseName(std::string_view path) {
  return path.substr(path.rfind('/') + 1);
}

// Whether `path` lies below the folder `root` by its name alone, without an empty part, "." or "..".
bool IsBelow(std::string_view root, std::string_view path);
// FileSystem::Delete's first check: all paths are below `root`.
Status CheckBelow(const std::string& root, const std::vector<std::string>& paths);

bool IsNotFound(const Status& status);
Status NotFoundError(const std::string& path);
// CopyFrom's error: the file has fewer than `size` bytes.
Status TooShortError(const std::string& path, int64_t size);
// ReadFile's error for a file of `size` bytes, or of more than `limit` when the size is not known.
Status TooLargeError(const std::string& path, int64_t limit, int64_t size = -1);

// The disk of this machine. CreateAtomic and Publish link a temporary file without overwrite and fsync file and
// folder; Hadoop's .crc side file of a name is removed when the name is (re)written.
// How files and folders are made; without a mode the umask decides.
struct LocalModes {
  bool is_private = false;  // files 0600, folders 0700
};
std::shared_ptr<FileSystem> MakeLocalFileSystem(LocalModes modes = {});

// Everything in memory, for tests.
std::shared_ptr<FileSystem> MakeMemoryFileSystem();

}  // namespace sluice
