// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>

#include "connectors/kafka/client_config.h"
#include "connectors/kafka/consumer.h"

namespace sluice {

class MemoryBudget;

// The real consumer, on librdkafka. No connection is made before the first call. Its prefetch is bounded by a share of
// `budget` (may be null), taken for as long as the consumer lives: see fetch_memory.h.
Result<std::shared_ptr<KafkaConsumer>> MakeRdKafkaConsumer(ClientConfig config, MemoryBudget* budget);

}  // namespace sluice
