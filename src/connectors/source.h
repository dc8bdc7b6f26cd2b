// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <arrow/type_fwd.h>

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/ids.h"
#include "conf/conf.h"
#include "connectors/options.h"
#include "connectors/source_record.h"
#include "env/env.h"

namespace sluice {

class MemoryBudget;

// What one task reads. A plain value.
struct InputPartition {
  // Names the input by data alone ("reviews-1:200:300"); part file names are made from it.
  std::string identity;
  std::shared_ptr<const void> detail;  // the source's own
};

// Reads one InputPartition in slices. Slices are cut by data alone (row count, bytes), never by arrival time or
// memory, so that a re-run gives the same slices. One thread at a time.
class SliceReader {
 public:
  virtual ~SliceReader() = default;
  // The next slice, or null at the end. Stops with an error when `Cancel` was called by another thread.
  virtual Result<std::shared_ptr<arrow::RecordBatch>> Next() = 0;
  // Where a row of the last slice came from: "topic reviews, partition 1, offset 42"; for error messages.
  virtual std::string PlaceOf(int64_t row) const = 0;
  // A row of the last slice as it came, if the source was made with `keep_records`.
  virtual Result<SourceRecord> RecordOf(int64_t row) const {
    SourceRecord record;
    record.place = PlaceOf(row);
    return record;
  }
  // What could not be read at all and was passed over since the last call, with the reason; only by a reader whose
  // source was made with `keep_records`, any other fails.
  virtual std::vector<std::pair<SourceRecord, Status>> TakeUnreadable() { return {}; }
  virtual void Cancel() {}
};

// What a connector learnt of a finite relation when its schema was asked for, kept for the query that then reads it.
struct ResolvedSource {
  std::shared_ptr<const void> found;  // the connector's own; null: nothing
};

// What a source is made from.
struct SourceContext {
  std::shared_ptr<Env> env;
  Conf conf;
  Options options;
  std::vector<std::string> paths;
  std::shared_ptr<arrow::Schema> schema;  // the columns that the user gave; null: none
  bool file_facts = false;                // behind them are those of connectors/file/file_facts.h
  std::optional<Location> checkpoint;     // the folder sources/<i> of the query's checkpoint; none for batch queries
  std::string query_id;
  MemoryBudget* budget = nullptr;
  std::shared_ptr<ResolvedSource> resolved;  // of batch reads: filled with the schema, used when it is opened; or null
  bool available_now = false;                // Trigger.AvailableNow: freeze the end at the first LatestOffset
  bool ignore_rate_limits = false;           // Trigger.Once: all that is there in one batch
  bool began = false;                        // the first batch was planned before: its start must be in `checkpoint`
  bool keep_records = false;  // readers keep the whole records of their last slice (SliceReader::RecordOf)
};

// A stream of rows with offsets. Offsets are the source's JSON as in offsets/N, opaque to everybody else. Called from
// the query's thread, except OpenReader, which tasks call in parallel.
class StreamSource {
 public:
  virtual ~StreamSource() = default;
  // "KafkaV2[Subscribe[reviews]]": as in Spark's progress.
  virtual std::string description() const = 0;
  // The start of a query's first batch: read from, or durably written to, the checkpoint's sources/<i>/0.
  virtual Result<std::string> InitialOffset() = 0;
  // The end for the next batch after `start`, under the source's rate limits, or nothing when there is nothing new.
  virtual Result<std::optional<std::string>> LatestOffset(const std::string& start) = 0;
  // The tasks of [start, end). A pure function of both (and of recorded settings) while the source's data stands.
  virtual Result<std::vector<InputPartition>> PlanTasks(const std::string& start, const std::string& end) = 0;
  // `columns`: indices into the schema that are needed, ascending; slices have just these.
  virtual Result<std::unique_ptr<SliceReader>> OpenReader(const InputPartition& input,
                                                          const std::vector<int>& columns) = 0;
  // After the batch is committed. `metrics` (may be null) receives the source's progress metrics; `latest` its newest
  // offset known, if any.
  virtual Status Committed(const std::string& end, std::map<std::string, std::string>* metrics,
                           std::optional<std::string>* latest) = 0;
};

}  // namespace sluice
