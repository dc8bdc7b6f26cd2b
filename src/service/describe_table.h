// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <spark/connect/relations.pb.h>

#include <optional>
#include <string>
#include <vector>

#include "base/status.h"

namespace sluice {

class Session;
struct TableRecord;

// What DESCRIBE and SHOW say of schemas and tables, as Spark says it.
namespace service {

// The columns, the partition columns once more, and with `extended` what the catalog knows besides.
Result<spark::connect::Relation> DescribeTable(Session* session, const TableRecord& table, bool extended);
// DESCRIBE table column.
Result<spark::connect::Relation> DescribeColumn(const TableRecord& table, const std::string& column);
Result<spark::connect::Relation> DescribeDatabase(Session* session, const std::string& name, bool extended);
// SHOW TABLES, or SHOW VIEWS.
Result<spark::connect::Relation> ShowTables(Session* session, const std::string& database,
                                            const std::optional<std::string>& pattern, bool views);
Result<spark::connect::Relation> ShowDatabases(Session* session, const std::optional<std::string>& pattern);
Result<spark::connect::Relation> ShowProperties(const TableRecord& table, const std::optional<std::string>& key);

}  // namespace service
}  // namespace sluice
