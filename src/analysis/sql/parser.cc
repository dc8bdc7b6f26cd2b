// SPDX-License-Identifier: Apache-2.0
#include "analysis/sql/parser.h"

#include <fmt/format.h>

#include <algorithm>

#include "analysis/sql/expression_parser.h"
#include "analysis/sql/query_parser.h"
#include "analysis/sql/statement_parser.h"
#include "analysis/sql/table_statements.h"
#include "analysis/sql/token_cursor.h"
#include "analysis/sql/variables.h"
#include "base/closest_name.h"
#include "types/time_zone.h"

namespace sluice {
namespace {

using sql::EqualsIgnoringCase;
using sql::TokenCursor;

Status ExpectEnd(TokenCursor* cursor) {
  cursor->AcceptSymbol(";");
  return cursor->AtEnd() ? Status::OK() : cursor->SyntaxError("nothing more was expected here.");
}

// CREATE [OR REPLACE|REFRESH] [GLOBAL] [TEMPORARY] thing
Status RefuseOtherCreate(TokenCursor* cursor) {
  size_t ahead = 1;
  while (cursor->IsAnyWord({"OR", "REPLACE", "REFRESH", "GLOBAL", "TEMP", "TEMPORARY", "EXTERNAL"}, ahead)) ++ahead;
  if (cursor->IsWord("STREAMING", ahead) || !cursor->IsName(ahead)) return Status::OK();
  const bool view = cursor->IsWord("VIEW", ahead);
  const std::string what = view ? "CREATE VIEW that outlasts its session (there is CREATE TEMPORARY VIEW)"
                                : "CREATE " + cursor->Peek(ahead).text +
                                      " (there are CREATE TABLE, CREATE STREAMING TABLE and CREATE SCHEMA)";
  return cursor->Refuse(what, cursor->position() + ahead);
}

// What Spark's SQL may begin with.
const std::vector<std::string>& StatementWords() {
  static const auto* words = new std::vector<std::string>{
      "SELECT", "WITH",    "CREATE",  "SET",     "FROM",   "VALUES",   "TABLE",    "INSERT",  "UPDATE",
      "DELETE", "MERGE",   "DROP",    "ALTER",   "SHOW",   "USE",      "CACHE",    "CLEAR",   "DESCRIBE",
      "DESC",   "EXPLAIN", "RESET",   "REFRESH", "REPAIR", "UNCACHE",  "TRUNCATE", "ANALYZE", "LOAD",
      "ADD",    "LIST",    "COMMENT", "MSCK",    "GRANT",  "REVOKE",   "REPLACE",  "EXECUTE", "DECLARE",
      "BEGIN",  "CALL",    "MAP",     "REDUCE",  "COPY",   "OPTIMIZE", "VACUUM"};
  return *words;
}

// Statements that are no queries but give rows.
bool IsRowStatement(const TokenCursor& cursor) {
  return cursor.IsAnyWord({"EXPLAIN", "DESCRIBE", "DESC", "SHOW"});
}

std::string Trimmed(const std::string& text) {
  const size_t begin = text.find_first_not_of(" \t\r\n");
  const size_t end = text.find_last_not_of(" \t\r\n;");
  return begin == std::string::npos || end < begin ? "" : text.substr(begin, end - begin + 1);
}

// A statement that Connect has no message for: the service runs its text.
spark::connect::Command RunByService(const std::string& text) {
  spark::connect::Command command;
  command.mutable_sql_command()->mutable_input()->mutable_sql()->set_query(Trimmed(text));
  return command;
}

constexpr int kMostStatements = 1'000;

Result<SqlStatement> ParseStatement(const std::string& text, const ParseOptions& options) {
  SLUICE_ASSIGN(TokenCursor cursor, TokenCursor::Make(text, options));
  if (sql::IsCreateTemporaryView(cursor)) {
    SLUICE_ASSIGN(spark::connect::Command command, sql::ParseCreateTemporaryView(&cursor, options));
    SLUICE_RETURN_IF_ERROR(ExpectEnd(&cursor));
    return SqlStatement(std::move(command));
  }
  if (sql::IsTableStatement(cursor)) {
    // The service parses and runs the text; wrong text is told now.
    SLUICE_RETURN_IF_ERROR(sql::ParseTableStatement(&cursor, options).status());
    return SqlStatement(RunByService(text));
  }
  if (sql::IsWriteStatement(cursor)) {
    SLUICE_ASSIGN(spark::connect::Command command, sql::ParseWriteStatement(&cursor, options));
    SLUICE_RETURN_IF_ERROR(ExpectEnd(&cursor));
    return SqlStatement(std::move(command));
  }
  if (cursor.IsWord("CREATE")) {
    SLUICE_RETURN_IF_ERROR(RefuseOtherCreate(&cursor));
    SLUICE_ASSIGN(spark::connect::Command command, sql::ParseCreateStreamingTable(&cursor, options));
    SLUICE_RETURN_IF_ERROR(ExpectEnd(&cursor));
    return SqlStatement(std::move(command));
  }
  if (IsRowStatement(cursor)) {
    return SqlStatement(RunByService(text));
  }
  if (!cursor.IsAnyWord({"SELECT", "WITH", "VALUES", "TABLE"}) && !cursor.IsSymbol("(")) {
    if (!cursor.IsName()) return cursor.SyntaxError("a statement was expected.");
    const std::string word = cursor.Peek().text;
    const auto known = [&](const std::string& statement) { return EqualsIgnoringCase(statement, word); };
    if (std::none_of(StatementWords().begin(), StatementWords().end(), known)) {
      return cursor.SyntaxError("No statement begins so." + DidYouMean(word, StatementWords()));
    }
    return cursor.Refuse("The statement " + word, cursor.position());
  }
  SLUICE_ASSIGN(spark::connect::Relation relation, sql::QueryParser(&cursor, options).ParseQuery());
  SLUICE_RETURN_IF_ERROR(ExpectEnd(&cursor));
  return SqlStatement(std::move(relation));
}

Result<SqlFile> ParseStatements(const sql::SubstitutedText& source, const std::string& file_name, Conf conf) {
  ParseOptions options{SessionOptions::Of(conf), file_name};
  SqlFile file;
  int parsed_statements = 0;
  for (const sql::StatementText& statement : sql::SplitStatements(source.text, source.values)) {
    if (sql::IsSetStatement(statement)) {
      SLUICE_ASSIGN(SetStatement set, sql::ParseSet(statement, options.file_name));
      if (SessionOptions::Reads(set.key)) {
        SLUICE_RETURN_IF_ERROR(conf.Set(set.key, set.value));
        SLUICE_RETURN_IF_ERROR(CheckTimeZoneSetting(SessionOptions::Of(conf).time_zone));
        options.session = SessionOptions::Of(conf);
      }
      file.statements.emplace_back(std::move(set));
    } else {
      // Each is parsed out of a copy of all that stands before it.
      if (++parsed_statements > kMostStatements) {
        return UserError("FAILED_TO_PARSE_TOO_COMPLEX",
                         fmt::format("A file has at most {} statements, SET apart.", kMostStatements));
      }
      SLUICE_ASSIGN(SqlStatement parsed, ParseStatement(statement.Blanked(), options));
      file.statements.push_back(std::move(parsed));
    }
  }
  return file;
}

bool IsStreamingStart(const SqlStatement& statement) {
  const auto* command = std::get_if<spark::connect::Command>(&statement);
  return command != nullptr && command->has_write_stream_operation_start();
}

bool GivesRows(const SqlStatement& statement) {
  const auto* command = std::get_if<spark::connect::Command>(&statement);
  return std::holds_alternative<spark::connect::Relation>(statement) ||
         (command != nullptr && command->has_sql_command());
}

}  // namespace

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"
// Clients before 4.0 send literals, later ones expressions.
ParseOptions OptionsOf(const spark::connect::SQL& sql, const SessionOptions& session) {
  ParseOptions options{session, ""};
  for (const auto& [name, value] : sql.args()) *options.named[name].mutable_literal() = value;
  for (const auto& [name, value] : sql.named_arguments()) options.named[name] = value;
  for (const auto& value : sql.pos_args()) *options.positional.emplace_back().mutable_literal() = value;
  for (const auto& value : sql.pos_arguments()) options.positional.push_back(value);
  return options;
}
#pragma GCC diagnostic pop

Result<spark::connect::Expression> ParseExpressionSql(std::string_view text, const ParseOptions& options) {
  SLUICE_ASSIGN(TokenCursor cursor, TokenCursor::Make(text, options));
  SLUICE_ASSIGN(spark::connect::Expression expression, sql::ExpressionParser(&cursor, options).ParseNamed());
  if (!cursor.AtEnd()) return cursor.SyntaxError("nothing more was expected here.");
  return expression;
}

Result<spark::connect::Relation> ParseQuerySql(std::string_view text, const ParseOptions& options) {
  SLUICE_ASSIGN(TokenCursor cursor, TokenCursor::Make(text, options));
  SLUICE_ASSIGN(spark::connect::Relation relation, sql::QueryParser(&cursor, options).ParseQuery());
  SLUICE_RETURN_IF_ERROR(ExpectEnd(&cursor));
  return relation;
}

Result<SqlFile> ParseFileSql(std::string_view text, const std::string& file_name, const VariableLookup& lookup,
                             const Conf& conf) {
  SLUICE_ASSIGN(const sql::SubstitutedText ready, sql::SubstituteVariables(text, file_name, lookup));
  SLUICE_ASSIGN(SqlFile file, ParseStatements(ready, file_name, conf));
  const auto where = TextPlace{file_name, 1, 1, ""};
  const auto first = std::find_if(file.statements.begin(), file.statements.end(), IsStreamingStart);
  if (first == file.statements.end()) {
    return WithPlace(UserError("SLUICE_SQL_FILE.NO_STREAMING_STATEMENT",
                               "The file has no CREATE STREAMING TABLE statement; there is nothing to run."),
                     where);
  }
  const bool query = std::any_of(file.statements.begin(), file.statements.end(), GivesRows);
  // All tables of a file run under the same settings, side by side.
  if (query || !std::all_of(first, file.statements.end(), IsStreamingStart)) {
    return WithPlace(NotSupported("A file to run has SET and CREATE TEMPORARY VIEW statements, and then one CREATE "
                                  "STREAMING TABLE or several, nothing else."),
                     where);
  }
  return file;
}

Result<SqlFile> ParseScriptSql(std::string_view text, const Conf& conf, const std::string& file_name) {
  return ParseStatements({std::string(text), {}}, file_name, conf);
}

Result<SqlFile> ParseScriptSql(std::string_view text, const Conf& conf, const std::string& file_name,
                               const VariableLookup& lookup) {
  SLUICE_ASSIGN(const sql::SubstitutedText ready, sql::SubstituteVariables(text, file_name, lookup));
  return ParseStatements(ready, file_name, conf);
}

}  // namespace sluice
