// SPDX-License-Identifier: Apache-2.0
#include "analysis/sql/parser.h"

#include <fmt/format.h>

#include <algorithm>

#include "analysis/sql/expression_parser.h"
#include "analysis/sql/query_parser.h"
#include "analysis/sql/statement_parser.h"
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
                                : "CREATE " + cursor->Peek(ahead).text + " (there is CREATE STREAMING TABLE)";
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

constexpr int kMostStatements = 1'000;

Result<SqlStatement> ParseStatement(const std::string& text, const ParseOptions& options) {
  SLUICE_ASSIGN(TokenCursor cursor, TokenCursor::Make(text, options));
  if (sql::IsCreateTemporaryView(cursor)) {
    SLUICE_ASSIGN(spark::connect::Command command, sql::ParseCreateTemporaryView(&cursor, options));
    SLUICE_RETURN_IF_ERROR(ExpectEnd(&cursor));
    return SqlStatement(std::move(command));
  }
  if (cursor.IsWord("CREATE")) {
    SLUICE_RETURN_IF_ERROR(RefuseOtherCreate(&cursor));
    SLUICE_ASSIGN(spark::connect::Command command, sql::ParseCreateStreamingTable(&cursor, options));
    SLUICE_RETURN_IF_ERROR(ExpectEnd(&cursor));
    return SqlStatement(std::move(command));
  }
  if (!cursor.IsAnyWord({"SELECT", "WITH"}) && !cursor.IsSymbol("(")) {
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

}  // namespace

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
  const bool query = std::any_of(file.statements.begin(), file.statements.end(), [](const SqlStatement& s) {
    return std::holds_alternative<spark::connect::Relation>(s);
  });
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
