// SPDX-License-Identifier: Apache-2.0
#include "env/spooled_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <mutex>
#include <utility>

#include "base/spark_error.h"
#include "env/posix_file.h"

namespace sluice {
namespace {

constexpr size_t kPieceBytes = 1 << 20;

std::mutex& OnePublishing() {
  static std::mutex mutex;
  return mutex;
}

std::string TemporaryFolder() {
  const char* chosen = std::getenv("TMPDIR");
  return chosen == nullptr || *chosen == '\0' ? "/tmp" : chosen;
}

// The overflow of a spooled file. It has no name: whatever ends the process, nothing stays behind.
class NamelessFile {
 public:
  static Result<std::unique_ptr<NamelessFile>> Make() {
    std::string name = TemporaryFolder() + "/sluice-XXXXXX";
    const int fd = ::mkostemp(name.data(), O_CLOEXEC);
    if (fd < 0) return ErrnoError("create", name);
    ::unlink(name.c_str());
    return std::unique_ptr<NamelessFile>(new NamelessFile(std::move(name), fd));
  }
  Status Append(std::string_view bytes) {
    size_ += static_cast<int64_t>(bytes.size());
    return WriteAll(fd_.get(), bytes.data(), bytes.size(), name_);
  }
  // `piece` becomes what stands at `offset`, a megabyte at most.
  Status Read(int64_t offset, std::string* piece) const {
    piece->resize(std::min(kPieceBytes, static_cast<size_t>(size_ - offset)));
    for (size_t done = 0; done < piece->size();) {
      const ssize_t count =
          ::pread(fd_.get(), piece->data() + done, piece->size() - done, offset + static_cast<int64_t>(done));
      if (count < 0 && errno == EINTR) continue;
      if (count < 0) return ErrnoError("read", name_);
      if (count == 0) return EnvironmentError("SLUICE_IO", name_ + " is shorter than what was written to it");
      done += static_cast<size_t>(count);
    }
    return Status::OK();
  }
  int64_t size() const { return size_; }

 private:
  NamelessFile(std::string name, int fd) : name_(std::move(name)), fd_(fd) {}

  const std::string name_;  // that it had, for errors
  const FileDescriptor fd_;
  int64_t size_ = 0;
};

class SpooledFile : public PendingFile {
 public:
  SpooledFile(std::shared_ptr<FileSystem> fs, std::string path, int64_t memory_bytes)
      : fs_(std::move(fs)), path_(std::move(path)), memory_bytes_(static_cast<size_t>(memory_bytes)) {}

  Status Write(const void* data, int64_t size) override {
    const std::string_view bytes(static_cast<const char*>(data), static_cast<size_t>(size));
    if (kept_.size() + bytes.size() <= memory_bytes_) {
      // Past an eighth the rest is likely to come: one allocation instead of doublings beyond the limit.
      if (kept_.size() + bytes.size() > memory_bytes_ / 8) kept_.reserve(memory_bytes_);
      kept_.append(bytes);
      return Status::OK();
    }
    if (overflow_ == nullptr) {
      SLUICE_ASSIGN(overflow_, NamelessFile::Make());
    }
    SLUICE_RETURN_IF_ERROR(overflow_->Append(kept_));
    kept_.clear();
    return overflow_->Append(bytes);
  }

  Status CopyFrom(const std::string&, int64_t, int64_t) override {
    return InternalError("a spooled file takes no ranges of other files");
  }

  Result<PublishOutcome> Publish() override {
    std::lock_guard lock(OnePublishing());
    SLUICE_ASSIGN(target_, fs_->OpenForWrite(path_));
    std::string piece;
    for (int64_t done = 0; overflow_ != nullptr && done < overflow_->size();) {
      SLUICE_RETURN_IF_ERROR(overflow_->Read(done, &piece));
      SLUICE_RETURN_IF_ERROR(target_->Write(piece.data(), static_cast<int64_t>(piece.size())));
      done += static_cast<int64_t>(piece.size());
    }
    SLUICE_RETURN_IF_ERROR(target_->Write(kept_.data(), static_cast<int64_t>(kept_.size())));
    kept_ = std::string();
    overflow_.reset();
    SLUICE_ASSIGN(const PublishOutcome outcome, target_->Publish());
    if (outcome != PublishOutcome::kExistsOther) target_.reset();  // with what it holds
    return outcome;
  }

  Status Replace() override {
    if (target_ == nullptr) return InternalError("Replace without a Publish that found other content");
    const auto target = std::move(target_);
    return target->Replace();
  }

 private:
  const std::shared_ptr<FileSystem> fs_;
  const std::string path_;
  const size_t memory_bytes_;
  std::string kept_;                        // what follows the overflow
  std::unique_ptr<NamelessFile> overflow_;  // the beginning
  std::unique_ptr<PendingFile> target_;
};

}  // namespace

std::unique_ptr<PendingFile> MakeSpooledFile(std::shared_ptr<FileSystem> fs, std::string path, int64_t memory_bytes) {
  return std::make_unique<SpooledFile>(std::move(fs), std::move(path), memory_bytes);
}

}  // namespace sluice
