// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "base/ids.h"
#include "base/status.h"
#include "checkpoint/commit_log.h"
#include "checkpoint/offset_log.h"
#include "checkpoint/query_metadata.h"
#include "env/env.h"

namespace sluice {

// What a restart finds.
//   no offsets entry                    -> batch 0, new
//   latest offsets L, latest commit L   -> batch L+1, new
//   latest offsets L, commit before L   -> batch L again, with exactly the recorded range
//   commits beyond the offsets, or offsets/(L-1) missing, or a damaged file -> an error that names it
struct Recovery {
  BatchId next;
  bool recovered = false;                  // `next` was planned before: `planned` is its entry
  std::optional<OffsetEntry> planned;      // offsets/next
  std::optional<OffsetEntry> previous;     // offsets/(next-1): its offsets are where `next` starts
  std::optional<CommitEntry> last_commit;  // commits/(next-1) or an earlier one
};

// The checkpoint folder of one query. Used by the query's thread only.
class Checkpoint {
 public:
  // Reads `metadata`, or creates it in a folder without logs (STREAMING_CHECKPOINT_MISSING_METADATA_FILE otherwise).
  // Then creates it once more, which must be refused: so a read-only folder, or a store that overwrites in spite of
  // "if absent", is found before anything is read. `allow_overwriting_store` accepts the latter with a warning.
  static Result<std::unique_ptr<Checkpoint>> Open(Location folder, Env* env, bool allow_overwriting_store = false);

  const std::string& query_id() const { return metadata_.id; }
  const Location& location() const { return folder_; }
  const OffsetLog& offsets() const { return offsets_; }
  const CommitLog& commits() const { return commits_; }
  // <ck>/sources/<ordinal>
  Location SourceFolder(int ordinal) const;

  // `sources`: how many sources the query has; an entry with another number is an error.
  Result<Recovery> Recover(int sources) const;
  // Deletes offsets and commits that are older than `keep` batches before `current`, ten batches at a time.
  Status Purge(BatchId current, int64_t keep = 100);

 private:
  Checkpoint(Location folder, QueryMetadata metadata);

  Location folder_;
  QueryMetadata metadata_;
  OffsetLog offsets_;
  CommitLog commits_;
  std::optional<BatchId> purged_below_;  // nothing older is left; none: not looked yet
};

}  // namespace sluice
