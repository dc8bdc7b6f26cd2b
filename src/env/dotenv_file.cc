// SPDX-License-Identifier: Apache-2.0
#include "env/dotenv_file.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <set>

#include "base/logging.h"
#include "base/spark_error.h"
#include "conf/conf.h"
#include "env/private_file.h"

namespace sluice {
namespace {

constexpr const char* kAccessKey = "AWS_ACCESS_KEY_ID";
constexpr const char* kSecretKey = "AWS_SECRET_ACCESS_KEY";
constexpr const char* kKeyNames[] = {kAccessKey, kSecretKey, "AWS_SESSION_TOKEN"};

std::string ValueOf(const std::map<std::string, std::string>& values, const std::string& name) {
  const auto found = values.find(name);
  return found == values.end() ? "" : found->second;
}

std::string Upper(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(), [](unsigned char c) { return std::toupper(c); });
  return text;
}

}  // namespace

bool IsRedirectingName(const std::string& name) {
  static const std::set<std::string> names = {"AWS_CA_BUNDLE",
                                              "AWS_CONFIG_FILE",
                                              "AWS_DEFAULT_PROFILE",
                                              "AWS_PROFILE",
                                              "AWS_ROLE_ARN",
                                              "AWS_ROLE_SESSION_NAME",
                                              "AWS_SHARED_CREDENTIALS_FILE",
                                              "AWS_WEB_IDENTITY_TOKEN_FILE",
                                              "ALL_PROXY",
                                              "HTTPS_PROXY",
                                              "HTTP_PROXY",
                                              "NO_PROXY",
                                              "GCONV_PATH",
                                              "HOME",
                                              "OPENSSL_CONF",
                                              "OPENSSL_ENGINES",
                                              "OPENSSL_MODULES",
                                              "PATH",
                                              "SSL_CERT_DIR",
                                              "SSL_CERT_FILE"};
  const std::string upper = Upper(name);
  if (names.contains(upper)) return true;
  constexpr std::string_view kBeginnings[] = {"AWS_ENDPOINT_URL", "AWS_CONTAINER_", "AWS_EC2_METADATA_SERVICE_", "LD_"};
  return std::any_of(std::begin(kBeginnings), std::end(kBeginnings),
                     [&](std::string_view beginning) { return upper.starts_with(beginning); });
}

std::string FileStamp(const std::string& path) {
  struct stat info {};
  if (::stat(path.c_str(), &info) != 0) return "";
  return fmt::format("{}:{}:{}.{}", info.st_ino, info.st_size, info.st_mtim.tv_sec, info.st_mtim.tv_nsec);
}

Result<std::shared_ptr<DotenvFile>> DotenvFile::Open(const std::string& path) {
  std::shared_ptr<DotenvFile> file(new DotenvFile(std::filesystem::absolute(path).lexically_normal().string(), false));
  SLUICE_RETURN_IF_ERROR(file->ReadFirst());
  return file;
}

Result<std::shared_ptr<DotenvFile>> DotenvFile::OpenFound(const std::string& path) {
  std::shared_ptr<DotenvFile> file(new DotenvFile(std::filesystem::absolute(path).lexically_normal().string(), true));
  struct stat info {};
  if (::lstat(file->path_.c_str(), &info) != 0) return std::shared_ptr<DotenvFile>();
  if (const std::string why = WhyOthersDecide(file->path_); !why.empty()) {
    Log(LogLevel::kWarn, "{} is not read: {}. To use it anyway, name it: --env-file", file->path_, why);
    return std::shared_ptr<DotenvFile>();
  }
  SLUICE_RETURN_IF_ERROR(file->ReadFirst());
  return file;
}

std::shared_ptr<DotenvFile> DotenvFile::Fixed(std::map<std::string, std::string> values) {
  std::shared_ptr<DotenvFile> file(new DotenvFile("", false));
  file->first_values_ = values;
  file->values_ = std::move(values);
  return file;
}

Status DotenvFile::ReadFirst() {
  stamp_ = FileStamp(path_);
  SLUICE_ASSIGN(values_, Read());
  first_values_ = values_;
  return Status::OK();
}

bool DotenvFile::OwnKeysAreUsed(const std::map<std::string, std::string>& values) const {
  if (ValueOf(values, kAccessKey).empty() || ValueOf(values, kSecretKey).empty()) return false;
  return std::all_of(std::begin(kKeyNames), std::end(kKeyNames), [&](const char* name) {
    const char* own = std::getenv(name);
    return own == nullptr || *own == '\0' || own == ValueOf(values, name) || HadAtFirst(name, own);
  });
}

Result<std::map<std::string, std::string>> DotenvFile::Read() const {
  SLUICE_ASSIGN(const PrivateText text, found_ ? ReadPrivateText(path_) : ReadNamedText(path_));
  SLUICE_ASSIGN(auto values, ParseDotenv(text.bytes, path_));
  bool has_secrets = false;
  for (const auto& [name, value] : values) {
    if (!IsSecretKey(name) || value.empty()) continue;
    has_secrets = true;
    RegisterSecret(value);
  }
  if (has_secrets) WarnIfOthersMayRead(path_, text.mode);
  if (!found_ || OwnKeysAreUsed(values)) return values;
  std::string dropped;
  for (auto value = values.begin(); value != values.end();) {
    if (!IsRedirectingName(value->first) || value->second.empty()) {
      ++value;
      continue;
    }
    dropped += (dropped.empty() ? "" : ", ") + value->first;
    value = values.erase(value);
  }
  if (!dropped.empty()) {
    Log(LogLevel::kWarn,
        "{}: {} is ignored, because the keys of AWS in use are not this file's own ({}, {}). To use it anyway, name "
        "the "
        "file: --env-file",
        path_, dropped, kAccessKey, kSecretKey);
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
