// SPDX-License-Identifier: Apache-2.0
#include "service/show_create_table.h"

#include <arrow/api.h>
#include <fmt/format.h>

#include <algorithm>
#include <cctype>

#include "analysis/name_parts.h"
#include "analysis/sql/token_cursor.h"
#include "base/spark_error.h"
#include "catalog/catalog_errors.h"
#include "catalog/spark_location.h"
#include "conf/conf.h"
#include "session/session.h"
#include "types/column_comment.h"
#include "types/spark_type.h"

namespace sluice::service {
namespace {

// A quote is all that is escaped, as in Spark.
std::string Text(const std::string& text) {
  std::string quoted = "'";
  for (const char c : text) quoted += c == '\'' ? std::string("\\'") : std::string(1, c);
  return quoted + "'";
}

std::string CommentOf(const arrow::Field& field) {
  const auto comment = ColumnComment(field);
  return comment ? " COMMENT " + Text(*comment) : "";
}

// Without NOT NULL, which tables of files do not keep.
std::string TypeOf(const arrow::DataType& type) {
  switch (type.id()) {
    case arrow::Type::STRING_VIEW:
      return "STRING COLLATE UTF8_BINARY";
    case arrow::Type::LIST:
      return fmt::format("ARRAY<{}>", TypeOf(*type.field(0)->type()));
    case arrow::Type::MAP: {
      const auto& map = static_cast<const arrow::MapType&>(type);
      return fmt::format("MAP<{}, {}>", TypeOf(*map.key_type()), TypeOf(*map.item_type()));
    }
    case arrow::Type::STRUCT: {
      std::string fields;
      for (const auto& field : type.fields()) {
        fields += fmt::format("{}{}: {}{}", fields.empty() ? "" : ", ", Named(field->name()), TypeOf(*field->type()),
                              CommentOf(*field));
      }
      return "STRUCT<" + fields + ">";
    }
    default:
      return SparkTypeName(type);
  }
}

// "  a,\n  b": in the brackets behind a word.
std::string Lines(const std::vector<std::string>& lines) {
  return fmt::format("(\n  {})", fmt::join(lines, ",\n  "));
}

std::string Pairs(const char* clause, const std::map<std::string, std::string>& pairs) {
  if (pairs.empty()) return "";
  std::vector<std::string> lines;
  for (const auto& [key, value] : WithoutSecrets(pairs)) {
    lines.push_back(fmt::format("{} = {}", Text(key), Text(value)));
  }
  return fmt::format("{} {}\n", clause, Lines(lines));
}

std::string Comment(const TableRecord& record) {
  return record.comment.empty() ? "" : fmt::format("COMMENT {}\n", Text(record.comment));
}

std::string StatementOf(const TableRecord& table) {
  std::vector<std::string> columns;
  for (const auto& field : table.schema->fields()) {
    columns.push_back(fmt::format("{} {}{}", Named(field->name()), TypeOf(*field->type()), CommentOf(*field)));
  }
  std::string text = fmt::format("CREATE TABLE {}.{}.{} {}\nUSING {}\n", kCatalogName, Named(table.name.database),
                                 Named(table.name.table), Lines(columns), table.format);
  text += Pairs("OPTIONS", table.options);
  if (!table.partition_columns.empty()) {
    std::vector<std::string> names;
    for (const std::string& column : table.partition_columns) names.push_back(Named(column));
    text += fmt::format("PARTITIONED BY ({})\n", fmt::join(names, ", "));
  }
  text += Comment(table);
  if (table.is_external()) text += fmt::format("LOCATION {}\n", Text(SparkLocation(table.location)));
  return text + Pairs("TBLPROPERTIES", table.properties);
}

std::string ViewStatementOf(const TableRecord& view) {
  std::vector<std::string> columns;
  for (const auto& field : view.schema->fields()) columns.push_back(Named(field->name()) + CommentOf(*field));
  return fmt::format("CREATE VIEW {}.{} {}\n{}{}WITH SCHEMA COMPENSATION\nAS {}\n", Named(view.name.database),
                     Named(view.name.table), Lines(columns), Comment(view), Pairs("TBLPROPERTIES", view.properties),
                     view.view->query);
}

bool IsHidden(const std::string& key, const std::string& value) {
  return IsSecretKey(key) || IsSecretKey(value) || sql::LowerCase(key).find("url") != std::string::npos ||
         sql::LowerCase(value).find("url") != std::string::npos;
}

}  // namespace

std::string Named(const std::string& name) {
  const auto is_plain = [](unsigned char c) { return (std::isalnum(c) != 0 && c < 0x80) || c == '_'; };
  const bool plain = !name.empty() && std::isdigit(static_cast<unsigned char>(name[0])) == 0 &&
                     std::all_of(name.begin(), name.end(), is_plain);
  return plain ? name : QuotedName({name});
}

std::map<std::string, std::string> WithoutSecrets(std::map<std::string, std::string> pairs) {
  for (auto& [key, value] : pairs) {
    if (IsHidden(key, value)) value = "*********(redacted)";
  }
  return pairs;
}

Result<std::string> CreateStatementOf(Session* session, const std::vector<std::string>& name, bool as_serde) {
  const SessionCatalog catalog = session->catalog();
  if (catalog.FindView(name) != nullptr) return ViewNotTemporary(name, "SHOW CREATE TABLE");
  SLUICE_ASSIGN(const auto record, catalog.FindRecord(name));
  if (!record) return TableNotFound(name, catalog.current_database());
  if (record->view) return ViewStatementOf(*record);
  if (!as_serde) return StatementOf(*record);
  const std::string full = QuotedName(record->name.Parts());
  return UserError("UNSUPPORTED_SHOW_CREATE_TABLE.ON_DATA_SOURCE_TABLE_WITH_AS_SERDE",
                   fmt::format("The table {} is of a data source: use SHOW CREATE TABLE without AS SERDE.", full),
                   {{"tableName", full}});
}

}  // namespace sluice::service
