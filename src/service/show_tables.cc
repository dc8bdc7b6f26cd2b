// SPDX-License-Identifier: Apache-2.0
#include "service/show_tables.h"

#include <arrow/api.h>
#include <fmt/format.h>

#include "analysis/name_parts.h"
#include "catalog/spark_location.h"
#include "service/alter_partitions.h"
#include "service/describe_table.h"
#include "service/name_pattern.h"
#include "service/row_statements.h"
#include "session/session.h"
#include "types/tree_string.h"

namespace sluice::service {
namespace {

using spark::connect::Relation;
using Text = std::optional<std::string>;

struct Shown {
  std::string database;  // none: of the session
  std::string name;
  bool temporary = false;
};

// Those of the schema, and the session's temporary views, which are shown with every schema.
Result<std::vector<Shown>> FindShown(Session* session, const std::string& database, const Text& pattern) {
  const SessionCatalog catalog = session->catalog();
  std::vector<Shown> shown;
  if (database != kGlobalTemp) SLUICE_RETURN_IF_ERROR(catalog.warehouse().GetDatabase(database).status());
  SLUICE_ASSIGN(const auto tables, catalog.warehouse().TableNames(database));
  for (const std::string& name : FittingNames(tables, pattern)) shown.push_back({database, name});
  if (database == kGlobalTemp) {
    for (const std::string& name : FittingNames(catalog.global_views().Names(), pattern)) {
      shown.push_back({database, name, true});
    }
  }
  for (const std::string& name : FittingNames(catalog.views().Names(), pattern)) shown.push_back({"", name, true});
  return shown;
}

std::string Lines(const Details& details) {
  std::string lines;
  for (const auto& [name, value] : details) lines += fmt::format("{}: {}\n", name, value);
  return lines;
}

std::string SchemaLines(const arrow::Schema& schema) {
  return fmt::format("Schema: {}\n", SchemaTreeString(schema));
}

// Nothing when somebody has dropped the table meanwhile.
Result<Text> TableInformation(Session* session, const TableName& name) {
  SLUICE_ASSIGN(const auto record, session->catalog().warehouse().FindTable(name));
  if (!record) return Text();
  SLUICE_ASSIGN(Details details, DetailsOf(session, *record));
  if (!record->partition_columns.empty()) {
    std::vector<std::string> columns;
    for (const std::string& column : record->partition_columns) columns.push_back(QuotedName({column}));
    details.emplace_back("Partition Columns", fmt::format("[{}]", fmt::join(columns, ", ")));
  }
  return Text(Lines(details) + SchemaLines(*record->schema));
}

// No time and no text are kept of a view that ends with its owner.
Text ViewInformation(const SessionCatalog& catalog, const Shown& shown) {
  const TempViews& views = shown.database.empty() ? catalog.views() : catalog.global_views();
  const PlanPtr view = views.Find(shown.name);
  if (view == nullptr) return Text();
  Details details;
  if (!shown.database.empty()) details.emplace_back("Database", shown.database);
  details.emplace_back("Table", shown.name);
  details.emplace_back("Last Access", "UNKNOWN");
  details.emplace_back("Created By", fmt::format("Sluice {}", SLUICE_VERSION));
  details.emplace_back("Type", "VIEW");
  details.emplace_back("View Schema Mode", "BINDING");
  return Text(Lines(details) + SchemaLines(*view->schema));
}

TextRows ExtendedRows() {
  TextRows rows;
  rows.names = {"namespace", "tableName", "isTemporary", "information"};
  return rows;
}

}  // namespace

Result<Relation> ShowTables(Session* session, const std::string& database, const Text& pattern, bool views) {
  SLUICE_ASSIGN(const std::vector<Shown> all, FindShown(session, database, pattern));
  const SessionCatalog catalog = session->catalog();
  TextRows rows;
  rows.names = {"namespace", views ? "viewName" : "tableName", "isTemporary"};
  for (const Shown& shown : all) {
    if (views && !shown.temporary) {
      SLUICE_ASSIGN(const auto record, catalog.warehouse().FindTable({shown.database, shown.name}));
      if (!record || !record->view) continue;
    }
    rows.rows.push_back({shown.database, shown.name, shown.temporary ? "true" : "false"});
  }
  return LocalRowsWithFlag(rows, "isTemporary");
}

Result<Relation> ShowTablesExtended(Session* session, const std::string& database, const Text& pattern) {
  SLUICE_ASSIGN(const std::vector<Shown> all, FindShown(session, database, pattern));
  const SessionCatalog catalog = session->catalog();
  TextRows rows = ExtendedRows();
  for (const Shown& shown : all) {
    Text information;
    if (shown.temporary) {
      information = ViewInformation(catalog, shown);
    } else {
      SLUICE_ASSIGN(information, TableInformation(session, {shown.database, shown.name}));
    }
    if (!information) continue;
    rows.rows.push_back({shown.database, shown.name, shown.temporary ? "true" : "false", information});
  }
  return LocalRowsWithFlag(rows, "isTemporary");
}

Result<Relation> ShowPartitionExtended(Session* session, const sql::Name& name, const sql::PartitionSpec& spec) {
  SLUICE_ASSIGN(const FoundPartition found, FindPartition(session, name, spec));
  SLUICE_ASSIGN(const std::string location, session->catalog().warehouse().LocationOf(found.table));
  Details details = {{"Partition Values", "[" + found.values + "]"},
                     {"Location", SparkLocation(location) + "/" + found.folder}};
  if (!found.table.options.empty()) details.emplace_back("Storage Properties", ShownPairs(found.table.options));
  details.emplace_back("Last Access", "UNKNOWN");
  TextRows rows = ExtendedRows();
  rows.rows.push_back({found.table.name.database, found.table.name.table, "false", Lines(details)});
  return LocalRowsWithFlag(rows, "isTemporary");
}

}  // namespace sluice::service
