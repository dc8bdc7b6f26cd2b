// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "env/fault_plan.h"

namespace sluice {

enum class StepKind {
  kProduce,       // `count` records to `partition`
  kGap,           // `count` offsets of `partition` without a visible record: markers, aborted transactions
  kAddPartition,  // with `count` records
  kSettings,      // later runs get other options and settings
  kClockJump,     // by `count` ms, forwards or back
  kRunToEnd,      // Sluice processes what is there (AvailableNow)
  kStream,        // Sluice runs `count` rounds, before each of which records arrive, then is asked to stop
  kSparkRun,      // another writer carries out a batch by Spark's rules, as far as `reach`
};

// How far the other writer gets before it is killed.
enum class SparkReach { kOffsets, kPartFiles, kSinkLog, kCommit };

// What goes wrong during a run: `count` calls from the `at`-th on, or the death of the process.
struct HistoryFault {
  bool in_kafka = false;  // else in the file system
  FaultWay way = FaultWay::kError;
  int64_t at = 1;
  int64_t count = 1;
};

struct Step {
  StepKind kind = StepKind::kProduce;
  int32_t partition = 0;
  int64_t count = 0;
  SparkReach reach = SparkReach::kCommit;
  std::optional<HistoryFault> fault;           // runs of Sluice
  std::map<std::string, std::string> options;  // kSettings: of the source
  std::map<std::string, std::string> conf;     // kSettings
};

// What the query of a history does: it copies each record, or counts them in windows of event time (window_oracle.h).
enum class HistoryPlan { kCopy, kCount };

// The query of this seed: one in four counts.
HistoryPlan PlanOfHistory(uint64_t seed);
// The history of this seed: always the same.
std::vector<Step> MakeHistory(uint64_t seed);
std::string Describe(const Step& step);

}  // namespace sluice
