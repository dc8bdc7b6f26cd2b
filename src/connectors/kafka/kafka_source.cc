// SPDX-License-Identifier: Apache-2.0
#include "connectors/kafka/kafka_source.h"

#include <arrow/api.h>
#include <fmt/format.h>

#include "base/memory_budget.h"
#include "base/spark_error.h"
#include "checkpoint/log_folder.h"
#include "checkpoint/source_log.h"
#include "connectors/kafka/data_loss.h"
#include "connectors/kafka/offset_json.h"
#include "connectors/kafka/offset_planning.h"
#include "types/spark_type.h"

namespace sluice {
namespace {

constexpr const char* kOffsetPlace = "The Kafka offset in the checkpoint";

// As Java prints a double.
Result<std::string> DoubleText(double value) {
  arrow::DoubleBuilder builder;
  ARROW_RETURN_NOT_OK(builder.Append(value));
  SLUICE_ASSIGN(const auto array, builder.Finish());
  return FormatValue(*array, 0, "UTC");
}

}  // namespace

KafkaTasks::KafkaTasks(const SourceContext& context, KafkaOptions options, std::shared_ptr<KafkaConsumer> consumer,
                       std::atomic<int64_t>* passed_over, std::shared_ptr<LargeRecords> large_records)
    : env_(context.env), options_(std::move(options)), consumer_(std::move(consumer)) {
  limits_.fail_on_data_loss = options_.fail_on_data_loss;
  limits_.poll_timeout_ms = options_.poll_timeout_ms;
  limits_.keep_records = context.keep_records;
  limits_.passed_over = passed_over;
  limits_.large_records = std::move(large_records);
  if (context.budget != nullptr) limits_.max_record_bytes = context.budget->limit() / 8;
}

std::vector<InputPartition> KafkaTasks::Plan(const std::vector<OffsetRange>& ranges) const {
  if (limits_.large_records != nullptr) limits_.large_records->BeginBatch();
  std::vector<InputPartition> tasks;
  for (const OffsetRange& range : SplitRanges(ranges, options_.min_partitions, options_.max_records_per_partition)) {
    InputPartition task;
    task.identity = fmt::format("{}:{}:{}", range.partition.ToString(), range.begin, range.end);
    task.detail = std::make_shared<OffsetRange>(range);
    tasks.push_back(std::move(task));
  }
  return tasks;
}

Result<std::unique_ptr<SliceReader>> KafkaTasks::Open(const InputPartition& input, const std::vector<int>& columns) {
  const auto& range = *static_cast<const OffsetRange*>(input.detail.get());
  return std::make_unique<KafkaRangeReader>(consumer_, range, columns, options_.include_headers, limits_,
                                            &env_->clock());
}

KafkaSource::KafkaSource(const SourceContext& context, KafkaOptions options, std::shared_ptr<KafkaConsumer> consumer)
    : env_(context.env),
      checkpoint_(context.checkpoint),
      available_now_(context.available_now),
      ignore_rate_limits_(context.ignore_rate_limits),
      began_(context.began),
      options_(std::move(options)),
      offsets_(consumer, options_, &env_->clock(), &passed_over_),
      tasks_(context, options_, consumer, &passed_over_, std::make_shared<LargeRecords>(context.budget)),
      consumer_(consumer) {
  const std::string setting = context.conf.Get("spark.sluice.kafka.commitGroup");
  const std::string& group = options_.commit_group.empty() ? setting : options_.commit_group;
  if (!group.empty()) group_ = consumer_->OpenGroup(group);
}

Result<std::string> KafkaSource::InitialOffset() {
  if (!checkpoint_) return InternalError("A Kafka stream needs a checkpoint folder.");
  SLUICE_ASSIGN(const auto recorded, ReadInitialOffset(*checkpoint_));
  if (recorded) {
    SLUICE_RETURN_IF_ERROR(ParseOffsets(*recorded, "The Kafka offset in " + checkpoint_->path + "/0").status());
    return *recorded;
  }
  if (began_) return DamagedFile(checkpoint_->path + "/0", "it is missing, and batch 0 was planned from it");
  SLUICE_ASSIGN(const PartitionOffsets start, offsets_.Start());
  std::string json = FormatOffsets(start);
  SLUICE_RETURN_IF_ERROR(WriteInitialOffset(*checkpoint_, json));
  return json;
}

Result<PartitionOffsets> KafkaSource::FetchLatest(const PartitionOffsets& known) {
  if (frozen_) return *frozen_;
  SLUICE_ASSIGN(PartitionOffsets latest, offsets_.Latest(known));
  // Told before anything is planned, so that the checkpoint never holds a range that cannot be read.
  SLUICE_RETURN_IF_ERROR(Report(FindLosses(known, latest)));
  if (available_now_) frozen_ = latest;
  return latest;
}

Status KafkaSource::Report(const std::vector<DataLoss>& losses) {
  for (const DataLoss& loss : losses) {
    SLUICE_RETURN_IF_ERROR(ReportDataLoss(loss, options_.fail_on_data_loss, &passed_over_));
  }
  return Status::OK();
}

bool KafkaSource::WaitForMore(const PartitionOffsets& from, const PartitionOffsets& latest) {
  if (!options_.min_offsets_per_trigger || available_now_) return false;
  const int64_t now = env_->clock().MonotonicNanos();
  const bool overdue = !last_trigger_ns_ || (now - *last_trigger_ns_) / 1'000'000 >= options_.max_trigger_delay_ms;
  if (!overdue && CountNewRecords(from, latest) < static_cast<double>(*options_.min_offsets_per_trigger)) return true;
  last_trigger_ns_ = now;
  return false;
}

Result<std::optional<std::string>> KafkaSource::LatestOffset(const std::string& start) {
  SLUICE_ASSIGN(PartitionOffsets from, ParseOffsets(start, kOffsetPlace));
  SLUICE_ASSIGN(latest_, FetchLatest(from));
  // No partition at all is not an end (SPARK-41375).
  if (latest_.empty() || latest_ == from) return std::optional<std::string>();
  if (WaitForMore(from, latest_)) return std::optional<std::string>();
  if (!options_.max_offsets_per_trigger || ignore_rate_limits_)
    return std::optional<std::string>(FormatOffsets(latest_));
  PartitionOffsets begin = from;
  SLUICE_ASSIGN(const PartitionOffsets fresh, offsets_.Earliest(NewPartitions(from, latest_)));
  begin.insert(fresh.begin(), fresh.end());
  const PartitionOffsets end = LimitByRate(*options_.max_offsets_per_trigger, begin, latest_);
  if (end == from) return std::optional<std::string>();
  return std::optional<std::string>(FormatOffsets(end));
}

Result<std::vector<InputPartition>> KafkaSource::PlanTasks(const std::string& start, const std::string& end) {
  SLUICE_ASSIGN(const PartitionOffsets from, ParseOffsets(start, kOffsetPlace));
  SLUICE_ASSIGN(const PartitionOffsets until, ParseOffsets(end, kOffsetPlace));
  SLUICE_ASSIGN(const PartitionOffsets fresh, offsets_.Earliest(NewPartitions(from, until)));
  const RangePlan plan = PlanRanges(from, until, fresh);
  SLUICE_RETURN_IF_ERROR(Report(plan.losses));
  return tasks_.Plan(plan.ranges);
}

Result<std::unique_ptr<SliceReader>> KafkaSource::OpenReader(const InputPartition& input,
                                                             const std::vector<int>& columns) {
  return tasks_.Open(input, columns);
}

Status KafkaSource::Committed(const std::string& end, std::map<std::string, std::string>* metrics,
                              std::optional<std::string>* latest) {
  if (group_) {
    SLUICE_ASSIGN(const PartitionOffsets next, ParseOffsets(end, kOffsetPlace));
    group_->Commit(next);
  }
  if (metrics != nullptr && passed_over_ > 0) (*metrics)["dataLosses"] = std::to_string(passed_over_);
  if (latest_.empty()) return Status::OK();
  if (latest != nullptr) *latest = FormatOffsets(latest_);
  if (metrics == nullptr) return Status::OK();
  SLUICE_ASSIGN(const PartitionOffsets consumed, ParseOffsets(end, kOffsetPlace));
  const auto lag = LagBehind(consumed, latest_);
  if (!lag) return Status::OK();
  SLUICE_ASSIGN((*metrics)["avgOffsetsBehindLatest"], DoubleText(lag->average));
  (*metrics)["maxOffsetsBehindLatest"] = std::to_string(lag->max);
  (*metrics)["minOffsetsBehindLatest"] = std::to_string(lag->min);
  return Status::OK();
}

KafkaBatchSource::KafkaBatchSource(const SourceContext& context, KafkaOptions options,
                                   std::shared_ptr<KafkaConsumer> consumer)
    : options_(std::move(options)),
      offsets_(consumer, options_, &context.env->clock()),
      // A batch query gathers its parts in order, so that one part's bytes may wait for another part: no turns there.
      tasks_(context, options_, consumer, nullptr, nullptr) {}

Result<std::vector<InputPartition>> KafkaBatchSource::PlanTasks() {
  SLUICE_ASSIGN(const PartitionOffsets start, offsets_.Start());
  SLUICE_ASSIGN(const PartitionOffsets end, offsets_.End());
  for (const auto& [tp, from] : start) {
    const auto until = end.find(tp);
    if (until == end.end() || from <= until->second) continue;
    return UserError("RESOLVED_START_OFFSET_GREATER_THAN_END_OFFSET",
                     fmt::format("The start offset {} of {} is behind the end, {}: nothing could be read. Is it beyond "
                                 "the last record, or was the topic made anew?",
                                 from, tp.ToString(), until->second),
                     {{"startOffset", std::to_string(from)},
                      {"endOffset", std::to_string(until->second)},
                      {"topic", tp.topic},
                      {"partition", std::to_string(tp.partition)}});
  }
  return tasks_.Plan(PlanRanges(start, end, {}).ranges);
}

Result<std::unique_ptr<SliceReader>> KafkaBatchSource::OpenReader(const InputPartition& input,
                                                                  const std::vector<int>& columns) {
  return tasks_.Open(input, columns);
}

}  // namespace sluice
