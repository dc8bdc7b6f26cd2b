// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/ids.h"
#include "base/status.h"
#include "env/env.h"

namespace sluice {

// The batch number that a log file's name stands for: a plain decimal integer up to 10^12, which a batch a millisecond
// reaches in 31 years. Anything else (".5.<uuid>.tmp", ".5.crc", "9.compact") is nothing.
std::optional<BatchId> ParseBatchName(std::string_view name);

// "Damaged checkpoint" error that names the file, and what is wrong with it.
Status DamagedFile(const std::string& path, const std::string& what);

// Before a line of JSON is parsed: DamagedFile when it nests deeper, or has more fields, than any file of Spark's
// needs. Parsing such a line, or walking what was parsed, could cost minutes or the stack.
Status CheckEntryJson(std::string_view line, const std::string& path);

// Checks a first line "v<N>": DamagedFile unless it has that form, INVALID_LOG_VERSION when N is beyond `max_version`.
Result<int> ParseLogVersion(std::string_view line, int max_version, const std::string& path);

// A folder of log files named by batch number: <ck>/offsets, <ck>/commits, <ck>/sources/0. Thread-compatible.
class LogFolder {
 public:
  explicit LogFolder(Location folder) : folder_(std::move(folder)) {}

  // The batches that have a file, ascending.
  Result<std::vector<BatchId>> List() const;
  // The content of a file. Hadoop's side file (.N.crc), if there is one, must agree with it. What is no plain file, or
  // larger than any entry, is damage.
  Result<std::string> Read(const std::string& name) const;
  // Hadoop's side file of a name, where the file system has such and there is one.
  Result<std::optional<std::string>> ReadChecksumFile(const std::string& name) const;
  // Writes a file that must not be there yet: CONCURRENT_STREAM_LOG_UPDATE when it is.
  Status Create(const std::string& name, std::string_view content) const;
  // The same for a compact file, which may be larger than an entry; LogLineReader reads it.
  Status CreateCompact(const std::string& name, std::string_view content) const;
  // Deletes files of the folder. `root`: the folder above it that the user named; no link below it is followed.
  Status Delete(const std::string& root, const std::vector<std::string>& names) const;
  // Before anything is built on what is there (FileSystem::MakeDurable).
  Status MakeDurable() const { return folder_.fs->MakeDurable(folder_.path); }
  std::string PathOf(const std::string& name) const { return folder_.path + "/" + name; }
  const Location& location() const { return folder_; }

 private:
  Location folder_;
};

}  // namespace sluice
