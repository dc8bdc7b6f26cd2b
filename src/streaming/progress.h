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
  std::string sink_description;
  int64_t output_rows = -1;  // -1: the sink does not count
  bool replay = false;       // the batch put bad records through again
  int64_t bad_records = 0;   // of the input rows: set aside; in the JSON among the source's metrics

  int64_t input_rows() const;
};

// Spark's JSON, compact, on one line. Offsets are embedded as JSON.
std::string ProgressToJson(const QueryProgress& progress);

}  // namespace sluice
