// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "analysis/sql/table_statements.h"
#include "base/status.h"

namespace sluice {

class Session;

namespace service {

// ALTER TABLE and ALTER VIEW. What Spark refuses for its tables of files is refused with Spark's errors.
Status AlterTable(Session* session, const sql::AlterTable& alter);
// COMMENT ON TABLE, which views have as well.
Status CommentOn(Session* session, const sql::CommentOn& comment);
// CREATE VIEW, and ALTER VIEW .. AS.
Status CreateStoredView(Session* session, const sql::CreateView& create);

}  // namespace service
}  // namespace sluice
