// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "expr/expr.h"

namespace sluice {

// Makes equal deterministic sub-expressions of all the expressions one object, so that an Evaluation computes each
// once: split(x, d) written fifteen times. What is not deterministic stays as often as it was written.
std::vector<ExprPtr> ShareEqual(const std::vector<ExprPtr>& exprs);

}  // namespace sluice
