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
#include "catalog/spark_location.h"
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

// "((a,1), (b,2))": as DESCRIBE DATABASE shows them.
std::string ShownProperties(const DatabaseRecord& record) {
  std::string text;
  for (const auto& [key, value] : WithoutSecrets(record.properties)) {
    text += fmt::format("{}({},{})", text.empty() ? "" : ", ", key, value);
  }
  return text.empty() ? "" : "(" + text + ")";
}

void AddView(const ViewText& view, Details* details) {
  std::vector<std::string> columns;
  for (const std::string& column : view.query_columns) columns.push_back(QuotedName({column}));
  details->emplace_back("View Text", view.query);
  details->emplace_back("View Original Text", view.query);
  details->emplace_back("View Schema Mode", "COMPENSATION");
  details->emplace_back("View Catalog and Namespace", fmt::format("{}.{}", kCatalogName, Named(view.database)));
  details->emplace_back("View Query Output Columns", fmt::format("[{}]", fmt::join(columns, ", ")));
}

}  // namespace

std::string ShownPairs(const std::map<std::string, std::string>& pairs) {
  std::string text;
  for (const auto& [key, value] : WithoutSecrets(pairs)) text += (text.empty() ? "" : ", ") + key + "=" + value;
  return "[" + text + "]";
}

Result<Details> DetailsOf(Session* session, const TableRecord& table) {
  Details details = {{"Catalog", kCatalogName},
                     {"Database", table.name.database},
                     {"Table", table.name.table},
                     {"Created Time", ShownTime(table.created_ms)},
                     {"Last Access", "UNKNOWN"},
                     {"Created By", fmt::format("Sluice {}", SLUICE_VERSION)},
                     {"Type", table.view            ? "VIEW"
                              : table.is_external() ? "EXTERNAL"
                                                    : "MANAGED"}};
  const auto add = [&](const char* name, const std::string& value) { details.emplace_back(name, value); };
  if (!table.view) add("Provider", table.format);
  if (!table.comment.empty()) add("Comment", table.comment);
  if (table.view) AddView(*table.view, &details);
  if (!table.properties.empty()) add("Table Properties", ShownPairs(table.properties));
  if (table.view) return details;
  SLUICE_ASSIGN(const std::string location, session->catalog().warehouse().LocationOf(table));
  add("Location", SparkLocation(location));
  if (!table.options.empty()) add("Storage Properties", ShownPairs(table.options));
  if (!table.partition_columns.empty()) add("Partition Provider", "Catalog");
  return details;
}

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
  rows.rows.push_back({"", "", ""});
  rows.rows.push_back({"# Detailed Table Information", "", ""});
  SLUICE_ASSIGN(const Details details, DetailsOf(session, table));
  for (const auto& [name, value] : details) rows.rows.push_back({name, value, ""});
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
