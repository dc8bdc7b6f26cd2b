// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>

#include "analysis/name_parts.h"
#include "analysis/sql/expression_parser.h"
#include "analysis/sql/table_statements.h"

namespace sluice::sql {

Result<PartitionSpec> ParsePartitionSpec(TokenCursor* cursor, const ParseOptions& options) {
  const size_t begin = cursor->position();
  PartitionSpec spec;
  SLUICE_RETURN_IF_ERROR(cursor->ExpectSymbol("("));
  do {
    auto& [column, value] = spec.emplace_back();
    SLUICE_ASSIGN(column, cursor->ExpectName("A partition column"));
    if (cursor->IsSymbol(",") || cursor->IsSymbol(")")) {
      return WithPlace(
          UserError("INVALID_SQL_SYNTAX.EMPTY_PARTITION_VALUE",
                    fmt::format("The partition column {} needs a value here.", QuotedName({LowerCase(column)})),
                    {{"partKey", QuotedName({LowerCase(column)})}}),
          cursor->PlaceOf(begin));
    }
    SLUICE_RETURN_IF_ERROR(cursor->ExpectSymbol("="));
    SLUICE_ASSIGN(value, ExpressionParser(cursor, options).Parse());
    if (!value.has_literal()) return cursor->SyntaxError("the value of a partition column is a constant.");
    const auto same = [&](const auto& other) { return EqualsIgnoringCase(other.first, spec.back().first); };
    if (std::any_of(spec.begin(), spec.end() - 1, same)) {
      return WithPlace(
          UserError("DUPLICATE_KEY",
                    fmt::format("The partition column {} has two values.", QuotedName({LowerCase(column)})),
                    {{"keyColumn", QuotedName({LowerCase(column)})}}),
          cursor->PlaceOf(begin));
    }
  } while (cursor->AcceptSymbol(","));
  SLUICE_RETURN_IF_ERROR(cursor->ExpectSymbol(")"));
  return spec;
}

}  // namespace sluice::sql
