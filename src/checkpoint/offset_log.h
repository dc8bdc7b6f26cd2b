// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/ids.h"
#include "base/status.h"
#include "checkpoint/log_folder.h"

namespace sluice {

// The settings inside an offsets entry, in the order of the file.
class EntryConf {
 public:
  std::optional<std::string> Find(std::string_view key) const;
  void Set(const std::string& key, const std::string& value);
  void Remove(std::string_view key);
  const std::vector<std::pair<std::string, std::string>>& values() const { return values_; }
  bool operator==(const EntryConf&) const = default;

 private:
  std::vector<std::pair<std::string, std::string>> values_;
};

// <ck>/offsets/N: what batch N will process. Written before its tasks run; from then on the batch is exactly this.
//   v1
//   {"batchWatermarkMs":0,"batchTimestampMs":1700000000000,"conf":{..}}
//   {"topic":{"0":23}}          one line a source, "-" for none
// v2 (read, and written when `version` says so) has "<source id>:<offset or ->" lines.
struct OffsetEntry {
  int version = 1;
  bool has_metadata = true;  // false: the second line is empty (very old checkpoints)
  int64_t batch_watermark_ms = 0;
  int64_t batch_timestamp_ms = 0;
  EntryConf conf;
  std::string more;  // other fields of the second line as in the file, from the comma on: ,"sourceMetadataInfo":{}
  std::vector<std::optional<std::string>> offsets;  // by source: the exclusive end, the source's JSON
  std::vector<std::string> source_ids;              // v2 only, as long as `offsets`
  bool operator==(const OffsetEntry&) const = default;
};

inline constexpr char kChecksumKey[] = "spark.sluice.crc32c";  // over the whole file, its 8 digits taken as 0
inline constexpr char kWriterKey[] = "spark.sluice.writer";    // nonce of the process that wrote the entry
inline constexpr char kSetupKey[] = "spark.sluice.setup";      // checksum of plan, options and settings it ran with

// The file's bytes, as Spark writes them. An entry whose conf has kChecksumKey gets the right digits there.
std::string FormatOffsetEntry(const OffsetEntry& entry);
// `path` is for error messages. A checksum, if there is one, must be right.
Result<OffsetEntry> ParseOffsetEntry(const std::string& text, const std::string& path);

class OffsetLog {
 public:
  explicit OffsetLog(Location folder) : folder_(std::move(folder)) {}
  Result<std::optional<BatchId>> Latest() const;
  // A missing or damaged entry is an error that names the file and the batch.
  Result<OffsetEntry> Read(BatchId batch) const;
  // Adds the checksum and creates the file: CONCURRENT_STREAM_LOG_UPDATE when another process was first.
  Status Write(BatchId batch, OffsetEntry entry) const;
  const LogFolder& folder() const { return folder_; }

 private:
  LogFolder folder_;
};

}  // namespace sluice
