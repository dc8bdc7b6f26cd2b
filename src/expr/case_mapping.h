// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

namespace sluice {

// The whole text in upper or lower case, as Unicode has it: one character may become several ("\u00DF" is "SS"), and a
// Greek sigma at the end of a word is another one. What is no UTF-8 becomes U+FFFD.
void AppendUpper(std::string_view text, std::string* out);
void AppendLower(std::string_view text, std::string* out);
// The first letter of each word in the upper case of titles, the others in lower case. Only blanks part words.
void AppendInitCap(std::string_view text, std::string* out);

}  // namespace sluice
