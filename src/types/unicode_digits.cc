// SPDX-License-Identifier: Apache-2.0
#include "types/unicode_digits.h"

#include <algorithm>
#include <array>
#include <cstdint>

#include "types/utf8_repair.h"

namespace sluice {
namespace {

// The zeros of the scripts, ascending; each is followed by its one to nine.
constexpr std::array<uint32_t, 36> kZeros = {0x0660, 0x06F0, 0x07C0, 0x0966, 0x09E6, 0x0A66, 0x0AE6, 0x0B66, 0x0BE6,
                                             0x0C66, 0x0CE6, 0x0D66, 0x0DE6, 0x0E50, 0x0ED0, 0x0F20, 0x1040, 0x1090,
                                             0x17E0, 0x1810, 0x1946, 0x19D0, 0x1A80, 0x1A90, 0x1B50, 0x1BB0, 0x1C40,
                                             0x1C50, 0xA620, 0xA8D0, 0xA900, 0xA9D0, 0xA9F0, 0xAA50, 0xABF0, 0xFF10};

// Of a well-formed character of two or three bytes.
uint32_t CodePoint(std::string_view character) {
  const auto bits = [character](size_t i) { return static_cast<uint32_t>(character[i]) & 0x3F; };
  if (character.size() == 2) return (static_cast<uint32_t>(character[0]) & 0x1F) << 6 | bits(1);
  return (static_cast<uint32_t>(character[0]) & 0x0F) << 12 | bits(1) << 6 | bits(2);
}

}  // namespace

std::string WithAsciiDigits(std::string_view text) {
  std::string ascii;
  while (!text.empty()) {
    const size_t size = std::max<size_t>(WellFormedCharacter(text), 1);
    const std::string_view character = text.substr(0, size);
    text.remove_prefix(size);
    if (size == 2 || size == 3) {
      const uint32_t point = CodePoint(character);
      const auto* next = std::upper_bound(kZeros.begin(), kZeros.end(), point);
      if (next != kZeros.begin() && point - next[-1] < 10) {
        ascii += static_cast<char>('0' + (point - next[-1]));
        continue;
      }
    }
    ascii += character;
  }
  return ascii;
}

}  // namespace sluice
