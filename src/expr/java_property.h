// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace sluice {

// What may stand inside of [] of PCRE2 for Java's \p{name}: "a-zA-Z" for Alpha, "\p{Lu}" for IsLu. Nothing when PCRE2
// has no such property.
std::optional<std::string> PcrePropertyOf(std::string_view name);

}  // namespace sluice
