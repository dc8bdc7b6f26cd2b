// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "base/status.h"
#include "connectors/kafka/topic_partition.h"

namespace sluice {

// {"topic":{"0":23,"1":5}}: offsets as Spark writes them, topics and partitions in order.
std::string FormatOffsets(const PartitionOffsets& offsets);
// The same, from a user's option or a checkpoint. `what` names the place in errors ("option 'startingOffsets'").
Result<PartitionOffsets> ParseOffsets(const std::string& json, const std::string& what);
// {"topic":[0,1]}: the option `assign`.
Result<std::vector<TopicPartition>> ParseAssignment(const std::string& json, const std::string& what);

}  // namespace sluice
