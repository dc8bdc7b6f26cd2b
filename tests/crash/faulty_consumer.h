// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>

#include "connectors/kafka/consumer.h"
#include "env/fault_plan.h"

namespace sluice {

// For tests: passes calls on to another consumer under a plan of faults. Every method that can fail is a call, those of
// its fetches too. Thread-safe as the consumer below.
std::shared_ptr<KafkaConsumer> MakeFaultyConsumer(std::shared_ptr<KafkaConsumer> base, std::shared_ptr<FaultPlan> plan);

}  // namespace sluice
