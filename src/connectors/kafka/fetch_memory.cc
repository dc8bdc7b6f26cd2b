// SPDX-License-Identifier: Apache-2.0
#include "connectors/kafka/fetch_memory.h"

#include <algorithm>
#include <cstdlib>

namespace sluice {
namespace {

constexpr int64_t kKiB = 1024;
constexpr int64_t kMiB = 1024 * kKiB;
constexpr int64_t kDefaultLimit = 128 * kMiB;
constexpr int64_t kMaxPartitionFetch = kMiB / 2;     // fetch.message.max.bytes
constexpr int64_t kWidePartitionFetch = 128 * kKiB;  // with more partitions than can stay started
constexpr int64_t kFetchBytes = 2 * kMiB;            // fetch.max.bytes, a broker
constexpr int64_t kQueuedMessages = 4000;            // each takes some 300 bytes beside its payload
constexpr int64_t kLeastMessage = 1000;              // librdkafka's least message.max.bytes
constexpr int64_t kLeastFetchBytes = kMiB;           // librdkafka wants it above message.max.bytes

int64_t NumberOr(const std::map<std::string, std::string>& values, const char* name, int64_t fallback) {
  const auto found = values.find(name);
  return found == values.end() ? fallback : std::strtoll(found->second.c_str(), nullptr, 10);
}

}  // namespace

int64_t WantedFetchShare(int64_t limit) {
  const int64_t whole = limit > 0 ? limit : kDefaultLimit;
  return std::min(std::max(whole / 8, 2 * kMiB), whole / 2);
}

FetchMemory PlanFetchMemory(int64_t share, int64_t limit, const std::map<std::string, std::string>& user,
                            int64_t partitions) {
  const int64_t whole = limit > 0 ? limit : kDefaultLimit;
  FetchMemory memory;
  memory.share_bytes = share;
  const bool wide = partitions * 3 * kMaxPartitionFetch > share;
  const int64_t fair = wide ? kWidePartitionFetch : kMaxPartitionFetch;
  const int64_t partition_fetch = NumberOr(user, "fetch.message.max.bytes", fair);
  const int64_t queue = 2 * fair;  // queued.max.messages.kbytes, a partition
  const int64_t fetch =
      std::max(NumberOr(user, "fetch.max.bytes", std::clamp(share, kLeastFetchBytes, kFetchBytes)), partition_fetch);
  memory.hot_partitions = std::max<int64_t>(memory.share_bytes / (queue + partition_fetch), 1);
  // librdkafka wants fetch.max.bytes to be at least this, which means nothing else to a consumer; 1 MB by default.
  const int64_t largest = std::clamp<int64_t>(NumberOr(user, "fetch.max.bytes", kMiB), kLeastMessage, 1'000'000);
  memory.properties = {
      {"message.max.bytes", std::to_string(largest)},
      {"queued.max.messages.kbytes", std::to_string(queue / kKiB)},
      {"queued.min.messages", std::to_string(kQueuedMessages)},
      {"fetch.message.max.bytes", std::to_string(partition_fetch)},
      {"fetch.max.bytes", std::to_string(fetch)},
      // The largest record that the budget allows still arrives.
      {"receive.message.max.bytes", std::to_string(std::max<int64_t>(whole / 8, 0) + fetch + 2 * kMiB)},
      {"fetch.queue.backoff.ms", "2"},
      // How long the broker holds back an answer without data; a fetch for a partition that is just started waits for
      // it, and an idle query pays for every answer: at 20 ms that was 1% of a core. Of many partitions only those are
      // started that a task reads, so that there is no idle polling to save.
      {"fetch.wait.max.ms", wide ? "2" : "50"},
  };
  return memory;
}

}  // namespace sluice
