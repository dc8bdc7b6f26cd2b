// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

namespace sluice {

// Writes a path as java.net.URI does, which is the form of Spark's sink log. Letters, digits, "/-_.!~*'()@:&=+$,;" and
// non-ASCII characters stay, except blanks and control characters. The bytes of all others become %XX, such as
// %E3%80%80 for U+3000: java.net.URI cannot read back a blank that stands there as it is.
std::string PercentEncodePath(std::string_view path);
// The bytes behind %XX; a lone % stays as it is.
std::string PercentDecode(std::string_view text);

}  // namespace sluice
