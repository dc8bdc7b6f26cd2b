// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

namespace sluice {

// Whether Spark has a function of this name, in lower case, that Sluice lacks (docs/compatibility.md).
bool IsMissingFunction(std::string_view name);

}  // namespace sluice
