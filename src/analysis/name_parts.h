// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "base/status.h"

namespace sluice {

// The parts of a column's or table's name as the DataFrame API writes it: "t.`a.b`.c d" is {"t", "a.b", "c d"}. Only
// dots and backquotes have a meaning. INVALID_ATTRIBUTE_NAME_SYNTAX for a name with an empty part or an open quote.
Result<std::vector<std::string>> ParseNameParts(const std::string& text);

// "`t`.`a.b`": how error messages show a name.
std::string QuotedName(const std::vector<std::string>& parts);

}  // namespace sluice
