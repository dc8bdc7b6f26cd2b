// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace sluice {

// Characters of a STRING, which may be any bytes: a byte that begins no UTF-8 sequence is a character of its own.
size_t CharacterSize(unsigned char first);
int64_t CountCharacters(std::string_view text);
// Byte offset of character `index`; the text's size beyond its end.
size_t CharacterOffset(std::string_view text, int64_t index);
// Characters [begin, end), as Spark's substring: outside of the text there are none.
std::string_view Characters(std::string_view text, int64_t begin, int64_t end);
// Spark's substring(text, position, length), counted from 1, or from the end when negative.
std::string_view Substring(std::string_view text, int32_t position, int32_t length);

// As text.find(part, from), but never more work than the sizes together: part and text may both come from outside.
size_t FindText(std::string_view text, std::string_view part, size_t from);

// Code point of the first character (its byte when it is not UTF-8); 0 for an empty text.
uint32_t FirstCodePoint(std::string_view text);
void AppendCodePoint(uint32_t code_point, std::string* out);

}  // namespace sluice
