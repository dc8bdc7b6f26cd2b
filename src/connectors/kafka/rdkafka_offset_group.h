// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <librdkafka/rdkafka.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "connectors/kafka/consumer.h"

namespace sluice {

// Writes a group's offsets by Kafka's administration call, which takes no membership and no further connection of the
// client's own. One call is under way at a time; of the offsets that come meanwhile the newest are sent after it.
class RdKafkaOffsetGroup : public OffsetGroup {
 public:
  // `client` must outlive this.
  RdKafkaOffsetGroup(rd_kafka_t* client, std::string group);
  // Waits a few seconds at most for what is under way.
  ~RdKafkaOffsetGroup() override;
  void Commit(const PartitionOffsets& next) override;

 private:
  void Send(const PartitionOffsets& next);
  // Takes the answer of the call under way, if it comes within `timeout_ms`.
  void TakeAnswer(int timeout_ms);
  void Failed(const std::string& reason);

  rd_kafka_t* const client_;
  const std::string group_;
  rd_kafka_queue_t* const answers_;
  bool under_way_ = false;
  PartitionOffsets sent_;  // by the call under way
  std::optional<PartitionOffsets> waiting_;
  std::string last_failure_;  // told once, until another one comes or a call succeeds
};

}  // namespace sluice
