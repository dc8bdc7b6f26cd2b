// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"

namespace sluice {

// One line of a sink log: a file that a batch added.
struct SinkLogEntry {
  std::string path;  // full URI, percent-encoded
  int64_t size = 0;
  bool is_folder = false;
  int64_t modified_ms = 0;
  int64_t block_replication = 1;
  int64_t block_size = 33554432;
  std::string action = "add";  // old Sparks also wrote "delete"
  bool deletes() const { return action == "delete"; }
  bool operator==(const SinkLogEntry&) const = default;
};

// The last part of an entry's path.
std::string_view FileNameOf(const SinkLogEntry& entry);
// One file, whenever it was written and however its folder was spelled (s3:// or s3a://, another mount): two processes
// that write one log mean one table, whose part files have names of their own.
bool SameFile(const SinkLogEntry& a, const SinkLogEntry& b);

inline constexpr std::string_view kSinkLogVersion = "v1";  // the first line

// `path` is for error messages.
Result<SinkLogEntry> ParseSinkLogLine(std::string_view line, const std::string& path);

// A whole log file: the version line, then a line a file.
std::string FormatSinkLogEntries(const std::vector<SinkLogEntry>& entries);
Result<std::vector<SinkLogEntry>> ParseSinkLogEntries(const std::string& text, const std::string& path);

}  // namespace sluice
