// SPDX-License-Identifier: Apache-2.0
#include "connectors/kafka/kafka_options.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>

#include "base/logging.h"
#include "base/spark_error.h"
#include "conf/conf.h"
#include "connectors/kafka/offset_json.h"

namespace sluice {
namespace {

constexpr OptionUse kHonoured = OptionUse::kHonoured;

Status BadOption(std::string text) {
  return UserError("SLUICE_INVALID_OPTION", std::move(text));
}

std::string Trimmed(const std::string& text) {
  const size_t begin = text.find_first_not_of(" \t\r\n");
  if (begin == std::string::npos) return "";
  return text.substr(begin, text.find_last_not_of(" \t\r\n") - begin + 1);
}

std::string Lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(), [](unsigned char c) { return std::tolower(c); });
  return text;
}

Result<std::optional<int64_t>> PositiveInt(const Options& options, const char* name) {
  if (!options.Find(name)) return std::optional<int64_t>();
  SLUICE_ASSIGN(const int64_t value, options.GetInt(name, 0));
  if (value < 1) return BadOption(fmt::format("Option '{}' must be positive, not {}.", name, value));
  return std::optional<int64_t>(value);
}

Status ParseSubscribe(const std::string& value, KafkaOptions* parsed) {
  std::string text = value + ",";
  for (size_t begin = 0, comma; (comma = text.find(',', begin)) != std::string::npos; begin = comma + 1) {
    const std::string topic = Trimmed(text.substr(begin, comma - begin));
    if (!topic.empty()) parsed->choice.topics.push_back(topic);
  }
  if (parsed->choice.topics.empty()) {
    return BadOption(fmt::format("Option 'subscribe' names no topic: '{}'.", value));
  }
  std::string names;
  for (const std::string& topic : parsed->choice.topics) names += (names.empty() ? "" : ", ") + topic;
  parsed->choice_text = fmt::format("Subscribe[{}]", names);
  std::sort(parsed->choice.topics.begin(), parsed->choice.topics.end());
  const auto last = std::unique(parsed->choice.topics.begin(), parsed->choice.topics.end());
  parsed->choice.topics.erase(last, parsed->choice.topics.end());
  return Status::OK();
}

Status ParseChoice(const Options& options, KafkaOptions* parsed) {
  const auto assign = options.Find("assign");
  const auto subscribe = options.Find("subscribe");
  const auto pattern = options.Find("subscribePattern");
  const int given = assign.has_value() + subscribe.has_value() + pattern.has_value();
  if (given != 1) {
    return BadOption(
        fmt::format("{} of the options assign, subscribe and subscribePattern {} given; a Kafka source needs "
                    "exactly one.",
                    given == 0 ? "None" : "More than one", given == 0 ? "is" : "are"));
  }
  if (subscribe) return ParseSubscribe(*subscribe, parsed);
  if (pattern) {
    parsed->choice.pattern = Trimmed(*pattern);
    if (parsed->choice.pattern.empty()) return BadOption("Option 'subscribePattern' is empty.");
    parsed->choice_text = fmt::format("SubscribePattern[{}]", parsed->choice.pattern);
    return Status::OK();
  }
  SLUICE_ASSIGN(parsed->choice.assignment, ParseAssignment(*assign, "Option 'assign'"));
  if (parsed->choice.assignment.empty()) return BadOption("Option 'assign' names no partition.");
  std::string names;
  for (const TopicPartition& tp : parsed->choice.assignment) names += (names.empty() ? "" : ", ") + tp.ToString();
  parsed->choice_text = fmt::format("Assign[{}]", names);
  return Status::OK();
}

// `side` is "starting" or "ending".
Result<OffsetLimit> ParseLimit(const Options& options, const std::string& side, OffsetLimit fallback) {
  OffsetLimit limit = fallback;
  if (options.Find(side + "Timestamp")) {
    limit.kind = OffsetLimit::Kind::kTimestamp;
    SLUICE_ASSIGN(limit.timestamp_ms, options.GetInt(side + "Timestamp", 0));
    if (limit.timestamp_ms < 0) return BadOption(fmt::format("Option '{}Timestamp' must not be negative.", side));
  } else if (const auto by_timestamp = options.Find(side + "OffsetsByTimestamp")) {
    limit.kind = OffsetLimit::Kind::kTimestamps;
    SLUICE_ASSIGN(limit.offsets, ParseOffsets(*by_timestamp, fmt::format("Option '{}OffsetsByTimestamp'", side)));
    for (const auto& [tp, timestamp] : limit.offsets) {
      if (timestamp < 0)
        return BadOption(fmt::format("Option '{}OffsetsByTimestamp' has a negative time for {}.", side, tp.ToString()));
    }
  } else if (const auto offsets = options.Find(side + "Offsets")) {
    const std::string word = Lower(Trimmed(*offsets));
    if (word == "earliest") {
      limit.kind = OffsetLimit::Kind::kEarliest;
    } else if (word == "latest") {
      limit.kind = OffsetLimit::Kind::kLatest;
    } else {
      limit.kind = OffsetLimit::Kind::kOffsets;
      SLUICE_ASSIGN(limit.offsets, ParseOffsets(*offsets, fmt::format("Option '{}Offsets'", side)));
    }
  }
  const std::string strategy = Lower(options.Get("startingOffsetsByTimestampStrategy", "error"));
  if (strategy != "error" && strategy != "latest") {
    return BadOption(
        fmt::format("Option 'startingOffsetsByTimestampStrategy' is error or latest, not '{}'.", strategy));
  }
  limit.latest_if_no_match = side == "ending" || strategy == "latest";
  return limit;
}

