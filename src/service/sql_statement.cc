// SPDX-License-Identifier: Apache-2.0
#include "service/sql_statement.h"

#include <fmt/format.h>

#include <algorithm>

#include "analysis/sql/parser.h"
#include "analysis/sql/statement_parser.h"
#include "analysis/sql/token_cursor.h"
#include "base/spark_error.h"
#include "service/create_view.h"
#include "service/remote_config.h"
#include "service/row_statements.h"
#include "service/table_statements.h"
#include "service/write_operation.h"
#include "session/session.h"

namespace sluice::service {
namespace {

using spark::connect::Relation;

// One row of texts.
Result<Relation> LocalText(const std::vector<std::pair<std::string, std::string>>& columns) {
  TextRows rows;
  if (!columns.empty()) rows.rows.emplace_back();
  for (const auto& [name, value] : columns) {
    rows.names.push_back(name);
    rows.rows[0].emplace_back(value);
  }
  return LocalRows(rows);
}

std::string Trimmed(const std::string& text) {
  const size_t begin = text.find_first_not_of(" \t\r\n");
  return begin == std::string::npos ? "" : text.substr(begin, text.find_last_not_of(" \t\r\n") - begin + 1);
}

std::string Shown(const std::string& key, const std::string& value) {
  return IsSecretKey(key) ? "*********(redacted)" : value;
}

// SET key.
Result<Relation> ShowSetting(const Session& session, std::string key) {
  if (key.size() > 1 && key.front() == '`' && key.back() == '`') key = key.substr(1, key.size() - 2);
  if (key.empty() || key.find_first_of(" \t\r\n") != std::string::npos) {
    return NotSupported("Of the statement SET, SET key and SET key = value are supported.");
  }
  const Conf conf = session.conf();
  const bool known = conf.Find(key) || FindSetting(key) != nullptr;
  return LocalText({{"key", key}, {"value", Shown(key, known ? conf.Get(key) : "<undefined>")}});
}

// The same text as in a file that is run.
Result<Relation> RunSet(Session* session, const sql::StatementText& statement) {
  SLUICE_ASSIGN(const SetStatement set, sql::ParseSet(statement, ""));
  SLUICE_RETURN_IF_ERROR(CheckModifiable(set.key));
  SLUICE_RETURN_IF_ERROR(session->SetConf(set.key, set.value));
  return LocalText({{"key", set.key}, {"value", Shown(set.key, set.value)}});
}

Result<Relation> RunCreateView(Session* session, sql::TokenCursor* cursor, const ParseOptions& options) {
  SLUICE_ASSIGN(const spark::connect::Command command, sql::ParseCreateTemporaryView(cursor, options));
  cursor->AcceptSymbol(";");
  if (!cursor->AtEnd()) return cursor->SyntaxError("nothing more was expected here.");
  SLUICE_RETURN_IF_ERROR(CreateView(session, command.create_dataframe_view()));
  return LocalText({});
}

// INSERT OVERWRITE DIRECTORY.
Result<Relation> RunWrite(Session* session, sql::TokenCursor* cursor, const ParseOptions& options) {
  SLUICE_ASSIGN(const spark::connect::Command command, sql::ParseWriteStatement(cursor, options));
  cursor->AcceptSymbol(";");
  if (!cursor->AtEnd()) return cursor->SyntaxError("nothing more was expected here.");
  SLUICE_RETURN_IF_ERROR(WriteRelation(session, command.write_operation()).status());
  return LocalText({});
}

}  // namespace

Result<std::optional<Relation>> RunSqlStatement(Session* session, const std::string& text,
                                                const ParseOptions& options) {
  auto cursor = sql::TokenCursor::Make(text, options);
  // The text is read again as a query, which says what is wrong with it.
  if (!cursor.ok()) return std::nullopt;
  const auto some = [](Result<Relation> relation) -> Result<std::optional<Relation>> {
    SLUICE_RETURN_IF_ERROR(relation.status());
    return std::optional<Relation>(relation.MoveValueUnsafe());
  };
  if (cursor->IsWord("SET")) {
    const std::vector<sql::StatementText> statements = sql::SplitStatements(text);
    cursor->Next();
    if (cursor->AtEnd() || statements.size() != 1) return some(ShowSetting(*session, ""));
    const std::string rest(statements[0].text().substr(std::min<size_t>(statements[0].text().size(), 3)));
    const bool shows = rest.find('=') == std::string::npos && !cursor->IsWord("TIME");
    return some(shows ? ShowSetting(*session, Trimmed(rest)) : RunSet(session, statements[0]));
  }
  if (sql::IsCreateTemporaryView(*cursor)) return some(RunCreateView(session, &*cursor, options));
  if (sql::IsWriteStatement(*cursor)) return some(RunWrite(session, &*cursor, options));
  SLUICE_ASSIGN(const bool of_table, RunTableStatement(session, &*cursor, options));
  if (of_table) return some(LocalText({}));
  return RunRowStatement(session, &*cursor, text);
}

}  // namespace sluice::service
