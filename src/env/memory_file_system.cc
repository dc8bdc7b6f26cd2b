// SPDX-License-Identifier: Apache-2.0
#include <arrow/buffer.h>
#include <arrow/io/memory.h>

#include <map>
#include <mutex>
#include <set>

#include "base/spark_error.h"
#include "env/file_system.h"

namespace sluice {
namespace {

struct Entry {
  std::string content;
  int64_t version = 0;
};

struct Store {
  std::mutex mutex;
  std::map<std::string, Entry> files;
  int64_t next_version = 1;
};

class MemoryPendingFile : public PendingFile {
 public:
  MemoryPendingFile(std::shared_ptr<Store> store, std::string path)
      : store_(std::move(store)), path_(std::move(path)) {}

  Status Write(const void* data, int64_t size) override {
    content_.append(static_cast<const char*>(data), static_cast<size_t>(size));
    return Status::OK();
  }

  Status CopyFrom(const std::string& path, int64_t offset, int64_t length) override {
    std::lock_guard lock(store_->mutex);
    const auto found = store_->files.find(path);
    if (found == store_->files.end()) return NotFoundError(path);
    const std::string& from = found->second.content;
    if (offset + length > static_cast<int64_t>(from.size())) return TooShortError(path, offset + length);
    content_.append(from, static_cast<size_t>(offset), static_cast<size_t>(length));
    return Status::OK();
  }

  Result<PublishOutcome> Publish() override {
    std::lock_guard lock(store_->mutex);
    const auto [found, created] = store_->files.try_emplace(path_);
    if (created) {
      found->second = Entry{content_, store_->next_version++};
      return PublishOutcome::kPublished;
    }
    if (found->second.content == content_) return PublishOutcome::kExistsEqual;
    seen_version_ = found->second.version;
    return PublishOutcome::kExistsOther;
  }

  Status Replace() override {
    std::lock_guard lock(store_->mutex);
    const auto found = store_->files.find(path_);
    if (found == store_->files.end() || found->second.version != seen_version_) {
      return EnvironmentError("SLUICE_FILE_CHANGED", path_ + " was changed by another process");
    }
    found->second = Entry{content_, store_->next_version++};
    return Status::OK();
  }

 private:
  std::shared_ptr<Store> store_;
  std::string path_;
  std::string content_;
  int64_t seen_version_ = -1;
};

class MemoryFileSystem : public FileSystem {
 public:
  Result<std::string> ReadFile(const std::string& path) override {
    std::lock_guard lock(store_->mutex);
    const auto found = store_->files.find(path);
    if (found == store_->files.end()) return NotFoundError(path);
    const std::string& content = found->second.content;
    const auto size = static_cast<int64_t>(content.size());
    if (size > kSmallFileBytes) return TooLargeError(path, kSmallFileBytes, size);
    return content;
  }

  Result<std::shared_ptr<arrow::io::RandomAccessFile>> OpenForRead(const std::string& path) override {
    std::lock_guard lock(store_->mutex);
    const auto found = store_->files.find(path);
    if (found == store_->files.end()) return NotFoundError(path);
    return std::make_shared<arrow::io::BufferReader>(arrow::Buffer::FromString(found->second.content));
  }

  Result<FileInfo> Stat(const std::string& path) override {
    std::lock_guard lock(store_->mutex);
    const auto found = store_->files.find(path);
    if (found != store_->files.end()) return InfoOf(*found);
    const auto below = store_->files.lower_bound(path + "/");
    if (below != store_->files.end() && below->first.starts_with(path + "/")) return FolderInfo(path);
    return NotFoundError(path);
  }

  Result<std::vector<FileInfo>> List(const std::string& folder, bool recursive) override {
    std::lock_guard lock(store_->mutex);
    const std::string prefix = folder == "/" ? folder : folder + "/";
    std::vector<FileInfo> found;
    std::set<std::string> folders;
    for (auto it = store_->files.lower_bound(prefix); it != store_->files.end() && it->first.starts_with(prefix);
         ++it) {
      const size_t slash = it->first.find('/', prefix.size());
      if (recursive || slash == std::string::npos) {
        found.push_back(InfoOf(*it));
      } else if (folders.insert(it->first.substr(0, slash)).second) {
        found.push_back(FolderInfo(it->first.substr(0, slash)));
      }
    }
    return found;
  }

  Result<CreateOutcome> CreateAtomic(const std::string& path, std::string_view content) override {
    std::lock_guard lock(store_->mutex);
    const auto [found, created] = store_->files.try_emplace(path);
    if (!created) return CreateOutcome::kExists;
    found->second = Entry{std::string(content), store_->next_version++};
    return CreateOutcome::kCreated;
  }

  Result<std::unique_ptr<PendingFile>> OpenForWrite(const std::string& path) override {
    return std::make_unique<MemoryPendingFile>(store_, path);
  }

  Status Delete(const std::string& root, const std::vector<std::string>& paths) override {
    SLUICE_RETURN_IF_ERROR(CheckBelow(root, paths));
    std::lock_guard lock(store_->mutex);
    for (const std::string& path : paths) store_->files.erase(path);
    return Status::OK();
  }

  Status MakeDurable(const std::string&) override { return Status::OK(); }

  std::string Uri(const std::string& path) const override { return "file://" + path; }

 private:
  static FileInfo InfoOf(const std::pair<const std::string, Entry>& file) {
    FileInfo info;
    info.path = file.first;
    info.size = static_cast<int64_t>(file.second.content.size());
    info.version = std::to_string(file.second.version);
    return info;
  }
  static FileInfo FolderInfo(std::string path) {
    FileInfo info;
    info.path = std::move(path);
    info.is_folder = true;
    return info;
  }

  std::shared_ptr<Store> store_ = std::make_shared<Store>();
};

}  // namespace

std::shared_ptr<FileSystem> MakeMemoryFileSystem() {
  return std::make_shared<MemoryFileSystem>();
}

}  // namespace sluice
