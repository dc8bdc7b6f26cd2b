// SPDX-License-Identifier: Apache-2.0
#include "analysis/sql/string_escapes.h"

#include <cctype>
#include <cstdint>

namespace sluice::sql {
namespace {

// Value of `digits` hexadecimal digits at `position`, or -1.
int64_t HexAt(std::string_view text, size_t position, size_t digits) {
  if (position + digits > text.size()) return -1;
  int64_t value = 0;
  for (size_t i = 0; i < digits; ++i) {
    const char c = text[position + i];
    if (!std::isxdigit(static_cast<unsigned char>(c))) return -1;
    value = value * 16 + (c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10);
  }
  return value;
}

bool IsOctal(char c) {
  return c >= '0' && c <= '7';
}

char SimpleEscape(char c) {
  switch (c) {
    case '0':
      return '\0';
    case 'b':
      return '\b';
    case 'n':
      return '\n';
    case 'r':
      return '\r';
    case 't':
      return '\t';
    case 'Z':
      return '\x1a';
    default:
      return c;
  }
}

// Appends the escape that begins at text[i] (a backslash); returns the offset behind it.
size_t AppendEscape(std::string_view text, size_t i, std::string* out) {
  const char c = text[i + 1];
  if (c == 'u' || c == 'U') {
    const size_t digits = c == 'u' ? 4 : 8;
    const int64_t high = HexAt(text, i + 2, digits);
    if (high >= 0) {
      size_t end = i + 2 + digits;
      if (c == 'u' && high >= 0xD800 && high < 0xDC00 && text.substr(end, 2) == "\\u") {
        const int64_t low = HexAt(text, end + 2, 4);
        if (low >= 0xDC00 && low < 0xE000) {
          AppendUtf8(static_cast<uint32_t>(0x10000 + ((high - 0xD800) << 10) + (low - 0xDC00)), out);
          return end + 6;
        }
      }
      AppendUtf8(static_cast<uint32_t>(high), out);
      return end;
    }
  }
  if ((c == '0' || c == '1') && i + 3 < text.size() && IsOctal(text[i + 2]) && IsOctal(text[i + 3])) {
    AppendUtf8(static_cast<uint32_t>((c - '0') * 64 + (text[i + 2] - '0') * 8 + (text[i + 3] - '0')), out);
    return i + 4;
  }
  if (c == '%' || c == '_') out->push_back('\\');
  out->push_back(SimpleEscape(c));
  return i + 2;
}

}  // namespace

void AppendUtf8(uint32_t code_point, std::string* out) {
  if (code_point > 0x10FFFF || (code_point >= 0xD800 && code_point < 0xE000)) code_point = 0xFFFD;
  if (code_point < 0x80) {
    out->push_back(static_cast<char>(code_point));
  } else if (code_point < 0x800) {
    out->push_back(static_cast<char>(0xC0 | (code_point >> 6)));
    out->push_back(static_cast<char>(0x80 | (code_point & 0x3F)));
  } else if (code_point < 0x10000) {
    out->push_back(static_cast<char>(0xE0 | (code_point >> 12)));
    out->push_back(static_cast<char>(0x80 | ((code_point >> 6) & 0x3F)));
    out->push_back(static_cast<char>(0x80 | (code_point & 0x3F)));
  } else {
    out->push_back(static_cast<char>(0xF0 | (code_point >> 18)));
    out->push_back(static_cast<char>(0x80 | ((code_point >> 12) & 0x3F)));
    out->push_back(static_cast<char>(0x80 | ((code_point >> 6) & 0x3F)));
    out->push_back(static_cast<char>(0x80 | (code_point & 0x3F)));
  }
}

std::string UnescapeString(std::string_view text, char quote) {
  std::string out;
  out.reserve(text.size());
  for (size_t i = 0; i < text.size();) {
    if (text[i] == '\\' && i + 1 < text.size()) {
      i = AppendEscape(text, i, &out);
    } else {
      out.push_back(text[i]);
      i += text[i] == quote && i + 1 < text.size() && text[i + 1] == quote ? 2 : 1;
    }
  }
  return out;
}

}  // namespace sluice::sql
