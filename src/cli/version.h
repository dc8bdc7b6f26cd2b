// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

namespace sluice::cli {

// "sluice 0.1.0 (Spark 4.2.0)"
std::string VersionText();

}  // namespace sluice::cli
