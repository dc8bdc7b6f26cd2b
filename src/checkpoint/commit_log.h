// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/ids.h"
#include "base/status.h"
#include "checkpoint/log_folder.h"

namespace sluice {

// <ck>/commits/N: batch N is done, in the sink too.
//   v1
//   {"nextBatchWatermarkMs":0}
// "v1\n" alone is a whole entry. v2 adds stateUniqueIds, v3 sinkMetadataMap: read and kept as text.
struct CommitEntry {
  int version = 1;
  bool has_metadata = true;
  int64_t next_batch_watermark_ms = 0;
  std::string more;  // the other fields as in the file, from the comma on: ,"stateUniqueIds":{..}
  bool operator==(const CommitEntry&) const = default;
};

std::string FormatCommitEntry(const CommitEntry& entry);
// `path` is for error messages.
Result<CommitEntry> ParseCommitEntry(const std::string& text, const std::string& path);

class CommitLog {
 public:
  explicit CommitLog(Location folder) : folder_(std::move(folder)) {}
  Result<std::optional<BatchId>> Latest() const;
  Result<CommitEntry> Read(BatchId batch) const;
  // CONCURRENT_STREAM_LOG_UPDATE when another process was first.
  Status Write(BatchId batch, const CommitEntry& entry) const;
  const LogFolder& folder() const { return folder_; }

 private:
  LogFolder folder_;
};

}  // namespace sluice
