// SPDX-License-Identifier: Apache-2.0
#include "connectors/rate/rate_source.h"

#include <arrow/record_batch.h>
#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "base/spark_error.h"
#include "checkpoint/log_folder.h"
#include "conf/conf.h"
#include "connectors/rate/rate_rows.h"

namespace sluice {
namespace {

Result<int64_t> ParseNumber(const std::string& text, const char* what) {
  int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size() || text.empty()) {
    return EnvironmentError("SLUICE_CHECKPOINT_DAMAGED",
                            fmt::format("{} of a rate source is not a number: '{}'.", what, text));
  }
  return number;
}

// As Spark reads it: a plain number is seconds, and what is below a second is cut off.
Result<int64_t> ParseRampUp(const std::string& text) {
  const bool plain = !text.empty() && text.find_first_not_of("-0123456789") == std::string::npos;
  int64_t seconds = 0;
  if (plain) {
    const auto parsed = std::from_chars(text.data(), text.data() + text.size(), seconds);
    if (parsed.ec != std::errc()) seconds = -1;
  } else {
    SLUICE_ASSIGN(const int64_t ms, ParseDurationMs(text));
    seconds = ms / 1000;
  }
  if (seconds < 0) {
    return UserError("SLUICE_INVALID_OPTION", fmt::format("Option 'rampUpTime' must not be negative: '{}'.", text));
  }
  return seconds;
}

}  // namespace

Result<RateOptions> ParseRateOptions(const Options& options) {
  static const std::vector<OptionRow> rows = {
      {"rowsPerSecond", "1", OptionUse::kHonoured, "Rows a second"},
      {"rampUpTime", "0s", OptionUse::kHonoured, "Time until the full speed"},
      {"numPartitions", "1", OptionUse::kHonoured, "Tasks a batch"},
  };
  SLUICE_RETURN_IF_ERROR(CheckOptions(options, rows, {}, "rate"));
  RateOptions parsed;
  SLUICE_ASSIGN(parsed.rows_per_second, PositiveRateOption(options, "rowsPerSecond", 1));
  SLUICE_ASSIGN(parsed.ramp_up_seconds, ParseRampUp(options.Get("rampUpTime", "0s")));
  if (options.Find("numPartitions")) {
    SLUICE_ASSIGN(parsed.num_partitions, PositiveRateOption(options, "numPartitions", 1));
  }
  return parsed;
}

Result<int64_t> RateValueAtSecond(int64_t seconds, const RateOptions& options) {
  // With a ramp-up of 4 s and 10 rows a second the speed is 0, 2, 4, 6, 8, 10, 10 ... and the sum 0, 2, 6, 12, 20, 30
  // ...
  const int64_t ramp = std::min(seconds, options.ramp_up_seconds);
  const int64_t delta = std::max<int64_t>(1, options.rows_per_second / (options.ramp_up_seconds + 1));
  int64_t value = 0;
  int64_t steady = 0;
  const int64_t even = ramp % 2 == 0 ? ramp / 2 : ramp;
  const int64_t odd = ramp % 2 == 0 ? ramp + 1 : (ramp + 1) / 2;
  if (__builtin_mul_overflow(even, odd, &value) || __builtin_mul_overflow(value, delta, &value) ||
      __builtin_mul_overflow(seconds - ramp, options.rows_per_second, &steady) ||
      __builtin_add_overflow(value, steady, &value)) {
    return UserError("ARITHMETIC_OVERFLOW",
                     fmt::format("The rate source has no values left after {} seconds.", seconds));
  }
  return value;
}

RateSource::RateSource(const SourceContext& context, RateOptions options)
    : env_(context.env), checkpoint_(context.checkpoint), options_(options), available_now_(context.available_now) {}

std::string RateSource::description() const {
  // Without a closing bracket, as Spark has it.
  return fmt::format("RateStreamV2[rowsPerSecond={}, rampUpTimeSeconds={}, numPartitions={}", options_.rows_per_second,
                     options_.ramp_up_seconds,
                     options_.num_partitions ? std::to_string(*options_.num_partitions) : "default");
}

Status RateSource::FindCreationTime() {
  if (created_ms_) return Status::OK();
  if (!checkpoint_) return InternalError("A rate stream needs a checkpoint folder.");
  const LogFolder log(*checkpoint_);
  Result<std::string> text = log.Read("0");
  if (text.ok()) {
    const size_t newline = text->find('\n');
    if (newline == std::string::npos) return DamagedFile(log.PathOf("0"), "it has no second line");
    SLUICE_RETURN_IF_ERROR(ParseLogVersion(std::string_view(*text).substr(0, newline), 1, log.PathOf("0")).status());
    SLUICE_ASSIGN(created_ms_, ParseNumber(text->substr(newline + 1), "The start time"));
  } else if (IsNotFound(text.status())) {
    const int64_t now = env_->clock().NowMillis();
    SLUICE_RETURN_IF_ERROR(log.Create("0", fmt::format("v1\n{}", now)));
    created_ms_ = now;
  } else {
    return text.status();
  }
  last_ms_ = *created_ms_;
  return Status::OK();
}

Result<std::optional<std::string>> RateSource::LatestOffset(const std::string& start) {
  SLUICE_RETURN_IF_ERROR(FindCreationTime());
  SLUICE_ASSIGN(const int64_t from, ParseNumber(start, "The offset"));
  last_ms_ = std::max(last_ms_, env_->clock().NowMillis());
  int64_t seconds = (last_ms_ - *created_ms_) / 1000;
  if (available_now_) {
    if (!frozen_) frozen_ = seconds;
    seconds = *frozen_;
  }
  if (seconds <= from) return std::optional<std::string>();
  return std::optional<std::string>(std::to_string(seconds));
}

Result<std::vector<InputPartition>> RateSource::PlanTasks(const std::string& start, const std::string& end) {
  SLUICE_RETURN_IF_ERROR(FindCreationTime());
  SLUICE_ASSIGN(const int64_t from, ParseNumber(start, "The offset"));
  SLUICE_ASSIGN(const int64_t until, ParseNumber(end, "The offset"));
  last_ms_ = std::max(last_ms_, *created_ms_ + until * 1000);
  RateTask all;
  SLUICE_ASSIGN(all.first, RateValueAtSecond(from, options_));
  SLUICE_ASSIGN(all.end, RateValueAtSecond(until, options_));
  if (all.first >= all.end) return std::vector<InputPartition>();
  all.base_value = all.first;
  all.base_ms = *created_ms_ + from * 1000;
  all.ms_per_value = static_cast<double>((until - from) * 1000) / static_cast<double>(all.end - all.first);
  return PlanRateTasks("rate", all, options_.num_partitions.value_or(kDefaultRateTasks));
}

Result<std::unique_ptr<SliceReader>> RateSource::OpenReader(const InputPartition& input,
                                                            const std::vector<int>& columns) {
  return OpenRateReader(input, columns);
}

Status RateSource::Committed(const std::string& end, std::map<std::string, std::string>* metrics,
                             std::optional<std::string>* latest) {
  if (latest != nullptr && created_ms_) *latest = std::to_string((last_ms_ - *created_ms_) / 1000);
  return Status::OK();
}

}  // namespace sluice
