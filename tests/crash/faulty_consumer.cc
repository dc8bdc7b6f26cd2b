// SPDX-License-Identifier: Apache-2.0
#include "faulty_consumer.h"

#include <fmt/format.h>

namespace sluice {
namespace {

class FaultyFetch : public PartitionFetch {
 public:
  FaultyFetch(std::shared_ptr<FaultPlan> plan, std::unique_ptr<PartitionFetch> base, std::string name)
      : plan_(std::move(plan)), base_(std::move(base)), name_(std::move(name)) {}

  Result<FetchStep> Peek(int timeout_ms) override {
    return plan_->Run("Peek", name_, [&] { return base_->Peek(timeout_ms); });
  }
  void Pop() override { base_->Pop(); }
  Status Seek(int64_t offset) override {
    return plan_->Run("Seek", name_, [&] { return base_->Seek(offset); });
  }
  Status ReadHeaders(const KafkaRecord& record, std::vector<KafkaHeader>* headers) override {
    return plan_->Run("ReadHeaders", name_, [&] { return base_->ReadHeaders(record, headers); });
  }
  void Interrupt() override { base_->Interrupt(); }

 private:
  const std::shared_ptr<FaultPlan> plan_;
  const std::unique_ptr<PartitionFetch> base_;
  const std::string name_;
};

class FaultyConsumer : public KafkaConsumer {
 public:
  FaultyConsumer(std::shared_ptr<KafkaConsumer> base, std::shared_ptr<FaultPlan> plan)
      : base_(std::move(base)), plan_(std::move(plan)) {}

  Result<std::vector<TopicPartition>> ListPartitions(const TopicChoice& choice) override {
    return plan_->Run("ListPartitions", "", [&] { return base_->ListPartitions(choice); });
  }
  Result<PartitionOffsets> ListOffsets(const PartitionOffsets& asked) override {
    return plan_->Run("ListOffsets", "", [&] { return base_->ListOffsets(asked); });
  }
  Result<std::unique_ptr<PartitionFetch>> OpenFetch(const TopicPartition& partition, int64_t offset) override {
    const std::string name = fmt::format("{}-{}", partition.topic, partition.partition);
    return plan_->Run("OpenFetch", name, [&]() -> Result<std::unique_ptr<PartitionFetch>> {
      SLUICE_ASSIGN(auto fetch, base_->OpenFetch(partition, offset));
      return std::make_unique<FaultyFetch>(plan_, std::move(fetch), name);
    });
  }

 private:
  const std::shared_ptr<KafkaConsumer> base_;
  const std::shared_ptr<FaultPlan> plan_;
};

}  // namespace

std::shared_ptr<KafkaConsumer> MakeFaultyConsumer(std::shared_ptr<KafkaConsumer> base,
                                                  std::shared_ptr<FaultPlan> plan) {
  return std::make_shared<FaultyConsumer>(std::move(base), std::move(plan));
}

}  // namespace sluice
