// SPDX-License-Identifier: Apache-2.0
#include "connectors/kafka/scripted_consumer.h"

#include <algorithm>

#include "base/spark_error.h"
#include "connectors/kafka/topic_pattern.h"

namespace sluice {

class ScriptedConsumer::Fetch : public PartitionFetch {
 public:
  Fetch(std::shared_ptr<ScriptedConsumer> owner, TopicPartition partition, int64_t offset)
      : owner_(std::move(owner)), partition_(std::move(partition)), at_(offset) {}

  Result<FetchStep> Peek(int timeout_ms) override {
    SLUICE_RETURN_IF_ERROR(owner_->Called("Peek"));
    FetchStep step = Look();
    // The end of the partition is told once, as by a broker; after that there is only waiting.
    if (step.event == FetchEvent::kEnd && step.position == told_end_) step.event = FetchEvent::kNothing;
    if (step.event == FetchEvent::kEnd) told_end_ = step.position;
    if (step.event == FetchEvent::kNothing && owner_->on_wait) owner_->on_wait(timeout_ms);
    return step;
  }

  void Pop() override {
    at_ = front_offset_ + 1;
    front_.reset();
  }

  Status Seek(int64_t offset) override {
    SLUICE_RETURN_IF_ERROR(owner_->Called("Seek"));
    at_ = offset;
    told_end_ = -1;
    return Status::OK();
  }

  Status ReadHeaders(const KafkaRecord& record, std::vector<KafkaHeader>* headers) override {
    headers->clear();
    for (const auto& [key, value] : static_cast<const Record*>(record.handle)->headers) {
      headers->push_back({key, value ? value->data() : nullptr, value ? value->size() : 0});
    }
    return Status::OK();
  }

  void Interrupt() override {}

 private:
  FetchStep Look() {
    std::lock_guard lock(owner_->mutex_);
    FetchStep step;
    const auto found = owner_->partitions_.find(partition_);
    if (found == owner_->partitions_.end()) return step;
    const Partition& partition = found->second;
    if (at_ < partition.begin || at_ > partition.end) {
      step.event = FetchEvent::kOutOfRange;
      return step;
    }
    const auto next = partition.records.lower_bound(at_);
    if (next == partition.records.end()) {
      step.event = FetchEvent::kEnd;
      step.position = partition.end;
      return step;
    }
    for (const auto& [begin, end] : partition.unreadable) {
      if (next->first < begin || at_ >= end) continue;
      step.event = FetchEvent::kUnreadable;
      step.position = begin;
      step.error = EnvironmentError("SLUICE_KAFKA.CANNOT_UNPACK", "The batch cannot be unpacked.");
      return step;
    }
    front_ = next->second;
    front_offset_ = next->first;
    step.event = FetchEvent::kRecord;
    step.record = {front_offset_, front_->timestamp_ms, 0, nullptr, 0, nullptr, 0, front_.get()};
    if (front_->key) step.record.key = front_->key->data(), step.record.key_size = front_->key->size();
    if (front_->value) step.record.value = front_->value->data(), step.record.value_size = front_->value->size();
    return step;
  }

