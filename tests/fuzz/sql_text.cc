// SPDX-License-Identifier: Apache-2.0
// SQL as an expression, a query, a script and a file with variables; queries are resolved and optimized too.
#include <algorithm>

#include "analysis/sql/parser.h"
#include "plans.h"
#include "targets.h"

namespace sluice::fuzz {
namespace {

// Constants are folded while a plan is optimized, so repeat('a', 999999999) would allocate what it says.
bool HasHugeNumber(std::string_view text) {
  int digits = 0;
  for (const char c : text) {
    digits = c >= '0' && c <= '9' ? digits + 1 : 0;
    if (digits > 4) return true;
  }
  return false;
}

std::optional<std::string> Variable(const std::string& name) {
  if (name == "EMPTY") return "";
  return name.size() > 8 ? std::nullopt : std::optional<std::string>("value '" + name);
}

}  // namespace

void SqlText(std::string_view input) {
  (void)ParseExpressionSql(input, {});
  (void)ParseScriptSql(input, Conf());
  (void)ParseFileSql(input, "fuzz.sql", Variable, Conf());
  const auto query = ParseQuerySql(input, {});
  if (!query.ok() || HasHugeNumber(input)) return;
  AnalyzePlan(*query, true);
  AnalyzePlan(*query, false);
}

}  // namespace sluice::fuzz
