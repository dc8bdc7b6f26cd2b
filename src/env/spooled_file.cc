// SPDX-License-Identifier: Apache-2.0
#include "env/spooled_file.h"

#include <algorithm>
#include <mutex>
#include <string_view>
#include <utility>

#include "base/memory_plan.h"
#include "base/spark_error.h"
#include "env/temporary_file.h"

namespace sluice {
namespace {

constexpr size_t kPieceBytes = 1 << 20;
// Files of so few bytes are published side by side: the copies that their uploads hold hardly count.
constexpr size_t kSmallBytes = 256 << 10;

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
      SLUICE_ASSIGN(overflow_, TemporaryFile::Make());
    }
    SLUICE_RETURN_IF_ERROR(overflow_->Append(kept_));
    kept_.clear();
    return overflow_->Append(bytes);
  }

  Status CopyFrom(const std::string&, int64_t, int64_t) override {
    return InternalError("a spooled file takes no ranges of other files");
  }

  Result<PublishOutcome> Publish() override {
    std::unique_lock<std::mutex> alone(GateOf(MemoryGate::kPublishing), std::defer_lock);
    if (overflow_ != nullptr || kept_.size() > kSmallBytes) alone.lock();
    SLUICE_ASSIGN(target_, fs_->OpenForWrite(path_));
    std::string piece;
    for (int64_t done = 0; overflow_ != nullptr && done < overflow_->size();) {
      piece.resize(std::min(kPieceBytes, static_cast<size_t>(overflow_->size() - done)));
      SLUICE_RETURN_IF_ERROR(overflow_->Read(done, piece.data(), piece.size()));
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
  std::string kept_;                         // what follows the overflow
  std::unique_ptr<TemporaryFile> overflow_;  // the beginning
  std::unique_ptr<PendingFile> target_;
};

}  // namespace

std::unique_ptr<PendingFile> MakeSpooledFile(std::shared_ptr<FileSystem> fs, std::string path, int64_t memory_bytes) {
  return std::make_unique<SpooledFile>(std::move(fs), std::move(path), memory_bytes);
}

}  // namespace sluice
