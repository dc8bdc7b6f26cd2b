// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <deque>
#include <functional>
#include <future>
#include <utility>
#include <vector>

#include "base/status.h"
#include "checkpoint/sink_log_entry.h"

namespace sluice {

// Publishes the files of one task, some of them side by side: to sync a file, or to put it to S3, is mostly waiting.
// One thread at a time.
class FilePublisher {
 public:
  // Publishes one file and says how the sink log names it.
  using Publish = std::function<Result<SinkLogEntry>()>;

  // `side_by_side` false: each is published by Start itself, on the caller's thread.
  explicit FilePublisher(bool side_by_side) : side_by_side_(side_by_side) {}
  // Waits for what was started.
  ~FilePublisher();
  FilePublisher(const FilePublisher&) = delete;
  FilePublisher& operator=(const FilePublisher&) = delete;

  void Start(Publish publish);
  // Waits until at most `most` are under way. Fails with the first failure of all so far; then the others, too, have
  // ended.
  Status Await(size_t most);
  size_t under_way() const { return under_way_.size(); }
  // What was published, in the order of Start.
  std::vector<SinkLogEntry> TakeEntries() { return std::move(entries_); }

 private:
  const bool side_by_side_;
  std::deque<std::future<Result<SinkLogEntry>>> under_way_;
  std::vector<SinkLogEntry> entries_;
};

}  // namespace sluice
