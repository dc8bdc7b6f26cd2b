// SPDX-License-Identifier: Apache-2.0
#include "base/printable.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <iterator>

namespace sluice {
namespace {

struct Range {
  uint32_t first;
  uint32_t last;
};

constexpr Range kUnprintable[] = {
    {0x00, 0x08},     {0x0B, 0x1F},      // C0 without tab and line end
    {0x7F, 0x9F},                        // DEL, C1
    {0x061C, 0x061C}, {0x200E, 0x200F},  // marks of direction
    {0x2028, 0x202E},                    // separators of lines and paragraphs, embeddings and overrides
    {0x2066, 0x2069},                    // isolates
};

bool IsUnprintable(uint32_t character) {
  return std::any_of(std::begin(kUnprintable), std::end(kUnprintable),
                     [=](const Range& range) { return range.first <= character && character <= range.last; });
}

// Length of the UTF-8 sequence at the beginning of `text`, and its character; 0 when there is none.
size_t Decode(std::string_view text, uint32_t* character) {
  const auto byte = [&](size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char lead = byte(0);
  if (lead < 0x80) {
    *character = lead;
    return 1;
  }
  const size_t length = lead >= 0xC2 && lead <= 0xDF ? 2 : lead >= 0xE0 && lead <= 0xEF ? 3 : 4;
  if (lead < 0xC2 || lead > 0xF4 || text.size() < length) return 0;
  *character = lead & (0x7FU >> length);
  for (size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xC0) != 0x80) return 0;
    *character = (*character << 6) | (byte(i) & 0x3FU);
  }
  constexpr uint32_t kLeast[] = {0, 0, 0x80, 0x800, 0x10000};
  const bool is_surrogate = *character >= 0xD800 && *character <= 0xDFFF;
  return *character < kLeast[length] || *character > 0x10FFFF || is_surrogate ? 0 : length;
}

}  // namespace

std::string Printable(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    uint32_t character = 0;
    const size_t length = Decode(text, &character);
    if (length == 0) {
      out += fmt::format("\\x{:02x}", static_cast<unsigned char>(text[0]));
    } else if (IsUnprintable(character)) {
      out += fmt::format("\\u{:04x}", character);
    } else {
      out += text.substr(0, length);
    }
    text.remove_prefix(std::max<size_t>(length, 1));
  }
  return out;
}

std::string PrintableLine(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const size_t end = std::min(text.find_first_of("\r\n"), text.size());
    out += Printable(text.substr(0, end));
    if (end == text.size()) break;
    out += text[end] == '\n' ? "\\n" : "\\r";
    text.remove_prefix(end + 1);
  }
  return out;
}

std::string ForStdout(std::string text) {
  return ::isatty(STDOUT_FILENO) != 0 ? Printable(text) : text;
}

}  // namespace sluice
