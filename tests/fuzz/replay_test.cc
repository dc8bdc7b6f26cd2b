// SPDX-License-Identifier: Apache-2.0
// Every target over its corpus, over what fuzzing once found (regressions/), and over both torn and bent a little.
#include <arrow/compute/initialize.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
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
    GetParam().run(Read(path));
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
    GetParam().run(input);
  }
}

// Deeper than any stack: what is read by recursion must have a bound.
TEST_P(Replay, NestedDeeply) {
  constexpr int kDepth = 20'000;
  for (const std::string open : {"[", "{\"a\":", "(", "array<", "<a>", "CASE WHEN ", "-", "NOT ", "SELECT * FROM ("}) {
    std::string nested;
    for (int i = 0; i < kDepth; ++i) nested += open;
    const auto inputs = InputsOf(GetParam());
    GetParam().run(nested);
    for (const auto& path : inputs) {
      const std::string seed = Read(path);
      const size_t colon = seed.find(':');
      if (colon != std::string::npos) GetParam().run(seed.substr(0, colon + 1) + nested + seed.substr(colon + 1));
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Fuzz, Replay, testing::ValuesIn(Targets()),
                         [](const auto& info) { return std::string(info.param.name); });

class ArrowKernels : public testing::Environment {
  void SetUp() override { ASSERT_TRUE(arrow::compute::Initialize().ok()); }
};
const auto* const kKernels = testing::AddGlobalTestEnvironment(new ArrowKernels);

}  // namespace
}  // namespace sluice::fuzz
