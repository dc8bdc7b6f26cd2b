// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "analysis/sql/statement_parser.h"

namespace sluice::sql {
namespace {

using spark::connect::WriteOperation;

class WriteStatement {
 public:
  WriteStatement(TokenCursor* cursor, const ParseOptions& options) : cursor_(*cursor), options_(options) {}

  Result<spark::connect::Command> Parse() {
    const bool table = cursor_.IsWord("CREATE");
    SLUICE_RETURN_IF_ERROR(table ? ParseTable() : ParseDirectory());
    SLUICE_ASSIGN(*write_.mutable_input(), QueryParser(&cursor_, options_).ParseQuery());
    spark::connect::Command command;
    *command.mutable_write_operation() = std::move(write_);
    return command;
  }

 private:
  // INSERT OVERWRITE [LOCAL] DIRECTORY ['path'] [USING format] [OPTIONS (..)] query
  Status ParseDirectory() {
    cursor_.AcceptWords({"INSERT", "OVERWRITE"});
    cursor_.AcceptWord("LOCAL");
    SLUICE_RETURN_IF_ERROR(cursor_.ExpectWord("DIRECTORY"));
    write_.set_mode(WriteOperation::SAVE_MODE_OVERWRITE);
    const size_t begin = cursor_.position();
    if (cursor_.Peek().kind == TokenKind::kString) write_.set_path(cursor_.Next().text);
    for (const char* clause : {"ROW", "STORED"}) {
      if (cursor_.IsWord(clause)) {
        return cursor_.Refuse(fmt::format("{} in INSERT OVERWRITE DIRECTORY (name a format by USING)", clause),
                              cursor_.position());
      }
    }
    SLUICE_RETURN_IF_ERROR(cursor_.ExpectWord("USING"));
    SLUICE_RETURN_IF_ERROR(ParseFormat());
    if (cursor_.AcceptWord("OPTIONS")) SLUICE_RETURN_IF_ERROR(ParseOptionList());
    for (const auto& [key, value] : write_.options()) {
      if (write_.path().empty() && EqualsIgnoringCase(key, "path")) write_.set_path(value);
    }
    if (!write_.path().empty()) return Status::OK();
    return WithPlace(UserError("SLUICE_INVALID_OPTION",
                               "INSERT OVERWRITE DIRECTORY needs a folder: behind DIRECTORY, or as the option path."),
                     cursor_.PlaceOf(begin));
  }

  // CREATE TABLE [IF NOT EXISTS] name USING format [clauses in any order] AS query. The table is the folder, which the
  // session knows by the name.
  Status ParseTable() {
    cursor_.AcceptWords({"CREATE", "TABLE"});
    const bool if_not_exists = cursor_.AcceptWords({"IF", "NOT", "EXISTS"});
    write_.set_mode(if_not_exists ? WriteOperation::SAVE_MODE_IGNORE : WriteOperation::SAVE_MODE_ERROR_IF_EXISTS);
    const size_t begin = cursor_.position();
    SLUICE_ASSIGN(const std::string name, cursor_.ExpectName("The table's name"));
    if (cursor_.IsSymbol(".")) return cursor_.Refuse("A table in a schema (there is no catalog)", begin);
    auto* table = write_.mutable_table();
    table->set_table_name(QuoteName(name));
    table->set_save_method(WriteOperation::SaveTable::TABLE_SAVE_METHOD_SAVE_AS_TABLE);
    while (!cursor_.IsWord("AS") && !cursor_.IsAnyWord({"SELECT", "WITH"})) SLUICE_RETURN_IF_ERROR(ParseClause());
    cursor_.AcceptWord("AS");
    return Status::OK();
  }

  Status ParseClause() {
    if (cursor_.AcceptWord("USING")) return ParseFormat();
    if (cursor_.AcceptWord("OPTIONS")) return ParseOptionList();
    if (cursor_.AcceptWord("COMMENT")) return cursor_.ExpectString("The comment").status();
    if (cursor_.AcceptWord("LOCATION")) {
      SLUICE_ASSIGN(const std::string path, cursor_.ExpectString("The location"));
      (*write_.mutable_options())["path"] = path;
      return Status::OK();
    }
    if (cursor_.AcceptWords({"PARTITIONED", "BY"})) return ParsePartitions();
    for (const char* clause : {"TBLPROPERTIES", "CLUSTER", "CLUSTERED", "ROW", "STORED"}) {
      if (cursor_.IsWord(clause)) {
        return cursor_.Refuse(fmt::format("{} in CREATE TABLE", clause), cursor_.position());
      }
    }
    if (cursor_.IsSymbol("(")) return cursor_.Refuse("A column list in CREATE TABLE", cursor_.position());
    if (cursor_.AtEnd() || cursor_.IsSymbol(";")) {
      return cursor_.Refuse("CREATE TABLE without AS and a query", cursor_.position());
    }
    return cursor_.SyntaxError("USING, PARTITIONED BY, LOCATION, OPTIONS or AS was expected.");
  }

  Status ParseFormat() {
    SLUICE_ASSIGN(const std::string format, cursor_.ExpectName("A format"));
    write_.set_source(format);
    return Status::OK();
  }

  Status ParsePartitions() {
    SLUICE_RETURN_IF_ERROR(cursor_.ExpectSymbol("("));
    do {
      SLUICE_ASSIGN(*write_.add_partitioning_columns(), cursor_.ExpectName("A column"));
    } while (cursor_.AcceptSymbol(","));
    return cursor_.ExpectSymbol(")");
  }

  Status ParseOptionList() {
    SLUICE_RETURN_IF_ERROR(cursor_.ExpectSymbol("("));
    do {
      SLUICE_ASSIGN(auto option, ParseOptionPair(&cursor_));
      (*write_.mutable_options())[option.first] = std::move(option.second);
    } while (cursor_.AcceptSymbol(","));
    return cursor_.ExpectSymbol(")");
  }

  TokenCursor& cursor_;
  const ParseOptions& options_;
  WriteOperation write_;
};

}  // namespace

bool IsWriteStatement(const TokenCursor& cursor) {
  if (cursor.IsWord("INSERT") && cursor.IsWord("OVERWRITE", 1)) {
    return cursor.IsWord("DIRECTORY", 2) || (cursor.IsWord("LOCAL", 2) && cursor.IsWord("DIRECTORY", 3));
  }
  return cursor.IsWord("CREATE") && cursor.IsWord("TABLE", 1);
}

Result<spark::connect::Command> ParseWriteStatement(TokenCursor* cursor, const ParseOptions& options) {
  return WriteStatement(cursor, options).Parse();
}

}  // namespace sluice::sql
