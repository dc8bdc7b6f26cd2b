// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace sluice::sql {

// Replaces the escapes of a quoted SQL string (the text between the quotes), as Spark does: \t \n \r \b \0 \Z, \ooo,
// \uXXXX, \UXXXXXXXX; \% and \_ keep their backslash for LIKE; a doubled quote is one quote; any other \c is c.
std::string UnescapeString(std::string_view text, char quote);

// The UTF-8 bytes of a code point; surrogates and values beyond Unicode become U+FFFD.
void AppendUtf8(uint32_t code_point, std::string* out);

}  // namespace sluice::sql
