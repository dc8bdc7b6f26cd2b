// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <librdkafka/rdkafka.h>

#include <cstdint>
#include <memory>
#include <vector>

#include "connectors/kafka/consumer.h"
#include "connectors/kafka/rdkafka_client.h"

namespace sluice {

// A started partition of one librdkafka instance: its queue, the messages taken from it and the position. It outlives
// the fetches that use it one after the other, so that the next range goes on where the last one ended.
class RdKafkaStream {
 public:
  RdKafkaStream(RdKafkaClient* client, TopicPartition partition);
  ~RdKafkaStream();  // stops the partition

  const TopicPartition& partition() const { return partition_; }
  int64_t position() const { return position_; }
  bool started() const { return started_; }
  // Large records came since Start: what waits in the queue is as large.
  bool has_large_records() const { return has_large_records_; }
  // Begins to fetch at `offset`; stops first when it was started elsewhere.
  Status Start(int64_t offset);
  void Stop();
  Result<FetchStep> Peek(int timeout_ms);
  void Pop();
  Status ReadHeaders(const KafkaRecord& record, std::vector<KafkaHeader>* headers);
  void Interrupt() { rd_kafka_queue_yield(queue_); }

 private:
  bool Refill(int timeout_ms);
  void DropHeld();
  Result<FetchStep> StepOf(rd_kafka_message_t* message);

  RdKafkaClient* client_;
  TopicPartition partition_;
  rd_kafka_topic_t* topic_ = nullptr;
  rd_kafka_queue_t* queue_ = nullptr;
  bool started_ = false;
  bool has_large_records_ = false;
  int64_t position_ = 0;
  std::vector<rd_kafka_message_t*> held_;  // taken from the queue, from held_at_ on not handed out
  size_t held_at_ = 0;
};

}  // namespace sluice
