// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "analysis/sql/table_clauses.h"

namespace sluice::sql {
namespace {

bool AcceptProperties(TokenCursor* cursor) {
  return cursor->AcceptWord("DBPROPERTIES") || cursor->AcceptWord("PROPERTIES");
}

}  // namespace

bool IsAlterDatabase(const TokenCursor& cursor) {
  return cursor.IsWord("ALTER") && cursor.IsAnyWord({"DATABASE", "SCHEMA", "NAMESPACE"}, 1);
}

Result<TableStatement> ParseAlterDatabase(TokenCursor* cursor) {
  cursor->Next();
  cursor->Next();
  AlterDatabase alter;
  SLUICE_ASSIGN(alter.name, ParseName(cursor, "The schema's name"));
  if (cursor->AcceptWord("UNSET")) {
    if (!AcceptProperties(cursor)) return cursor->SyntaxError("DBPROPERTIES or PROPERTIES was expected.");
    AlterTable::UnsetProperties unset;
    SLUICE_RETURN_IF_ERROR(ParseKeys(cursor, &unset.keys));
    alter.change = std::move(unset);
    return TableStatement(std::move(alter));
  }
  if (!cursor->AcceptWord("SET")) return cursor->SyntaxError("SET or UNSET was expected.");
  if (AcceptProperties(cursor)) {
    AlterTable::SetProperties set;
    SLUICE_RETURN_IF_ERROR(ParsePairs(cursor, &set.properties));
    alter.change = std::move(set);
    return TableStatement(std::move(alter));
  }
  if (!cursor->AcceptWord("LOCATION")) return cursor->SyntaxError("DBPROPERTIES or LOCATION was expected.");
  SLUICE_ASSIGN(std::string location, cursor->ExpectString("The location"));
  alter.change = AlterTable::SetLocation{std::move(location)};
  return TableStatement(std::move(alter));
}

}  // namespace sluice::sql
