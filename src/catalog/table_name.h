// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/status.h"

namespace sluice {

inline constexpr char kCatalogName[] = "spark_catalog";
inline constexpr char kDefaultDatabase[] = "default";
// The schema of the views that all sessions of a process share.
inline constexpr char kGlobalTemp[] = "global_temp";

// A table of the catalog. Both parts are in lower case and become names of files: letters of ASCII, digits and _ only,
// so that no name leads out of the warehouse.
struct TableName {
  std::string database;
  std::string table;

  std::vector<std::string> Parts() const { return {kCatalogName, database, table}; }
};

// Letters of ASCII, digits and underscores, as Spark's session catalog allows.
bool IsValidName(const std::string& name);
// INVALID_SCHEMA_OR_RELATION_NAME.
Status CheckName(const std::string& name);

// The table that "t", "db.t" or "spark_catalog.db.t" names; nothing for parts that no table can have.
std::optional<TableName> FindTableName(const std::vector<std::string>& parts, const std::string& current_database);
// The same for a table to be made: REQUIRES_SINGLE_PART_NAMESPACE, INVALID_SCHEMA_OR_RELATION_NAME.
Result<TableName> NewTableName(const std::vector<std::string>& parts, const std::string& current_database);
// The schema that "db" or "spark_catalog.db" names, in lower case.
Result<std::string> DatabaseNameOf(const std::vector<std::string>& parts);

}  // namespace sluice
