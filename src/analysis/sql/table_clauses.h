// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <arrow/type_fwd.h>

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "analysis/sql/parser.h"
#include "analysis/sql/table_statements.h"
#include "analysis/sql/token_cursor.h"

namespace sluice::sql {

// (a INT NOT NULL COMMENT '..', ..). `statement`: "CREATE TABLE", for errors.
Result<std::shared_ptr<arrow::Schema>> ParseTableColumns(TokenCursor* cursor, const std::string& statement);
// ('key' = 'value', ..)
Status ParsePairs(TokenCursor* cursor, std::map<std::string, std::string>* pairs);

// ('key', a.b, ..)
Status ParseKeys(TokenCursor* cursor, std::vector<std::string>* keys);

// CREATE [OR REPLACE] VIEW: one that outlasts its session.
bool IsCreateView(const TokenCursor& cursor);
Result<TableStatement> ParseCreateView(TokenCursor* cursor, const ParseOptions& options);
// ALTER TABLE | VIEW.
bool IsAlter(const TokenCursor& cursor);
Result<TableStatement> ParseAlter(TokenCursor* cursor, const ParseOptions& options);
// ALTER DATABASE | SCHEMA | NAMESPACE.
bool IsAlterDatabase(const TokenCursor& cursor);
Result<TableStatement> ParseAlterDatabase(TokenCursor* cursor);

}  // namespace sluice::sql
