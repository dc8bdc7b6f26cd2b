// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace sluice {

struct SourceProgress {
  std::string description;
  std::string start_offset;  // the source's JSON; empty: null
  std::string end_offset;
  std::string latest_offset;
  int64_t input_rows = 0;
  std::map<std::string, std::string> metrics;
};

// One operator with state, as Spark shows it. Times in milliseconds.
struct StateProgress {
  std::string name;
  int64_t rows_total = 0;
  int64_t rows_updated = 0;
  int64_t rows_removed = 0;
  int64_t updates_ms = 0;
  int64_t removals_ms = 0;
  int64_t commit_ms = 0;
  int64_t memory_bytes = 0;
  int64_t rows_dropped = 0;  // late ones
  int64_t partitions = 0;
  int64_t instances = 0;                      // stores of all partitions
  std::optional<int64_t> duplicates_dropped;  // of a deduplication
};

// Event times of a batch, milliseconds since 1970.
struct EventTimeProgress {
  int64_t watermark_ms = 0;  // of the batch
  bool any = false;          // it had rows
  int64_t max_ms = 0;
  int64_t min_ms = 0;
  int64_t average_ms = 0;
};

// One batch as StreamingQueryProgress shows it. Durations in milliseconds, rates in rows a second.
struct QueryProgress {
  std::string id;
  std::string run_id;
  std::string name;  // empty: null
  int64_t timestamp_ms = 0;
  int64_t batch_id = 0;
  int64_t batch_duration_ms = 0;
  double input_rows_per_second = 0;      // rows over the time since the previous trigger; 0 at the first
  double processed_rows_per_second = 0;  // rows over the batch's own time
  std::map<std::string, int64_t> duration_ms;
  std::vector<SourceProgress> sources;
  std::optional<EventTimeProgress> event_time;  // none: the query has no watermark
  std::vector<StateProgress> state_operators;
  std::string sink_description;
  int64_t output_rows = -1;                             // -1: the sink does not count
  bool replay = false;                                  // the batch put bad records through again
  std::map<std::string, std::string> observed_metrics;  // of DataFrame.observe: JSON by name
  int64_t bad_records = 0;  // of the input rows: set aside; in the JSON among the source's metrics

  int64_t input_rows() const;
};

// Spark's JSON, compact, on one line. Offsets are embedded as JSON.
std::string ProgressToJson(const QueryProgress& progress);

}  // namespace sluice
