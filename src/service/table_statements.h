// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <spark/connect/relations.pb.h>

#include <optional>

#include "analysis/sql/token_cursor.h"
#include "base/status.h"

namespace sluice {

class Session;

namespace service {

// Runs a statement about schemas and tables (analysis/sql/table_statements.h). True when the text was one.
Result<bool> RunTableStatement(Session* session, sql::TokenCursor* cursor, const ParseOptions& options);

}  // namespace service
}  // namespace sluice
