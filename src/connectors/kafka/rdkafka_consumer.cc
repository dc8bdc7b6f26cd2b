// SPDX-License-Identifier: Apache-2.0
#include "connectors/kafka/rdkafka_consumer.h"

#include <list>
#include <map>
#include <mutex>

#include "base/memory_budget.h"
#include "base/spark_error.h"
#include "connectors/kafka/fetch_memory.h"
#include "connectors/kafka/rdkafka_client.h"
#include "connectors/kafka/rdkafka_metadata.h"
#include "connectors/kafka/rdkafka_offset_group.h"
#include "connectors/kafka/rdkafka_stream.h"

namespace sluice {
namespace {

using Properties = std::map<std::string, std::string>;

// librdkafka's own defaults differ from the Java client's in these; see also fetch_memory.cc.
const Properties kAlways = {{"auto.offset.reset", "error"},
                            {"enable.auto.commit", "false"},
                            {"enable.auto.offset.store", "false"},
                            {"enable.partition.eof", "true"},
                            {"log.connection.close", "false"}};
const Properties kUnlessSet = {{"check.crcs", "true"},
                               {"client.id", "sluice"},
                               {"reconnect.backoff.max.ms", "1000"},
                               {"socket.connection.setup.timeout.ms", "10000"},
                               {"socket.nagle.disable", "true"}};

class RdKafkaConsumer;

// The use of one stream by one task.
class RdKafkaFetch : public PartitionFetch {
 public:
  RdKafkaFetch(std::shared_ptr<RdKafkaConsumer> owner, RdKafkaStream* stream)
      : owner_(std::move(owner)), stream_(stream) {}
  ~RdKafkaFetch() override;
  Result<FetchStep> Peek(int timeout_ms) override {
    auto step = stream_->Peek(timeout_ms);
    // What ended in an error is not gone on with.
    broken_ = !step.ok() || step->event == FetchEvent::kOutOfRange;
    return step;
  }
  void Pop() override { stream_->Pop(); }
  Status Seek(int64_t offset) override {
    SLUICE_RETURN_IF_ERROR(stream_->Start(offset));
    broken_ = false;
    return Status::OK();
  }
  Status ReadHeaders(const KafkaRecord& record, std::vector<KafkaHeader>* headers) override {
    return stream_->ReadHeaders(record, headers);
  }
  void Interrupt() override { stream_->Interrupt(); }

 private:
  std::shared_ptr<RdKafkaConsumer> owner_;
  RdKafkaStream* stream_;
  bool broken_ = false;
};

// One librdkafka instance reads a partition at one place only. When several tasks read different pieces of one
// partition at once (minPartitions), each further one gets an instance of its own; they are kept and used again.
class RdKafkaConsumer : public KafkaConsumer, public std::enable_shared_from_this<RdKafkaConsumer> {
 public:
  // The share of `memory` has been taken from `budget`.
  RdKafkaConsumer(ClientConfig config, FetchMemory memory, MemoryBudget* budget)
      : config_(std::move(config)), memory_(std::move(memory)), budget_(budget) {}

  ~RdKafkaConsumer() override {
    members_.clear();
    if (budget_ != nullptr) budget_->GiveStanding(memory_.share_bytes);
  }

  // The instance for questions; it fetches as well, unless there turn out to be many partitions.
  Status Connect() {
    SLUICE_RETURN_IF_ERROR(AddMember());
    first_ = members_.front().client.get();
    return Status::OK();
  }

  Result<std::vector<TopicPartition>> ListPartitions(const TopicChoice& choice) override {
    SLUICE_ASSIGN(auto partitions, FindPartitions(first_, choice, config_.api_timeout_ms));
    std::lock_guard lock(mutex_);
    partition_count_ = static_cast<int64_t>(partitions.size());
    return partitions;
  }

  Result<PartitionOffsets> ListOffsets(const PartitionOffsets& asked) override {
    return FindOffsets(first_, asked, config_.read_committed, config_.api_timeout_ms);
  }

  Result<std::unique_ptr<PartitionFetch>> OpenFetch(const TopicPartition& partition, int64_t offset) override {
    std::lock_guard lock(mutex_);
    SLUICE_RETURN_IF_ERROR(FitMemory());
    SLUICE_ASSIGN(Slot * slot, FindSlot(partition, offset));
    if (!slot->stream->started() || slot->stream->position() != offset) {
      const Status started = slot->stream->Start(offset);
      if (!started.ok()) {
        slot->in_use = false;
        return started;
      }
    }
    return std::make_unique<RdKafkaFetch>(shared_from_this(), slot->stream.get());
  }

  std::unique_ptr<OffsetGroup> OpenGroup(const std::string& group) override {
    return std::make_unique<RdKafkaOffsetGroup>(first_->handle(), group);
  }

