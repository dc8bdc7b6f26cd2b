// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstdint>

namespace sluice {

// What is counted for the whole process, where it arises. Thread-safe.
struct ProcessMetrics {
  std::atomic<int64_t> s3_retries{0};              // requests to S3 that were sent again
  std::atomic<int64_t> kafka_errors{0};            // errors that the Kafka client reported, passing ones included
  std::atomic<int64_t> kafka_data_losses{0};       // that failOnDataLoss=false passed over
  std::atomic<int64_t> group_commit_failures{0};   // offsets that a consumer group did not take
  std::atomic<int64_t> credentials_fetched_ms{0};  // since 1970; 0: none were fetched
  std::atomic<int64_t> credentials_expire_ms{0};   // 0: never, or their source does not tell
};

ProcessMetrics& TheProcessMetrics();

}  // namespace sluice
