// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

namespace sluice {

// A folder as Spark's statements show it: file:/p, where others have /p or file:///p.
std::string SparkLocation(std::string uri);

}  // namespace sluice
