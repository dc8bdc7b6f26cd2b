// SPDX-License-Identifier: Apache-2.0
#include "service/sql_statement.h"

#include <arrow/api.h>
#include <arrow/io/memory.h>
#include <arrow/ipc/writer.h>
#include <fmt/format.h>

#include <algorithm>

#include "analysis/sql/parser.h"
#include "analysis/sql/token_cursor.h"
#include "base/spark_error.h"
#include "service/remote_config.h"
#include "session/session.h"

namespace sluice::service {
namespace {

using spark::connect::Relation;

Result<Relation> LocalText(const std::vector<std::pair<std::string, std::string>>& columns) {
  std::vector<std::shared_ptr<arrow::Field>> fields;
  std::vector<std::shared_ptr<arrow::Array>> arrays;
  for (const auto& [name, value] : columns) {
    arrow::StringBuilder builder;
    SLUICE_RETURN_IF_ERROR(builder.Append(value));
    SLUICE_ASSIGN(auto array, builder.Finish());
    fields.push_back(arrow::field(name, arrow::utf8(), false));
    arrays.push_back(std::move(array));
  }
  const auto schema = arrow::schema(std::move(fields));
  const auto batch = arrow::RecordBatch::Make(schema, columns.empty() ? 0 : 1, std::move(arrays));
  SLUICE_ASSIGN(auto sink, arrow::io::BufferOutputStream::Create());
  SLUICE_ASSIGN(auto writer, arrow::ipc::MakeStreamWriter(sink, schema));
  SLUICE_RETURN_IF_ERROR(writer->WriteRecordBatch(*batch));
  SLUICE_RETURN_IF_ERROR(writer->Close());
  SLUICE_ASSIGN(const auto buffer, sink->Finish());
  Relation relation;
  relation.mutable_local_relation()->set_data(buffer->ToString());
  return relation;
}

std::string Trimmed(const std::string& text) {
  const size_t begin = text.find_first_not_of(" \t\r\n");
  if (begin == std::string::npos) return "";
  size_t end = text.find_last_not_of(" \t\r\n;");
  if (end == std::string::npos || end < begin) end = begin;
  return text.substr(begin, end - begin + 1);
}

// SET key = value, SET key. As in Spark the value is the rest of the text as it stands.
Result<Relation> RunSet(Session* session, const std::string& rest) {
  const size_t equals = rest.find('=');
  std::string key = Trimmed(rest.substr(0, equals));
  if (key.size() > 1 && key.front() == '`' && key.back() == '`') key = key.substr(1, key.size() - 2);
  if (key.empty() || key.find_first_of(" \t\r\n") != std::string::npos) {
    return NotSupported("Of the statement SET, SET key and SET key = value are supported.");
  }
  if (equals == std::string::npos) {
    const std::string value = session->conf().Get(key);
    return LocalText({{"key", key}, {"value", IsSecretKey(key) ? "*********(redacted)" : value}});
  }
  const std::string value = Trimmed(rest.substr(equals + 1));
  SLUICE_RETURN_IF_ERROR(CheckModifiable(key));
  SLUICE_RETURN_IF_ERROR(session->SetConf(key, value));
  return LocalText({{"key", key}, {"value", IsSecretKey(key) ? "*********(redacted)" : value}});
}

// The text from a token on, with blanks in front of it: places in it stay right.
std::string BlankedBefore(const std::string& text, size_t begin) {
  std::string blanked = text;
  std::replace_if(
      blanked.begin(), blanked.begin() + static_cast<std::ptrdiff_t>(begin), [](char c) { return c != '\n'; }, ' ');
  return blanked;
}

Result<Relation> CreateView(Session* session, sql::TokenCursor* cursor, const std::string& text, bool replace) {
  const bool if_not_exists = cursor->AcceptWords({"IF", "NOT", "EXISTS"});
  SLUICE_ASSIGN(const std::string name, cursor->ExpectName("the name of a view"));
  SLUICE_RETURN_IF_ERROR(cursor->ExpectWord("AS"));
  const std::string query = BlankedBefore(text, cursor->Peek().begin);
  SLUICE_ASSIGN(const Relation relation, ParseQuerySql(query, {SessionOptions::Of(session->conf()), ""}));
  SLUICE_ASSIGN(PlanPtr plan, session->Resolve(relation));
  SLUICE_ASSIGN(const PlanPtr present, session->FindView({name}));
  if (present != nullptr && !replace) {
    if (if_not_exists) return LocalText({});
    return UserError("TEMP_TABLE_OR_VIEW_ALREADY_EXISTS",
                     fmt::format("Cannot create the temporary view `{}` because it already exists.", name),
                     {{"relationName", "`" + name + "`"}});
  }
  session->SetView(name, std::move(plan));
  return LocalText({});
}

Result<Relation> DropView(Session* session, sql::TokenCursor* cursor) {
  const bool if_exists = cursor->AcceptWords({"IF", "EXISTS"});
  SLUICE_ASSIGN(const std::string name, cursor->ExpectName("the name of a view"));
  cursor->AcceptSymbol(";");
  if (!cursor->AtEnd()) return cursor->SyntaxError("DROP VIEW takes one name");
  if (!session->DropView(name) && !if_exists) {
    return UserError("TABLE_OR_VIEW_NOT_FOUND",
                     fmt::format("The table or view `{}` cannot be found. Verify the spelling.", name),
                     {{"relationName", "`" + name + "`"}});
  }
  return LocalText({});
}

}  // namespace

Result<std::optional<Relation>> RunSqlStatement(Session* session, const std::string& text) {
  auto cursor = sql::TokenCursor::Make(text, {SessionOptions::Of(session->conf()), ""});
  // The text is read again as a query, which says what is wrong with it.
  if (!cursor.ok()) return std::nullopt;
  const auto some = [](Result<Relation> relation) -> Result<std::optional<Relation>> {
    SLUICE_RETURN_IF_ERROR(relation.status());
    return std::optional<Relation>(relation.MoveValueUnsafe());
  };
  if (cursor->AcceptWord("SET")) {
    return some(RunSet(session, cursor->AtEnd() ? "" : text.substr(cursor->Peek().begin)));
  }
  if (cursor->AcceptWords({"CREATE", "OR", "REPLACE", "TEMP", "VIEW"}) ||
      cursor->AcceptWords({"CREATE", "OR", "REPLACE", "TEMPORARY", "VIEW"})) {
    return some(CreateView(session, &*cursor, text, true));
  }
  if (cursor->AcceptWords({"CREATE", "TEMP", "VIEW"}) || cursor->AcceptWords({"CREATE", "TEMPORARY", "VIEW"})) {
    return some(CreateView(session, &*cursor, text, false));
  }
  if (cursor->AcceptWords({"DROP", "VIEW"})) return some(DropView(session, &*cursor));
  return std::nullopt;
}

}  // namespace sluice::service
