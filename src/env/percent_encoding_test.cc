// SPDX-License-Identifier: Apache-2.0
#include "env/percent_encoding.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <fstream>
#include <set>
#include <sstream>

namespace sluice {
namespace {

std::string Utf8(uint32_t c) {
  std::string out;
  const auto tail = [&](int shift) { out += static_cast<char>(0x80 | ((c >> shift) & 0x3F)); };
  if (c < 0x80) return std::string(1, static_cast<char>(c));
  if (c < 0x800) {
    out += static_cast<char>(0xC0 | (c >> 6));
  } else if (c < 0x10000) {
    out += static_cast<char>(0xE0 | (c >> 12));
    tail(6);
  } else {
    out += static_cast<char>(0xF0 | (c >> 18));
    tail(12);
    tail(6);
  }
  tail(0);
  return out;
}

// The code points that real Spark escapes (tools/record_paths.py).
std::set<uint32_t> Escaped() {
  std::set<uint32_t> escaped;
  std::ifstream in(SLUICE_SOURCE_DIR "/tests/golden/paths/escaped.txt");
  for (std::string line; std::getline(in, line);) {
    if (line.starts_with('#')) continue;
    std::istringstream words(line);
    uint32_t first = 0;
    uint32_t last = 0;
    words >> std::hex >> first >> last;
    for (uint32_t c = first; c <= last; ++c) escaped.insert(c);
  }
  return escaped;
}

TEST(PercentEncoding, EscapesTheCharactersThatSparkDoes) {
  const std::set<uint32_t> escaped = Escaped();
  ASSERT_GT(escaped.size(), 50u);
  for (uint32_t c = 1; c < 0x110000; ++c) {
    if (c == '/' || (c >= 0xD800 && c <= 0xDFFF)) continue;
    const std::string text = Utf8(c);
    std::string expected = text;
    if (escaped.contains(c)) {
      expected.clear();
      for (const char byte : text) expected += fmt::format("%{:02X}", static_cast<unsigned char>(byte));
    }
    const std::string encoded = PercentEncodePath("/t/a" + text + "b");
    ASSERT_EQ(encoded, "/t/a" + expected + "b") << fmt::format("U+{:04X}", c);
    ASSERT_EQ(PercentDecode(encoded), "/t/a" + text + "b");
  }
}

TEST(PercentEncoding, KeepsBytesThatAreNoCharacter) {
  for (const std::string path : {"\xC2", "a\xE3\x80", "\xE3\x80z", "\xA0", "\xFF/\x80"}) {
    EXPECT_EQ(PercentEncodePath(path), path);
  }
}

TEST(PercentEncoding, RoundTrip) {
  const std::string path = "/a b/%/ü/=+?#\"";
  EXPECT_EQ(PercentDecode(PercentEncodePath(path)), path);
  EXPECT_EQ(PercentDecode("100%"), "100%");
}

}  // namespace
}  // namespace sluice
