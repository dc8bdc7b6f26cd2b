// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "expr/signature.h"

namespace sluice {

// An operator (+ - * /) where one side is an interval, or both are dates or timestamps; null for others.
Result<ExprPtr> ResolveIntervalOperator(char op, std::vector<ExprPtr> args, const ResolveOptions& options);
// The interval with the other sign.
ExprPtr NegatedInterval(ExprPtr interval, bool ansi);

}  // namespace sluice
