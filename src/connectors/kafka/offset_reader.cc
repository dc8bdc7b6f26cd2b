// SPDX-License-Identifier: Apache-2.0
#include "connectors/kafka/offset_reader.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "base/logging.h"
#include "base/spark_error.h"
#include "connectors/kafka/data_loss.h"
#include "connectors/kafka/offset_planning.h"

namespace sluice {
namespace {

PartitionOffsets Asking(const std::vector<TopicPartition>& partitions, int64_t what) {
  PartitionOffsets asked;
  for (const TopicPartition& tp : partitions) asked[tp] = what;
  return asked;
}

// The user's JSON must name exactly the partitions that are read.
Status CheckNamesAll(const std::vector<TopicPartition>& partitions, const PartitionOffsets& given, const char* side) {
  const std::set<TopicPartition> there(partitions.begin(), partitions.end());
  std::string missing;
  std::string unknown;
  for (const TopicPartition& tp : there) {
    if (!given.contains(tp)) missing += (missing.empty() ? "" : ", ") + tp.ToString();
  }
  for (const auto& [tp, offset] : given) {
    if (!there.contains(tp)) unknown += (unknown.empty() ? "" : ", ") + tp.ToString();
  }
  if (missing.empty() && unknown.empty()) return Status::OK();
  return UserError(
      "SLUICE_INVALID_OPTION",
      fmt::format("Offsets given by the {} options must name all partitions that are read, and no others (-1: "
                  "latest, -2: earliest). Missing: {}. Not there: {}.",
                  side, missing.empty() ? "none" : missing, unknown.empty() ? "none" : unknown));
}

}  // namespace

void KafkaOffsetReader::WaitForRetry() {
  clock_->WaitFor(options_.offset_retry_interval_ms, [] { return false; });
}

Result<std::vector<TopicPartition>> KafkaOffsetReader::Partitions() {
  // A topic made a moment ago may not be in every broker's metadata yet.
  for (int64_t attempt = 0;; ++attempt) {
    SLUICE_ASSIGN(auto partitions, consumer_->ListPartitions(options_.choice));
    std::set<std::string> topics;
    for (const TopicPartition& tp : partitions) topics.insert(tp.topic);
    std::string missing;
    for (const std::string& topic : options_.choice.topics) {
      if (!topics.contains(topic)) missing += (missing.empty() ? "" : ", ") + topic;
    }
    for (const TopicPartition& tp : options_.choice.assignment) {
      if (std::find(partitions.begin(), partitions.end(), tp) == partitions.end()) {
        missing += (missing.empty() ? "" : ", ") + tp.ToString();
      }
    }
    if (missing.empty()) return partitions;
    if (attempt >= options_.offset_retries) {
      return EnvironmentError(
          "SLUICE_KAFKA.UNKNOWN_TOPIC_OR_PARTITION",
          fmt::format("The Kafka cluster does not know {} (UNKNOWN_TOPIC_OR_PART), or this user may not "
                      "see it.",
                      missing));
    }
    WaitForRetry();
  }
}

Result<PartitionOffsets> KafkaOffsetReader::Start() {
  return Resolve(options_.start, true);
}

Result<PartitionOffsets> KafkaOffsetReader::End() {
  return Resolve(options_.end, false);
}

Result<PartitionOffsets> KafkaOffsetReader::Earliest(const std::vector<TopicPartition>& partitions) {
  if (partitions.empty()) return PartitionOffsets();
  return consumer_->ListOffsets(Asking(partitions, kEarliestOffset));
}

Result<PartitionOffsets> KafkaOffsetReader::Latest(const PartitionOffsets& known) {
  for (int64_t attempt = 0;; ++attempt) {
    SLUICE_ASSIGN(const auto partitions, consumer_->ListPartitions(options_.choice));
    PartitionOffsets latest;
    if (!partitions.empty()) {
      SLUICE_ASSIGN(latest, consumer_->ListOffsets(Asking(partitions, kLatestOffset)));
    }
    if (!GoesBack(known, latest) || attempt >= options_.offset_retries) return latest;
    Log(LogLevel::kDebug, "Latest offsets lie behind known ones; asking again");
    WaitForRetry();
  }
}

Result<PartitionOffsets> KafkaOffsetReader::Resolve(const OffsetLimit& limit, bool starting) {
  SLUICE_ASSIGN(const auto partitions, Partitions());
  if (partitions.empty()) return PartitionOffsets();
  switch (limit.kind) {
    case OffsetLimit::Kind::kEarliest:
      return consumer_->ListOffsets(Asking(partitions, kEarliestOffset));
    case OffsetLimit::Kind::kLatest:
      return consumer_->ListOffsets(Asking(partitions, kLatestOffset));
    case OffsetLimit::Kind::kTimestamp:
      return ResolveTimestamps(Asking(partitions, limit.timestamp_ms), limit);
    case OffsetLimit::Kind::kTimestamps:
      SLUICE_RETURN_IF_ERROR(CheckNamesAll(partitions, limit.offsets, starting ? "starting" : "ending"));
      return ResolveTimestamps(limit.offsets, limit);
    case OffsetLimit::Kind::kOffsets:
      break;
  }
  return ResolveOffsets(partitions, limit, starting);
}

Result<PartitionOffsets> KafkaOffsetReader::ResolveOffsets(const std::vector<TopicPartition>& partitions,
                                                           const OffsetLimit& limit, bool starting) {
  SLUICE_RETURN_IF_ERROR(CheckNamesAll(partitions, limit.offsets, starting ? "starting" : "ending"));
  PartitionOffsets resolved = limit.offsets;
  for (const int64_t word : {kEarliestOffset, kLatestOffset}) {
    PartitionOffsets asked;
    for (const auto& [tp, offset] : limit.offsets) {
      if (offset == word) asked[tp] = word;
    }
    if (asked.empty()) continue;
    SLUICE_ASSIGN(const PartitionOffsets answer, consumer_->ListOffsets(asked));
    for (const auto& [tp, offset] : answer) resolved[tp] = offset;
  }
  if (starting) SLUICE_RETURN_IF_ERROR(CheckStart(limit.offsets, &resolved));
  return resolved;
}

Status KafkaOffsetReader::CheckStart(const PartitionOffsets& given, PartitionOffsets* resolved) {
  std::vector<TopicPartition> fixed;
  for (const auto& [tp, offset] : given) {
    if (offset >= 0) fixed.push_back(tp);
    if (offset < kEarliestOffset) {
      return UserError("SLUICE_INVALID_OPTION",
                       fmt::format("Option 'startingOffsets' has offset {} for {}.", offset, tp.ToString()));
    }
  }
  if (fixed.empty()) return Status::OK();
  SLUICE_ASSIGN(const PartitionOffsets earliest, consumer_->ListOffsets(Asking(fixed, kEarliestOffset)));
  SLUICE_ASSIGN(const PartitionOffsets latest, consumer_->ListOffsets(Asking(fixed, kLatestOffset)));
  for (const TopicPartition& tp : fixed) {
    if (!earliest.contains(tp) || !latest.contains(tp)) continue;
    int64_t& offset = (*resolved)[tp];
    const int64_t inside = std::clamp(offset, earliest.at(tp), std::max(earliest.at(tp), latest.at(tp)));
    if (inside == offset) continue;
    SLUICE_RETURN_IF_ERROR(
        ReportDataLoss(StartOffsetReset(tp, offset, inside), options_.fail_on_data_loss, passed_over_));
    offset = inside;
  }
  return Status::OK();
}

Result<PartitionOffsets> KafkaOffsetReader::ResolveTimestamps(PartitionOffsets asked, const OffsetLimit& limit) {
  SLUICE_ASSIGN(PartitionOffsets resolved, consumer_->ListOffsets(asked));
  PartitionOffsets unmatched;
  for (const auto& [tp, offset] : resolved) {
    if (offset >= 0) continue;
    if (!limit.latest_if_no_match) {
      return UserError(
          "SLUICE_INVALID_OPTION",
          fmt::format("No record of {} is at or after timestamp {}. Set startingOffsetsByTimestampStrategy to "
                      "latest to begin at the end there.",
                      tp.ToString(), asked[tp]));
    }
    unmatched[tp] = kLatestOffset;
  }
  if (!unmatched.empty()) {
    SLUICE_ASSIGN(const PartitionOffsets latest, consumer_->ListOffsets(unmatched));
    for (const auto& [tp, offset] : latest) resolved[tp] = offset;
  }
  return resolved;
}

}  // namespace sluice
