// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

namespace sluice {

// More than any file of Spark's or schema needs.
inline constexpr int kDeepestJson = 1000;

// Whether arrays and objects stand in each other more than `limit` deep: such a text parses, but code that walks the
// value by recursion (and prints it) would run out of stack. Not a check of the JSON.
bool JsonNestsDeeperThan(std::string_view json, int limit = kDeepestJson);

}  // namespace sluice
