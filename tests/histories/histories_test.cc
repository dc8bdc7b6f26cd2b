// SPDX-License-Identifier: Apache-2.0
// Random histories of one pipeline: records, new partitions, runs, kills, failing files and Kafka, other settings,
// batches by another writer, clock jumps; afterwards every record is in the table once. A failure prints its seed:
//   SLUICE_SEED=n SLUICE_HISTORIES=1     replays it; SLUICE_HISTORIES=1000 is `make histories`
#include <gtest/gtest.h>

#include <cstdlib>

#include "scripted_world.h"

namespace sluice {
namespace {

uint64_t Number(const char* variable, uint64_t otherwise) {
  const char* text = std::getenv(variable);
  return text == nullptr ? otherwise : std::strtoull(text, nullptr, 10);
}

std::string Script(uint64_t seed) {
  const bool counts = PlanOfHistory(seed) == HistoryPlan::kCount;
  std::string text = "seed " + std::to_string(seed) + (counts ? ", with state\n" : "\n");
  for (const Step& step : MakeHistory(seed)) text += "  " + Describe(step) + "\n";
  return text;
}

std::unique_ptr<ScriptedWorld> Live(uint64_t seed) {
  auto world = std::make_unique<ScriptedWorld>(PlanOfHistory(seed));
  for (const Step& step : MakeHistory(seed)) {
    world->Do(step);
    if (!world->wrong().empty()) return world;
  }
  world->Finish();
  return world;
}

TEST(Histories, EveryRecordOnceAfterAnyHistory) {
  const uint64_t first = Number("SLUICE_SEED", 1);
  const uint64_t count = Number("SLUICE_HISTORIES", 40);
  int64_t steps = 0, runs = 0, faults = 0, failed = 0, with_state = 0;
  for (uint64_t seed = first; seed < first + count; ++seed) {
    const auto world = Live(seed);
    with_state += PlanOfHistory(seed) == HistoryPlan::kCount ? 1 : 0;
    steps += static_cast<int64_t>(MakeHistory(seed).size());
    runs += world->runs();
    faults += world->faults();
    if (world->wrong().empty()) continue;
    std::string lines;
    for (size_t i = 0; i < std::min<size_t>(world->wrong().size(), 6); ++i) lines += "\n  " + world->wrong()[i];
    ADD_FAILURE() << Script(seed) << "wrong:" << lines;
    ++failed;
  }
  std::printf("histories: %d of %d seeds from %d, %ld with state, %ld steps, %ld runs, %ld of them with a fault\n",
              static_cast<int>(count - static_cast<uint64_t>(failed)), static_cast<int>(count), static_cast<int>(first),
              static_cast<long>(with_state), static_cast<long>(steps), static_cast<long>(runs),
              static_cast<long>(faults));
}

TEST(Histories, ASeedIsReplayedCallByCall) {
  const uint64_t first = Number("SLUICE_SEED", 1);
  for (uint64_t seed = first; seed < first + 5; ++seed) EXPECT_EQ(Live(seed)->calls(), Live(seed)->calls()) << seed;
}

}  // namespace
}  // namespace sluice
