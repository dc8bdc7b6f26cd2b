// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <string>

namespace sluice {

// How the bytes that librdkafka holds are bounded. Each started partition holds at most its queue and the piece of a
// fetch that filled it; so many partitions may be started at once (more tasks at once overshoot by theirs). Small
// queues are not only modest but fast: the data are still in the processor's cache when they are read.
struct FetchMemory {
  int64_t share_bytes = 0;  // accounted: taken from the memory budget while the consumer lives
  int64_t hot_partitions = 0;
  std::map<std::string, std::string> properties;  // librdkafka's, for what the user did not set
};

// What a consumer asks of the budget for its share, and the least it makes do with. 0: there is no budget.
int64_t WantedFetchShare(int64_t limit);
inline constexpr int64_t kLeastFetchShare = 512 << 10;

// `share`: what the consumer got. `limit`: the whole memory budget, or 0 for none. `user`: librdkafka properties that
// the user set. `partitions`: how many are read; when not all of them can stay started, they get smaller pieces, since
// what was fetched too much is thrown away.
FetchMemory PlanFetchMemory(int64_t share, int64_t limit, const std::map<std::string, std::string>& user,
                            int64_t partitions);

}  // namespace sluice
