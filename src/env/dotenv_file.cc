// SPDX-License-Identifier: Apache-2.0
#include "env/dotenv_file.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <filesystem>

#include "base/logging.h"
#include "base/spark_error.h"
#include "conf/conf.h"
#include "env/posix_file.h"

namespace sluice {
namespace {

constexpr int64_t kLargestFile = 1 << 20;

}  // namespace

std::string FileStamp(const std::string& path) {
  struct stat info {};
  if (::stat(path.c_str(), &info) != 0) return "";
  return fmt::format("{}:{}:{}.{}", info.st_ino, info.st_size, info.st_mtim.tv_sec, info.st_mtim.tv_nsec);
}

Result<std::shared_ptr<DotenvFile>> DotenvFile::Open(const std::string& path) {
  std::shared_ptr<DotenvFile> file(new DotenvFile(std::filesystem::absolute(path).lexically_normal().string()));
  file->stamp_ = FileStamp(file->path_);
  SLUICE_ASSIGN(file->values_, file->Read());
  file->first_values_ = file->values_;
  return file;
}

std::shared_ptr<DotenvFile> DotenvFile::Fixed(std::map<std::string, std::string> values) {
  std::shared_ptr<DotenvFile> file(new DotenvFile(""));
  file->first_values_ = values;
  file->values_ = std::move(values);
  return file;
}

Result<std::map<std::string, std::string>> DotenvFile::Read() const {
  const Result<std::string> text = ReadPlainFile(path_, kLargestFile);
  if (!text.ok()) {
    return UserError("SLUICE_ENV_FILE",
                     fmt::format("The file {} cannot be read: {}.", path_, FindSparkError(text.status())->message));
  }
  SLUICE_ASSIGN(auto values, ParseDotenv(*text, path_));
  for (const auto& [name, value] : values) {
    if (IsSecretKey(name)) RegisterSecret(value);
  }
  return values;
}

void DotenvFile::ReadAgainIfChanged() {
  if (path_.empty()) return;
  std::string stamp = FileStamp(path_);
  if (stamp == stamp_) return;
  stamp_ = std::move(stamp);
  auto values = Read();
  if (values.ok()) {
    Log(LogLevel::kInfo, "{} has changed and was read again", path_);
    values_ = *std::move(values);
  } else {
    Log(LogLevel::kWarn, "{} has changed, but cannot be used: {} The values from before stand.", path_,
        values.status().message());
  }
}

std::optional<std::string> DotenvFile::Find(const std::string& name) {
  std::lock_guard lock(mutex_);
  ReadAgainIfChanged();
  const auto found = values_.find(name);
  if (found == values_.end()) return std::nullopt;
  return found->second;
}

bool DotenvFile::HadAtFirst(const std::string& name, const std::string& value) const {
  const auto found = first_values_.find(name);
  return found != first_values_.end() && found->second == value;
}

}  // namespace sluice
