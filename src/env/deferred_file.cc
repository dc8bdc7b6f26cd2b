// SPDX-License-Identifier: Apache-2.0
#include "env/deferred_file.h"

#include <utility>

#include "base/spark_error.h"

namespace sluice {
namespace {

class DeferredFile : public PendingFile {
 public:
  DeferredFile(std::shared_ptr<FileSystem> fs, std::string path, int64_t memory_bytes)
      : fs_(std::move(fs)), path_(std::move(path)), memory_bytes_(memory_bytes) {}

  Status Write(const void* data, int64_t size) override {
    if (file_ == nullptr && static_cast<int64_t>(kept_.size()) + size <= memory_bytes_) {
      kept_.append(static_cast<const char*>(data), static_cast<size_t>(size));
      return Status::OK();
    }
    SLUICE_RETURN_IF_ERROR(Open());
    return file_->Write(data, size);
  }

  Status CopyFrom(const std::string&, int64_t, int64_t) override {
    return InternalError("a deferred file takes no ranges of other files");
  }

  Result<PublishOutcome> Publish() override {
    SLUICE_RETURN_IF_ERROR(Open());
    return file_->Publish();
  }

  Status Replace() override {
    if (file_ == nullptr) return InternalError("Replace without a Publish that found other content");
    return file_->Replace();
  }

 private:
  Status Open() {
    if (file_ != nullptr) return Status::OK();
    SLUICE_ASSIGN(file_, fs_->OpenForWrite(path_));
    SLUICE_RETURN_IF_ERROR(file_->Write(kept_.data(), static_cast<int64_t>(kept_.size())));
    kept_ = std::string();
    return Status::OK();
  }

  const std::shared_ptr<FileSystem> fs_;
  const std::string path_;
  const int64_t memory_bytes_;
  std::string kept_;  // until the file is open
  std::unique_ptr<PendingFile> file_;
};

}  // namespace

std::unique_ptr<PendingFile> MakeDeferredFile(std::shared_ptr<FileSystem> fs, std::string path, int64_t memory_bytes) {
  return std::make_unique<DeferredFile>(std::move(fs), std::move(path), memory_bytes);
}

}  // namespace sluice
