// SPDX-License-Identifier: Apache-2.0
#include "scripted_world.h"

#include <arrow/type.h>
#include <fmt/format.h>

#include <mutex>

#include "base/spark_error.h"
#include "connectors/kafka/rdkafka_consumer.h"
#include "connectors/registry.h"
#include "faulty_consumer.h"
#include "streaming/stateful_script.h"

namespace sluice {

// The linker (--wrap) leads the Kafka connector here: it gets the consumer of the world that runs.
namespace {
std::shared_ptr<KafkaConsumer> current_consumer;
}  // namespace

Result<std::shared_ptr<KafkaConsumer>> ScriptedKafka(ClientConfig config, MemoryBudget* budget) asm(
    "__wrap__ZN6sluice19MakeRdKafkaConsumerENS_12ClientConfigEPNS_12MemoryBudgetE");
Result<std::shared_ptr<KafkaConsumer>> ScriptedKafka(ClientConfig, MemoryBudget*) {
  return current_consumer;
}

namespace {

constexpr char kTopic[] = "t";
constexpr char kCheckpoint[] = "/checkpoint";
constexpr char kTable[] = "/table";

}  // namespace

ScriptedWorld::ScriptedWorld(HistoryPlan plan)
    : plan_(plan),
      clock_(std::make_shared<ManualClock>(1'700'000'000'000)),
      disk_(MakeMemoryFileSystem()),
      file_plan_(std::make_shared<FaultPlan>()),
      kafka_plan_(std::make_shared<FaultPlan>()),
      env_(MakeTestEnv(clock_, std::make_shared<FaultyFileSystem>(disk_, file_plan_))),
      kafka_(std::make_shared<ScriptedConsumer>()),
      faulty_kafka_(MakeFaultyConsumer(kafka_, kafka_plan_)),
      spark_(MakeTestEnv(clock_, disk_), kCheckpoint, kTable),
      oracle_(disk_, kCheckpoint, kTable),
      windows_(disk_, kCheckpoint) {
  for (int32_t partition = 0; partition < 2; ++partition) {
    kafka_->AddPartition({kTopic, partition});
    ends_[{kTopic, partition}] = 0;
  }
}

QuerySpec ScriptedWorld::Spec(TriggerKind trigger) const {
  ScanSpec source;
  source.format = "kafka";
  source.options = options_;
  source.options.insert({{"kafka.bootstrap.servers", "scripted:9092"},
                         {"subscribe", kTopic},
                         {"startingOffsets", "earliest"},
                         {"fetchOffset.retryIntervalMs", "0"}});
  source.streaming = true;
  source.columns = {0, 1, 2, 3, 4, 5, 6};
  SourceContext context;
  context.env = env_;
  context.options = Options(source.options);
  const auto schema = FindConnector("kafka").ValueOrDie()->schema(context, true).ValueOrDie();
  QuerySpec spec;
  spec.plan = MakeNode(plan::Scan{std::move(source)}, {}, schema);
  spec.sink_format = "parquet";
  spec.sink_path = kTable;
  spec.checkpoint = kCheckpoint;
  spec.trigger = QueryTrigger{trigger, 0};
  for (const auto& [key, value] : conf_) {
    if (const Status set = spec.conf.Set(key, value); !set.ok()) std::abort();
  }
  if (plan_ == HistoryPlan::kCount) GiveState(&spec);
  return spec;
}

void ScriptedWorld::GiveState(QuerySpec* spec) const {
  spec->plan = CountByWindow(spec->plan, /*time=*/5, /*key=*/3, kDelayMs, kWindowMs);
  const auto set = [&](const std::string& key, const std::string& value) {
    if (const Status status = spec->conf.Set("spark.sql." + key, value); !status.ok()) std::abort();
  };
  set("shuffle.partitions", "2");
  // The oracle needs the offsets of every batch; snapshots come early where compaction does.
  set("streaming.minBatchesToRetain", "1000");
  const auto compact = conf_.find("spark.sql.streaming.fileSink.log.compactInterval");
  const bool early = compact != conf_.end() && compact->second == "2";
  set("streaming.stateStore.minDeltasForSnapshot", early ? "2" : "10");
  set("streaming.stateStore.maintenanceInterval", "1ms");
}

void ScriptedWorld::Produce(int32_t partition, int64_t count) {
  const TopicPartition target{kTopic, partition};
  for (int64_t i = 0; i < count; ++i) {
    std::string value = fmt::format("p{}o{}", partition, ends_[target]);
    ScriptedConsumer::Record record;
    record.value = value;
    record.timestamp_ms = EventTimeMs(target, ends_[target]);
    const int64_t offset = kafka_->Append(target, std::move(record));
    produced_[target][offset] = std::move(value);
    ends_[target] = offset + 1;
  }
}

void ScriptedWorld::Do(const Step& step) {
  switch (step.kind) {
    case StepKind::kProduce:
      Produce(step.partition, step.count);
      break;
    case StepKind::kGap:
      kafka_->AppendInvisible({kTopic, step.partition}, step.count);
      ends_[{kTopic, step.partition}] += step.count;
      break;
    case StepKind::kAddPartition:
      kafka_->AddPartition({kTopic, step.partition});
      ends_[{kTopic, step.partition}] = 0;
      Produce(step.partition, step.count);
      break;
    case StepKind::kSettings:
      options_ = step.options;
      conf_ = step.conf;
      break;
    case StepKind::kClockJump:
      clock_->Advance(step.count);
      break;
    case StepKind::kRunToEnd:
    case StepKind::kStream:
      RunSluice(step);
      break;
    case StepKind::kSparkRun:
      RunSpark(step.reach);
      break;
  }
  oracle_.Look();
}

void ScriptedWorld::PlanFault(const HistoryFault& fault) {
  const auto& hit = fault.in_kafka ? kafka_plan_ : file_plan_;
  const auto& other = fault.in_kafka ? file_plan_ : kafka_plan_;
  // A process that dies in one seam is dead in the other.
  hit->FailAt(fault.at, fault.way, fault.count, [other] { other->FailAt(1, FaultWay::kCrashBefore); });
}

// One process from its start to its end; its queries are gone when this returns.
Status ScriptedWorld::RunProcess(const Step& step) {
  QueryDirectory directory;
  QueryManager manager("session", QueryResources{env_, &budget_, &tasks_}, &directory);
  std::shared_ptr<RunningQuery> query;
  int64_t rounds = 0;
  std::mutex starting;  // the query's thread begins inside Start, before `query` is set
  // Called on the query's own thread, so that what arrives when is the same every time.
  kafka_->on_call = [&](const std::string& call) {
    if (step.kind != StepKind::kStream || call != "ListOffsets") return Status::OK();
    std::lock_guard lock(starting);
    Produce(step.partition, 1 + rounds % 3);
    if (++rounds >= step.count) query->RequestStop();
    return Status::OK();
  };
  QuerySpec spec = Spec(TriggerKind::kAvailableNow);
  if (step.kind == StepKind::kStream) spec = Spec(TriggerKind::kProcessingTime);
  {
    std::lock_guard lock(starting);
    SLUICE_ASSIGN(query, manager.Start(std::move(spec)));
  }
  const Status ended = query->AwaitTermination(std::nullopt).status();
  query.reset();
  return ended;
}

void ScriptedWorld::RunSluice(const Step& step) {
  ++runs_;
  current_consumer = faulty_kafka_;
  file_plan_->Revive();
  kafka_plan_->Revive();
  if (step.fault) PlanFault(*step.fault);
  const Status ended = RunProcess(step);
  kafka_->on_call = {};
  const bool faulty = file_plan_->fired() || kafka_plan_->fired();
  faults_ += faulty ? 1 : 0;
  for (const auto& plan : {file_plan_, kafka_plan_}) {
    const auto log = plan->log();
    calls_.insert(calls_.end(), log.begin(), log.end());
    plan->Revive();
  }
  if (ended.ok()) return;
  const SparkErrorDetail* detail = FindSparkError(ended);
  if (!faulty || detail == nullptr || detail->kind == ErrorKind::kBug) {
    wrong_.push_back(
        fmt::format("a run {} ended with {}", faulty ? "with a fault" : "without a fault", ended.ToString()));
  }
}

void ScriptedWorld::RunSpark(SparkReach reach) {
  if (plan_ == HistoryPlan::kCount) return;  // the other writer keeps no state
  const auto outcome = spark_.RunBatch(produced_, ends_, reach);
  if (!outcome.ok()) {
    wrong_.push_back("the other writer: " + outcome.status().ToString());
    return;
  }
  foreign_orphans_ |= outcome->left_part_files || (outcome->ran && outcome->reran_planned);
}

void ScriptedWorld::Finish() {
  Step last;
  last.kind = StepKind::kRunToEnd;
  Produce(0, 3);  // Something to do even after the shortest history.
  RunSluice(last);
  oracle_.Judge(
      [this](const std::vector<std::string>& files, const std::string& where) {
        if (plan_ == HistoryPlan::kCopy) return oracle_.CompareRecords(produced_, files, where);
        for (const std::string& line : windows_.Judge(produced_, files, where)) oracle_.Wrong(line);
      },
      foreign_orphans_);
}

}  // namespace sluice
