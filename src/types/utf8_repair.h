// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace sluice {

// A STRING may hold any bytes. Where Spark makes a Java String of one, each malformed sequence becomes one U+FFFD, and
// stays that.

// Bytes at the front that are well-formed UTF-8 (no surrogates, nothing overlong or above U+10FFFF).
size_t WellFormedPrefix(std::string_view text);
inline bool IsUtf8(std::string_view text) {
  return WellFormedPrefix(text) == text.size();
}
// Bytes of the well-formed character at the front, or 0; `text` is not empty.
size_t WellFormedCharacter(std::string_view text);
// Bytes that one U+FFFD stands for, where the front of `text` is malformed: for a Java String, or (changes of case are
// made by another library there) by Unicode's own rule, which differs for surrogates.
size_t MalformedForJava(std::string_view text);
size_t MalformedForUnicode(std::string_view text);

// As a Java String has it.
void AppendRepaired(std::string_view text, std::string* out);

}  // namespace sluice
