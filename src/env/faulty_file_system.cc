// SPDX-License-Identifier: Apache-2.0
#include "env/faulty_file_system.h"

#include <fmt/format.h>

#include "base/spark_error.h"

namespace sluice {

class FaultyFileSystem::Faults {
 public:
  void Plan(int64_t first, FaultWay way, int64_t count, std::function<void()> crash) {
    std::lock_guard lock(mutex_);
    first_ = first;
    count_ = count;
    way_ = way;
    crash_ = std::move(crash);
    fired_ = dead_ = false;
    log_.clear();
  }

  // Runs a call under the plan. `call` returns a Status or a Result.
  template <typename Call>
  auto Run(const char* name, const std::string& path, Call call) -> decltype(call()) {
    bool faulty = false;
    FaultWay way;
    {
      std::lock_guard lock(mutex_);
      if (dead_) return Error("SLUICE_SIMULATED_CRASH", name, path, false);
      log_.push_back(fmt::format("{} {}", name, path));
      const auto number = static_cast<int64_t>(log_.size());
      faulty = number >= first_ && number < first_ + count_;
      fired_ |= faulty;
      way = way_;
    }
    if (!faulty) return call();
    if (way == FaultWay::kError) return Error("SLUICE_SIMULATED_FAULT", name, path, true);
    if (way == FaultWay::kLostReply || way == FaultWay::kCrashAfter) (void)call();
    if (way == FaultWay::kLostReply) return Error("SLUICE_SIMULATED_FAULT", name, path, true);
    Die();
    return Error("SLUICE_SIMULATED_CRASH", name, path, false);
  }

  std::vector<std::string> log() {
    std::lock_guard lock(mutex_);
    return log_;
  }
  bool fired() {
    std::lock_guard lock(mutex_);
    return fired_;
  }

 private:
  static Status Error(const char* error_class, const char* name, const std::string& path, bool retryable) {
    return EnvironmentError(error_class, fmt::format("{} {} was made to fail", name, path), retryable);
  }

  void Die() {
    std::function<void()> crash;
    {
      std::lock_guard lock(mutex_);
      dead_ = true;
      crash.swap(crash_);
    }
    if (crash) crash();
  }

  std::mutex mutex_;
  int64_t first_ = 0;
  int64_t count_ = 0;
  FaultWay way_ = FaultWay::kError;
  std::function<void()> crash_;
  bool fired_ = false;
  bool dead_ = false;
  std::vector<std::string> log_;
};

class FaultyFileSystem::File : public PendingFile {
 public:
  File(std::shared_ptr<Faults> faults, std::unique_ptr<PendingFile> base, std::string path)
      : faults_(std::move(faults)), base_(std::move(base)), path_(std::move(path)) {}

  Status Write(const void* data, int64_t size) override {
    return faults_->Run("Write", path_, [&] { return base_->Write(data, size); });
  }
  Status CopyFrom(const std::string& path, int64_t offset, int64_t length) override {
    return faults_->Run("CopyFrom", path_, [&] { return base_->CopyFrom(path, offset, length); });
  }
  Result<PublishOutcome> Publish() override {
    return faults_->Run("Publish", path_, [&] { return base_->Publish(); });
  }
  Status Replace() override {
    return faults_->Run("Replace", path_, [&] { return base_->Replace(); });
  }

 private:
  const std::shared_ptr<Faults> faults_;
  const std::unique_ptr<PendingFile> base_;
  const std::string path_;
};

FaultyFileSystem::FaultyFileSystem(std::shared_ptr<FileSystem> base)
    : base_(std::move(base)), faults_(std::make_shared<Faults>()) {}

FaultyFileSystem::~FaultyFileSystem() = default;

void FaultyFileSystem::FailAt(int64_t first, FaultWay way, int64_t count, std::function<void()> crash) {
  faults_->Plan(first, way, count, std::move(crash));
}

void FaultyFileSystem::Revive() {
  faults_->Plan(0, FaultWay::kError, 0, {});
}

int64_t FaultyFileSystem::calls() const {
  return static_cast<int64_t>(faults_->log().size());
}

std::vector<std::string> FaultyFileSystem::log() const {
  return faults_->log();
}

bool FaultyFileSystem::fired() const {
  return faults_->fired();
}

Result<std::string> FaultyFileSystem::ReadFile(const std::string& path) {
  return faults_->Run("ReadFile", path, [&] { return base_->ReadFile(path); });
}

Result<std::shared_ptr<arrow::io::RandomAccessFile>> FaultyFileSystem::OpenForRead(const std::string& path) {
  return faults_->Run("OpenForRead", path, [&] { return base_->OpenForRead(path); });
}

Result<FileInfo> FaultyFileSystem::Stat(const std::string& path) {
  return faults_->Run("Stat", path, [&] { return base_->Stat(path); });
}

Result<std::vector<FileInfo>> FaultyFileSystem::List(const std::string& folder, bool recursive) {
  return faults_->Run("List", folder, [&] { return base_->List(folder, recursive); });
}

Result<CreateOutcome> FaultyFileSystem::CreateAtomic(const std::string& path, std::string_view content) {
  return faults_->Run("CreateAtomic", path, [&] { return base_->CreateAtomic(path, content); });
}

Result<std::unique_ptr<PendingFile>> FaultyFileSystem::OpenForWrite(const std::string& path) {
  return faults_->Run("OpenForWrite", path, [&]() -> Result<std::unique_ptr<PendingFile>> {
    SLUICE_ASSIGN(std::unique_ptr<PendingFile> file, base_->OpenForWrite(path));
    return std::make_unique<File>(faults_, std::move(file), path);
  });
}

Status FaultyFileSystem::Delete(const std::vector<std::string>& paths) {
  return faults_->Run("Delete", paths.empty() ? "" : paths.front(), [&] { return base_->Delete(paths); });
}

std::string FaultyFileSystem::Uri(const std::string& path) const {
  return base_->Uri(path);
}

}  // namespace sluice
