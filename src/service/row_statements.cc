// SPDX-License-Identifier: Apache-2.0
#include "service/row_statements.h"

#include <arrow/api.h>
#include <arrow/io/memory.h>
#include <arrow/ipc/writer.h>
#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <regex>
#include <set>

#include "analysis/sql/parser.h"
#include "base/spark_error.h"
#include "expr/function_registry.h"
#include "session/session.h"
#include "types/spark_type.h"

namespace sluice::service {
namespace {

using spark::connect::Relation;

constexpr char kDatabase[] = "default";

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

// SHOW .. LIKE 'a*|b*': a star stands for any text, letters of both cases are equal.
bool Fits(const std::string& name, const std::optional<std::string>& pattern) {
  if (!pattern) return true;
  std::string expression;
  for (const char c : *pattern) {
    if (c == '*' || c == '%') {
      expression += ".*";
    } else if (c == '|') {
      expression += '|';
    } else {
      if (std::ispunct(static_cast<unsigned char>(c)) != 0) expression += '\\';
      expression += c;
    }
  }
  return std::regex_match(name, std::regex(expression, std::regex::icase));
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

// IN or FROM a database, of which there is one.
Status AcceptDatabase(sql::TokenCursor* cursor) {
  if (!cursor->AcceptWord("IN") && !cursor->AcceptWord("FROM")) return Status::OK();
  SLUICE_ASSIGN(std::string name, cursor->ExpectName("the name of a schema"));
  if (cursor->AcceptSymbol(".")) {
    SLUICE_ASSIGN(name, cursor->ExpectName("the name of a schema"));
  }
  if (sql::EqualsIgnoringCase(name, kDatabase)) return Status::OK();
  return UserError("SCHEMA_NOT_FOUND", fmt::format("There is no schema {} here.", name),
                   {{"schemaName", "`" + name + "`"}});
}

Result<Relation> ExplainQuery(Session* session, sql::TokenCursor* cursor, const std::string& text) {
  for (const char* mode : {"EXTENDED", "CODEGEN", "COST", "FORMATTED"}) cursor->AcceptWord(mode);
  SLUICE_ASSIGN(const PlanPtr plan, PlanOf(session, BlankedBefore(text, cursor->Peek().begin)));
  return OneColumn("plan", {"== Physical Plan ==\n" + Explain(*plan)});
}

// DESCRIBE [QUERY] query | [TABLE] [EXTENDED] name | FUNCTION name.
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
  const bool query = cursor->AcceptWord("QUERY");
  std::string source;
  if (query || cursor->IsAnyWord({"SELECT", "WITH", "VALUES", "FROM"}) || cursor->IsSymbol("(")) {
    source = BlankedBefore(text, cursor->Peek().begin);
  } else {
    cursor->AcceptWord("TABLE");
    cursor->AcceptWord("EXTENDED");
    cursor->AcceptWord("FORMATTED");
    source = "TABLE " + text.substr(cursor->Peek().begin);
  }
  SLUICE_ASSIGN(const PlanPtr plan, PlanOf(session, source));
  TextRows rows;
  rows.names = {"col_name", "data_type", "comment"};
  for (const auto& field : plan->schema->fields()) {
    rows.rows.push_back({field->name(), SparkSimpleString(*field->type()), std::nullopt});
  }
  return LocalRows(rows);
}

Result<Relation> ShowColumns(Session* session, sql::TokenCursor* cursor, const std::string& text) {
  if (!cursor->AcceptWord("IN") && !cursor->AcceptWord("FROM")) return cursor->SyntaxError("IN or FROM was expected.");
  SLUICE_ASSIGN(const PlanPtr plan, PlanOf(session, "TABLE " + text.substr(cursor->Peek().begin)));
  return OneColumn("col_name", plan->schema->field_names());
}

Result<Relation> ShowFunctions(sql::TokenCursor* cursor) {
  SLUICE_ASSIGN(const auto pattern, PatternOf(cursor));
  std::string name;
  if (!pattern && cursor->IsName()) name = cursor->Next().text;
  SLUICE_RETURN_IF_ERROR(ExpectEnd(cursor));
  std::set<std::string> names;
  for (const ScalarFunction& function : ScalarFunctions()) names.insert(function.name);
  for (const std::string& aggregate : AggregateNames()) names.insert(aggregate);
  std::vector<std::string> shown;
  for (const std::string& one : names) {
    if (Fits(one, pattern) && (name.empty() || sql::EqualsIgnoringCase(name, one))) shown.push_back(one);
  }
  return OneColumn("function", shown);
}

Result<std::optional<Relation>> Show(Session* session, sql::TokenCursor* cursor, const std::string& text) {
  const auto some = [](Result<Relation> relation) -> Result<std::optional<Relation>> {
    SLUICE_RETURN_IF_ERROR(relation.status());
    return std::optional<Relation>(relation.MoveValueUnsafe());
  };
  const bool views = cursor->IsWord("VIEWS");
  if (views || cursor->IsWord("TABLES")) {
    cursor->Next();
    SLUICE_RETURN_IF_ERROR(AcceptDatabase(cursor));
    SLUICE_ASSIGN(const auto pattern, PatternOf(cursor));
    SLUICE_RETURN_IF_ERROR(ExpectEnd(cursor));
    TextRows rows;
    rows.names = {"namespace", views ? "viewName" : "tableName", "isTemporary"};
    for (const std::string& name : session->ViewNames()) {
      if (Fits(name, pattern)) rows.rows.push_back({"", name, "true"});
    }
    SLUICE_ASSIGN(Relation relation, LocalRows(rows));
    // A truth value, not a text.
    Relation typed;
    auto* project = typed.mutable_project();
    for (const std::string& name : rows.names) {
      auto* alias = project->add_expressions()->mutable_alias();
      alias->add_name(name);
      auto* cast = alias->mutable_expr()->mutable_cast();
      cast->mutable_expr()->mutable_unresolved_attribute()->set_unparsed_identifier(name);
      cast->set_type_str(name == "isTemporary" ? "boolean" : "string");
    }
    *project->mutable_input() = std::move(relation);
    return some(std::move(typed));
  }
  if (cursor->AcceptWord("DATABASES") || cursor->AcceptWord("SCHEMAS") || cursor->AcceptWord("NAMESPACES")) {
    SLUICE_ASSIGN(const auto pattern, PatternOf(cursor));
    SLUICE_RETURN_IF_ERROR(ExpectEnd(cursor));
    std::vector<std::string> names;
    if (Fits(kDatabase, pattern)) names.emplace_back(kDatabase);
    return some(OneColumn("namespace", names));
  }
  if (cursor->AcceptWord("CATALOGS")) return some(OneColumn("catalog", {std::string("spark_catalog")}));
  if (cursor->AcceptWord("COLUMNS")) return some(ShowColumns(session, cursor, text));
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
  SLUICE_ASSIGN(auto sink, arrow::io::BufferOutputStream::Create());
  SLUICE_ASSIGN(auto writer, arrow::ipc::MakeStreamWriter(sink, schema));
  SLUICE_RETURN_IF_ERROR(writer->WriteRecordBatch(*batch));
  SLUICE_RETURN_IF_ERROR(writer->Close());
  SLUICE_ASSIGN(const auto buffer, sink->Finish());
  Relation relation;
  relation.mutable_local_relation()->set_data(buffer->ToString());
  return relation;
}

Result<std::optional<Relation>> RunRowStatement(Session* session, sql::TokenCursor* cursor, const std::string& text) {
  const auto some = [](Result<Relation> relation) -> Result<std::optional<Relation>> {
    SLUICE_RETURN_IF_ERROR(relation.status());
    return std::optional<Relation>(relation.MoveValueUnsafe());
  };
  if (cursor->AcceptWord("EXPLAIN")) return some(ExplainQuery(session, cursor, text));
  if (cursor->AcceptWord("DESCRIBE") || cursor->AcceptWord("DESC")) return some(Describe(session, cursor, text));
  if (cursor->AcceptWord("SHOW")) return Show(session, cursor, text);
  return std::optional<Relation>();
}

}  // namespace sluice::service