  std::shared_ptr<ScriptedConsumer> owner_;
  TopicPartition partition_;
  int64_t at_;
  int64_t told_end_ = -1;
  std::shared_ptr<const Record> front_;
  int64_t front_offset_ = 0;
};

Status ScriptedConsumer::Called(const std::string& call) {
  return on_call ? on_call(call) : Status::OK();
}

void ScriptedConsumer::AddPartition(const TopicPartition& partition, int64_t first_offset) {
  std::lock_guard lock(mutex_);
  partitions_[partition] = Partition{first_offset, first_offset, {}};
}

void ScriptedConsumer::DropPartition(const TopicPartition& partition) {
  std::lock_guard lock(mutex_);
  partitions_.erase(partition);
}

int64_t ScriptedConsumer::Append(const TopicPartition& partition, Record record) {
  std::lock_guard lock(mutex_);
  Partition& target = partitions_[partition];
  target.records[target.end] = std::make_shared<const Record>(std::move(record));
  return target.end++;
}

int64_t ScriptedConsumer::Append(const TopicPartition& partition, const std::string& value) {
  Record record;
  record.value = value;
  return Append(partition, std::move(record));
}

void ScriptedConsumer::AppendInvisible(const TopicPartition& partition, int64_t count) {
  std::lock_guard lock(mutex_);
  partitions_[partition].end += count;
}

void ScriptedConsumer::DeleteBefore(const TopicPartition& partition, int64_t offset) {
  std::lock_guard lock(mutex_);
  Partition& target = partitions_[partition];
  target.records.erase(target.records.begin(), target.records.lower_bound(offset));
  target.begin = offset;
  target.end = std::max(target.end, offset);
}

void ScriptedConsumer::MakeUnreadable(const TopicPartition& partition, int64_t begin, int64_t end) {
  std::lock_guard lock(mutex_);
  partitions_[partition].unreadable.emplace_back(begin, end);
}

void ScriptedConsumer::Truncate(const TopicPartition& partition, int64_t offset) {
  std::lock_guard lock(mutex_);
  Partition& target = partitions_[partition];
  target.records.erase(target.records.lower_bound(offset), target.records.end());
  target.end = offset;
  target.begin = std::min(target.begin, offset);
}

void ScriptedConsumer::PushLatest(PartitionOffsets answer) {
  std::lock_guard lock(mutex_);
  latest_answers_.push_back(std::move(answer));
}

void ScriptedConsumer::PushPartitions(std::vector<TopicPartition> answer) {
  std::lock_guard lock(mutex_);
  partition_answers_.push_back(std::move(answer));
}

int ScriptedConsumer::opened_fetches() const {
  std::lock_guard lock(mutex_);
  return opened_fetches_;
}

Result<std::vector<TopicPartition>> ScriptedConsumer::ListPartitions(const TopicChoice& choice) {
  SLUICE_RETURN_IF_ERROR(Called("ListPartitions"));
  std::unique_ptr<TopicPattern> pattern;
  if (!choice.pattern.empty()) {
    SLUICE_ASSIGN(pattern, TopicPattern::Compile(choice.pattern));
  }
  std::lock_guard lock(mutex_);
  if (!partition_answers_.empty()) {
    auto answer = std::move(partition_answers_.front());
    partition_answers_.pop_front();
    return answer;
  }
  std::vector<TopicPartition> chosen;
  const auto holds = [](const auto& list, const auto& item) {
    return std::find(list.begin(), list.end(), item) != list.end();
  };
  for (const auto& [tp, partition] : partitions_) {
    if (holds(choice.topics, tp.topic) || holds(choice.assignment, tp) || (pattern && pattern->Matches(tp.topic))) {
      chosen.push_back(tp);
    }
  }
  return chosen;
}

Result<PartitionOffsets> ScriptedConsumer::ListOffsets(const PartitionOffsets& asked) {
  SLUICE_RETURN_IF_ERROR(Called("ListOffsets"));
  std::lock_guard lock(mutex_);
  if (!asked.empty() && asked.begin()->second == kLatestOffset && !latest_answers_.empty()) {
    auto answer = std::move(latest_answers_.front());
    latest_answers_.pop_front();
    return answer;
  }
  PartitionOffsets answer;
  for (const auto& [tp, what] : asked) {
    const auto found = partitions_.find(tp);
    if (found == partitions_.end()) continue;
    const Partition& partition = found->second;
    int64_t offset = what == kEarliestOffset ? partition.begin : partition.end;
    if (what >= 0) {
      offset = -1;
      for (const auto& [at, record] : partition.records) {
        if (record->timestamp_ms < what) continue;
        offset = at;
        break;
      }
    }
    answer[tp] = offset;
  }
  return answer;
}

Result<std::unique_ptr<PartitionFetch>> ScriptedConsumer::OpenFetch(const TopicPartition& partition, int64_t offset) {
  SLUICE_RETURN_IF_ERROR(Called("OpenFetch"));
  {
    std::lock_guard lock(mutex_);
    ++opened_fetches_;
  }
  return std::make_unique<Fetch>(shared_from_this(), partition, offset);
}

class ScriptedConsumer::Group : public OffsetGroup {
 public:
  Group(ScriptedConsumer* owner, std::string group) : owner_(owner), group_(std::move(group)) {}
  void Commit(const PartitionOffsets& next) override {
    std::lock_guard lock(owner_->mutex_);
    owner_->groups_[group_] = next;
  }

 private:
  ScriptedConsumer* const owner_;
  const std::string group_;
};

std::unique_ptr<OffsetGroup> ScriptedConsumer::OpenGroup(const std::string& group) {
  return std::make_unique<Group>(this, group);
}

PartitionOffsets ScriptedConsumer::GroupOffsets(const std::string& group) const {
  std::lock_guard lock(mutex_);
  const auto found = groups_.find(group);
  return found == groups_.end() ? PartitionOffsets() : found->second;
}

}  // namespace sluice
