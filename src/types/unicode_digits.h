// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

namespace sluice {

// The text with the decimal digits of all scripts as 0 to 9, as Java's BigDecimal reads them. Digits beyond U+FFFF are
// none there, and stay.
std::string WithAsciiDigits(std::string_view text);

}  // namespace sluice
