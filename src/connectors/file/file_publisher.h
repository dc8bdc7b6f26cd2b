// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <future>
#include <string>
#include <utility>
#include <vector>

#include "base/status.h"

namespace sluice {

// A data file that stands under its name.
struct PublishedFile {
  std::string path;  // in its file system
  int64_t size = 0;
  int64_t rows = 0;
  int64_t modified_ms = 0;
};

// Publishes the files of one task, some of them side by side: to sync a file, or to put it to S3, is mostly waiting.
// One thread at a time.
class FilePublisher {
 public:
  // Publishes one file and says what stands there.
  using Publish = std::function<Result<PublishedFile>()>;

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
  std::vector<PublishedFile> TakeFiles() { return std::move(files_); }

 private:
  const bool side_by_side_;
  std::deque<std::future<Result<PublishedFile>>> under_way_;
  std::vector<PublishedFile> files_;
};

}  // namespace sluice
