// SPDX-License-Identifier: Apache-2.0
#include "connectors/file/file_publisher.h"

#include <system_error>
#include <utility>

#include "base/log_context.h"

namespace sluice {

FilePublisher::~FilePublisher() {
  for (auto& publishing : under_way_) publishing.wait();
}

void FilePublisher::Start(Publish publish) {
  if (side_by_side_) {
    const auto run = [publish, about = CurrentLogContext()] {
      const ScopedLogContext scope(about);
      return publish();
    };
    try {
      under_way_.push_back(std::async(std::launch::async, run));
      return;
    } catch (const std::system_error&) {
      // The system gives no thread: then by this one.
    }
  }
  std::promise<Result<PublishedFile>> done;
  done.set_value(publish());
  under_way_.push_back(done.get_future());
}

Status FilePublisher::Await(size_t most) {
  Status failure;
  while (!under_way_.empty() && (under_way_.size() > most || !failure.ok())) {
    auto oldest = std::move(under_way_.front());
    under_way_.pop_front();
    Result<PublishedFile> file = oldest.get();
    if (file.ok()) {
      files_.push_back(*std::move(file));
    } else if (failure.ok()) {
      failure = file.status();
    }
  }
  return failure;
}

}  // namespace sluice
