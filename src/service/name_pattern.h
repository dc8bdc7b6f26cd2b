// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <vector>

namespace sluice::service {

// SHOW .. LIKE 'a*|b*': a star stands for any text, letters of both cases are equal. No pattern: every name fits.
bool FitsName(const std::string& name, const std::optional<std::string>& pattern);
// Those that fit, in their order.
std::vector<std::string> FittingNames(std::vector<std::string> names, const std::optional<std::string>& pattern);

}  // namespace sluice::service
