// SPDX-License-Identifier: Apache-2.0
#include "service/table_statements.h"

#include <fmt/format.h>

#include <algorithm>

#include "analysis/name_parts.h"
#include "analysis/sql/table_statements.h"
#include "base/spark_error.h"
#include "catalog/catalog_errors.h"
#include "connectors/options.h"
#include "service/alter_database.h"
#include "service/alter_partitions.h"
#include "service/alter_table.h"
#include "session/session.h"
#include "session/table_write.h"

namespace sluice::service {
namespace {

using spark::connect::Relation;

Result<PlanPtr> BatchPlanOf(Session* session, const Relation& relation) {
  SLUICE_ASSIGN(PlanPtr plan, session->Resolve(relation));
  if (!IsStreaming(*plan)) return plan;
  return UserError("WRITE_STREAM_NOT_ALLOWED", "A streaming relation is written by writeStream.");
}

Status Run(Session* session, const sql::CreateTable& create) {
  TableSpec spec;
  spec.name = create.name;
  spec.format = create.format;
  spec.options = create.options;
  spec.partition_columns = create.partition_columns;
  spec.comment = create.comment;
  spec.properties = create.properties;
  spec.location = create.location.empty() ? Options(create.options).Get("path", "") : create.location;
  std::erase_if(spec.options, [](const auto& option) { return sql::EqualsIgnoringCase(option.first, "path"); });
  const SessionCatalog catalog = session->catalog();
  SLUICE_ASSIGN(const auto present, catalog.FindRecord(create.name));
  if (present && create.if_not_exists) return Status::OK();
  if (create.external && create.location.empty()) {
    return UserError("INVALID_SQL_SYNTAX.CREATE_EXTERNAL_WITHOUT_LOCATION", "CREATE EXTERNAL TABLE needs a LOCATION.");
  }
  if (present) return TableExists(present->name.Parts());
  if (!create.query) return CreateTable(session, spec, create.columns);
  if (create.columns != nullptr) {
    return UserError("PARSE_SYNTAX_ERROR", "CREATE TABLE .. AS takes its columns from the query, not from a list.");
  }
  SLUICE_ASSIGN(const PlanPtr plan, BatchPlanOf(session, *create.query));
  return SaveAsTable(session, spec, plan, SaveMode::kErrorIfExists);
}

// One row with the values that PARTITION gives.
Result<PlanPtr> PartitionRow(Session* session, const sql::InsertInto& insert) {
  Relation relation;
  auto* project = relation.mutable_project();
  for (const auto& [column, value] : insert.partition) {
    if (!value) continue;
    auto* alias = project->add_expressions()->mutable_alias();
    alias->add_name(column);
    *alias->mutable_expr() = *value;
  }
  if (project->expressions_size() == 0) return PlanPtr();
  return session->Resolve(relation);
}

Status Run(Session* session, const sql::InsertInto& insert) {
  TableInsert rows;
  rows.name = insert.name;
  rows.overwrite = insert.overwrite;
  rows.by_name = insert.by_name;
  rows.columns = insert.columns;
  SLUICE_ASSIGN(rows.partition, PartitionRow(session, insert));
  SLUICE_ASSIGN(rows.plan, BatchPlanOf(session, insert.query));
  return InsertIntoTable(session, rows);
}

Status Run(Session* session, const sql::CreateDatabase& create) {
  const SessionCatalog catalog = session->catalog();
  DatabaseRecord record;
  SLUICE_ASSIGN(record.name, DatabaseNameOf(create.name));
  record.comment = create.comment;
  record.location = create.location;
  record.properties = create.properties;
  if (create.if_not_exists) {
    SLUICE_ASSIGN(const auto present, catalog.warehouse().FindDatabase(record.name));
    if (present) return Status::OK();
  }
  if (!record.location.empty()) {
    SLUICE_ASSIGN(record.location, catalog.warehouse().Absolute(record.location, kDefaultDatabase));
  }
  return catalog.warehouse().CreateDatabase(record);
}

Status Run(Session* session, const sql::DropDatabase& drop) {
  const SessionCatalog catalog = session->catalog();
  SLUICE_ASSIGN(const std::string name, DatabaseNameOf(drop.name));
  SLUICE_ASSIGN(const auto present, catalog.warehouse().FindDatabase(name));
  if (!present && drop.if_exists) return Status::OK();
  return catalog.warehouse().DropDatabase(name, drop.cascade);
}

Status Run(Session* session, const sql::DropTable& drop) {
  const SessionCatalog catalog = session->catalog();
  // As in Spark, a view is dropped as well, and first a temporary one.
  if (catalog.FindView(drop.name) != nullptr) {
    (drop.name.size() == 1 ? catalog.views() : catalog.global_views()).Drop(drop.name.back());
    return Status::OK();
  }
  SLUICE_ASSIGN(const auto table, catalog.FindRecord(drop.name));
  if (table) return catalog.warehouse().DropTable(*table);
  return drop.if_exists ? Status::OK() : NothingToDrop(drop.name, catalog.current_database());
}

Status Run(Session* session, const sql::DropView& drop) {
  const SessionCatalog catalog = session->catalog();
  if (catalog.FindView(drop.name) != nullptr) {
    (drop.name.size() == 1 ? catalog.views() : catalog.global_views()).Drop(drop.name.back());
    return Status::OK();
  }
  SLUICE_ASSIGN(const auto table, catalog.FindRecord(drop.name));
  if (table && !table->view) {
    const std::string name = fmt::format("{}", fmt::join(table->name.Parts(), "."));
    return UserError("WRONG_COMMAND_FOR_OBJECT_TYPE",
                     fmt::format("DROP VIEW needs a view, but {} is a table: use DROP TABLE.", name),
                     {{"operation", "DROP VIEW"},
                      {"requiredType", "VIEW or METRIC_VIEW"},
                      {"objectName", name},
                      {"foundType", table->is_external() ? "EXTERNAL" : "MANAGED"},
                      {"alternative", "DROP TABLE"}});
  }
  if (table) return catalog.warehouse().DropTable(*table);
  return drop.if_exists ? Status::OK() : NothingToDrop(drop.name, catalog.current_database());
}

Status Run(Session* session, const sql::CreateView& create) {
  return CreateStoredView(session, create);
}

Status Run(Session* session, const sql::AlterTable& alter) {
  return AlterTable(session, alter);
}

Status Run(Session* session, const sql::AlterDatabase& alter) {
  return AlterDatabase(session, alter);
}

Status Run(Session* session, const sql::CommentOn& comment) {
  return comment.is_schema ? CommentOnDatabase(session, comment) : CommentOn(session, comment);
}

Status Run(Session* session, const sql::UseDatabase& use) {
  if (!use.is_schema && use.name.size() == 1 && sql::EqualsIgnoringCase(use.name[0], kCatalogName)) {
    return session->catalog().UseDatabase(kDefaultDatabase);
  }
  SLUICE_ASSIGN(const std::string name, DatabaseNameOf(use.name));
  return session->catalog().UseDatabase(name);
}

Status Run(Session* session, const sql::TruncateTable& truncate) {
  const SessionCatalog catalog = session->catalog();
  SLUICE_RETURN_IF_ERROR(catalog.CheckNoView(truncate.name, "TRUNCATE TABLE"));
  SLUICE_ASSIGN(const TableRecord table, catalog.GetTable(truncate.name));
  if (table.is_external()) {
    return UserError(
        "_LEGACY_ERROR_TEMP_1266",
        fmt::format("TRUNCATE TABLE is not for external tables, such as {}.", QuotedName(table.name.Parts())),
        {{"tableIdentWithDB", QuotedName(table.name.Parts())}});
  }
  return catalog.TruncateTable(table);
}

Status Run(Session* session, const sql::RefreshTable& refresh) {
  if (refresh.name.empty() || refresh.if_exists) return Status::OK();
  const SessionCatalog catalog = session->catalog();
  if (catalog.FindView(refresh.name) != nullptr) return Status::OK();
  SLUICE_ASSIGN(const auto record, catalog.FindRecord(refresh.name));
  return record ? Status::OK() : TableNotFound(refresh.name, catalog.current_database());
}

Status Run(Session* session, const sql::RepairTable& repair) {
  return RepairTable(session, repair);
}

}  // namespace

Result<bool> RunTableStatement(Session* session, sql::TokenCursor* cursor, const ParseOptions& options) {
  if (!sql::IsTableStatement(*cursor)) return false;
  SLUICE_ASSIGN(const sql::TableStatement statement, sql::ParseTableStatement(cursor, options));
  SLUICE_RETURN_IF_ERROR(std::visit([&](const auto& one) { return Run(session, one); }, statement));
  return true;
}

}  // namespace sluice::service
