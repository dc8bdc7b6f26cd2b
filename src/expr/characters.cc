// SPDX-License-Identifier: Apache-2.0
#include "expr/characters.h"

#include <algorithm>
#include <cstring>

#include "types/utf8_repair.h"

namespace sluice {

size_t FindText(std::string_view text, std::string_view part, size_t from) {
  // For a long part, string_view::find needs the product of the sizes.
  constexpr size_t kShort = 16;
  if (part.size() <= kShort || from >= text.size()) return text.find(part, from);
  const void* hit = memmem(text.data() + from, text.size() - from, part.data(), part.size());
  return hit == nullptr ? std::string_view::npos : static_cast<size_t>(static_cast<const char*>(hit) - text.data());
}

size_t CharacterSize(unsigned char first) {
  if (first < 0xC2 || first > 0xF4) return 1;
  return first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4;
}

int64_t CountCharacters(std::string_view text) {
  int64_t count = 0;
  for (size_t i = 0; i < text.size(); i += CharacterSize(static_cast<unsigned char>(text[i]))) ++count;
  return count;
}

size_t CharacterOffset(std::string_view text, int64_t index) {
  size_t offset = 0;
  for (int64_t i = 0; i < index && offset < text.size(); ++i)
    offset += CharacterSize(static_cast<unsigned char>(text[offset]));
  return std::min(offset, text.size());
}

std::string_view Characters(std::string_view text, int64_t begin, int64_t end) {
  if (end <= begin || end <= 0) return text.substr(0, 0);
  const size_t from = CharacterOffset(text, std::max<int64_t>(begin, 0));
  const std::string_view rest = text.substr(from);
  return rest.substr(0, CharacterOffset(rest, end - std::max<int64_t>(begin, 0)));
}

std::string_view Substring(std::string_view text, int32_t position, int32_t length) {
  int64_t begin = 0;
  if (position > 0) begin = int64_t{position} - 1;
  if (position < 0) begin = CountCharacters(text) + position;
  return Characters(text, begin, begin + length);
}

uint32_t FirstCodePoint(std::string_view text) {
  if (text.empty()) return 0;
  const auto first = static_cast<unsigned char>(text[0]);
  const size_t size = WellFormedCharacter(text);
  if (size <= 1) return first;
  uint32_t point = first & (0xFFu >> (size + 1));
  for (size_t i = 1; i < size; ++i) point = point << 6 | (static_cast<unsigned char>(text[i]) & 0x3Fu);
  return point;
}

void AppendCodePoint(uint32_t point, std::string* out) {
  if (point < 0x80) {
    *out += static_cast<char>(point);
  } else if (point < 0x800) {
    *out += static_cast<char>(0xC0 | point >> 6);
    *out += static_cast<char>(0x80 | (point & 0x3F));
  } else if (point < 0x10000) {
    *out += static_cast<char>(0xE0 | point >> 12);
    *out += static_cast<char>(0x80 | (point >> 6 & 0x3F));
    *out += static_cast<char>(0x80 | (point & 0x3F));
  } else {
    *out += static_cast<char>(0xF0 | point >> 18);
    *out += static_cast<char>(0x80 | (point >> 12 & 0x3F));
    *out += static_cast<char>(0x80 | (point >> 6 & 0x3F));
    *out += static_cast<char>(0x80 | (point & 0x3F));
  }
}

}  // namespace sluice
