// SPDX-License-Identifier: Apache-2.0
#include "env/private_file.h"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>

#include "base/spark_error.h"
#include "env/plain_network.h"
#include "env/posix_file.h"

namespace sluice {
namespace {

constexpr size_t kMaxBytes = 1 << 20;

Status Unreadable(const std::string& path, std::string_view why) {
  return UserError("SLUICE_ENV_FILE", fmt::format("The file {} cannot be read: {}.", path, why));
}

bool IsOurs(const struct stat& info) {
  return info.st_uid == ::geteuid() || info.st_uid == 0;
}

bool OthersMayWrite(const struct stat& info) {
  return (info.st_mode & (S_IWGRP | S_IWOTH)) != 0;
}

// Of the file itself, whatever name it has.
std::string WhyOthersDecideFile(const struct stat& info) {
  if (!IsOurs(info)) return fmt::format("it belongs to user {}", info.st_uid);
  if (OthersMayWrite(info)) return "others may write to it (chmod go-w)";
  return "";
}

// Of its name: who may write to the folder may put another file there. In a sticky folder, such as /tmp, only the owner
// of a file may.
std::string WhyOthersDecideName(const std::string& path) {
  struct stat name {};
  if (::lstat(path.c_str(), &name) != 0) return "";
  if (!IsOurs(name)) return fmt::format("it belongs to user {}", name.st_uid);
  struct stat folder {};
  const std::string parent = std::filesystem::path(path).parent_path().string();
  if (::stat(parent.empty() ? "." : parent.c_str(), &folder) != 0) return std::strerror(errno);
  if (!IsOurs(folder)) return fmt::format("its folder belongs to user {}", folder.st_uid);
  if (OthersMayWrite(folder) && (folder.st_mode & S_ISVTX) == 0) return "others may write to its folder";
  return "";
}

Result<PrivateText> ReadText(const std::string& path, bool only_ours) {
  const Result<int> opened = OpenPlainFile(path);
  if (!opened.ok()) return Unreadable(path, FindSparkError(opened.status())->message);
  const FileDescriptor file(*opened);
  struct stat info {};
  if (::fstat(file.get(), &info) != 0) return Unreadable(path, std::strerror(errno));
  if (only_ours) {
    std::string why = WhyOthersDecideFile(info);
    if (why.empty()) why = WhyOthersDecideName(path);
    if (!why.empty()) return Unreadable(path, why);
  }
  PrivateText text;
  text.mode = info.st_mode & 07777;
  char buffer[16384];
  while (true) {
    const ssize_t n = ::read(file.get(), buffer, sizeof(buffer));
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return Unreadable(path, std::strerror(errno));
    if (n == 0) return text;
    text.bytes.append(buffer, static_cast<size_t>(n));
    if (text.bytes.size() > kMaxBytes) return Unreadable(path, "it is longer than 1 MiB");
  }
}

}  // namespace

Result<PrivateText> ReadNamedText(const std::string& path) {
  return ReadText(path, false);
}

Result<PrivateText> ReadPrivateText(const std::string& path) {
  return ReadText(path, true);
}

std::string WhyOthersDecide(const std::string& path) {
  struct stat info {};
  std::string why = WhyOthersDecideName(path);
  if (!why.empty()) return why;
  if (::stat(path.c_str(), &info) != 0 || ::access(path.c_str(), R_OK) != 0) return std::string(std::strerror(errno));
  return WhyOthersDecideFile(info);
}

void WarnIfOthersMayRead(const std::string& path, unsigned mode) {
  if ((mode & (S_IRGRP | S_IROTH)) == 0) return;
  WarnOnce(fmt::format("{} holds secrets, and others may read it (mode {:04o}): chmod 600 it", path, mode));
}

}  // namespace sluice
