// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "expr/expr.h"
#include "plan/window.h"

namespace sluice {

// How lines of Explain show what nodes hold.

// From so many nodes on an expression is not written out.
inline constexpr int64_t kMaxShownNodes = 500;
inline constexpr char kLongExpression[] = "(a long expression)";

std::string Shown(const ExprPtr& expr);
std::string ShownList(const std::vector<ExprPtr>& exprs);
std::string ShownKeys(const std::vector<SortKey>& keys);
// "a, b"
std::string Listed(const std::vector<std::string>& parts);

}  // namespace sluice
