// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "base/status.h"
#include "connectors/kafka/embedded_broker.h"

namespace sluice {

// Feeds generated reviews into a topic of an embedded broker, on a thread of its own. The broker keeps only 5 MiB a
// partition, so the feeder stays within a window of bytes ahead of what the query has committed: any number of records
// goes through.
class DemoFeeder {
 public:
  // The topic, with its partitions, must be there. The broker outlives the feeder.
  DemoFeeder(EmbeddedBroker* broker, std::string topic, int partitions, uint64_t seed);
  ~DemoFeeder();
  // Once: feeds records 0 to n-1; record i goes to partition i % partitions.
  void Start(int64_t n);
  // Waits until the broker has every record, or the window is full. Where all records fit the window, a query that
  // starts now finds the same in each run, and cuts the same batches. The feeder's error, if it had one.
  Status AwaitWindow();
  // Tells what is committed: offsets as in the checkpoint, {"topic":{"0":23}}. Any thread.
  Status OnCommitted(const std::string& offsets);
  // Ends the thread; its error, if it had one.
  Status Stop();
  int64_t fed() const;

 private:
  void Run(int64_t n);
  Status Feed(int64_t n);
  bool HasRoom(int partition) const;

  EmbeddedBroker* broker_;
  std::string topic_;
  uint64_t seed_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  struct Window {
    std::deque<int32_t> sizes;  // of the records not yet committed
    int64_t bytes = 0;
    int64_t committed = 0;  // offset of the first of them
  };
  std::vector<Window> windows_;
  int64_t fed_ = 0;
  bool window_is_fed_ = false;  // the thread waits for commits, or has ended
  bool stop_ = false;
  Status status_;
  std::thread thread_;
};

}  // namespace sluice
