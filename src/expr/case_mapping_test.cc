// SPDX-License-Identifier: Apache-2.0
// Every character beside what real Spark made of it (tools/record_case.py); words are in tests/golden/expr/strings.txt.
#include "expr/case_mapping.h"

#include <gtest/gtest.h>

#include <fstream>
#include <map>
#include <sstream>

#include "expr/characters.h"

namespace sluice {
namespace {

std::string Bytes(const std::string& hex) {
  std::string bytes;
  for (size_t i = 0; i + 1 < hex.size(); i += 2) bytes += static_cast<char>(std::stoi(hex.substr(i, 2), nullptr, 16));
  return bytes;
}

TEST(CaseMapping, OfEveryCharacterIsThatOfRealSpark) {
  std::ifstream file(SLUICE_SOURCE_DIR "/tests/golden/case_mapping.txt");
  std::map<uint32_t, std::string[3]> recorded;
  for (std::string line; std::getline(file, line);) {
    std::istringstream parts(line);
    std::string point;
    std::string mapped[3];
    parts >> point >> mapped[0] >> mapped[1] >> mapped[2];
    auto& row = recorded[static_cast<uint32_t>(std::stoul(point, nullptr, 16))];
    for (int i = 0; i < 3; ++i) row[i] = Bytes(mapped[i]);
  }
  ASSERT_GT(recorded.size(), 2800U);
  int others = 0;
  for (uint32_t point = 1; point < 0x110000; ++point) {
    if (point >= 0xD800 && point < 0xE000) continue;
    std::string text;
    AppendCodePoint(point, &text);
    std::string mapped[3];
    AppendUpper(text, &mapped[0]);
    AppendLower(text, &mapped[1]);
    AppendInitCap(text, &mapped[2]);
    const auto row = recorded.find(point);
    for (int i = 0; i < 3; ++i) others += mapped[i] != (row == recorded.end() ? text : row->second[i]) ? 1 : 0;
    ASSERT_EQ(others, 0) << std::hex << point;
  }
}

}  // namespace
}  // namespace sluice
