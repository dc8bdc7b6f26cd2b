// SPDX-License-Identifier: Apache-2.0
#include "connectors/rate/rate_micro_batch_source.h"

#include <arrow/record_batch.h>
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "base/spark_error.h"
#include "checkpoint/json_number.h"
#include "connectors/rate/rate_rows.h"

namespace sluice {
namespace {

struct BatchOffset {
  int64_t offset = 0;
  int64_t timestamp_ms = 0;
};

Result<BatchOffset> ParseOffset(const std::string& text) {
  const auto json = nlohmann::json::parse(text, nullptr, false);
  const auto number = [&](const char* key) {
    return json.is_object() && json.contains(key) ? Int64Of(json[key]) : std::nullopt;
  };
  const auto offset = number("offset");
  const auto timestamp = number("timestamp");
  if (!offset || !timestamp) {
    return EnvironmentError("SLUICE_CHECKPOINT_DAMAGED",
                            fmt::format("The offset of a rate-micro-batch source is not of its form: '{}'.", text));
  }
  return BatchOffset{*offset, *timestamp};
}

std::string FormatOffset(const BatchOffset& offset) {
  return fmt::format("{{\"offset\":{},\"timestamp\":{}}}", offset.offset, offset.timestamp_ms);
}

}  // namespace

Result<RateMicroBatchOptions> ParseRateMicroBatchOptions(const Options& options) {
  static const std::vector<OptionRow> rows = {
      {"rowsPerBatch", "", OptionUse::kHonoured, "Rows a batch; required"},
      {"numPartitions", "1", OptionUse::kHonoured, "Tasks a batch"},
      {"startTimestamp", "0", OptionUse::kHonoured, "Timestamp of the first batch, ms since 1970"},
      {"advanceMillisPerBatch", "1000", OptionUse::kHonoured, "What the timestamp grows by a batch"},
  };
  SLUICE_RETURN_IF_ERROR(CheckOptions(options, rows, {}, "rate-micro-batch"));
  RateMicroBatchOptions parsed;
  SLUICE_ASSIGN(parsed.rows_per_batch, PositiveRateOption(options, "rowsPerBatch", 0));
  SLUICE_ASSIGN(parsed.num_partitions, PositiveRateOption(options, "numPartitions", kDefaultRateTasks));
  SLUICE_ASSIGN(parsed.start_timestamp_ms, options.GetInt("startTimestamp", 0));
  SLUICE_ASSIGN(parsed.advance_ms, options.GetInt("advanceMillisPerBatch", 1000));
  if (parsed.start_timestamp_ms < 0 || parsed.advance_ms < 0) {
    return UserError("SLUICE_INVALID_OPTION",
                     "Options 'startTimestamp' and 'advanceMillisPerBatch' must not be negative.");
  }
  return parsed;
}

std::string RateMicroBatchSource::description() const {
  return fmt::format(
      "RatePerMicroBatchStream[rowsPerBatch={}, numPartitions={}, startTimestamp={}, advanceMsPerBatch={}]",
      options_.rows_per_batch, options_.num_partitions, options_.start_timestamp_ms, options_.advance_ms);
}

Result<std::string> RateMicroBatchSource::InitialOffset() {
  return FormatOffset({0, options_.start_timestamp_ms});
}

Result<std::optional<std::string>> RateMicroBatchSource::LatestOffset(const std::string& start) {
  if (frozen_) return *frozen_ == start ? std::nullopt : frozen_;
  SLUICE_ASSIGN(const BatchOffset from, ParseOffset(start));
  BatchOffset next;
  if (__builtin_add_overflow(from.offset, options_.rows_per_batch, &next.offset) ||
      __builtin_add_overflow(from.timestamp_ms, options_.advance_ms, &next.timestamp_ms)) {
    return UserError("ARITHMETIC_OVERFLOW", "The rate-micro-batch source has no values left.");
  }
  std::optional<std::string> end = FormatOffset(next);
  if (available_now_) frozen_ = end;
  return end;
}

Result<std::vector<InputPartition>> RateMicroBatchSource::PlanTasks(const std::string& start, const std::string& end) {
  SLUICE_ASSIGN(const BatchOffset from, ParseOffset(start));
  SLUICE_ASSIGN(const BatchOffset until, ParseOffset(end));
  RateTask all;
  all.first = all.base_value = from.offset;
  all.end = until.offset;
  all.base_ms = from.timestamp_ms;
  return PlanRateTasks("rate-micro-batch", all, options_.num_partitions);
}

Result<std::unique_ptr<SliceReader>> RateMicroBatchSource::OpenReader(const InputPartition& input,
                                                                      const std::vector<int>& columns) {
  return OpenRateReader(input, columns);
}

}  // namespace sluice
