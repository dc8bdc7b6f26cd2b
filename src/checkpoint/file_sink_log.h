// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/ids.h"
#include "base/status.h"
#include "checkpoint/log_folder.h"
#include "checkpoint/sink_log_compaction.h"
#include "checkpoint/sink_log_entry.h"
#include "env/clock.h"

namespace sluice {

// <out>/_spark_metadata/N: the part files that batch N added; readers see these and no others.
//   v1
//   {"path":"file:///out/part-00000-<uuid>-c000.snappy.parquet","size":801,...}     one line a file, none for no file
// When (N+1) % interval == 0 the file is N.compact and holds all entries since the beginning.

// What a listing of the folder shows.
struct SinkLogListing {
  struct File {
    bool compact = false;
    int64_t size = 0;
    int64_t modified_ms = 0;
  };
  std::map<BatchId, File> batches;
  std::optional<BatchId> Latest() const;
  // The newest compact batch, if there is one.
  std::optional<BatchId> LastCompact() const;
  // What a reader has to read: from the last compact batch (or 0) to the latest; DamagedFile for the first hole.
  Result<std::vector<BatchId>> ToRead(const std::string& folder) const;
};

// The log files of a folder; a compact file goes before a plain one of the same batch.
Result<SinkLogListing> ListLog(const LogFolder& folder);

inline bool IsCompactionBatch(BatchId batch, int64_t interval) {
  return (batch.value + 1) % interval == 0;
}
std::string SinkLogName(BatchId batch, bool compact);
// The interval to go on with: as configured without a compact file; the distance of the last two; with one alone, the
// smallest divisor of (id+1) that is not below the configured one, or (id+1) itself.
int64_t CompactInterval(const SinkLogListing& listing, int64_t configured);

struct FileSinkLogOptions {
  int64_t compact_interval = 10;
  bool delete_expired = true;
  int64_t cleanup_delay_ms = 600000;
  int64_t batches_to_retain = 100;
  // Entries older than this leave at a compaction (a large log's at the one after, at the latest).
  std::optional<int64_t> retention_ms;
  int64_t prepare_from_bytes = 8 << 20;  // a last compact file beyond this is taken over ahead of the next
};

// Used by the query's thread only.
class FileSinkLog {
 public:
  // `folder` is <out>/_spark_metadata.
  FileSinkLog(Location folder, FileSinkLogOptions options, Clock* clock)
      : folder_(std::move(folder)), options_(options), clock_(clock) {}

  // Looks at the folder; before any other call, and again to see what others did.
  Status Refresh();
  const SinkLogListing& listing() const { return listing_; }
  std::optional<BatchId> Latest() const { return listing_.Latest(); }
  // Everything a reader would read is there and whole; large compact files are looked at at both ends only.
  Status Check();
  Result<std::vector<SinkLogEntry>> ReadBatch(BatchId batch) const;
  // Every added file of the table, in the order of the log and without holding it. Returns the paths that a "delete"
  // entry, which old Sparks wrote, takes away again.
  Result<std::set<std::string>> VisitFiles(const std::function<Status(SinkLogEntry)>& visit) const;
  // Commits a batch, the next after Latest(). Entries of another writer there: SLUICE_CONCURRENT_WRITER ("race while
  // writing batch N"); the same files there: fine. Compacts, and then deletes what is expired.
  Status Add(BatchId batch, const std::vector<SinkLogEntry>& entries);
  const LogFolder& folder() const { return folder_; }

 private:
  std::string NameOf(BatchId batch) const { return SinkLogName(batch, listing_.batches.at(batch).compact); }
  Result<std::string> ReadText(BatchId batch) const;
  Status CheckCompact(BatchId batch) const;
  Status Compact(BatchId batch, const std::string& own);
  Result<std::string> Tail(BatchId batch, const std::string& own, SinkLogFilter* filter) const;
  std::unique_ptr<SinkLogCompaction> MakeCompaction(BatchId batch, SinkLogFilter filter) const;
  void PrepareCompaction(BatchId batch);
  Status SettleExisting(BatchId batch, const std::string& name, const std::string& text) const;
  Status DeleteExpired(BatchId batch);

  LogFolder folder_;
  FileSinkLogOptions options_;
  Clock* clock_;
  SinkLogListing listing_;
  int64_t interval_ = 0;                      // between compact files
  std::map<BatchId, std::string> recent_;     // texts since the last compaction, as far as they are known
  std::unique_ptr<SinkLogCompaction> ahead_;  // of the next compact file
  std::optional<BatchId> own_compact_;        // the last compact file, when it was written by this object
};

}  // namespace sluice
