// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

namespace sluice::sql {

// What stands between statements, and between the words of one.
inline constexpr std::string_view kBlanks = " \t\r\n";

}  // namespace sluice::sql
