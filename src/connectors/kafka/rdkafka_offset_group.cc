// SPDX-License-Identifier: Apache-2.0
#include "connectors/kafka/rdkafka_offset_group.h"

#include <chrono>
#include <thread>
#include <utility>

#include "base/logging.h"
#include "base/process_metrics.h"
#include "connectors/kafka/rdkafka_client.h"

namespace sluice {
namespace {

constexpr int kRequestMs = 5000;
constexpr int kFarewellMs = 3000;
constexpr int kFarewellStepMs = 50;

// The first error among the partitions of the answer, or of the call as a whole.
rd_kafka_resp_err_t ErrorOf(rd_kafka_event_t* event) {
  if (const auto error = rd_kafka_event_error(event); error != RD_KAFKA_RESP_ERR_NO_ERROR) return error;
  const auto* result = rd_kafka_event_AlterConsumerGroupOffsets_result(event);
  if (result == nullptr) return RD_KAFKA_RESP_ERR_NO_ERROR;
  size_t count = 0;
  const rd_kafka_group_result_t** groups = rd_kafka_AlterConsumerGroupOffsets_result_groups(result, &count);
  for (size_t i = 0; i < count; ++i) {
    if (const rd_kafka_error_t* error = rd_kafka_group_result_error(groups[i])) return rd_kafka_error_code(error);
    const rd_kafka_topic_partition_list_t* partitions = rd_kafka_group_result_partitions(groups[i]);
    for (int p = 0; partitions != nullptr && p < partitions->cnt; ++p) {
      if (partitions->elems[p].err != RD_KAFKA_RESP_ERR_NO_ERROR) return partitions->elems[p].err;
    }
  }
  return RD_KAFKA_RESP_ERR_NO_ERROR;
}

}  // namespace

RdKafkaOffsetGroup::RdKafkaOffsetGroup(rd_kafka_t* client, std::string group)
    : client_(client), group_(std::move(group)), answers_(rd_kafka_queue_new(client)) {}

RdKafkaOffsetGroup::~RdKafkaOffsetGroup() {
  // A group that is new to its broker takes a moment until it takes offsets.
  for (int left_ms = kFarewellMs; left_ms > 0 && (under_way_ || waiting_); left_ms -= kFarewellStepMs) {
    TakeAnswer(kFarewellStepMs);
    if (under_way_ || !waiting_) continue;
    std::this_thread::sleep_for(std::chrono::milliseconds(kFarewellStepMs));
    Send(*std::exchange(waiting_, std::nullopt));
  }
  if (under_way_ || waiting_) Failed("no answer");
  rd_kafka_queue_destroy(answers_);
}

void RdKafkaOffsetGroup::Commit(const PartitionOffsets& next) {
  TakeAnswer(0);
  if (under_way_) {
    waiting_ = next;
    return;
  }
  waiting_.reset();
  Send(next);
}

void RdKafkaOffsetGroup::Send(const PartitionOffsets& next) {
  rd_kafka_topic_partition_list_t* offsets = rd_kafka_topic_partition_list_new(static_cast<int>(next.size()));
  for (const auto& [tp, offset] : next) {
    rd_kafka_topic_partition_list_add(offsets, tp.topic.c_str(), tp.partition)->offset = offset;
  }
  rd_kafka_AlterConsumerGroupOffsets_t* request = rd_kafka_AlterConsumerGroupOffsets_new(group_.c_str(), offsets);
  rd_kafka_topic_partition_list_destroy(offsets);
  rd_kafka_AdminOptions_t* options = rd_kafka_AdminOptions_new(client_, RD_KAFKA_ADMIN_OP_ALTERCONSUMERGROUPOFFSETS);
  char error[256];
  rd_kafka_AdminOptions_set_request_timeout(options, kRequestMs, error, sizeof(error));
  rd_kafka_AlterConsumerGroupOffsets(client_, &request, 1, options, answers_);
  rd_kafka_AdminOptions_destroy(options);
  rd_kafka_AlterConsumerGroupOffsets_destroy(request);
  under_way_ = true;
  sent_ = next;
}

void RdKafkaOffsetGroup::TakeAnswer(int timeout_ms) {
  if (!under_way_) return;
  rd_kafka_event_t* event = rd_kafka_queue_poll(answers_, timeout_ms);
  if (event == nullptr) return;
  const rd_kafka_resp_err_t error = ErrorOf(event);
  rd_kafka_event_destroy(event);
  under_way_ = false;
  if (error == RD_KAFKA_RESP_ERR_NO_ERROR) {
    last_failure_.clear();
    return;
  }
  if (!waiting_ && KindOf(error) == KafkaErrorKind::kPassing) waiting_ = sent_;  // once more, with what comes then
  Failed(rd_kafka_err2str(error));
}

void RdKafkaOffsetGroup::Failed(const std::string& reason) {
  TheProcessMetrics().group_commit_failures.fetch_add(1);
  if (reason == std::exchange(last_failure_, reason)) return;
  Log(LogLevel::kWarn, "Offsets could not be committed to the consumer group {}: {}. The query goes on.", group_,
      reason);
}

}  // namespace sluice
