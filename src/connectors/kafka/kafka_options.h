// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/status.h"
#include "connectors/kafka/consumer.h"
#include "connectors/kafka/topic_partition.h"
#include "connectors/options.h"

namespace sluice {

// Where reading begins or ends, after Spark's precedence: one timestamp for all, timestamps a partition, then offsets.
struct OffsetLimit {
  enum class Kind { kEarliest, kLatest, kOffsets, kTimestamps, kTimestamp };
  Kind kind = Kind::kLatest;
  PartitionOffsets offsets;         // kOffsets (with kEarliestOffset and kLatestOffset); kTimestamps: ms since 1970
  int64_t timestamp_ms = 0;         // kTimestamp
  bool latest_if_no_match = false;  // timestamps: no record at or after it means latest, not an error
};

// The options of `format("kafka")` for reading, checked.
struct KafkaOptions {
  TopicChoice choice;
  std::string choice_text;  // "Subscribe[reviews]", as Spark describes it
  OffsetLimit start;
  OffsetLimit end;  // batch queries
  bool fail_on_data_loss = true;
  int64_t poll_timeout_ms = 120000;
  int64_t offset_retries = 3;
  int64_t offset_retry_interval_ms = 10;
  std::optional<int64_t> max_offsets_per_trigger;
  std::optional<int64_t> min_offsets_per_trigger;
  int64_t max_trigger_delay_ms = 15 * 60 * 1000;
  std::optional<int64_t> min_partitions;
  std::optional<int64_t> max_records_per_partition;
  bool include_headers = false;
  std::string commit_group;  // empty: none, unless the setting names one
};

const std::vector<OptionRow>& KafkaSourceOptions();

// Errors are those that Spark raises for the same options (it gives them no error class: SLUICE_INVALID_OPTION).
Result<KafkaOptions> ParseKafkaOptions(const Options& options, bool streaming);

}  // namespace sluice
