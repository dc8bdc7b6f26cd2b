// SPDX-License-Identifier: Apache-2.0
#include "service/alter_database.h"

#include <fmt/format.h>

#include <map>

#include "base/spark_error.h"
#include "catalog/catalog_errors.h"
#include "session/session.h"

namespace sluice::service {
namespace {

using Alter = sql::AlterTable;

// What a clause of its own sets.
Status CheckKey(const std::string& key) {
  static const auto* clauses =
      new std::map<std::string, std::string>{{"location", "please use the LOCATION clause to specify it"},
                                             {"collation", "please use the DEFAULT COLLATION clause to specify it"},
                                             {"owner", "it will be set to the current user"}};
  const auto found = clauses->find(key);
  if (found == clauses->end()) return Status::OK();
  return UserError("UNSUPPORTED_FEATURE.SET_NAMESPACE_PROPERTY",
                   fmt::format("{} is no property of a schema: {}.", key, found->second),
                   {{"property", key}, {"msg", found->second}});
}

Status Change(const Warehouse&, const Alter::SetProperties& set, DatabaseRecord* record) {
  for (const auto& [key, value] : set.properties) {
    SLUICE_RETURN_IF_ERROR(CheckKey(key));
    if (key == "comment") {
      record->comment = value;
    } else {
      record->properties[key] = value;
    }
  }
  return Status::OK();
}

Status Change(const Warehouse&, const Alter::UnsetProperties& unset, DatabaseRecord* record) {
  for (const std::string& key : unset.keys) {
    SLUICE_RETURN_IF_ERROR(CheckKey(key));
    if (key == "comment") {
      return UserError(
          "CANNOT_REMOVE_RESERVED_PROPERTY",
          "The comment of a schema cannot be removed as a property: COMMENT ON DATABASE .. IS NULL does it.",
          {{"property", key}});
    }
    record->properties.erase(key);
  }
  return Status::OK();
}

// The tables that are there have their files in the old folder, of which their records do not tell.
Status Change(const Warehouse& warehouse, const Alter::SetLocation& set, DatabaseRecord* record) {
  if (set.location.empty()) {
    return UserError("INVALID_EMPTY_LOCATION", "The location of a schema cannot be empty.", {{"location", ""}});
  }
  SLUICE_ASSIGN(const auto names, warehouse.TableNames(record->name));
  for (const std::string& name : names) {
    SLUICE_ASSIGN(const auto table, warehouse.FindTable({record->name, name}));
    if (!table || table->view || table->is_external()) continue;
    return NotSupported(
        fmt::format("SET LOCATION of the schema {} is not supported by Sluice while it has tables in its folder, such "
                    "as {}: create another schema there.",
                    record->name, name));
  }
  SLUICE_ASSIGN(record->location, warehouse.Absolute(set.location, kDefaultDatabase));
  return warehouse.LocationOf(*record).status();
}

Result<DatabaseRecord> RecordOf(const Warehouse& warehouse, const sql::Name& name) {
  SLUICE_ASSIGN(const std::string database, DatabaseNameOf(name));
  SLUICE_ASSIGN(DatabaseRecord record, warehouse.GetDatabase(database));
  if (database != kDefaultDatabase) return record;
  return NotSupported("The schema default cannot be changed in Sluice: it is there without a record of its own.");
}

}  // namespace

Status AlterDatabase(Session* session, const sql::AlterDatabase& alter) {
  const SessionCatalog catalog = session->catalog();
  const Warehouse& warehouse = catalog.warehouse();
  SLUICE_ASSIGN(DatabaseRecord record, RecordOf(warehouse, alter.name));
  SLUICE_RETURN_IF_ERROR(
      std::visit([&](const auto& change) { return Change(warehouse, change, &record); }, alter.change));
  return warehouse.ReplaceDatabase(record);
}

Status CommentOnDatabase(Session* session, const sql::CommentOn& comment) {
  const SessionCatalog catalog = session->catalog();
  SLUICE_ASSIGN(DatabaseRecord record, RecordOf(catalog.warehouse(), comment.name));
  record.comment = comment.comment;
  return catalog.warehouse().ReplaceDatabase(record);
}

}  // namespace sluice::service
