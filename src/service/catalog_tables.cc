// SPDX-License-Identifier: Apache-2.0
#include "service/catalog_tables.h"

#include <arrow/api.h>

#include <algorithm>

#include "catalog/catalog_errors.h"
#include "service/name_pattern.h"
#include "service/record_rows.h"
#include "session/session.h"
#include "types/column_comment.h"
#include "types/spark_type.h"

namespace sluice::service {
namespace {

using Row = std::vector<RecordValue>;
using Text = std::optional<std::string>;
using Texts = std::optional<std::vector<std::string>>;

const std::vector<RecordColumn>& DatabaseColumns() {
  static const auto* columns = new std::vector<RecordColumn>{
      {"name", RecordKind::kText, false}, {"catalog"}, {"description"}, {"locationUri", RecordKind::kText, false}};
  return *columns;
}

Result<Row> DatabaseRow(const Warehouse& warehouse, const DatabaseRecord& record) {
  SLUICE_ASSIGN(std::string location, warehouse.LocationOf(record));
  return Row{Text(record.name), Text(kCatalogName), Text(record.comment), Text(std::move(location))};
}

const std::vector<RecordColumn>& TableColumns() {
  static const auto* columns =
      new std::vector<RecordColumn>{{"name", RecordKind::kText, false},      {"catalog"},
                                    {"namespace", RecordKind::kTexts},       {"description"},
                                    {"tableType", RecordKind::kText, false}, {"isTemporary", RecordKind::kBool, false}};
  return *columns;
}

Row ViewRow(const std::string& name, bool global) {
  return {Text(name),        Text(), global ? Texts({kGlobalTemp}) : Texts(std::vector<std::string>()), Text(),
          Text("TEMPORARY"), true};
}

Row TableRow(const TableRecord& table) {
  return {Text(table.name.table),
          Text(kCatalogName),
          Texts({table.name.database}),
          table.comment.empty() ? Text() : Text(table.comment),
          Text(table.view            ? "VIEW"
               : table.is_external() ? "EXTERNAL"
                                     : "MANAGED"),
          false};
}

// Of a schema's list: its own views if it is global_temp, and the session's.
void AddViews(const SessionCatalog& catalog, const std::string& database, const Text& pattern, std::vector<Row>* rows) {
  if (database == kGlobalTemp) {
    for (const auto& name : FittingNames(catalog.global_views().Names(), pattern)) rows->push_back(ViewRow(name, true));
  }
  for (const auto& name : FittingNames(catalog.views().Names(), pattern)) rows->push_back(ViewRow(name, false));
}

Status CheckDatabase(const SessionCatalog& catalog, const std::string& database) {
  return database == kGlobalTemp ? Status::OK() : catalog.warehouse().GetDatabase(database).status();
}

}  // namespace

Result<std::unique_ptr<Operator>> ListCatalogs(const Text& pattern) {
  std::vector<Row> rows;
  if (FitsName(kCatalogName, pattern)) rows.push_back({Text(kCatalogName), Text()});
  return RecordRows({{"name", RecordKind::kText, false}, {"description"}}, rows);
}

Result<std::unique_ptr<Operator>> ListDatabases(Session* session, const Text& pattern) {
  const SessionCatalog catalog = session->catalog();
  SLUICE_ASSIGN(const auto names, catalog.warehouse().DatabaseNames());
  std::vector<Row> rows;
  for (const std::string& name : FittingNames(names, pattern)) {
    SLUICE_ASSIGN(const auto record, catalog.warehouse().FindDatabase(name));
    if (!record) continue;  // dropped meanwhile
    SLUICE_ASSIGN(rows.emplace_back(), DatabaseRow(catalog.warehouse(), *record));
  }
  return RecordRows(DatabaseColumns(), rows);
}

Result<std::unique_ptr<Operator>> GetDatabase(Session* session, const std::string& name) {
  const SessionCatalog catalog = session->catalog();
  SLUICE_ASSIGN(const DatabaseRecord record, catalog.warehouse().GetDatabase(name));
  SLUICE_ASSIGN(Row row, DatabaseRow(catalog.warehouse(), record));
  return RecordRows(DatabaseColumns(), {std::move(row)});
}

Result<std::unique_ptr<Operator>> ListTables(Session* session, const std::string& database, const Text& pattern) {
  const SessionCatalog catalog = session->catalog();
  SLUICE_RETURN_IF_ERROR(CheckDatabase(catalog, database));
  SLUICE_ASSIGN(const auto names, catalog.warehouse().TableNames(database));
  std::vector<Row> rows;
  for (const std::string& name : FittingNames(names, pattern)) {
    SLUICE_ASSIGN(const auto table, catalog.warehouse().FindTable({database, name}));
    if (table) rows.push_back(TableRow(*table));
  }
  AddViews(catalog, database, pattern, &rows);
  return RecordRows(TableColumns(), rows);
}

Result<std::unique_ptr<Operator>> ListViews(Session* session, const std::string& database, const Text& pattern) {
  const SessionCatalog catalog = session->catalog();
  SLUICE_RETURN_IF_ERROR(CheckDatabase(catalog, database));
  SLUICE_ASSIGN(const auto names, catalog.warehouse().TableNames(database));
  std::vector<Row> rows;
  for (const std::string& name : FittingNames(names, pattern)) {
    SLUICE_ASSIGN(const auto record, catalog.warehouse().FindTable({database, name}));
    if (record && record->view) rows.push_back(TableRow(*record));
  }
  AddViews(catalog, database, pattern, &rows);
  return RecordRows(TableColumns(), rows);
}

Result<std::unique_ptr<Operator>> GetTable(Session* session, const std::vector<std::string>& name) {
  SLUICE_ASSIGN(const PlanPtr view, session->FindView(name));
  if (view != nullptr) return RecordRows(TableColumns(), {ViewRow(name.back(), name.size() > 1)});
  SLUICE_ASSIGN(const auto record, session->catalog().FindRecord(name));
  if (!record) return TableNotFound(name, session->CurrentDatabase());
  return RecordRows(TableColumns(), {TableRow(*record)});
}

Result<std::unique_ptr<Operator>> ListColumns(Session* session, const std::vector<std::string>& name) {
  SLUICE_ASSIGN(const PlanPtr view, session->FindView(name));
  std::shared_ptr<arrow::Schema> schema;
  std::vector<std::string> partitions;
  if (view != nullptr) {
    schema = view->schema;
  } else {
    SLUICE_ASSIGN(const auto record, session->catalog().FindRecord(name));
    if (!record) return TableNotFound(name, session->CurrentDatabase());
    schema = record->schema;
    partitions = record->partition_columns;
  }
  std::vector<Row> rows;
  for (const auto& field : schema->fields()) {
    const bool partition = std::find(partitions.begin(), partitions.end(), field->name()) != partitions.end();
    rows.push_back({Text(field->name()), ColumnComment(*field), Text(SparkSimpleString(*field->type())),
                    field->nullable(), partition, false, false});
  }
  return RecordRows({{"name", RecordKind::kText, false},
                     {"description"},
                     {"dataType", RecordKind::kText, false},
                     {"nullable", RecordKind::kBool, false},
                     {"isPartition", RecordKind::kBool, false},
                     {"isBucket", RecordKind::kBool, false},
                     {"isCluster", RecordKind::kBool, false}},
                    rows);
}

Result<std::unique_ptr<Operator>> TableProperties(Session* session, const std::vector<std::string>& name) {
  SLUICE_ASSIGN(const auto record, session->catalog().FindRecord(name));
  if (!record) return TableNotFound(name, session->CurrentDatabase());
  std::vector<Row> rows;
  for (const auto& [key, value] : record->properties) rows.push_back({Text(key), Text(value)});
  return RecordRows({{"key", RecordKind::kText, false}, {"value", RecordKind::kText, false}}, rows);
}

}  // namespace sluice::service
