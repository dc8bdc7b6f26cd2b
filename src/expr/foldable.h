// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "expr/expr.h"

namespace sluice {

// Whether the value is the same in every row, so that it can be known before there is one: what some arguments must be.
bool IsFoldable(const Expr& expr);

}  // namespace sluice
