// SPDX-License-Identifier: Apache-2.0
#include "env/faulty_file_system.h"

namespace sluice {

class FaultyFileSystem::File : public PendingFile {
 public:
  File(std::shared_ptr<FaultPlan> plan, std::unique_ptr<PendingFile> base, std::string path)
      : plan_(std::move(plan)), base_(std::move(base)), path_(std::move(path)) {}

  Status Write(const void* data, int64_t size) override {
    return plan_->Run("Write", path_, [&] { return base_->Write(data, size); });
  }
  Status CopyFrom(const std::string& path, int64_t offset, int64_t length) override {
    return plan_->Run("CopyFrom", path_, [&] { return base_->CopyFrom(path, offset, length); });
  }
  Result<PublishOutcome> Publish() override {
    return plan_->Run("Publish", path_, [&] { return base_->Publish(); });
  }
  Status Replace() override {
    return plan_->Run("Replace", path_, [&] { return base_->Replace(); });
  }

 private:
  const std::shared_ptr<FaultPlan> plan_;
  const std::unique_ptr<PendingFile> base_;
  const std::string path_;
};

FaultyFileSystem::FaultyFileSystem(std::shared_ptr<FileSystem> base, std::shared_ptr<FaultPlan> plan)
    : base_(std::move(base)), plan_(std::move(plan)) {}

Result<std::string> FaultyFileSystem::ReadFile(const std::string& path) {
  return plan_->Run("ReadFile", path, [&] { return base_->ReadFile(path); });
}

Result<std::shared_ptr<arrow::io::RandomAccessFile>> FaultyFileSystem::OpenForRead(const std::string& path) {
  return plan_->Run("OpenForRead", path, [&] { return base_->OpenForRead(path); });
}

Result<FileInfo> FaultyFileSystem::Stat(const std::string& path) {
  return plan_->Run("Stat", path, [&] { return base_->Stat(path); });
}

Result<std::vector<FileInfo>> FaultyFileSystem::List(const std::string& folder, bool recursive) {
  return plan_->Run("List", folder, [&] { return base_->List(folder, recursive); });
}

Result<CreateOutcome> FaultyFileSystem::CreateAtomic(const std::string& path, std::string_view content) {
  return plan_->Run("CreateAtomic", path, [&] { return base_->CreateAtomic(path, content); });
}

Result<std::unique_ptr<PendingFile>> FaultyFileSystem::OpenForWrite(const std::string& path) {
  return plan_->Run("OpenForWrite", path, [&]() -> Result<std::unique_ptr<PendingFile>> {
    SLUICE_ASSIGN(std::unique_ptr<PendingFile> file, base_->OpenForWrite(path));
    return std::make_unique<File>(plan_, std::move(file), path);
  });
}

Status FaultyFileSystem::Delete(const std::string& root, const std::vector<std::string>& paths) {
  return plan_->Run("Delete", paths.empty() ? "" : paths.front(), [&] { return base_->Delete(root, paths); });
}

Status FaultyFileSystem::MakeDurable(const std::string& folder) {
  return plan_->Run("MakeDurable", folder, [&] { return base_->MakeDurable(folder); });
}

std::string FaultyFileSystem::Uri(const std::string& path) const {
  return base_->Uri(path);
}

std::shared_ptr<FileSystem> FaultyFileSystem::WithPrivateModes() {
  std::shared_ptr<FileSystem> base = base_->WithPrivateModes();
  return base == nullptr ? nullptr : std::make_shared<FaultyFileSystem>(std::move(base), plan_);
}

}  // namespace sluice
