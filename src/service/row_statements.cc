// SPDX-License-Identifier: Apache-2.0
#include "service/row_statements.h"

#include <arrow/api.h>
#include <fmt/format.h>

#include <algorithm>

#include "analysis/sql/parser.h"
#include "analysis/sql/table_statements.h"
#include "base/spark_error.h"
#include "catalog/catalog_errors.h"
#include "expr/function_registry.h"
#include "service/alter_partitions.h"
#include "service/catalog_functions.h"
#include "service/describe_table.h"
#include "service/name_pattern.h"
#include "service/show_create_table.h"
#include "service/show_tables.h"
#include "session/session.h"
#include "types/spark_batch.h"
#include "types/spark_type.h"

namespace sluice::service {
namespace {

using spark::connect::Relation;

std::string BlankedBefore(const std::string& text, size_t begin) {
  std::string blanked = text;
  std::replace_if(
      blanked.begin(), blanked.begin() + static_cast<std::ptrdiff_t>(begin), [](char c) { return c != '\n'; }, ' ');
  return blanked;
}

Result<Relation> OneColumn(const std::string& name, const std::vector<std::string>& values) {
  TextRows rows;
  rows.names.push_back(name);
  for (const std::string& value : values) rows.rows.push_back(std::vector<std::optional<std::string>>(1, value));
  return LocalRows(rows);
}

Result<PlanPtr> PlanOf(Session* session, const std::string& query) {
  const ParseOptions options{SessionOptions::Of(session->conf()), ""};
  SLUICE_ASSIGN(const Relation relation, ParseQuerySql(query, options));
  return session->Resolve(relation);
}

Result<std::optional<std::string>> PatternOf(sql::TokenCursor* cursor) {
  const bool like = cursor->AcceptWord("LIKE");
  if (!like && cursor->Peek().kind != sql::TokenKind::kString) return std::optional<std::string>();
  SLUICE_ASSIGN(std::string pattern, cursor->ExpectString("a pattern"));
  return std::optional<std::string>(std::move(pattern));
}

Status ExpectEnd(sql::TokenCursor* cursor) {
  cursor->AcceptSymbol(";");
  return cursor->AtEnd() ? Status::OK() : cursor->SyntaxError("nothing more was expected here.");
}

// IN or FROM a schema; else the current one.
Result<std::string> AcceptDatabase(const Session& session, sql::TokenCursor* cursor) {
  if (!cursor->AcceptWord("IN") && !cursor->AcceptWord("FROM")) return session.CurrentDatabase();
  SLUICE_ASSIGN(const sql::Name name, sql::ParseName(cursor, "The schema's name"));
  return DatabaseNameOf(name);
}

Result<Relation> ExplainQuery(Session* session, sql::TokenCursor* cursor, const std::string& text) {
  for (const char* mode : {"EXTENDED", "CODEGEN", "COST", "FORMATTED"}) cursor->AcceptWord(mode);
  SLUICE_ASSIGN(const PlanPtr plan, PlanOf(session, BlankedBefore(text, cursor->Peek().begin)));
  return OneColumn("plan", {"== Physical Plan ==\n" + Explain(*plan)});
}

// DESCRIBE [TABLE] [EXTENDED] of a table of the catalog; nothing for a view, or a folder.
Result<std::optional<Relation>> DescribeNamed(Session* session, sql::TokenCursor* cursor, bool extended) {
  SLUICE_ASSIGN(const sql::Name name, sql::ParseName(cursor, "The table's name"));
  SLUICE_ASSIGN(const PlanPtr view, session->FindView(name));
  if (view != nullptr) return std::optional<Relation>();
  SLUICE_ASSIGN(const auto table, session->catalog().FindRecord(name));
  if (!table) return std::optional<Relation>();
  if (cursor->IsWord("PARTITION")) return cursor->Refuse("DESCRIBE of a partition", cursor->position());
  Relation described;
  if (!extended && cursor->IsName()) {
    SLUICE_ASSIGN(described, DescribeColumn(*table, cursor->Next().text));
  } else {
    SLUICE_ASSIGN(described, DescribeTable(session, *table, extended));
  }
  SLUICE_RETURN_IF_ERROR(ExpectEnd(cursor));
  return std::optional<Relation>(std::move(described));
}

// DESCRIBE [QUERY] query | [TABLE] [EXTENDED] name | DATABASE name | FUNCTION name.
Result<Relation> Describe(Session* session, sql::TokenCursor* cursor, const std::string& text) {
  if (cursor->AcceptWord("FUNCTION")) {
    cursor->AcceptWord("EXTENDED");
    const std::string name = sql::LowerCase(cursor->Next().text);
    for (const ScalarFunction& function : ScalarFunctions()) {
      if (name != function.name) continue;
      return OneColumn("function_desc", {fmt::format("Function: {}", name),
                                         fmt::format("Usage: {} - {}", function.signature, function.doc)});
    }
    if (IsAggregateFunction(name)) {
      return OneColumn("function_desc",
                       {fmt::format("Function: {}", name), fmt::format("Usage: {}(..) - An aggregate.", name)});
    }
    return UserError("UNRESOLVED_ROUTINE", fmt::format("There is no function {} here.", name),
                     {{"routineName", "`" + name + "`"}});
  }
  if (cursor->IsAnyWord({"DATABASE", "SCHEMA", "NAMESPACE"}) && cursor->IsName(1)) {
    cursor->Next();
    const bool extended = cursor->IsName(1) && cursor->AcceptWord("EXTENDED");
    SLUICE_ASSIGN(const sql::Name name, sql::ParseName(cursor, "The schema's name"));
    SLUICE_RETURN_IF_ERROR(ExpectEnd(cursor));
    SLUICE_ASSIGN(const std::string database, DatabaseNameOf(name));
    return DescribeDatabase(session, database, extended);
  }
  const bool query = cursor->AcceptWord("QUERY");
  std::string source;
  if (query || cursor->IsAnyWord({"SELECT", "WITH", "VALUES", "FROM"}) || cursor->IsSymbol("(")) {
    source = BlankedBefore(text, cursor->Peek().begin);
  } else {
    if (cursor->IsName(1)) cursor->AcceptWord("TABLE");
    const bool extended = cursor->IsName(1) && (cursor->AcceptWord("EXTENDED") || cursor->AcceptWord("FORMATTED"));
    source = "TABLE " + text.substr(cursor->Peek().begin);
    SLUICE_ASSIGN(auto described, DescribeNamed(session, cursor, extended));
    if (described) return std::move(*described);
  }
  SLUICE_ASSIGN(const PlanPtr plan, PlanOf(session, source));
  TextRows rows;
  rows.names = {"col_name", "data_type", "comment"};
  for (const auto& field : plan->schema->fields()) {
    rows.rows.push_back({field->name(), SparkSimpleString(*field->type()), std::nullopt});
  }
  return LocalRows(rows);
}

// SHOW COLUMNS IN table [IN schema]
Result<Relation> ShowColumns(Session* session, sql::TokenCursor* cursor) {
  if (!cursor->AcceptWord("IN") && !cursor->AcceptWord("FROM")) return cursor->SyntaxError("IN or FROM was expected.");
  SLUICE_ASSIGN(sql::Name name, sql::ParseName(cursor, "The table's name"));
  if (cursor->AcceptWord("IN") || cursor->AcceptWord("FROM")) {
    SLUICE_ASSIGN(sql::Name full, sql::ParseName(cursor, "The schema's name"));
    full.push_back(name.back());
    name = std::move(full);
  }
  SLUICE_RETURN_IF_ERROR(ExpectEnd(cursor));
  SLUICE_ASSIGN(const PlanPtr view, session->FindView(name));
  if (view != nullptr) return OneColumn("col_name", view->schema->field_names());
  SLUICE_ASSIGN(const auto record, session->catalog().FindRecord(name));
  if (!record) return TableNotFound(name, session->CurrentDatabase());
  return OneColumn("col_name", record->schema->field_names());
}

// SHOW TBLPROPERTIES name [('key')]
Result<Relation> ShowTableProperties(Session* session, sql::TokenCursor* cursor) {
  SLUICE_ASSIGN(const sql::Name name, sql::ParseName(cursor, "The table's name"));
  std::optional<std::string> key;
  if (cursor->AcceptSymbol("(")) {
    SLUICE_ASSIGN(key.emplace(), cursor->ExpectString("The property's name"));
    SLUICE_RETURN_IF_ERROR(cursor->ExpectSymbol(")"));
  }
  SLUICE_RETURN_IF_ERROR(ExpectEnd(cursor));
  SLUICE_ASSIGN(const auto record, session->catalog().FindRecord(name));
  if (!record) return TableNotFound(name, session->CurrentDatabase());
  return ShowProperties(*record, key);
}

// SHOW CREATE TABLE name [AS SERDE]
Result<Relation> ShowCreateTable(Session* session, sql::TokenCursor* cursor) {
  SLUICE_ASSIGN(const sql::Name name, sql::ParseName(cursor, "The table's name"));
  const bool as_serde = cursor->AcceptWords({"AS", "SERDE"});
  SLUICE_RETURN_IF_ERROR(ExpectEnd(cursor));
  SLUICE_ASSIGN(std::string statement, CreateStatementOf(session, name, as_serde));
  return OneColumn("createtab_stmt", {std::move(statement)});
}

// SHOW PARTITIONS name [PARTITION (k = 'x')]
Result<Relation> ShowPartitions(Session* session, sql::TokenCursor* cursor) {
  SLUICE_ASSIGN(const sql::Name name, sql::ParseName(cursor, "The table's name"));
  std::optional<sql::PartitionSpec> wanted;
  if (cursor->AcceptWord("PARTITION")) {
    const ParseOptions options{SessionOptions::Of(session->conf()), ""};
    SLUICE_ASSIGN(wanted.emplace(), sql::ParsePartitionSpec(cursor, options));
  }
  SLUICE_RETURN_IF_ERROR(ExpectEnd(cursor));
  SLUICE_ASSIGN(const auto partitions, PartitionsOf(session, name, wanted));
  return OneColumn("partition", partitions);
}

Result<Relation> ShowFunctions(sql::TokenCursor* cursor) {
  SLUICE_ASSIGN(const auto pattern, PatternOf(cursor));
  std::string name;
  if (!pattern && cursor->IsName()) name = cursor->Next().text;
  SLUICE_RETURN_IF_ERROR(ExpectEnd(cursor));
  std::vector<std::string> shown;
  for (const std::string& one : BuiltInFunctions()) {
    if (FitsName(one, pattern) && (name.empty() || sql::EqualsIgnoringCase(name, one))) shown.push_back(one);
  }
  return OneColumn("function", shown);
}

// SHOW TABLE EXTENDED [IN schema] LIKE 'pattern' [PARTITION (k = 'x')], which makes the pattern a table's name.
Result<Relation> ShowTableExtended(Session* session, sql::TokenCursor* cursor) {
  SLUICE_RETURN_IF_ERROR(cursor->ExpectWord("EXTENDED"));
  sql::Name name;
  if (cursor->AcceptWord("IN") || cursor->AcceptWord("FROM")) {
    SLUICE_ASSIGN(name, sql::ParseName(cursor, "The schema's name"));
  }
  SLUICE_RETURN_IF_ERROR(cursor->ExpectWord("LIKE"));
  SLUICE_ASSIGN(const std::string pattern, cursor->ExpectString("a pattern"));
  if (cursor->AcceptWord("PARTITION")) {
    const ParseOptions options{SessionOptions::Of(session->conf()), ""};
    SLUICE_ASSIGN(const sql::PartitionSpec spec, sql::ParsePartitionSpec(cursor, options));
    SLUICE_RETURN_IF_ERROR(ExpectEnd(cursor));
    name.push_back(pattern);
    return ShowPartitionExtended(session, name, spec);
  }
  SLUICE_RETURN_IF_ERROR(ExpectEnd(cursor));
  std::string database = session->CurrentDatabase();
  if (!name.empty()) {
    SLUICE_ASSIGN(database, DatabaseNameOf(name));
  }
  return ShowTablesExtended(session, database, pattern);
}

// SHOW DATABASES [IN spark_catalog] [LIKE 'pattern']. Within a schema there is none.
Result<Relation> ShowNamespaces(Session* session, sql::TokenCursor* cursor) {
  sql::Name name(1, kCatalogName);
  if (cursor->AcceptWord("IN") || cursor->AcceptWord("FROM")) {
    SLUICE_ASSIGN(name, sql::ParseName(cursor, "The catalog's name"));
  }
  SLUICE_ASSIGN(const auto pattern, PatternOf(cursor));
  SLUICE_RETURN_IF_ERROR(ExpectEnd(cursor));
  if (sql::EqualsIgnoringCase(name[0], kCatalogName)) name.erase(name.begin());
  if (name.empty()) return ShowDatabases(session, pattern);
  if (name.size() == 1) {
    SLUICE_ASSIGN(const auto found, session->catalog().warehouse().FindDatabase(sql::LowerCase(name[0])));
    if (found) return OneColumn("namespace", {});
  }
  name.insert(name.begin(), kCatalogName);
  return SchemaNotFound(name);
}

Result<std::optional<Relation>> Show(Session* session, sql::TokenCursor* cursor) {
  const auto some = [](Result<Relation> relation) -> Result<std::optional<Relation>> {
    SLUICE_RETURN_IF_ERROR(relation.status());
    return std::optional<Relation>(relation.MoveValueUnsafe());
  };
  const bool views = cursor->IsWord("VIEWS");
  if (views || cursor->IsWord("TABLES")) {
    cursor->Next();
    SLUICE_ASSIGN(const std::string database, AcceptDatabase(*session, cursor));
    SLUICE_ASSIGN(const auto pattern, PatternOf(cursor));
    SLUICE_RETURN_IF_ERROR(ExpectEnd(cursor));
    return some(ShowTables(session, database, pattern, views));
  }
  if (cursor->AcceptWord("TABLE")) return some(ShowTableExtended(session, cursor));
  if (cursor->AcceptWord("DATABASES") || cursor->AcceptWord("SCHEMAS") || cursor->AcceptWord("NAMESPACES")) {
    return some(ShowNamespaces(session, cursor));
  }
  if (cursor->AcceptWord("TBLPROPERTIES")) return some(ShowTableProperties(session, cursor));
  if (cursor->AcceptWords({"CREATE", "TABLE"})) return some(ShowCreateTable(session, cursor));
  if (cursor->AcceptWord("PARTITIONS")) return some(ShowPartitions(session, cursor));
  if (cursor->AcceptWord("CATALOGS")) return some(OneColumn("catalog", {std::string("spark_catalog")}));
  if (cursor->AcceptWord("COLUMNS")) return some(ShowColumns(session, cursor));
  for (const char* kind : {"USER", "SYSTEM", "ALL"}) {
    if (cursor->IsWord(kind) && cursor->IsWord("FUNCTIONS", 1)) cursor->Next();
  }
  if (cursor->AcceptWord("FUNCTIONS")) return some(ShowFunctions(cursor));
  return cursor->Refuse("SHOW " + cursor->Peek().text, cursor->position());
}

}  // namespace

Result<Relation> LocalRows(const TextRows& rows) {
  arrow::FieldVector fields;
  arrow::ArrayVector columns;
  for (size_t i = 0; i < rows.names.size(); ++i) {
    arrow::StringBuilder builder;
    bool nullable = false;
    for (const auto& row : rows.rows) {
      nullable = nullable || !row[i];
      SLUICE_RETURN_IF_ERROR(row[i] ? builder.Append(*row[i]) : builder.AppendNull());
    }
    SLUICE_ASSIGN(auto column, builder.Finish());
    fields.push_back(arrow::field(rows.names[i], arrow::utf8(), nullable || rows.names[i] == "comment"));
    columns.push_back(std::move(column));
  }
  const auto schema = arrow::schema(std::move(fields));
  const auto batch = arrow::RecordBatch::Make(schema, static_cast<int64_t>(rows.rows.size()), std::move(columns));
  Relation relation;
  SLUICE_ASSIGN(*relation.mutable_local_relation()->mutable_data(), ArrowStreamOf(*batch));
  return relation;
}

Result<Relation> LocalRowsWithFlag(const TextRows& rows, const std::string& flag) {
  Relation typed;
  auto* project = typed.mutable_project();
  for (const std::string& name : rows.names) {
    auto* alias = project->add_expressions()->mutable_alias();
    alias->add_name(name);
    auto* cast = alias->mutable_expr()->mutable_cast();
    cast->mutable_expr()->mutable_unresolved_attribute()->set_unparsed_identifier(name);
    cast->set_type_str(name == flag ? "boolean" : "string");
  }
  SLUICE_ASSIGN(*project->mutable_input(), LocalRows(rows));
  return typed;
}

Result<std::optional<Relation>> RunRowStatement(Session* session, sql::TokenCursor* cursor, const std::string& text) {
  const auto some = [](Result<Relation> relation) -> Result<std::optional<Relation>> {
    SLUICE_RETURN_IF_ERROR(relation.status());
    return std::optional<Relation>(relation.MoveValueUnsafe());
  };
  if (cursor->AcceptWord("EXPLAIN")) return some(ExplainQuery(session, cursor, text));
  if (cursor->AcceptWord("DESCRIBE") || cursor->AcceptWord("DESC")) return some(Describe(session, cursor, text));
  if (cursor->AcceptWord("SHOW")) return Show(session, cursor);
  return std::optional<Relation>();
}

}  // namespace sluice::service
