// SPDX-License-Identifier: Apache-2.0
#include "checkpoint/attempt_marks.h"

#include <fmt/format.h>

namespace sluice {
namespace {

std::string PrefixOf(BatchId batch) {
  return fmt::format(".{}.attempt-", batch.value);
}

}  // namespace

Result<std::vector<std::string>> AttemptMarks::Paths(BatchId batch) const {
  const Location& folder = folder_.location();
  SLUICE_ASSIGN(const std::vector<FileInfo> files, folder.fs->List(folder.path, /*recursive=*/false));
  std::vector<std::string> paths;
  for (const FileInfo& file : files) {
    const std::string_view name = BaseName(file.path);
    if (name.starts_with(PrefixOf(batch))) paths.push_back(file.path);
  }
  return paths;
}

Result<std::vector<std::string>> AttemptMarks::Of(BatchId batch) const {
  SLUICE_ASSIGN(const std::vector<std::string> paths, Paths(batch));
  std::vector<std::string> folders;
  for (const std::string& path : paths) {
    SLUICE_ASSIGN(std::string folder, folder_.location().fs->ReadFile(path));
    folders.push_back(std::move(folder));
  }
  return folders;
}

Status AttemptMarks::Add(BatchId batch, const std::string& setup, const std::string& bad_records) const {
  return folder_.location().fs->CreateAtomic(folder_.PathOf(PrefixOf(batch) + setup), bad_records).status();
}

Status AttemptMarks::Remove(BatchId batch) const {
  SLUICE_ASSIGN(const std::vector<std::string> paths, Paths(batch));
  return paths.empty() ? Status::OK() : folder_.location().fs->Delete(root_, paths);
}

}  // namespace sluice
