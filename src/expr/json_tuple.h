// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "expr/expr.h"

namespace sluice {

// json_tuple(json, name, ..), of STRINGs: an array of one struct, whose fields c0, c1, .. are the texts of the members
// of these names. All are NULL where the JSON is malformed or no object; the last of several members counts.
ExprPtr MakeJsonTuple(std::vector<ExprPtr> args);

}  // namespace sluice
