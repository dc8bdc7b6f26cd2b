// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "analysis/sql/table_statements.h"
#include "base/status.h"

namespace sluice {

class Session;

namespace service {

// ALTER DATABASE: its properties, and the folder of tables to come. SCHEMA_NOT_FOUND. The schema `default` has no
// record, and is refused.
Status AlterDatabase(Session* session, const sql::AlterDatabase& alter);
// COMMENT ON DATABASE.
Status CommentOnDatabase(Session* session, const sql::CommentOn& comment);

}  // namespace service
}  // namespace sluice
