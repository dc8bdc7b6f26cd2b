// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace sluice {

// The candidate that `name` was most likely meant to be: at most two letters changed, left out, added or swapped, fewer
// for short names, without regard to case. Empty when none is near: `rnu` -> `run`, `foo` -> nothing.
std::string ClosestName(std::string_view name, const std::vector<std::string>& candidates);

// " Did you mean run?", or nothing.
std::string DidYouMean(std::string_view name, const std::vector<std::string>& candidates);

}  // namespace sluice