Status CheckLimitOf(const OffsetLimit& limit, const char* side, int64_t forbidden) {
  const bool earliest = forbidden == kEarliestOffset;
  const auto kind = earliest ? OffsetLimit::Kind::kEarliest : OffsetLimit::Kind::kLatest;
  const char* word = earliest ? "earliest (-2)" : "latest (-1)";
  if (limit.kind == kind)
    return BadOption(fmt::format("Option '{}Offsets' of a batch query cannot be {}.", side, word));
  if (limit.kind != OffsetLimit::Kind::kOffsets) return Status::OK();
  for (const auto& [tp, offset] : limit.offsets) {
    if (offset == forbidden) {
      return BadOption(
          fmt::format("Option '{}Offsets' of a batch query cannot be {} for {}.", side, word, tp.ToString()));
    }
  }
  return Status::OK();
}

Status StartAfterEnd(const char* what, int64_t start, int64_t end, const TopicPartition& tp) {
  return UserError("UNRESOLVED_START_OFFSET_GREATER_THAN_END_OFFSET",
                   fmt::format("The options give {} {} as start and {} as end of {}: the start is behind the end.",
                               what, start, end, tp.ToString()),
                   {{"offsetType", what},
                    {"startOffset", std::to_string(start)},
                    {"endOffset", std::to_string(end)},
                    {"topic", tp.topic},
                    {"partition", std::to_string(tp.partition)}});
}

// Start and end of one kind are compared before any broker is asked.
Status CheckStartBeforeEnd(const OffsetLimit& start, const OffsetLimit& end) {
  using Kind = OffsetLimit::Kind;
  if (start.kind != end.kind) return Status::OK();
  if (start.kind == Kind::kTimestamp && start.timestamp_ms > end.timestamp_ms) {
    return BadOption(fmt::format("Option 'startingTimestamp' ({}) is behind 'endingTimestamp' ({}).",
                                 start.timestamp_ms, end.timestamp_ms));
  }
  if (start.kind != Kind::kOffsets && start.kind != Kind::kTimestamps) return Status::OK();
  for (const auto& [tp, from] : start.offsets) {
    const auto until = end.offsets.find(tp);
    if (until == end.offsets.end() || from < 0 || until->second < 0 || from <= until->second) continue;
    return StartAfterEnd(start.kind == Kind::kOffsets ? "offset" : "timestamp", from, until->second, tp);
  }
  return Status::OK();
}

Status ParseLimits(const Options& options, bool streaming, KafkaOptions* parsed) {
  OffsetLimit start;
  start.kind = streaming ? OffsetLimit::Kind::kLatest : OffsetLimit::Kind::kEarliest;
  SLUICE_ASSIGN(parsed->start, ParseLimit(options, "starting", start));
  if (streaming) {
    for (const char* name : {"endingTimestamp", "endingOffsetsByTimestamp", "endingOffsets"}) {
      if (options.Find(name))
        return BadOption(fmt::format("Option '{}' is for batch queries; a stream has no end.", name));
    }
    return Status::OK();
  }
  SLUICE_ASSIGN(parsed->end, ParseLimit(options, "ending", OffsetLimit()));
  SLUICE_RETURN_IF_ERROR(CheckLimitOf(parsed->start, "starting", kLatestOffset));
  SLUICE_RETURN_IF_ERROR(CheckLimitOf(parsed->end, "ending", kEarliestOffset));
  return CheckStartBeforeEnd(parsed->start, parsed->end);
}

