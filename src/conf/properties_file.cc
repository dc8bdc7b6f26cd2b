// SPDX-License-Identifier: Apache-2.0
#include "conf/properties_file.h"

#include <fmt/format.h>

#include <cctype>
#include <cstdint>
#include <string_view>

#include "base/spark_error.h"

namespace sluice {
namespace {

bool IsBlank(char c) {
  return c == ' ' || c == '\t' || c == '\f';
}

std::string_view WithoutLeadingBlanks(std::string_view text) {
  while (!text.empty() && IsBlank(text.front())) text.remove_prefix(1);
  return text;
}

// Java's String.trim: everything up to the blank.
std::string Trimmed(const std::string& text) {
  size_t begin = 0;
  size_t end = text.size();
  while (begin < end && static_cast<unsigned char>(text[begin]) <= ' ') ++begin;
  while (end > begin && static_cast<unsigned char>(text[end - 1]) <= ' ') --end;
  return text.substr(begin, end - begin);
}

// Takes natural lines off a text and joins those that end in a backslash.
class Lines {
 public:
  explicit Lines(std::string_view rest) : rest_(rest) {}
  // False at the end. Comments and blank lines are stepped over.
  bool Next(std::string* line, int* number) {
    while (!rest_.empty()) {
      std::string_view first = WithoutLeadingBlanks(TakeNatural());
      if (first.empty() || first.front() == '#' || first.front() == '!') continue;
      *number = number_;
      line->assign(first);
      while (EndsInBackslash(*line)) {
        line->pop_back();
        if (rest_.empty()) break;
        line->append(WithoutLeadingBlanks(TakeNatural()));
      }
      return true;
    }
    return false;
  }

 private:
  std::string_view TakeNatural() {
    ++number_;
    const size_t end = std::min(rest_.find_first_of("\r\n"), rest_.size());
    const std::string_view line = rest_.substr(0, end);
    rest_.remove_prefix(end);
    if (rest_.starts_with("\r\n")) {
      rest_.remove_prefix(2);
    } else if (!rest_.empty()) {
      rest_.remove_prefix(1);
    }
    return line;
  }
  static bool EndsInBackslash(const std::string& line) {
    size_t count = 0;
    while (count < line.size() && line[line.size() - 1 - count] == '\\') ++count;
    return count % 2 == 1;
  }

  std::string_view rest_;
  int number_ = 0;
};

int HexDigit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

void AppendUtf8(uint32_t code, std::string* out) {
  if (code < 0x80) {
    *out += static_cast<char>(code);
    return;
  }
  const int more = code < 0x800 ? 1 : code < 0x10000 ? 2 : 3;
  const uint32_t lead = more == 1 ? 0xC0 : more == 2 ? 0xE0 : 0xF0;
  *out += static_cast<char>(lead | (code >> (6 * more)));
  for (int i = more - 1; i >= 0; --i) *out += static_cast<char>(0x80 | ((code >> (6 * i)) & 0x3F));
}

// The four digits behind "\u" at `at`; -1 when they are none.
int64_t CodeUnit(std::string_view text, size_t at) {
  if (at + 4 > text.size()) return -1;
  int64_t unit = 0;
  for (size_t i = at; i < at + 4; ++i) {
    const int digit = HexDigit(text[i]);
    if (digit < 0) return -1;
    unit = unit * 16 + digit;
  }
  return unit;
}

// Reads "\uXXXX", two of them for what lies outside of 16 bits, from the backslash at *at on; leaves *at behind.
bool AppendUnicode(std::string_view text, size_t* at, std::string* out) {
  int64_t unit = CodeUnit(text, *at + 2);
  if (unit < 0) return false;
  *at += 6;
  if (unit >= 0xD800 && unit < 0xDC00 && text.substr(*at, 2) == "\\u") {
    const int64_t low = CodeUnit(text, *at + 2);
    if (low >= 0xDC00 && low < 0xE000) {
      unit = 0x10000 + ((unit - 0xD800) << 10) + (low - 0xDC00);
      *at += 6;
    }
  }
  if (unit >= 0xD800 && unit < 0xE000) return false;  // half a character
  AppendUtf8(static_cast<uint32_t>(unit), out);
  return true;
}

// Without Java's escapes; false when one is wrong.
bool Unescape(std::string_view text, std::string* out) {
  for (size_t at = 0; at < text.size();) {
    if (text[at] != '\\' || at + 1 >= text.size()) {
      *out += text[at++];
    } else if (text[at + 1] == 'u') {
      if (!AppendUnicode(text, &at, out)) return false;
    } else {
      const char c = text[at + 1];
      *out += c == 't' ? '\t' : c == 'n' ? '\n' : c == 'r' ? '\r' : c == 'f' ? '\f' : c;
      at += 2;
    }
  }
  return true;
}

// Where the key ends: at the first '=', ':' or blank that no backslash stands before.
size_t KeyEnd(std::string_view line) {
  size_t at = 0;
  while (at < line.size() && line[at] != '=' && line[at] != ':' && !IsBlank(line[at])) at += line[at] == '\\' ? 2 : 1;
  return std::min(at, line.size());
}

}  // namespace

Result<std::vector<Property>> ParseProperties(const std::string& text, const std::string& file_name) {
  std::vector<Property> properties;
  Lines lines(text);
  std::string line;
  Property next;
  while (lines.Next(&line, &next.line)) {
    const std::string where = fmt::format("{}:{}", file_name, next.line);
    const size_t end = KeyEnd(line);
    std::string_view rest = WithoutLeadingBlanks(std::string_view(line).substr(end));
    const bool has_sign = !rest.empty() && (rest.front() == '=' || rest.front() == ':');
    if (has_sign) rest = WithoutLeadingBlanks(rest.substr(1));
    next.key.clear();
    next.value.clear();
    if (!Unescape(std::string_view(line).substr(0, end), &next.key) || !Unescape(rest, &next.value)) {
      return UserError("SLUICE_USAGE", where + ": \\u needs four hexadecimal digits of a whole character.");
    }
    next.value = Trimmed(next.value);
    if (next.key.empty() || (!has_sign && next.value.empty())) {
      return UserError("SLUICE_USAGE", where + ": not a key and a value.");
    }
    properties.push_back(next);
  }
  return properties;
}

}  // namespace sluice
