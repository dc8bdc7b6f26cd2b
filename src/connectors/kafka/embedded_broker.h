// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <librdkafka/rdkafka.h>
#include <librdkafka/rdkafka_mock.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/status.h"
#include "connectors/kafka/rdkafka_client.h"

namespace sluice {

// A Kafka broker inside this process (librdkafka's mock broker), on a loopback port, with a producer to it. It keeps
// about 5 MiB a partition, and forgets the oldest records beyond. For the demo and for tests. Thread-safe.
class EmbeddedBroker {
 public:
  static Result<std::unique_ptr<EmbeddedBroker>> Start();
  ~EmbeddedBroker();

  // The value of kafka.bootstrap.servers.
  std::string bootstrap_servers() const;
  Status CreateTopic(const std::string& topic, int partitions);
  // Queued; delivered by Flush at the latest. A negative timestamp: now.
  Status Produce(const std::string& topic, int32_t partition, std::string_view value, int64_t timestamp_ms = -1);
  // Waits until all that was produced is stored.
  Status Flush(int timeout_ms = 30000);
  // For tests: broken connections, error codes.
  rd_kafka_mock_cluster_t* cluster() const { return cluster_; }
  RdKafkaClient* producer() const { return producer_.get(); }

 private:
  EmbeddedBroker() = default;
  std::unique_ptr<RdKafkaClient> host_;  // the instance that the cluster lives in
  rd_kafka_mock_cluster_t* cluster_ = nullptr;
  std::unique_ptr<RdKafkaClient> producer_;
};

}  // namespace sluice
