// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <spark/connect/relations.pb.h>

#include <optional>
#include <string>
#include <vector>

#include "analysis/sql/token_cursor.h"
#include "base/status.h"

namespace sluice {

class Session;

namespace service {

// Rows of texts as local data.
struct TextRows {
  std::vector<std::string> names;
  std::vector<std::vector<std::optional<std::string>>> rows;
};
Result<spark::connect::Relation> LocalRows(const TextRows& rows);
// The column `flag` has truth values, and not texts.
Result<spark::connect::Relation> LocalRowsWithFlag(const TextRows& rows, const std::string& flag);

// EXPLAIN, DESCRIBE and SHOW, with the columns that Spark gives. Nothing for any other statement. `text` is the whole
// of what the cursor reads.
Result<std::optional<spark::connect::Relation>> RunRowStatement(Session* session, sql::TokenCursor* cursor,
                                                                const std::string& text);

}  // namespace service
}  // namespace sluice
