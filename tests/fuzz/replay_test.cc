// SPDX-License-Identifier: Apache-2.0
// Every target over its corpus, over what fuzzing once found (regressions/), and over both torn and bent a little.
#include <arrow/compute/initialize.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <random>
#include <sstream>

#include "targets.h"

namespace sluice::fuzz {
namespace {

std::vector<std::filesystem::path> InputsOf(const Target& target) {
  std::vector<std::filesystem::path> files;
  for (const char* folder : {"corpus", "regressions"}) {
    const std::filesystem::path path = std::filesystem::path(SLUICE_SOURCE_DIR) / "tests/fuzz" / folder / target.name;
    if (!std::filesystem::exists(path)) continue;
    for (const auto& file : std::filesystem::directory_iterator(path)) files.push_back(file.path());
  }
  std::sort(files.begin(), files.end());
  return files;
}

std::string Read(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

class Replay : public testing::TestWithParam<Target> {};

TEST_P(Replay, InputsAsTheyAre) {
  const auto inputs = InputsOf(GetParam());
  ASSERT_FALSE(inputs.empty()) << "no corpus";
  for (const auto& path : inputs) {
    SCOPED_TRACE(path.filename().string());
    RunWithinBudget(GetParam(), Read(path));
  }
}

// A little of what a fuzzer does: torn, bent, and put together from two inputs.
std::string Mutated(const std::vector<std::string>& seeds, std::mt19937* random) {
  std::string input = seeds[(*random)() % seeds.size()];
  const std::string& other = seeds[(*random)() % seeds.size()];
  const auto place = [random](const std::string& text) { return (*random)() % (text.size() + 1); };
  switch ((*random)() % 4) {
    case 0:
      input.resize(place(input));
      break;
    case 1:
      input.insert(place(input), other.substr(place(other), (*random)() % 16));
      break;
    case 2:
      input.erase(place(input), (*random)() % 8);
      break;
    default:
      break;
  }
  for (unsigned flips = (*random)() % 4; flips > 0 && !input.empty(); --flips)
    input[(*random)() % input.size()] = static_cast<char>((*random)());
  return input;
}

// The same few hundred inputs at every run; FUZZ_TIMES and FUZZ_SEED ask for others. The last one is kept in a file
// then.
TEST_P(Replay, InputsTornAndBent) {
  const char* times = std::getenv("FUZZ_TIMES");
  const char* seed = std::getenv("FUZZ_SEED");
  std::mt19937 random(seed == nullptr ? 1 : static_cast<unsigned>(std::atoi(seed)));
  std::vector<std::string> seeds;
  for (const auto& path : InputsOf(GetParam())) seeds.push_back(Read(path));
  for (int i = times == nullptr ? 400 : std::atoi(times); i > 0; --i) {
    const std::string input = Mutated(seeds, &random);
    if (times != nullptr) std::ofstream(std::string("last_input_") + GetParam().name, std::ios::binary) << input;
    RunWithinBudget(GetParam(), input);
  }
}

// Deeper than any stack: what is read by recursion must have a bound.
TEST_P(Replay, NestedDeeply) {
  constexpr int kDepth = 20'000;
  for (const std::string open : {"[", "{\"a\":", "(", "array<", "<a>", "CASE WHEN ", "-", "NOT ", "SELECT * FROM ("}) {
    std::string nested;
    for (int i = 0; i < kDepth; ++i) nested += open;
    const auto inputs = InputsOf(GetParam());
    RunWithinBudget(GetParam(), nested);
    for (const auto& path : inputs) {
      const std::string seed = Read(path);
      const size_t colon = seed.find(':');
      if (colon != std::string::npos)
        RunWithinBudget(GetParam(), seed.substr(0, colon + 1) + nested + seed.substr(colon + 1));
    }
  }
}

// 256 KiB of one thing, in the place of the text behind each seed's first byte, first line and first colon. Whatever
// becomes of it takes no more than the target's budget.
TEST_P(Replay, Bombs) {
  if (!GetParam().takes_bombs) GTEST_SKIP() << "none are given to this target";
  for (const std::string piece :
       {"[", "{\"a\":", "[0,", "{\"a\":1},", "\"a\":1,", "\n", "{}\n", "\\u0000", "9", "a=b\n", "\""}) {
    std::string bomb;
    while (bomb.size() < (1U << 18)) bomb += piece;
    for (const auto& path : InputsOf(GetParam())) {
      const std::string seed = Read(path);
      for (const size_t end : {size_t{0}, seed.find('\n'), seed.find(':')}) {
        if (end < seed.size()) RunWithinBudget(GetParam(), seed.substr(0, end + 1) + bomb);
      }
    }
  }
}

// Keys that differ: what compares each one with all before it shows here.
TEST_P(Replay, BombsOfKeys) {
  if (!GetParam().takes_bombs) GTEST_SKIP() << "none are given to this target";
  std::string keys = "{\"a\":{";
  for (int i = 0; keys.size() < (1U << 20); ++i) keys += "\"" + std::to_string(i) + "\":1,";
  keys += "\"z\":1}}";
  for (const auto& path : InputsOf(GetParam())) {
    const std::string seed = Read(path);
    RunWithinBudget(GetParam(), seed.substr(0, 1) + keys);
    RunWithinBudget(GetParam(), seed.substr(0, seed.find('\n') + 1) + keys);
  }
}

// The budget can be passed.
TEST(BudgetDeathTest, MoreMemoryOrTimeThanThereIsEndsTheRun) {
  const Target wasteful{"wasteful",
                        [](std::string_view) {
                          static std::string kept;
                          kept.assign(2 << 20, 'x');
                          kept = std::string();
                        },
                        {5'000, 1 << 20}};
  EXPECT_DEATH(RunWithinBudget(wasteful, ""), "wasteful: [0-9]+ bytes");
  const Target slow{"slow",
                    [](std::string_view) {
                      for (const std::clock_t end = std::clock() + CLOCKS_PER_SEC / 20; std::clock() < end;) {
                      }
                    },
                    {10, 1 << 20}};
  EXPECT_DEATH(RunWithinBudget(slow, ""), "slow: [0-9]+ ms");
}

INSTANTIATE_TEST_SUITE_P(Fuzz, Replay, testing::ValuesIn(Targets()),
                         [](const auto& info) { return std::string(info.param.name); });

class ArrowKernels : public testing::Environment {
  void SetUp() override { ASSERT_TRUE(arrow::compute::Initialize().ok()); }
};
const auto* const kKernels = testing::AddGlobalTestEnvironment(new ArrowKernels);

}  // namespace
}  // namespace sluice::fuzz
