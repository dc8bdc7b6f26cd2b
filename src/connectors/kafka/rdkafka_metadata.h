// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "connectors/kafka/consumer.h"
#include "connectors/kafka/rdkafka_client.h"

namespace sluice {

// The questions about topics and offsets, over one client. They wait out passing trouble for up to `timeout_ms`; after
// that SLUICE_KAFKA.UNAVAILABLE, with the last trouble seen. When no broker has ever answered and all refuse, it comes
// after eight seconds. Thread-safe.
Result<std::vector<TopicPartition>> FindPartitions(RdKafkaClient* client, const TopicChoice& choice,
                                                   int64_t timeout_ms);
Result<PartitionOffsets> FindOffsets(RdKafkaClient* client, const PartitionOffsets& asked, bool read_committed,
                                     int64_t timeout_ms);

}  // namespace sluice
