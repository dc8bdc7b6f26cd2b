// SPDX-License-Identifier: Apache-2.0
#include "catalog/catalog_errors.h"

#include <fmt/format.h>

#include "analysis/name_parts.h"
#include "base/spark_error.h"

namespace sluice {

namespace {

Status NotFound(const std::vector<std::string>& name, const std::string& search_path) {
  return UserError("TABLE_OR_VIEW_NOT_FOUND",
                   fmt::format("The table or view {} cannot be found. Check its spelling, and that of its schema; a "
                               "name without a schema is looked for in the current one.",
                               QuotedName(name)),
                   {{"relationName", QuotedName(name)}, {"searchPath", "[" + search_path + "]"}});
}

}  // namespace

Status TableNotFound(const std::vector<std::string>& name, const std::string& current_database, Lookup lookup) {
  const std::string builtin = lookup == Lookup::kQuery ? "`system`.`builtin`, " : "";
  return NotFound(name, builtin + "`system`.`session`, " + QuotedName({"spark_catalog", current_database}));
}

Status NothingToDrop(const std::vector<std::string>& name, const std::string& current_database) {
  std::vector<std::string> parts = name;
  if (parts.size() == 1) parts.insert(parts.begin(), current_database);
  if (parts.size() == 2) parts.insert(parts.begin(), "spark_catalog");
  return NotFound(parts, QuotedName({parts.begin(), parts.end() - 1}));
}

Status TableExists(const std::vector<std::string>& name) {
  return UserError("TABLE_OR_VIEW_ALREADY_EXISTS",
                   fmt::format("The table or view {} cannot be created because it already exists. Choose another name, "
                               "drop it first, or add IF NOT EXISTS.",
                               QuotedName(name)),
                   {{"relationName", QuotedName(name)}});
}

Status TemporaryViewExists(const std::vector<std::string>& name) {
  return UserError("TEMP_TABLE_OR_VIEW_ALREADY_EXISTS",
                   fmt::format("The temporary view {} cannot be created because it already exists. Choose another "
                               "name, or replace it by CREATE OR REPLACE.",
                               QuotedName(name)),
                   {{"relationName", QuotedName(name)}});
}

Status SchemaNotFound(const std::vector<std::string>& name) {
  return UserError("SCHEMA_NOT_FOUND",
                   fmt::format("The schema {} cannot be found. Check its spelling and that of its catalog; add IF "
                               "EXISTS to drop what may not be there.",
                               QuotedName(name)),
                   {{"schemaName", QuotedName(name)}});
}

Status SchemaExists(const std::vector<std::string>& name) {
  return UserError("SCHEMA_ALREADY_EXISTS",
                   fmt::format("The schema {} cannot be created because it already exists. Choose another name, drop "
                               "it first, or add IF NOT EXISTS.",
                               QuotedName(name)),
                   {{"schemaName", QuotedName(name)}});
}

Status SchemaNotEmpty(const std::vector<std::string>& name) {
  return UserError("SCHEMA_NOT_EMPTY",
                   fmt::format("The schema {} cannot be dropped because it has tables. Drop them first, or all with it "
                               "by CASCADE.",
                               QuotedName(name)),
                   {{"schemaName", QuotedName(name)}});
}

Status LocationExists(const std::vector<std::string>& name, const std::string& location) {
  return UserError("LOCATION_ALREADY_EXISTS",
                   fmt::format("The table {} cannot be made in {}: files are there already. Choose another name, or "
                               "delete that folder first.",
                               QuotedName(name), location),
                   {{"identifier", QuotedName(name)}, {"location", "'" + location + "'"}});
}

Status TableExpected(const std::vector<std::string>& name, const std::string& operation) {
  return UserError("EXPECT_TABLE_NOT_VIEW.NO_ALTERNATIVE",
                   fmt::format("{} needs a table, but {} is a view.", operation, QuotedName(name)),
                   {{"viewName", QuotedName(name)}, {"operation", operation}});
}

Status UseAlterView(const std::vector<std::string>& name, const std::string& operation) {
  return UserError("EXPECT_TABLE_NOT_VIEW.USE_ALTER_VIEW",
                   fmt::format("{} needs a table, but {} is a view: use ALTER VIEW.", operation, QuotedName(name)),
                   {{"viewName", QuotedName(name)}, {"operation", operation}});
}

Status ViewExpected(const std::vector<std::string>& name, const std::string& operation, bool alters) {
  return UserError(alters ? "EXPECT_VIEW_NOT_TABLE.USE_ALTER_TABLE" : "EXPECT_VIEW_NOT_TABLE.NO_ALTERNATIVE",
                   fmt::format("{} needs a view, but {} is a table.", operation, QuotedName(name)),
                   {{"tableName", QuotedName(name)}, {"operation", operation}});
}

Status ViewNotTemporary(const std::vector<std::string>& name, const std::string& operation) {
  return UserError(
      "EXPECT_PERMANENT_VIEW_NOT_TEMP",
      fmt::format("{} needs a view that outlasts its session, and {} does not.", operation, QuotedName(name)),
      {{"viewName", QuotedName(name)}, {"operation", operation}});
}

}  // namespace sluice
