// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <future>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "base/ids.h"
#include "base/status.h"
#include "checkpoint/log_folder.h"
#include "checkpoint/log_line_reader.h"
#include "checkpoint/sink_log_entry.h"

namespace sluice {

// Entries that leave the log when it is compacted.
struct SinkLogFilter {
  std::optional<int64_t> oldest_ms;  // what was modified before it
  std::set<std::string> deleted;     // paths
  bool empty() const { return !oldest_ms && deleted.empty(); }
  bool Drops(const SinkLogEntry& entry) const {
    return (oldest_ms && entry.modified_ms < *oldest_ms) || deleted.contains(entry.path);
  }
};

// Writes N.compact: what the last compact file has, then the tail, which is what came since. The last compact file may
// have millions of lines: it is taken over piece by piece, in the background and ahead of batch N if so wished. Its
// bytes are copied by the file system as they are, or, with a filter or a checksum to compare, line by line.
// Used by one thread; nothing is visible before Finish, and nothing is left behind without it.
class SinkLogCompaction {
 public:
  struct Source {
    std::string name;
    int64_t size = 0;
    bool copied = false;  // as bytes, where there is nothing to filter or to compare
  };
  SinkLogCompaction(LogFolder folder, BatchId target, std::optional<Source> source, SinkLogFilter filter);

  BatchId target() const { return target_; }
  // Begins to take over the next `bytes` of the source.
  void Advance(int64_t bytes);
  // Waits for what Advance began.
  Status Await();
  // Bytes of the source that were not taken over yet; between Await and Advance only.
  int64_t left() const { return source_ ? source_->size - done_ : 0; }
  // Takes over the rest, adds the tail (each line with "\n" before it) and publishes the file if the name is free.
  Result<PublishOutcome> Finish(std::string_view tail);
  // Bytes of the file that Finish published.
  int64_t written() const { return written_; }
  // After another file was found under the name: does it list the same files, whenever they were written?
  Result<bool> NamesTheSame(std::string_view tail) const;

 private:
  Status Write(std::string_view text);
  Status Take(int64_t bytes);
  Status Open();
  Status TakeLines(int64_t until);
  // The next line that stays; nothing at the end.
  Result<std::optional<std::string_view>> NextKept(LogLineReader* reader) const;

  const LogFolder folder_;
  const BatchId target_;
  const std::optional<Source> source_;
  const SinkLogFilter filter_;
  std::unique_ptr<PendingFile> file_;
  std::unique_ptr<LogLineReader> lines_;  // null: bytes are copied
  int64_t done_ = 0;                      // bytes of the source
  int64_t written_ = 0;
  std::future<Status> step_;  // last: it uses the others
};

}  // namespace sluice
