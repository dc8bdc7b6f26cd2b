// SPDX-License-Identifier: Apache-2.0
#include "connectors/kafka/embedded_broker.h"

#include <fmt/format.h>

#include "base/spark_error.h"

namespace sluice {
namespace {

constexpr int kBrokers = 1;
constexpr int kReplicas = 1;
constexpr int kFullQueueMs = 100;
constexpr int kMetadataMs = 10000;

}  // namespace

Result<std::unique_ptr<EmbeddedBroker>> EmbeddedBroker::Start() {
  std::unique_ptr<EmbeddedBroker> broker(new EmbeddedBroker());
  SLUICE_ASSIGN(broker->host_, RdKafkaClient::Make(RD_KAFKA_PRODUCER, {{"client.id", "embedded-broker"}}));
  broker->cluster_ = rd_kafka_mock_cluster_new(broker->host_->handle(), kBrokers);
  if (broker->cluster_ == nullptr)
    return EnvironmentError("SLUICE_KAFKA", "The embedded Kafka broker cannot be started.");
  SLUICE_ASSIGN(broker->producer_,
                RdKafkaClient::Make(RD_KAFKA_PRODUCER, {{"bootstrap.servers", broker->bootstrap_servers()},
                                                        {"linger.ms", "5"},
                                                        {"queue.buffering.max.kbytes", "8192"},
                                                        {"batch.size", "131072"}}));
  return broker;
}

EmbeddedBroker::~EmbeddedBroker() {
  producer_.reset();
  // The cluster lives inside its host, so it goes first.
  DestroyInBackground([cluster = cluster_, host = std::shared_ptr<RdKafkaClient>(std::move(host_))]() mutable {
    if (cluster != nullptr) rd_kafka_mock_cluster_destroy(cluster);
    if (host != nullptr) rd_kafka_destroy(host->Release());
  });
}

std::string EmbeddedBroker::bootstrap_servers() const {
  return rd_kafka_mock_cluster_bootstraps(cluster_);
}

Status EmbeddedBroker::CreateTopic(const std::string& topic, int partitions) {
  const auto error = rd_kafka_mock_topic_create(cluster_, topic.c_str(), partitions, kReplicas);
  if (error != RD_KAFKA_RESP_ERR_NO_ERROR) return KafkaError(error, rd_kafka_err2str(error));
  // The producer learns of the topic now, not a second after its first record.
  std::unique_ptr<rd_kafka_topic_t, void (*)(rd_kafka_topic_t*)> handle(
      rd_kafka_topic_new(producer_->handle(), topic.c_str(), nullptr), rd_kafka_topic_destroy);
  const rd_kafka_metadata_t* metadata = nullptr;
  const auto asked = rd_kafka_metadata(producer_->handle(), 0, handle.get(), &metadata, kMetadataMs);
  if (asked != RD_KAFKA_RESP_ERR_NO_ERROR) return KafkaError(asked, rd_kafka_err2str(asked));
  rd_kafka_metadata_destroy(metadata);
  return Status::OK();
}

Status EmbeddedBroker::Produce(const std::string& topic, int32_t partition, std::string_view value,
                               int64_t timestamp_ms) {
  for (;;) {
    const auto error = rd_kafka_producev(
        producer_->handle(), RD_KAFKA_V_TOPIC(topic.c_str()), RD_KAFKA_V_PARTITION(partition),
        RD_KAFKA_V_VALUE(const_cast<char*>(value.data()), value.size()), RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY),
        RD_KAFKA_V_TIMESTAMP(timestamp_ms < 0 ? 0 : timestamp_ms), RD_KAFKA_V_END);
    if (error == RD_KAFKA_RESP_ERR_NO_ERROR) return Status::OK();
    if (error != RD_KAFKA_RESP_ERR__QUEUE_FULL) return KafkaError(error, rd_kafka_err2str(error));
    SLUICE_RETURN_IF_ERROR(producer_->Poll(kFullQueueMs));
  }
}

Status EmbeddedBroker::Flush(int timeout_ms) {
  const auto error = rd_kafka_flush(producer_->handle(), timeout_ms);
  return error == RD_KAFKA_RESP_ERR_NO_ERROR ? Status::OK() : KafkaError(error, rd_kafka_err2str(error));
}

}  // namespace sluice
