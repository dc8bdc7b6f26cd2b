// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "base/status.h"

namespace sluice {

// The Java class that Spark would have thrown for an error, first, then what it extends, up to java.lang.Object. A
// client chooses its own class of exception by it.
std::vector<std::string> JavaClassesOf(const Status& error);

}  // namespace sluice
