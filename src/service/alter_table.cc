// SPDX-License-Identifier: Apache-2.0
#include "service/alter_table.h"

#include <arrow/api.h>
#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "analysis/name_parts.h"
#include "base/spark_error.h"
#include "catalog/catalog_errors.h"
#include "service/alter_partitions.h"
#include "session/session.h"
#include "session/stored_views.h"
#include "types/column_comment.h"
#include "types/spark_type.h"

namespace sluice::service {
namespace {

using Alter = sql::AlterTable;

Status NoTableOperation(const TableRecord& table, const std::string& operation) {
  const std::string name = QuotedName(table.name.Parts());
  return UserError("UNSUPPORTED_FEATURE.TABLE_OPERATION",
                   fmt::format("The table {} does not support {}. Its files stay as they are.", name, operation),
                   {{"tableName", name}, {"operation", operation}});
}

Status ColumnExists(const std::string& name) {
  const std::string column = QuotedName({sql::LowerCase(name)});
  return UserError("COLUMN_ALREADY_EXISTS", fmt::format("The column {} is there already.", column),
                   {{"columnName", column}});
}

// New columns stand before those of partitions, and are NULL in the rows that are there.
Status Change(const Alter::AddColumns& add, TableRecord* table) {
  if (table->format == "text") {
    return UserError("_LEGACY_ERROR_TEMP_1260",
                     fmt::format("A table of the format text has one column of text: {} takes no more.",
                                 QuotedName(table->name.Parts())),
                     {{"metadata", "text"}, {"table", QuotedName(table->name.Parts())}});
  }
  arrow::FieldVector fields = table->schema->fields();
  const auto partitions = static_cast<std::ptrdiff_t>(table->partition_columns.size());
  std::set<std::string> seen;
  for (const auto& field : fields) seen.insert(sql::LowerCase(field->name()));
  for (const auto& field : add.columns->fields()) {
    if (!field->nullable()) {
      return UserError("_LEGACY_ERROR_TEMP_1052", "A column that is added to a table of files takes no NOT NULL.");
    }
    if (!seen.insert(sql::LowerCase(field->name())).second) return ColumnExists(field->name());
    fields.insert(fields.end() - partitions, field->WithNullable(true));
  }
  table->schema = arrow::schema(std::move(fields));
  return Status::OK();
}

Status Change(const Alter::SetProperties& set, TableRecord* table) {
  for (const auto& [key, value] : set.properties) {
    if (key == "provider" || key == "location") {
      const std::string clause = key == "provider" ? "USING" : "LOCATION";
      return UserError("UNSUPPORTED_FEATURE.SET_TABLE_PROPERTY",
                       fmt::format("{} is no property of a table: CREATE TABLE has {} for it.", key, clause),
                       {{"property", key}, {"msg", fmt::format("please use the {} clause to specify it", clause)}});
    }
    if (key == "comment") {
      table->comment = value;
    } else {
      table->properties[key] = value;
    }
  }
  return Status::OK();
}

Status Change(const Alter::UnsetProperties& unset, TableRecord* table) {
  for (const std::string& key : unset.keys) {
    if (key == "comment") {
      table->comment.clear();
    } else {
      table->properties.erase(key);
    }
  }
  return Status::OK();
}

// Only the comment: the type that files have stays.
Status Change(const Alter::ChangeColumn& change, TableRecord* table) {
  arrow::FieldVector fields = table->schema->fields();
  const auto field = std::find_if(fields.begin(), fields.end(),
                                  [&](const auto& one) { return sql::EqualsIgnoringCase(one->name(), change.column); });
  if (field == fields.end()) {
    std::string names;
    for (const auto& one : fields) names += (names.empty() ? "`" : ", `") + one->name() + "`";
    return UserError("UNRESOLVED_COLUMN.WITH_SUGGESTION",
                     fmt::format("The table has no column {}; it has {}.", QuotedName({change.column}), names),
                     {{"objectName", QuotedName({change.column})}, {"proposal", names}});
  }
  if (!change.type.empty()) {
    SLUICE_ASSIGN(const auto type, ParseSparkType(change.type));
    if (!type->Equals(*(*field)->type())) {
      return UserError("NOT_SUPPORTED_CHANGE_COLUMN",
                       fmt::format("The column {} is of the type {}, and cannot become {}.",
                                   QuotedName({change.column}), SparkTypeName(*(*field)->type()), SparkTypeName(*type)),
                       {{"table", QuotedName(table->name.Parts())},
                        {"originName", QuotedName({(*field)->name()})},
                        {"originType", "\"" + SparkTypeName(*(*field)->type()) + "\""},
                        {"newName", QuotedName({(*field)->name()})},
                        {"newType", "\"" + SparkTypeName(*type) + "\""}});
    }
  }
  if (change.comment) *field = WithColumnComment(**field, *change.comment);
  table->schema = arrow::schema(std::move(fields));
  return Status::OK();
}

Status Change(const Alter::Refused& refused, TableRecord* table) {
  return NoTableOperation(*table, refused.operation);
}

// What AlterTable does beside the record.
template <typename Other>
Status Change(const Other&, TableRecord*) {
  return InternalError("this change is none of a table's record alone");
}

// From now on the rows are those of the files that are found there.
Status SetTableLocation(const SessionCatalog& catalog, const std::string& location, TableRecord table) {
  if (location.empty()) {
    return UserError("INVALID_EMPTY_LOCATION", "The location of a table cannot be empty.", {{"location", ""}});
  }
  if (!table.is_external()) {
    return NotSupported(
        fmt::format("SET LOCATION is not supported by Sluice for {}, whose files are in the warehouse: create another "
                    "table with that LOCATION.",
                    QuotedName(table.name.Parts())));
  }
  SLUICE_RETURN_IF_ERROR(CheckFinished(table));
  SLUICE_ASSIGN(table.location, catalog.warehouse().Absolute(location, table.name.database));
  SLUICE_RETURN_IF_ERROR(catalog.MakeFolder(table));
  return catalog.warehouse().ReplaceTable(table);
}

// The new name's schema is the old one's.
Status RenameTo(const SessionCatalog& catalog, const TableRecord& table, const sql::Name& to) {
  if (to.size() > 2) {
    return UserError("IDENTIFIER_TOO_MANY_NAME_PARTS",
                     fmt::format("{} has more than 2 parts: a schema's name and the new one.", QuotedName(to)),
                     {{"identifier", QuotedName(to)}, {"limit", "2"}});
  }
  SLUICE_ASSIGN(const TableName name, NewTableName(to, table.name.database));
  if (name.database != table.name.database) {
    return UserError("_LEGACY_ERROR_TEMP_1073",
                     fmt::format("RENAME TO keeps the schema: {} is in {}, and not in {}.",
                                 QuotedName(table.name.Parts()), table.name.database, name.database),
                     {{"db", table.name.database}, {"newDb", name.database}});
  }
  if (!table.view) {
    SLUICE_RETURN_IF_ERROR(CheckFinished(table));
    SLUICE_ASSIGN(const bool streamed, catalog.warehouse().HasSinkLog(table));
    if (streamed && !table.is_external()) {
      return NotSupported(fmt::format("The table {} is written by a streaming query, and keeps its name.",
                                      QuotedName(table.name.Parts())));
    }
  }
  return catalog.warehouse().RenameTable(table, name.table);
}

Status RenameTemporary(const SessionCatalog& catalog, const sql::Name& from, const sql::Name& to) {
  if (from.size() != 1 || to.size() != 1) {
    return UserError("_LEGACY_ERROR_TEMP_1074",
                     "A temporary view keeps the place that it has: its new name has one part.");
  }
  SLUICE_RETURN_IF_ERROR(catalog.CreateView(to[0], catalog.FindView(from), /*replace=*/false));
  catalog.views().Drop(from[0]);
  return Status::OK();
}

// "ALTER TABLE ... ADD COLUMNS": as errors name what was asked for.
std::string OperationOf(const Alter& alter) {
  struct Namer {
    std::string operator()(const Alter::AddColumns&) const { return "ADD COLUMNS"; }
    std::string operator()(const Alter::Rename&) const { return "RENAME TO"; }
    std::string operator()(const Alter::SetProperties&) const { return "SET TBLPROPERTIES"; }
    std::string operator()(const Alter::UnsetProperties&) const { return "UNSET TBLPROPERTIES"; }
    std::string operator()(const Alter::SetLocation&) const { return "SET LOCATION ..."; }
    std::string operator()(const Alter::ChangeColumn&) const { return "ALTER COLUMN"; }
    std::string operator()(const Alter::AddPartitions&) const { return "ADD PARTITION ..."; }
    std::string operator()(const Alter::DropPartitions&) const { return "DROP PARTITION ..."; }
    std::string operator()(const Alter::RecoverPartitions&) const { return "RECOVER PARTITIONS"; }
    std::string operator()(const Alter::Refused& refused) const { return refused.operation; }
  };
  return fmt::format("ALTER {} ... {}", alter.view ? "VIEW" : "TABLE", std::visit(Namer(), alter.change));
}

// ALTER TABLE of a view: for its properties and its name there is ALTER VIEW.
Status NotForViews(const Alter& alter, const sql::Name& name) {
  const bool alters = std::holds_alternative<Alter::SetProperties>(alter.change) ||
                      std::holds_alternative<Alter::UnsetProperties>(alter.change) ||
                      std::holds_alternative<Alter::Rename>(alter.change);
  return alters ? UseAlterView(name, OperationOf(alter)) : TableExpected(name, OperationOf(alter));
}

// ALTER VIEW .. AS of a temporary view.
Status ReplaceTemporary(Session* session, const sql::CreateView& create) {
  SLUICE_ASSIGN(const auto query, ParseQuerySql(create.query, ParseOptions{SessionOptions::Of(session->conf()), ""}));
  SLUICE_ASSIGN(const PlanPtr plan, session->Resolve(query));
  const SessionCatalog catalog = session->catalog();
  return create.name.size() == 1 ? catalog.CreateView(create.name[0], plan, /*replace=*/true)
                                 : catalog.CreateGlobalView(create.name.back(), plan, /*replace=*/true);
}

}  // namespace

Status AlterTable(Session* session, const Alter& alter) {
  const SessionCatalog catalog = session->catalog();
  const auto* rename = std::get_if<Alter::Rename>(&alter.change);
  if (catalog.FindView(alter.name) != nullptr) {
    if (rename != nullptr) return RenameTemporary(catalog, alter.name, rename->to);
    return alter.view ? ViewNotTemporary(alter.name, OperationOf(alter)) : NotForViews(alter, alter.name);
  }
  SLUICE_ASSIGN(auto record, catalog.FindRecord(alter.name));
  if (!record) return TableNotFound(alter.name, catalog.current_database());
  if (alter.view && !record->view) return ViewExpected(alter.name, "ALTER VIEW", /*alters=*/true);
  if (!alter.view && record->view) return NotForViews(alter, record->name.Parts());
  if (rename != nullptr) return RenameTo(catalog, *record, rename->to);
  if (const auto* add = std::get_if<Alter::AddPartitions>(&alter.change)) return AddPartitions(session, *record, *add);
  if (const auto* drop = std::get_if<Alter::DropPartitions>(&alter.change)) {
    return DropPartitions(session, *record, *drop);
  }
  if (const auto* set = std::get_if<Alter::SetLocation>(&alter.change)) {
    return SetTableLocation(catalog, set->location, *record);
  }
  if (std::holds_alternative<Alter::RecoverPartitions>(alter.change)) {
    return RecoverPartitions(*record, "ALTER TABLE RECOVER PARTITIONS");
  }
  SLUICE_RETURN_IF_ERROR(std::visit([&](const auto& change) { return Change(change, &*record); }, alter.change));
  return catalog.warehouse().ReplaceTable(*record);
}

Status CommentOn(Session* session, const sql::CommentOn& comment) {
  const SessionCatalog catalog = session->catalog();
  SLUICE_ASSIGN(auto record, catalog.FindRecord(comment.name));
  if (!record) return TableNotFound(comment.name, catalog.current_database());
  record->comment = comment.comment;
  return catalog.warehouse().ReplaceTable(*record);
}

Status CreateStoredView(Session* session, const sql::CreateView& create) {
  const SessionCatalog catalog = session->catalog();
  if (create.alter && catalog.FindView(create.name) != nullptr) return ReplaceTemporary(session, create);
  SLUICE_ASSIGN(const TableName name, NewTableName(create.name, catalog.current_database()));
  SLUICE_RETURN_IF_ERROR(catalog.warehouse().GetDatabase(name.database).status());
  SLUICE_ASSIGN(const auto present, catalog.FindRecord(create.name));
  if (present && create.if_not_exists) return Status::OK();
  if (create.alter && !present) return TableNotFound(create.name, catalog.current_database());
  if (present && !present->view && (create.alter || create.replace)) {
    return ViewExpected(present->name.Parts(), create.alter ? "ALTER VIEW ... AS" : "CREATE OR REPLACE VIEW",
                        /*alters=*/false);
  }
  if (present && !create.replace && !create.alter) return TableExists(present->name.Parts());
  ViewSpec spec{create.name, create.query, create.columns, create.comment, create.properties};
  if (create.alter) {
    spec.comment = present->comment;
    spec.properties = present->properties;
  }
  SLUICE_ASSIGN(TableRecord view, NewView(session, spec));
  if (!present) return catalog.warehouse().CreateTable(view);
  view.created_ms = present->created_ms;
  return catalog.warehouse().ReplaceTable(view);
}

}  // namespace sluice::service
