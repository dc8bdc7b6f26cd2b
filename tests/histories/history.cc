// SPDX-License-Identifier: Apache-2.0
#include "history.h"

#include <fmt/format.h>

#include <random>

namespace sluice {
namespace {

// Draws that are the same with every standard library.
class Dice {
 public:
  explicit Dice(uint64_t seed) : engine_(seed) {}
  // In [low, high].
  int64_t Between(int64_t low, int64_t high) {
    return low + static_cast<int64_t>(engine_() % static_cast<uint64_t>(high - low + 1));
  }
  bool OneIn(int64_t n) { return Between(1, n) == 1; }
  std::string Of(const std::vector<std::string>& values) {
    return values[static_cast<size_t>(Between(0, static_cast<int64_t>(values.size()) - 1))];
  }

 private:
  std::mt19937_64 engine_;
};

HistoryFault MakeFault(Dice* dice) {
  HistoryFault fault;
  fault.in_kafka = dice->OneIn(4);
  fault.way = static_cast<FaultWay>(dice->Between(0, 3));
  fault.at = dice->Between(1, dice->OneIn(2) ? 25 : 120);
  const bool passing = fault.way == FaultWay::kError || fault.way == FaultWay::kLostReply;
  fault.count = passing && dice->OneIn(2) ? dice->Between(2, 8) : 1;
  return fault;
}

Step MakeSettings(Dice* dice) {
  Step step;
  step.kind = StepKind::kSettings;
  const std::string limit = dice->Of({"", "1", "3", "7", "20"});
  if (!limit.empty()) step.options["maxOffsetsPerTrigger"] = limit;
  if (dice->OneIn(3)) step.options["minPartitions"] = dice->Of({"3", "8"});
  if (dice->OneIn(4)) step.options["maxRecordsPerPartition"] = dice->Of({"2", "5"});
  step.conf["spark.sql.streaming.fileSink.log.compactInterval"] = dice->Of({"2", "3", "10"});
  step.conf["spark.sql.streaming.fileSink.log.cleanupDelay"] = dice->Of({"1ms", "10m"});
  step.conf["spark.sql.streaming.minBatchesToRetain"] = dice->Of({"2", "100"});
  step.conf["spark.sql.parquet.compression.codec"] = dice->Of({"snappy", "zstd", "uncompressed"});
  step.conf["spark.sql.files.maxRecordsPerFile"] = dice->Of({"0", "0", "4"});
  step.conf["spark.sluice.parquet.rowGroupBytes"] = dice->Of({"1m", "16m"});
  step.conf["spark.sql.session.timeZone"] = dice->Of({"UTC", "Asia/Tokyo"});
  return step;
}

Step MakeStep(Dice* dice, int32_t* partitions) {
  Step step;
  step.partition = static_cast<int32_t>(dice->Between(0, *partitions - 1));
  step.count = dice->Between(1, 12);
  const int64_t what = dice->Between(1, 20);
  if (what <= 5) {
    step.kind = StepKind::kProduce;
  } else if (what == 6) {
    step.kind = StepKind::kGap;
    step.count = dice->Between(1, 3);
  } else if (what == 7 && *partitions < 6) {
    step.kind = StepKind::kAddPartition;
    step.partition = (*partitions)++;
    step.count = dice->Between(0, 5);
  } else if (what <= 9) {
    return MakeSettings(dice);
  } else if (what == 10) {
    step.kind = StepKind::kClockJump;
    step.count = dice->Between(-7'200'000, 7'200'000);
  } else if (what <= 12) {
    step.kind = StepKind::kSparkRun;
    step.reach = static_cast<SparkReach>(dice->Between(0, 3));
  } else {
    step.kind = dice->OneIn(3) ? StepKind::kStream : StepKind::kRunToEnd;
    step.count = dice->Between(1, 4);
    if (!dice->OneIn(3)) step.fault = MakeFault(dice);
  }
  return step;
}

const char* NameOf(FaultWay way) {
  switch (way) {
    case FaultWay::kError:
      return "error";
    case FaultWay::kLostReply:
      return "lost reply";
    case FaultWay::kCrashBefore:
      return "killed before";
    case FaultWay::kCrashAfter:
      return "killed after";
  }
  return "?";
}

const char* NameOf(SparkReach reach) {
  switch (reach) {
    case SparkReach::kOffsets:
      return "killed after offsets";
    case SparkReach::kPartFiles:
      return "killed after part files";
    case SparkReach::kSinkLog:
      return "killed after the sink log";
    case SparkReach::kCommit:
      return "whole";
  }
  return "?";
}

}  // namespace

HistoryPlan PlanOfHistory(uint64_t seed) {
  return seed % 4 == 0 ? HistoryPlan::kCount : HistoryPlan::kCopy;
}

std::vector<Step> MakeHistory(uint64_t seed) {
  Dice dice(seed);
  std::vector<Step> steps;
  int32_t partitions = 2;
  const int64_t length = dice.Between(8, 30);
  std::vector<Step> settings;  // a third of the time an operator goes back to what was before
  for (int64_t i = 0; i < length; ++i) {
    Step step = MakeStep(&dice, &partitions);
    if (step.kind == StepKind::kSettings) {
      if (settings.size() > 1 && dice.OneIn(3)) step = settings[settings.size() - 2];
      settings.push_back(step);
    }
    steps.push_back(std::move(step));
  }
  return steps;
}

std::string Describe(const Step& step) {
  std::string text;
  switch (step.kind) {
    case StepKind::kProduce:
      text = fmt::format("produce {} to partition {}", step.count, step.partition);
      break;
    case StepKind::kGap:
      text = fmt::format("{} invisible in partition {}", step.count, step.partition);
      break;
    case StepKind::kAddPartition:
      text = fmt::format("add partition {} with {}", step.partition, step.count);
      break;
    case StepKind::kClockJump:
      text = fmt::format("clock jumps {} ms", step.count);
      break;
    case StepKind::kRunToEnd:
      text = "run to the end";
      break;
    case StepKind::kStream:
      text = fmt::format("stream {} rounds, then stop", step.count);
      break;
    case StepKind::kSparkRun:
      text = fmt::format("Spark runs a batch, {}", NameOf(step.reach));
      break;
    case StepKind::kSettings:
      text = "settings";
      break;
  }
  for (const auto& [key, value] : step.options) text += fmt::format(" {}={}", key, value);
  for (const auto& [key, value] : step.conf) text += fmt::format(" {}={}", key.substr(key.rfind('.') + 1), value);
  if (step.fault) {
    text += fmt::format("; {} at {} call {}", NameOf(step.fault->way), step.fault->in_kafka ? "Kafka" : "file",
                        step.fault->at);
    if (step.fault->count > 1) text += fmt::format(" and {} more", step.fault->count - 1);
  }
  return text;
}

}  // namespace sluice
