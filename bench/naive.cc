// SPDX-License-Identifier: Apache-2.0
// naive OUT_FOLDER TOPIC PARTITIONS RECORDS key=value...   the loop one would write by hand: librdkafka, Arrow
// builders, Parquet writer. No offsets kept, no fsync, nothing exactly once.
#include <string>
#include <thread>
#include <vector>

#include "review_table.h"

int main(int argc, char** argv) {
  bench::Require(argc >= 5, "naive OUT_FOLDER TOPIC PARTITIONS RECORDS key=value...");
  const std::string folder = argv[1];
  const int partitions = std::atoi(argv[3]);
  const int64_t records = std::atoll(argv[4]);
  std::vector<std::thread> threads;
  for (int partition = 0; partition < partitions; ++partition) {
    threads.emplace_back([&, partition] {
      bench::ReviewTable table;
      bench::ConsumePartition({argv + 5, argv + argc}, argv[2], partition,
                              records / partitions + (partition < records % partitions ? 1 : 0),
                              [&table](const rd_kafka_message_t& message) {
                                table.Append(static_cast<const char*>(message.payload), message.len);
                              });
      bench::WriteParquet(*table.Finish(), folder + "/part-" + std::to_string(partition) + ".snappy.parquet");
    });
  }
  for (std::thread& thread : threads) thread.join();
}
