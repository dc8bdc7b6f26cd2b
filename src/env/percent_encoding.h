// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

namespace sluice {

// A path as java.net.URI writes it, which is what Spark's sink log holds: letters, digits, "/-_.!~*'()@:&=+$,;" and
// non-ASCII characters stay, other bytes become %XX.
std::string PercentEncodePath(std::string_view path);
// The bytes behind %XX; a lone % stays as it is.
std::string PercentDecode(std::string_view text);

}  // namespace sluice
