// SPDX-License-Identifier: Apache-2.0
#include "expr/foldable.h"

#include <algorithm>

#include "expr/lambda.h"

namespace sluice {

bool IsFoldable(const Expr& expr) {
  if (dynamic_cast<const ColumnExpr*>(&expr) != nullptr || !expr.deterministic()) return false;
  if (dynamic_cast<const LambdaVariableExpr*>(&expr) != nullptr) return false;
  return std::all_of(expr.children().begin(), expr.children().end(),
                     [](const ExprPtr& child) { return IsFoldable(*child); });
}

}  // namespace sluice
