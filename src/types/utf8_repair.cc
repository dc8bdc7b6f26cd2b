// SPDX-License-Identifier: Apache-2.0
#include "types/utf8_repair.h"

#include <cstdint>
#include <cstring>

namespace sluice {
namespace {

uint8_t ByteAt(std::string_view text, size_t i) {
  return static_cast<uint8_t>(text[i]);
}

bool IsContinuation(std::string_view text, size_t i) {
  return i < text.size() && (ByteAt(text, i) & 0xC0) == 0x80;
}

// How many bytes the first one announces; 0 for one that begins nothing.
size_t Announced(uint8_t first) {
  if (first < 0x80) return 1;
  if (first < 0xC2 || first > 0xF4) return 0;
  return first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4;
}

// Whether the second byte continues the first one, surrogates let through.
bool SecondFits(std::string_view text) {
  if (!IsContinuation(text, 1)) return false;
  const uint8_t second = ByteAt(text, 1);
  switch (ByteAt(text, 0)) {
    case 0xE0:
      return second >= 0xA0;
    case 0xF0:
      return second >= 0x90;
    case 0xF4:
      return second <= 0x8F;
    default:
      return true;
  }
}

}  // namespace

size_t WellFormedCharacter(std::string_view text) {
  const size_t size = Announced(ByteAt(text, 0));
  if (size <= 1) return size;
  if (!SecondFits(text) || (ByteAt(text, 0) == 0xED && ByteAt(text, 1) > 0x9F)) return 0;
  for (size_t i = 2; i < size; ++i) {
    if (!IsContinuation(text, i)) return 0;
  }
  return size;
}

size_t WellFormedPrefix(std::string_view text) {
  constexpr uint64_t kHighBits = 0x8080808080808080;
  size_t at = 0;
  while (at < text.size()) {
    uint64_t word = 0;
    if (at + sizeof(word) <= text.size()) {
      std::memcpy(&word, text.data() + at, sizeof(word));
      if ((word & kHighBits) == 0) {
        at += sizeof(word);
        continue;
      }
    }
    const size_t size = WellFormedCharacter(text.substr(at));
    if (size == 0) return at;
    at += size;
  }
  return at;
}

size_t MalformedForJava(std::string_view text) {
  const size_t announced = Announced(ByteAt(text, 0));
  size_t size = 1;
  if (announced > 2 && SecondFits(text)) {
    for (size = 2; size < announced && IsContinuation(text, size);) ++size;
  }
  return size;
}

size_t MalformedForUnicode(std::string_view text) {
  const bool surrogate = ByteAt(text, 0) == 0xED && IsContinuation(text, 1) && ByteAt(text, 1) > 0x9F;
  return surrogate ? 1 : MalformedForJava(text);
}

void AppendRepaired(std::string_view text, std::string* out) {
  while (true) {
    const size_t good = WellFormedPrefix(text);
    out->append(text.substr(0, good));
    text.remove_prefix(good);
    if (text.empty()) return;
    *out += "\xEF\xBF\xBD";
    text.remove_prefix(MalformedForJava(text));
  }
}

}  // namespace sluice
