// SPDX-License-Identifier: Apache-2.0
#include "connectors/kafka/demo_feeder.h"

#include "connectors/kafka/offset_json.h"
#include "connectors/kafka/review_generator.h"

namespace sluice {
namespace {

constexpr int64_t kWindowBytes = 5 << 19;  // half of what the broker keeps a partition
constexpr int64_t kRecordOverhead = 64;    // at most, in the broker's log
constexpr int64_t kFlushEvery = 1000;      // records that may wait for delivery

}  // namespace

DemoFeeder::DemoFeeder(EmbeddedBroker* broker, std::string topic, int partitions, uint64_t seed)
    : broker_(broker), topic_(std::move(topic)), seed_(seed), windows_(partitions) {}

DemoFeeder::~DemoFeeder() {
  (void)Stop();
}

void DemoFeeder::Start(int64_t n) {
  thread_ = std::thread([this, n] { Run(n); });
}

bool DemoFeeder::HasRoom(int partition) const {
  return windows_[partition].bytes < kWindowBytes;
}

void DemoFeeder::Run(int64_t n) {
  const Status fed = Feed(n);
  std::lock_guard lock(mutex_);
  status_ = fed;
  window_is_fed_ = true;
  changed_.notify_all();
}

Status DemoFeeder::Feed(int64_t n) {
  std::string line;
  for (int64_t i = 0; i < n; ++i) {
    const int partition = static_cast<int>(i % static_cast<int64_t>(windows_.size()));
    line.clear();
    AppendReviewLine(seed_, static_cast<uint64_t>(i), &line);
    {
      std::unique_lock lock(mutex_);
      if (!HasRoom(partition)) {
        window_is_fed_ = true;
        changed_.notify_all();
      }
      changed_.wait(lock, [&] { return stop_ || HasRoom(partition); });
      if (stop_) return Status::OK();
      Window& window = windows_[partition];
      window.sizes.push_back(static_cast<int32_t>(line.size() + kRecordOverhead));
      window.bytes += window.sizes.back();
      fed_ = i + 1;
    }
    SLUICE_RETURN_IF_ERROR(broker_->Produce(topic_, partition, line));
    // Serves delivery reports, and shows a dead broker early.
    if (i % kFlushEvery == kFlushEvery - 1) SLUICE_RETURN_IF_ERROR(broker_->producer()->Poll(0));
  }
  return broker_->Flush();
}

Status DemoFeeder::AwaitWindow() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] { return window_is_fed_; });
  return status_;
}

Status DemoFeeder::OnCommitted(const std::string& offsets) {
  SLUICE_ASSIGN(const PartitionOffsets committed, ParseOffsets(offsets, "The committed offset"));
  std::lock_guard lock(mutex_);
  for (size_t partition = 0; partition < windows_.size(); ++partition) {
    const auto found = committed.find({topic_, static_cast<int32_t>(partition)});
    if (found == committed.end()) continue;
    Window& window = windows_[partition];
    for (; window.committed < found->second && !window.sizes.empty(); ++window.committed) {
      window.bytes -= window.sizes.front();
      window.sizes.pop_front();
    }
  }
  changed_.notify_all();
  return status_;
}

Status DemoFeeder::Stop() {
  {
    std::lock_guard lock(mutex_);
    stop_ = true;
  }
  changed_.notify_all();
  if (thread_.joinable()) thread_.join();
  std::lock_guard lock(mutex_);
  return status_;
}

int64_t DemoFeeder::fed() const {
  std::lock_guard lock(mutex_);
  return fed_;
}

}  // namespace sluice
