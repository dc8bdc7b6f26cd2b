// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "analysis/scope.h"

namespace sluice {

// The pattern of DataFrame.colRegex: `regex`, or t.`regex` for the columns of t alone.
struct ColumnPattern {
  std::vector<std::string> target;
  std::string pattern;

  // Nothing for a name without backquotes at its end, which is a column's.
  static Result<std::optional<ColumnPattern>> Of(const std::string& text);
  // The columns whose whole name the pattern matches, without regard to case.
  Result<std::vector<const ScopeColumn*>> ColumnsIn(const Scope& scope) const;
};

}  // namespace sluice
