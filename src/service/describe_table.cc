// SPDX-License-Identifier: Apache-2.0
#include "service/describe_table.h"

#include <arrow/api.h>
#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>

#include "analysis/name_parts.h"
#include "analysis/sql/token_cursor.h"
#include "base/spark_error.h"
#include "catalog/catalog_errors.h"
#include "service/name_pattern.h"
#include "service/row_statements.h"
#include "service/show_create_table.h"
#include "session/session.h"
#include "types/column_comment.h"
#include "types/spark_type.h"

namespace sluice::service {
namespace {

using spark::connect::Relation;
using Text = std::optional<std::string>;

std::vector<Text> ColumnRow(const arrow::Field& field) {
  return {field.name(), SparkSimpleString(*field.type()), ColumnComment(field)};
}

// "Sat Nov 28 09:19:44 UTC 2026"
std::string ShownTime(int64_t ms) {
  return fmt::format("{:%a %b %d %H:%M:%S} UTC {:%Y}", fmt::gmtime(static_cast<std::time_t>(ms / 1000)),
                     fmt::gmtime(static_cast<std::time_t>(ms / 1000)));
}

std::string ShownPairs(const std::map<std::string, std::string>& pairs) {
  std::string text;
  for (const auto& [key, value] : WithoutSecrets(pairs)) text += (text.empty() ? "" : ", ") + key + "=" + value;
  return "[" + text + "]";
}

// "((a,1), (b,2))": as DESCRIBE DATABASE shows them.
std::string ShownProperties(const DatabaseRecord& record) {
  std::string text;
  for (const auto& [key, value] : WithoutSecrets(record.properties)) {
    text += fmt::format("{}({},{})", text.empty() ? "" : ", ", key, value);
  }
  return text.empty() ? "" : "(" + text + ")";
}

// The last column is a truth value, not a text.
Relation WithFlag(Relation rows, const std::vector<std::string>& names) {
  Relation typed;
  auto* project = typed.mutable_project();
  for (const std::string& name : names) {
    auto* alias = project->add_expressions()->mutable_alias();
    alias->add_name(name);
    auto* cast = alias->mutable_expr()->mutable_cast();
    cast->mutable_expr()->mutable_unresolved_attribute()->set_unparsed_identifier(name);
    cast->set_type_str(name == names.back() ? "boolean" : "string");
  }
  *project->mutable_input() = std::move(rows);
  return typed;
}

void AddView(const ViewText& view, TextRows* rows) {
  std::vector<std::string> columns;
  for (const std::string& column : view.query_columns) columns.push_back(QuotedName({column}));
  rows->rows.push_back({"View Text", view.query, ""});
  rows->rows.push_back({"View Original Text", view.query, ""});
  rows->rows.push_back({"View Schema Mode", "COMPENSATION", ""});
  rows->rows.push_back({"View Catalog and Namespace", QuotedName({kCatalogName, view.database}), ""});
  rows->rows.push_back({"View Query Output Columns", fmt::format("[{}]", fmt::join(columns, ", ")), ""});
}

}  // namespace

Result<Relation> DescribeTable(Session* session, const TableRecord& table, bool extended) {
  TextRows rows;
  rows.names = {"col_name", "data_type", "comment"};
  for (const auto& field : table.schema->fields()) rows.rows.push_back(ColumnRow(*field));
  if (!table.partition_columns.empty()) {
    rows.rows.push_back({"# Partition Information", "", ""});
    rows.rows.push_back({"# col_name", "data_type", "comment"});
    for (const std::string& column : table.partition_columns) {
      rows.rows.push_back(ColumnRow(*table.schema->GetFieldByName(column)));
    }
  }
  if (!extended) return LocalRows(rows);
  const auto add = [&](const char* name, const std::string& value) { rows.rows.push_back({name, value, ""}); };
  add("", "");
  add("# Detailed Table Information", "");
  add("Catalog", kCatalogName);
  add("Database", table.name.database);
  add("Table", table.name.table);
  add("Created Time", ShownTime(table.created_ms));
  add("Last Access", "UNKNOWN");
  add("Created By", fmt::format("Sluice {}", SLUICE_VERSION));
  add("Type", table.view ? "VIEW" : table.is_external() ? "EXTERNAL" : "MANAGED");
  if (!table.view) add("Provider", table.format);
  if (!table.comment.empty()) add("Comment", table.comment);
  if (!table.properties.empty()) add("Table Properties", ShownPairs(table.properties));
  if (table.view) {
    AddView(*table.view, &rows);
    return LocalRows(rows);
  }
  SLUICE_ASSIGN(const std::string location, session->catalog().warehouse().LocationOf(table));
  add("Location", location);
  if (!table.options.empty()) add("Storage Properties", ShownPairs(table.options));
  if (!table.partition_columns.empty()) add("Partition Provider", "Catalog");
  return LocalRows(rows);
}

Result<Relation> DescribeColumn(const TableRecord& table, const std::string& column) {
  const auto& fields = table.schema->fields();
  const auto field = std::find_if(fields.begin(), fields.end(),
                                  [&](const auto& one) { return sql::EqualsIgnoringCase(one->name(), column); });
  if (field == fields.end()) {
    return UserError(
        "COLUMN_NOT_FOUND",
        fmt::format("The table {} has no column {}.", QuotedName(table.name.Parts()), QuotedName({column})),
        {{"colName", QuotedName({column})}, {"caseSensitiveConfig", "\"spark.sql.caseSensitive\""}});
  }
  TextRows rows;
  rows.names = {"info_name", "info_value"};
  rows.rows = {{"col_name", (*field)->name()},
               {"data_type", SparkSimpleString(*(*field)->type())},
               {"comment", ColumnComment(**field).value_or("NULL")}};
  return LocalRows(rows);
}

Result<Relation> DescribeDatabase(Session* session, const std::string& name, bool extended) {
  const SessionCatalog catalog = session->catalog();
  SLUICE_ASSIGN(const DatabaseRecord record, catalog.warehouse().GetDatabase(name));
  SLUICE_ASSIGN(const std::string location, catalog.warehouse().LocationOf(record));
  TextRows rows;
  rows.names = {"info_name", "info_value"};
  rows.rows = {{"Catalog Name", kCatalogName},
               {"Namespace Name", record.name},
               {"Comment", record.comment},
               {"Location", location}};
  if (extended) rows.rows.push_back({"Properties", ShownProperties(record)});
  return LocalRows(rows);
}

Result<Relation> ShowTables(Session* session, const std::string& database, const Text& pattern, bool views) {
  const SessionCatalog catalog = session->catalog();
  TextRows rows;
  rows.names = {"namespace", views ? "viewName" : "tableName", "isTemporary"};
  if (database != kGlobalTemp) SLUICE_RETURN_IF_ERROR(catalog.warehouse().GetDatabase(database).status());
  SLUICE_ASSIGN(const auto tables, catalog.warehouse().TableNames(database));
  for (const std::string& name : FittingNames(tables, pattern)) {
    if (views) {
      SLUICE_ASSIGN(const auto record, catalog.warehouse().FindTable({database, name}));
      if (!record || !record->view) continue;
    }
    rows.rows.push_back({database, name, "false"});
  }
  if (database == kGlobalTemp) {
    for (const std::string& name : FittingNames(catalog.global_views().Names(), pattern)) {
      rows.rows.push_back({database, name, "true"});
    }
  }
  for (const std::string& name : FittingNames(catalog.views().Names(), pattern))
    rows.rows.push_back({"", name, "true"});
  SLUICE_ASSIGN(Relation relation, LocalRows(rows));
  return WithFlag(std::move(relation), rows.names);
}

Result<Relation> ShowDatabases(Session* session, const Text& pattern) {
  SLUICE_ASSIGN(const auto names, session->catalog().warehouse().DatabaseNames());
  TextRows rows;
  rows.names = {"namespace"};
  for (const std::string& name : FittingNames(names, pattern)) rows.rows.push_back({name});
  return LocalRows(rows);
}

Result<Relation> ShowProperties(const TableRecord& table, const Text& key) {
  TextRows rows;
  rows.names = {"key", "value"};
  const auto properties = WithoutSecrets(table.properties);
  if (!key) {
    for (const auto& [name, value] : properties) rows.rows.push_back({name, value});
    return LocalRows(rows);
  }
  const auto found = properties.find(*key);
  rows.rows.push_back({*key, found != properties.end() ? found->second
                                                       : fmt::format("Table {} does not have property: {}",
                                                                     fmt::join(table.name.Parts(), "."), *key)});
  return LocalRows(rows);
}

}  // namespace sluice::service
