// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <spark/connect/relations.pb.h>

#include <optional>
#include <string>

#include "analysis/sql/table_statements.h"
#include "base/status.h"

namespace sluice {

class Session;

namespace service {

// SHOW TABLES, or SHOW VIEWS. SCHEMA_NOT_FOUND.
Result<spark::connect::Relation> ShowTables(Session* session, const std::string& database,
                                            const std::optional<std::string>& pattern, bool views);
// SHOW TABLE EXTENDED: with what the catalog knows of each, in one text.
Result<spark::connect::Relation> ShowTablesExtended(Session* session, const std::string& database,
                                                    const std::optional<std::string>& pattern);
// SHOW TABLE EXTENDED .. PARTITION: of one partition of one table.
Result<spark::connect::Relation> ShowPartitionExtended(Session* session, const sql::Name& name,
                                                       const sql::PartitionSpec& spec);

}  // namespace service
}  // namespace sluice
