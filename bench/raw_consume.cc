// SPDX-License-Identifier: Apache-2.0
// raw_consume TOPIC PARTITIONS RECORDS key=value...   reads every record and drops it: what no engine can go below.
#include <atomic>
#include <cstdio>
#include <string>
#include <thread>
#include <vector>

#include "kafka_topic.h"

int main(int argc, char** argv) {
  bench::Require(argc >= 4, "raw_consume TOPIC PARTITIONS RECORDS key=value...");
  const int partitions = std::atoi(argv[2]);
  const int64_t records = std::atoll(argv[3]);
  std::atomic<int64_t> bytes{0};
  std::vector<std::thread> threads;
  for (int partition = 0; partition < partitions; ++partition) {
    threads.emplace_back([&, partition] {
      int64_t seen = 0;
      bench::ConsumePartition({argv + 4, argv + argc}, argv[1], partition,
                              records / partitions + (partition < records % partitions ? 1 : 0),
                              [&seen](const rd_kafka_message_t& message) { seen += message.len; });
      bytes += seen;
    });
  }
  for (std::thread& thread : threads) thread.join();
  std::printf("{\"bytes\": %lld}\n", static_cast<long long>(bytes.load()));
}
