// SPDX-License-Identifier: Apache-2.0
#include "env/percent_encoding.h"

#include <fmt/format.h>

#include <cctype>

namespace sluice {
namespace {

int HexValue(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  const char lower = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

// Bytes of the character that `text` begins with, if it must be escaped; else 0.
size_t EscapedLength(std::string_view text) {
  static constexpr std::string_view kKept = "/-_.!~*'()@:&=+$,;";
  const auto first = static_cast<unsigned char>(text[0]);
  if (first < 0x80) return std::isalnum(first) != 0 || kKept.find(text[0]) != std::string_view::npos ? 0 : 1;
  // C2 80 to C2 A0 are the control characters from U+0080 on and the blank U+00A0.
  if (first == 0xC2) return text.size() > 1 && static_cast<unsigned char>(text[1]) <= 0xA0 ? 2 : 0;
  // What Java's Character.isSpaceChar holds for one beyond Latin-1.
  static constexpr std::string_view kBlanks[] = {"\u1680", "\u2000", "\u2001", "\u2002", "\u2003", "\u2004",
                                                 "\u2005", "\u2006", "\u2007", "\u2008", "\u2009", "\u200A",
                                                 "\u2028", "\u2029", "\u202F", "\u205F", "\u3000"};
  for (const std::string_view blank : kBlanks) {
    if (text.starts_with(blank)) return blank.size();
  }
  return 0;
}

}  // namespace

std::string PercentEncodePath(std::string_view path) {
  std::string out;
  for (size_t i = 0; i < path.size();) {
    const size_t length = EscapedLength(path.substr(i));
    if (length == 0) {
      out += path[i++];
      continue;
    }
    for (const char byte : path.substr(i, length)) out += fmt::format("%{:02X}", static_cast<unsigned char>(byte));
    i += length;
  }
  return out;
}

std::string PercentDecode(std::string_view text) {
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%' && i + 2 < text.size() && HexValue(text[i + 1]) >= 0 && HexValue(text[i + 2]) >= 0) {
      out += static_cast<char>(HexValue(text[i + 1]) * 16 + HexValue(text[i + 2]));
      i += 2;
    } else {
      out += text[i];
    }
  }
  return out;
}

}  // namespace sluice
