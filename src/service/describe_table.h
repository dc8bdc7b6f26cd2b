// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <spark/connect/relations.pb.h>

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/status.h"

namespace sluice {

class Session;
struct TableRecord;

// What DESCRIBE and SHOW say of schemas and tables, as Spark says it.
namespace service {

// What the catalog knows of a table or view besides its columns: names and values, in Spark's order.
using Details = std::vector<std::pair<std::string, std::string>>;
Result<Details> DetailsOf(Session* session, const TableRecord& table);
// "[a=1, b=2]", without secrets.
std::string ShownPairs(const std::map<std::string, std::string>& pairs);

// The columns, the partition columns once more, and with `extended` what the catalog knows besides.
Result<spark::connect::Relation> DescribeTable(Session* session, const TableRecord& table, bool extended);
// DESCRIBE table column.
Result<spark::connect::Relation> DescribeColumn(const TableRecord& table, const std::string& column);
Result<spark::connect::Relation> DescribeDatabase(Session* session, const std::string& name, bool extended);
Result<spark::connect::Relation> ShowDatabases(Session* session, const std::optional<std::string>& pattern);
Result<spark::connect::Relation> ShowProperties(const TableRecord& table, const std::optional<std::string>& key);

}  // namespace service
}  // namespace sluice
