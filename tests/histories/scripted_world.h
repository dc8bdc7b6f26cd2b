// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/memory_budget.h"
#include "base/thread_pool.h"
#include "connectors/kafka/scripted_consumer.h"
#include "env/faulty_file_system.h"
#include "history.h"
#include "spark_writer.h"
#include "streaming/query_manager.h"
#include "table_oracle.h"
#include "window_oracle.h"

namespace sluice {

// Carries out a history: Kafka is scripted, files are in memory, time is a manual clock, and a process is a
// QueryManager that dies. One task at a time, so that a seed gives the same calls in the same order every time.
class ScriptedWorld {
 public:
  explicit ScriptedWorld(HistoryPlan plan);
  void Do(const Step& step);
  // Processes what is left, without faults, and judges.
  void Finish();
  const std::vector<std::string>& wrong() const { return oracle_.wrong().empty() ? wrong_ : oracle_.wrong(); }
  // Every call through the seams so far: the same for the same seed.
  const std::vector<std::string>& calls() const { return calls_; }
  int64_t runs() const { return runs_; }
  int64_t faults() const { return faults_; }

 private:
  QuerySpec Spec(TriggerKind trigger) const;
  void Produce(int32_t partition, int64_t count);
  // What this history's query does to the records, and the settings it needs.
  void GiveState(QuerySpec* spec) const;
  void RunSluice(const Step& step);
  Status RunProcess(const Step& step);
  void RunSpark(SparkReach reach);
  void PlanFault(const HistoryFault& fault);

  const HistoryPlan plan_;
  const std::shared_ptr<ManualClock> clock_;
  const std::shared_ptr<FileSystem> disk_;
  const std::shared_ptr<FaultPlan> file_plan_, kafka_plan_;
  const std::shared_ptr<Env> env_;  // Sluice's, through the faults
  const std::shared_ptr<ScriptedConsumer> kafka_;
  const std::shared_ptr<KafkaConsumer> faulty_kafka_;
  MemoryBudget budget_{128 << 20};
  ThreadPool tasks_{1};
  std::map<std::string, std::string> options_, conf_;
  Produced produced_;
  PartitionOffsets ends_;
  SparkWriter spark_;
  TableOracle oracle_;
  WindowOracle windows_;
  bool foreign_orphans_ = false;
  std::vector<std::string> wrong_, calls_;
  int64_t runs_ = 0, faults_ = 0;
};

}  // namespace sluice
