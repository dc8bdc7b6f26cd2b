// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "checkpoint/file_sink_log.h"
#include "checkpoint/log_folder.h"
#include "env/clock.h"

namespace sluice {

// <ck>/sources/<i>/N of a source of files, as Spark 3.5 to 4.2 write it: the files that a source saw with its offset N.
//   v1
//   {"path":"file:///in/a%20b.parquet","timestamp":1795819988949,"batchId":0}      one line a file
// When (N+1) % interval == 0 the file is N.compact and holds all lines since the beginning.
struct FileSourceEntry {
  std::string path;  // full URI, percent-encoded
  int64_t timestamp_ms = 0;
  int64_t offset = 0;  // in the files "batchId": of the log, not of the query
};

std::string FormatFileSourceEntries(const std::vector<FileSourceEntry>& entries);
// DamagedFile for anything else; `path` is for error messages.
Result<std::vector<FileSourceEntry>> ParseFileSourceEntries(std::string_view text, const std::string& path);

struct FileSourceLogOptions {
  int64_t compact_interval = 10;
  bool delete_expired = true;
  int64_t cleanup_delay_ms = 600000;
};

// Used by the query's thread only.
class FileSourceLog {
 public:
  FileSourceLog(Location folder, FileSourceLogOptions options, Clock* clock)
      : folder_(std::move(folder)), options_(options), clock_(clock) {}

  // Reads what is there; before any other call. DamagedFile for a hole or a file that cannot be read.
  Status Open();
  // The newest offset; -1: none.
  int64_t latest() const { return latest_; }
  // All files ever seen, in the order of the log.
  const std::vector<FileSourceEntry>& entries() const { return entries_; }
  // Adds the files of the next offset, durably: CONCURRENT_STREAM_LOG_UPDATE when another process did.
  Status Add(std::vector<FileSourceEntry> entries);

 private:
  Status ReadFile(const std::string& name);
  Status DeleteExpired();

  LogFolder folder_;
  FileSourceLogOptions options_;
  Clock* clock_;
  SinkLogListing listing_;
  int64_t interval_ = 0;  // between compact files
  int64_t latest_ = -1;
  std::vector<FileSourceEntry> entries_;
};

}  // namespace sluice
