// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

namespace sluice::cli {

// Says on standard error, or in the log, what became of a query.
void Say(const std::string& text);

}  // namespace sluice::cli