Status ParseTriggerLimits(const Options& options, bool streaming, KafkaOptions* parsed) {
  if (!streaming) {
    for (const char* name : {"maxOffsetsPerTrigger", "minOffsetsPerTrigger", "maxTriggerDelay"}) {
      if (options.Find(name)) Log(LogLevel::kWarn, "Option '{}' has no meaning in a batch query; it is ignored", name);
    }
    return Status::OK();
  }
  SLUICE_ASSIGN(parsed->max_offsets_per_trigger, PositiveInt(options, "maxOffsetsPerTrigger"));
  SLUICE_ASSIGN(parsed->min_offsets_per_trigger, PositiveInt(options, "minOffsetsPerTrigger"));
  if (const auto delay = options.Find("maxTriggerDelay")) {
    SLUICE_ASSIGN(parsed->max_trigger_delay_ms, ParseDurationMs(*delay));
  }
  const auto& max = parsed->max_offsets_per_trigger;
  const auto& min = parsed->min_offsets_per_trigger;
  if (max && min && *min > *max) {
    return BadOption(fmt::format("minOffsetsPerTrigger ({}) is higher than maxOffsetsPerTrigger ({}).", *min, *max));
  }
  return Status::OK();
}

}  // namespace

const std::vector<OptionRow>& KafkaSourceOptions() {
  static const std::vector<OptionRow> rows = {
      {"assign", "", kHonoured, "JSON of the partitions to read: {\"topic\":[0,1]}"},
      {"subscribe", "", kHonoured, "Comma-separated list of topics"},
      {"subscribePattern", "", kHonoured, "Regular expression that topic names match as a whole"},
      {"startingTimestamp", "", kHonoured, "Start of a new query, ms since 1970, for all partitions"},
      {"startingOffsetsByTimestamp", "", kHonoured, "Start of a new query, ms since 1970 a partition, as JSON"},
      {"startingOffsets", "latest (stream), earliest (batch)", kHonoured,
       "Start of a new query: earliest, latest or JSON"},
      {"startingOffsetsByTimestampStrategy", "error", kHonoured, "When no record is that new: error or latest"},
      {"endingTimestamp", "", kHonoured, "End of a batch query, ms since 1970, for all partitions"},
      {"endingOffsetsByTimestamp", "", kHonoured, "End of a batch query, ms since 1970 a partition, as JSON"},
      {"endingOffsets", "latest", kHonoured, "End of a batch query: latest or JSON"},
      {"failOnDataLoss", "true", kHonoured, "Fail when records were lost before they were read; else warn and go on"},
      {"kafkaConsumer.pollTimeoutMs", "120000", kHonoured, "Longest wait for a record that should be there"},
      {"fetchOffset.numRetries", "3", kHonoured, "How often offsets are asked for again"},
      {"fetchOffset.retryIntervalMs", "10", kHonoured, "Wait between these"},
      {"maxOffsetsPerTrigger", "", kHonoured, "Most records a batch, shared by backlog"},
      {"minOffsetsPerTrigger", "", kHonoured, "Fewest new records for a batch, until maxTriggerDelay"},
      {"maxTriggerDelay", "15m", kHonoured, "Longest delay of a batch by minOffsetsPerTrigger"},
      {"minPartitions", "", kHonoured, "Fewest tasks a batch; partitions are split"},
      {"maxRecordsPerPartition", "", kHonoured, "Most records a task; partitions are split"},
      {"groupIdPrefix", "spark-kafka-source", kHonoured, "Accepted; no consumer group is joined"},
      {"includeHeaders", "false", kHonoured, "Adds the column headers"},
      {"commitGroup", "", kHonoured,
       "Consumer group that is told how far the query is (spark.sluice.kafka.commitGroup)"},
  };
  return rows;
}

Result<KafkaOptions> ParseKafkaOptions(const Options& options, bool streaming) {
  SLUICE_RETURN_IF_ERROR(CheckOptions(options, KafkaSourceOptions(), {"kafka."}, "kafka"));
  KafkaOptions parsed;
  SLUICE_RETURN_IF_ERROR(ParseChoice(options, &parsed));
  SLUICE_RETURN_IF_ERROR(ParseLimits(options, streaming, &parsed));
  SLUICE_RETURN_IF_ERROR(ParseTriggerLimits(options, streaming, &parsed));
  SLUICE_ASSIGN(parsed.fail_on_data_loss, options.GetBool("failOnDataLoss", true));
  SLUICE_ASSIGN(parsed.include_headers, options.GetBool("includeHeaders", false));
  parsed.commit_group = options.Get("commitGroup", "");
  SLUICE_ASSIGN(parsed.poll_timeout_ms, options.GetInt("kafkaConsumer.pollTimeoutMs", parsed.poll_timeout_ms));
  SLUICE_ASSIGN(parsed.offset_retries, options.GetInt("fetchOffset.numRetries", parsed.offset_retries));
  SLUICE_ASSIGN(parsed.offset_retry_interval_ms,
                options.GetInt("fetchOffset.retryIntervalMs", parsed.offset_retry_interval_ms));
  SLUICE_ASSIGN(parsed.min_partitions, PositiveInt(options, "minPartitions"));
  SLUICE_ASSIGN(parsed.max_records_per_partition, PositiveInt(options, "maxRecordsPerPartition"));
  return parsed;
}

}  // namespace sluice