  void Return(RdKafkaStream* stream, bool broken) {
    std::lock_guard lock(mutex_);
    for (Member& member : members_) {
      const auto slot = member.slots.find(stream->partition());
      if (slot == member.slots.end() || slot->second.stream.get() != stream) continue;
      slot->second.in_use = false;
      // With many partitions none stays started: an idle one's long poll would hold up the others' fetches. Nor does
      // one with large records, since each idle one would hold the next of them.
      if (broken || shrunk_ || stream->has_large_records()) stream->Stop();
    }
  }

 private:
  struct Slot {
    std::unique_ptr<RdKafkaStream> stream;
    bool in_use = false;
    int64_t last_used = 0;
  };
  struct Member {
    std::unique_ptr<RdKafkaClient> client;
    bool fetches = true;
    std::map<TopicPartition, Slot> slots;  // destroyed before the client
  };

  Status AddMember() {
    Properties properties = config_.properties;
    properties.insert(memory_.properties.begin(), memory_.properties.end());
    Member member;
    SLUICE_ASSIGN(member.client, RdKafkaClient::Make(RD_KAFKA_CONSUMER, properties));
    members_.push_back(std::move(member));
    return Status::OK();
  }

  // librdkafka's buffers cannot be changed later: with more partitions than can stay started, fetching moves once to an
  // instance with smaller ones.
  Status FitMemory() {
    if (partition_count_ <= memory_.hot_partitions || shrunk_) return Status::OK();
    shrunk_ = true;
    const int64_t limit = budget_ == nullptr ? 0 : budget_->limit();
    memory_ = PlanFetchMemory(memory_.share_bytes, limit, config_.properties, partition_count_);
    for (Member& member : members_) {
      member.fetches = false;
      for (auto& [tp, slot] : member.slots) {
        if (!slot.in_use) slot.stream->Stop();
      }
    }
    return AddMember();
  }

  // A slot for the partition, marked as in use: best one that stands at `offset` already.
  Result<Slot*> FindSlot(const TopicPartition& partition, int64_t offset) {
    Slot* idle = nullptr;
    Member* without = nullptr;
    for (Member& member : members_) {
      if (!member.fetches) continue;
      const auto found = member.slots.find(partition);
      if (found == member.slots.end()) {
        if (without == nullptr) without = &member;
        continue;
      }
      Slot& slot = found->second;
      if (slot.in_use) continue;
      if (slot.stream->started() && slot.stream->position() == offset) return Use(&slot);
      if (idle == nullptr) idle = &slot;
    }
    if (idle != nullptr && idle->stream->started()) return Use(idle);
    StopIdleBeyondLimit();
    if (idle != nullptr) return Use(idle);
    if (without == nullptr) {
      SLUICE_RETURN_IF_ERROR(AddMember());
      without = &members_.back();
    }
    Slot& slot = without->slots[partition];
    slot.stream = std::make_unique<RdKafkaStream>(without->client.get(), partition);
    return Use(&slot);
  }

  Slot* Use(Slot* slot) {
    slot->in_use = true;
    slot->last_used = ++uses_;
    return slot;
  }

  // Makes room for one more started partition by stopping the idle ones that were used longest ago.
  void StopIdleBeyondLimit() {
    for (;;) {
      int64_t started = 0;
      Slot* oldest = nullptr;
      for (Member& member : members_) {
        for (auto& [tp, slot] : member.slots) {
          if (!slot.stream->started()) continue;
          ++started;
          if (!slot.in_use && (oldest == nullptr || slot.last_used < oldest->last_used)) oldest = &slot;
        }
      }
      if (started < memory_.hot_partitions || oldest == nullptr) return;
      oldest->stream->Stop();
    }
  }

  ClientConfig config_;
  FetchMemory memory_;
  MemoryBudget* budget_;
  std::mutex mutex_;
  std::list<Member> members_;
  RdKafkaClient* first_ = nullptr;  // for questions about topics and offsets
  int64_t partition_count_ = 0;
  bool shrunk_ = false;
  int64_t uses_ = 0;
};

RdKafkaFetch::~RdKafkaFetch() {
  owner_->Return(stream_, broken_);
}

}  // namespace

Result<std::shared_ptr<KafkaConsumer>> MakeRdKafkaConsumer(ClientConfig config, MemoryBudget* budget) {
  const int64_t limit = budget == nullptr ? 0 : budget->limit();
  int64_t share = WantedFetchShare(limit);
  if (budget != nullptr) {
    SLUICE_ASSIGN(share, budget->TakeStanding(share, kLeastFetchShare));
  }
  FetchMemory memory = PlanFetchMemory(share, limit, config.properties, 1);
  config.properties.insert(kUnlessSet.begin(), kUnlessSet.end());
  for (const auto& [name, value] : kAlways) config.properties[name] = value;
  auto consumer = std::make_shared<RdKafkaConsumer>(std::move(config), std::move(memory), budget);
  SLUICE_RETURN_IF_ERROR(consumer->Connect());
  return consumer;
}

}  // namespace sluice
