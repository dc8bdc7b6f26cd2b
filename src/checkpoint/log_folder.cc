// SPDX-License-Identifier: Apache-2.0
#include "checkpoint/log_folder.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "base/json_bounds.h"
#include "base/spark_error.h"
#include "checkpoint/hadoop_crc.h"

namespace sluice {
namespace {

constexpr int64_t kLastBatch = 1'000'000'000'000;

}  // namespace

std::optional<BatchId> ParseBatchName(std::string_view name) {
  if (name.empty() || name[0] == '+' || name[0] == '-') return std::nullopt;
  int64_t value = 0;
  const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), value);
  if (error != std::errc() || end != name.data() + name.size()) return std::nullopt;
  if (value > kLastBatch) return std::nullopt;
  return BatchId(value);
}

Status DamagedFile(const std::string& path, const std::string& what) {
  return EnvironmentError("SLUICE_CHECKPOINT_DAMAGED", fmt::format("The file {} is damaged: {}.", path, what), false,
                          {{"file", path}});
}

Status CheckEntryJson(std::string_view line, const std::string& path) {
  const std::string_view beyond = BeyondJsonBounds(line);
  return beyond.empty() ? Status::OK() : DamagedFile(path, std::string(beyond));
}

Result<int> ParseLogVersion(std::string_view line, int max_version, const std::string& path) {
  if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
  int version = 0;
  const char* last = line.data() + line.size();
  const bool has_v = line.size() > 1 && line[0] == 'v';
  const auto [end, error] = std::from_chars(has_v ? line.data() + 1 : last, last, version);
  if (!has_v || error != std::errc() || end != last || version <= 0) {
    return DamagedFile(path, fmt::format("it must begin with a version line such as v1, not '{}'", line.substr(0, 40)));
  }
  if (version > max_version) {
    return UserError("INVALID_LOG_VERSION.MAX_SUPPORTED_VERSION",
                     fmt::format("The file {} is of version v{}; v{} is the newest that this program reads.", path,
                                 version, max_version),
                     {{"version", std::to_string(version)}, {"maxVersion", std::to_string(max_version)}});
  }
  return version;
}

Result<std::vector<BatchId>> LogFolder::List() const {
  SLUICE_ASSIGN(const std::vector<FileInfo> files, folder_.fs->List(folder_.path, /*recursive=*/false));
  std::vector<BatchId> batches;
  for (const FileInfo& file : files) {
    if (file.is_folder) continue;
    if (auto batch = ParseBatchName(BaseName(file.path))) batches.push_back(*batch);
  }
  std::sort(batches.begin(), batches.end());
  return batches;
}

Result<std::string> LogFolder::Read(const std::string& name) const {
  const std::string path = PathOf(name);
  Result<std::string> read = folder_.fs->ReadFile(path);
  if (HasErrorClass(read.status(), "SLUICE_FILE_KIND") || HasErrorClass(read.status(), "SLUICE_FILE_SIZE")) {
    return DamagedFile(path, FindSparkError(read.status())->message);
  }
  SLUICE_ASSIGN(std::string content, std::move(read));
  SLUICE_ASSIGN(const std::optional<std::string> crc, ReadChecksumFile(name));
  if (crc) SLUICE_RETURN_IF_ERROR(CheckHadoopCrc(content, *crc, path));
  return content;
}

Result<std::optional<std::string>> LogFolder::ReadChecksumFile(const std::string& name) const {
  const std::string path = PathOf("." + name + ".crc");
  // Only Hadoop's local file system has side files; asking S3 for them would cost a request each.
  if (!folder_.fs->Uri(path).starts_with("file:")) return std::optional<std::string>();
  Result<std::string> crc = folder_.fs->ReadFile(path);
  if (!crc.ok() && IsNotFound(crc.status())) return std::optional<std::string>();
  SLUICE_RETURN_IF_ERROR(crc.status());
  return std::optional(*std::move(crc));
}

Status LogFolder::Delete(const std::string& root, const std::vector<std::string>& names) const {
  std::vector<std::string> paths;
  for (const std::string& name : names) paths.push_back(PathOf(name));
  return paths.empty() ? Status::OK() : folder_.fs->Delete(root, paths);
}

Status LogFolder::Create(const std::string& name, std::string_view content) const {
  // Nobody could read it.
  if (static_cast<int64_t>(content.size()) > kSmallFileBytes) {
    return TooLargeError(PathOf(name), kSmallFileBytes, static_cast<int64_t>(content.size()));
  }
  return CreateCompact(name, content);
}

Status LogFolder::CreateCompact(const std::string& name, std::string_view content) const {
  SLUICE_ASSIGN(const CreateOutcome outcome, folder_.fs->CreateAtomic(PathOf(name), content));
  if (outcome == CreateOutcome::kCreated) return Status::OK();
  return UserError(
      "CONCURRENT_STREAM_LOG_UPDATE",
      fmt::format("{} was written by another process meanwhile. Two queries must not use the same checkpoint; stop "
                  "one of them.",
                  PathOf(name)),
      {{"file", PathOf(name)}, {"batchId", name}});
}

}  // namespace sluice
