// SPDX-License-Identifier: Apache-2.0
#include "analysis/column_pattern.h"

#include "analysis/name_parts.h"
#include "expr/regex.h"

namespace sluice {

Result<std::optional<ColumnPattern>> ColumnPattern::Of(const std::string& text) {
  const size_t open = text.find('`');
  const bool quoted = open != std::string::npos && text.size() > open + 2 && text.back() == '`';
  if (!quoted || (open > 0 && text[open - 1] != '.')) return std::optional<ColumnPattern>();
  ColumnPattern made;
  made.pattern = text.substr(open + 1, text.size() - open - 2);
  if (open > 1) {
    SLUICE_ASSIGN(made.target, ParseNameParts(text.substr(0, open - 1)));
  }
  return std::optional<ColumnPattern>(std::move(made));
}

Result<std::vector<const ScopeColumn*>> ColumnPattern::ColumnsIn(const Scope& scope) const {
  SLUICE_ASSIGN(Regex regex, Regex::Compile("\\A(?i:" + pattern + ")\\z", "colRegex"));
  std::vector<const ScopeColumn*> found;
  for (const ScopeColumn* column : scope.Star(target)) {
    SLUICE_ASSIGN(const bool matches, regex.Find(column->name));
    if (matches) found.push_back(column);
  }
  return found;
}

}  // namespace sluice
