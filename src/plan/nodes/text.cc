// SPDX-License-Identifier: Apache-2.0
#include "plan/nodes/text.h"

#include <fmt/format.h>

#include "plan/rewrite.h"

namespace sluice {

std::string Shown(const ExprPtr& expr) {
  return WrittenSize(expr, kMaxShownNodes) < kMaxShownNodes ? expr->ToString() : kLongExpression;
}

std::string ShownList(const std::vector<ExprPtr>& exprs) {
  std::vector<std::string> parts;
  parts.reserve(exprs.size());
  for (const ExprPtr& expr : exprs) parts.push_back(Shown(expr));
  return Listed(parts);
}

std::string ShownKeys(const std::vector<SortKey>& keys) {
  std::vector<std::string> parts;
  parts.reserve(keys.size());
  for (const SortKey& key : keys) {
    parts.push_back(fmt::format("{} {} NULLS {}", Shown(key.expr), key.ascending ? "ASC" : "DESC",
                                key.nulls_first ? "FIRST" : "LAST"));
  }
  return Listed(parts);
}

std::string Listed(const std::vector<std::string>& parts) {
  std::string text;
  for (const std::string& part : parts) text += (text.empty() ? "" : ", ") + part;
  return text;
}

}  // namespace sluice
