// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/status.h"

namespace sluice {

class Operator;
class Session;

// What spark.catalog says of catalogs, schemas, tables and views: rows as Spark gives them.
namespace service {

Result<std::unique_ptr<Operator>> ListCatalogs(const std::optional<std::string>& pattern);
Result<std::unique_ptr<Operator>> ListDatabases(Session* session, const std::optional<std::string>& pattern);
// SCHEMA_NOT_FOUND.
Result<std::unique_ptr<Operator>> GetDatabase(Session* session, const std::string& name);
// The schema's tables and the session's temporary views; those of global_temp are the tables of that schema.
Result<std::unique_ptr<Operator>> ListTables(Session* session, const std::string& database,
                                             const std::optional<std::string>& pattern);
Result<std::unique_ptr<Operator>> ListViews(Session* session, const std::string& database,
                                            const std::optional<std::string>& pattern);
// TABLE_OR_VIEW_NOT_FOUND, and of the next two.
Result<std::unique_ptr<Operator>> GetTable(Session* session, const std::vector<std::string>& name);
Result<std::unique_ptr<Operator>> ListColumns(Session* session, const std::vector<std::string>& name);
Result<std::unique_ptr<Operator>> TableProperties(Session* session, const std::vector<std::string>& name);

}  // namespace service
}  // namespace sluice
