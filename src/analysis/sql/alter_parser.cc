// SPDX-License-Identifier: Apache-2.0
#include <arrow/api.h>
#include <fmt/format.h>

#include "analysis/sql/query_parser.h"
#include "analysis/sql/statement_parser.h"
#include "analysis/sql/table_clauses.h"
#include "types/spark_type.h"

namespace sluice::sql {
namespace {

bool AtEnd(const TokenCursor& cursor) {
  return cursor.AtEnd() || cursor.IsSymbol(";");
}

// The text up to the end of the statement.
std::string RestOf(TokenCursor* cursor) {
  const size_t first = cursor->position();
  while (!AtEnd(*cursor)) cursor->Next();
  return cursor->TextSince(first);
}

// The query is resolved when the view is read; here its text is looked at, so that errors have their place.
Result<std::string> ParseViewQuery(TokenCursor* cursor, const ParseOptions& options) {
  const size_t first = cursor->position();
  SLUICE_RETURN_IF_ERROR(QueryParser(cursor, options).ParseQuery().status());
  return cursor->TextSince(first);
}

class AlterParser {
 public:
  AlterParser(TokenCursor* cursor, const ParseOptions& options) : cursor_(*cursor), options_(options) {}

  Result<TableStatement> Parse() {
    cursor_.Next();
    AlterTable alter;
    alter.view = cursor_.IsWord("VIEW");
    cursor_.Next();
    SLUICE_ASSIGN(alter.name, ParseName(&cursor_, "The table's name"));
    if (alter.view && !cursor_.IsAnyWord({"SET", "UNSET", "RENAME", "WITH"})) {
      CreateView view;
      view.name = std::move(alter.name);
      view.alter = true;
      cursor_.AcceptWord("AS");
      SLUICE_ASSIGN(view.query, ParseViewQuery(&cursor_, options_));
      return TableStatement(std::move(view));
    }
    SLUICE_RETURN_IF_ERROR(ParseChange(&alter));
    return TableStatement(std::move(alter));
  }

 private:
  Status ParseChange(AlterTable* alter) {
    if (cursor_.IsWord("ADD") && (cursor_.IsWord("PARTITION", 1) || cursor_.IsWord("IF", 1))) {
      return ParseAddPartitions(alter);
    }
    if (cursor_.AcceptWord("ADD")) return ParseAdd(alter);
    if (cursor_.IsWord("DROP") && (cursor_.IsWord("PARTITION", 1) || cursor_.IsWord("IF", 1))) {
      return ParseDropPartitions(alter);
    }
    if (cursor_.AcceptWords({"RECOVER", "PARTITIONS"})) {
      alter->change = AlterTable::RecoverPartitions{};
      return Status::OK();
    }
    if (cursor_.AcceptWords({"RENAME", "TO"})) {
      SLUICE_ASSIGN(Name to, ParseName(&cursor_, "The new name"));
      alter->change = AlterTable::Rename{std::move(to)};
      return Status::OK();
    }
    if (cursor_.AcceptWords({"SET", "TBLPROPERTIES"})) {
      AlterTable::SetProperties set;
      SLUICE_RETURN_IF_ERROR(ParsePairs(&cursor_, &set.properties));
      alter->change = std::move(set);
      return Status::OK();
    }
    if (cursor_.AcceptWords({"UNSET", "TBLPROPERTIES"})) return ParseUnset(alter);
    if (!alter->view && cursor_.AcceptWords({"SET", "LOCATION"})) {
      SLUICE_ASSIGN(std::string location, cursor_.ExpectString("The location"));
      alter->change = AlterTable::SetLocation{std::move(location)};
      return Status::OK();
    }
    if (cursor_.IsAnyWord({"ALTER", "CHANGE"})) return ParseColumn(alter);
    if (cursor_.AcceptWords({"RENAME", "COLUMN"})) return Refused(alter, "RENAME COLUMN");
    if (cursor_.AcceptWord("REPLACE")) return Refused(alter, "REPLACE COLUMNS");
    if (cursor_.IsWord("DROP") && cursor_.IsAnyWord({"COLUMN", "COLUMNS"}, 1)) return Refused(alter, "DROP COLUMN");
    if (cursor_.IsWord("PARTITION")) {
      return cursor_.Refuse("ALTER TABLE .. PARTITION (a partition is the folder of its name)", cursor_.position());
    }
    return cursor_.Refuse(
        fmt::format("ALTER {} .. {} {}", alter->view ? "VIEW" : "TABLE", cursor_.Peek().text, cursor_.Peek(1).text),
        cursor_.position());
  }

  Status Refused(AlterTable* alter, const char* operation) {
    RestOf(&cursor_);
    alter->change = AlterTable::Refused{operation};
    return Status::OK();
  }

  // COLUMN[S] (a INT, ..), or the columns without brackets.
  Status ParseAdd(AlterTable* alter) {
    if (!cursor_.AcceptWord("COLUMNS") && !cursor_.AcceptWord("COLUMN")) {
      return cursor_.Refuse("ALTER TABLE .. ADD " + cursor_.Peek().text, cursor_.position());
    }
    const size_t first = cursor_.position();
    for (size_t ahead = 0; !cursor_.IsSymbol(";", ahead) && cursor_.Peek(ahead).kind != TokenKind::kEnd; ++ahead) {
      const bool place = cursor_.IsAnyWord({"FIRST", "AFTER"}, ahead) && ahead > 1 &&
                         !cursor_.IsSymbol(",", ahead - 1) && !cursor_.IsSymbol("(", ahead - 1);
      if (place) return cursor_.Refuse("The place of a new column (new ones come last)", first + ahead);
    }
    std::shared_ptr<arrow::Schema> columns;
    if (cursor_.IsSymbol("(")) {
      SLUICE_ASSIGN(columns, ParseTableColumns(&cursor_, "ALTER TABLE"));
    } else {
      auto parsed = ParseSparkSchema(RestOf(&cursor_));
      if (!parsed.ok()) return WithPlace(parsed.status(), cursor_.PlaceOf(first));
      columns = parsed.MoveValueUnsafe();
    }
    alter->change = AlterTable::AddColumns{std::move(columns)};
    return Status::OK();
  }

  Status ParseUnset(AlterTable* alter) {
    AlterTable::UnsetProperties unset;
    unset.if_exists = cursor_.AcceptWords({"IF", "EXISTS"});
    SLUICE_RETURN_IF_ERROR(ParseKeys(&cursor_, &unset.keys));
    alter->change = std::move(unset);
    return Status::OK();
  }

  // ADD [IF NOT EXISTS] PARTITION (..) PARTITION (..) ..
  Status ParseAddPartitions(AlterTable* alter) {
    cursor_.Next();
    AlterTable::AddPartitions add;
    add.if_not_exists = cursor_.AcceptWords({"IF", "NOT", "EXISTS"});
    do {
      SLUICE_RETURN_IF_ERROR(cursor_.ExpectWord("PARTITION"));
      SLUICE_ASSIGN(add.partitions.emplace_back(), ParsePartitionSpec(&cursor_, options_));
      if (cursor_.IsWord("LOCATION")) {
        return cursor_.Refuse("ADD PARTITION .. LOCATION (a partition is a folder of its table's)", cursor_.position());
      }
    } while (cursor_.IsWord("PARTITION"));
    alter->change = std::move(add);
    return Status::OK();
  }

  // DROP [IF EXISTS] PARTITION (..), PARTITION (..) .. [PURGE]
  Status ParseDropPartitions(AlterTable* alter) {
    cursor_.Next();
    AlterTable::DropPartitions drop;
    drop.if_exists = cursor_.AcceptWords({"IF", "EXISTS"});
    do {
      SLUICE_RETURN_IF_ERROR(cursor_.ExpectWord("PARTITION"));
      SLUICE_ASSIGN(drop.partitions.emplace_back(), ParsePartitionSpec(&cursor_, options_));
    } while (cursor_.AcceptSymbol(","));
    cursor_.AcceptWord("PURGE");
    alter->change = std::move(drop);
    return Status::OK();
  }

  // ALTER [COLUMN] c TYPE t | COMMENT 'c' | .., and Hive's CHANGE [COLUMN] c c t [COMMENT 'c'].
  Status ParseColumn(AlterTable* alter) {
    const bool hive = cursor_.AcceptWord("CHANGE");
    if (!hive) cursor_.Next();
    cursor_.AcceptWord("COLUMN");
    AlterTable::ChangeColumn change;
    SLUICE_ASSIGN(const Name column, ParseName(&cursor_, "The column's name"));
    if (column.size() > 1) return cursor_.Refuse("ALTER TABLE of a field of a column", cursor_.position());
    change.column = column[0];
    if (hive) {
      SLUICE_ASSIGN(const std::string renamed, cursor_.ExpectName("The column's name"));
      if (!EqualsIgnoringCase(renamed, change.column)) return Refused(alter, "RENAME COLUMN");
    }
    if (hive || cursor_.AcceptWord("TYPE")) {
      const size_t first = cursor_.position();
      while (!AtEnd(cursor_) && !cursor_.IsWord("COMMENT")) cursor_.Next();
      change.type = cursor_.TextSince(first);
    }
    if (cursor_.AcceptWord("COMMENT")) {
      SLUICE_ASSIGN(change.comment.emplace(), cursor_.ExpectString("The comment"));
    }
    if (cursor_.IsAnyWord({"SET", "DROP"}) && cursor_.IsWord("NOT", 1)) {
      return Refused(alter, "ALTER COLUMN ... SET NOT NULL");
    }
    if (cursor_.IsAnyWord({"FIRST", "AFTER"})) return Refused(alter, "ALTER COLUMN ... FIRST | AFTER");
    if (!AtEnd(cursor_)) return cursor_.Refuse("ALTER COLUMN .. " + cursor_.Peek().text, cursor_.position());
    alter->change = std::move(change);
    return Status::OK();
  }

  TokenCursor& cursor_;
  const ParseOptions& options_;
};

// The names of a view's columns, each with a comment perhaps.
Status ParseViewColumns(TokenCursor* cursor, CreateView* view) {
  SLUICE_RETURN_IF_ERROR(cursor->ExpectSymbol("("));
  do {
    auto& [name, comment] = view->columns.emplace_back();
    SLUICE_ASSIGN(name, cursor->ExpectName("A column's name"));
    if (cursor->AcceptWord("COMMENT")) {
      SLUICE_ASSIGN(comment, cursor->ExpectString("The comment"));
    }
  } while (cursor->AcceptSymbol(","));
  return cursor->ExpectSymbol(")");
}

}  // namespace

bool IsCreateView(const TokenCursor& cursor) {
  return cursor.IsWord("CREATE") &&
         (cursor.IsWord("VIEW", 1) ||
          (cursor.IsWord("OR", 1) && cursor.IsWord("REPLACE", 2) && cursor.IsWord("VIEW", 3)));
}

Result<TableStatement> ParseCreateView(TokenCursor* cursor, const ParseOptions& options) {
  CreateView view;
  cursor->Next();
  view.replace = cursor->AcceptWords({"OR", "REPLACE"});
  cursor->Next();
  view.if_not_exists = cursor->AcceptWords({"IF", "NOT", "EXISTS"});
  if (view.replace && view.if_not_exists) {
    return cursor->SyntaxError("CREATE VIEW with both IF NOT EXISTS and REPLACE is not allowed.");
  }
  SLUICE_ASSIGN(view.name, ParseName(cursor, "The view's name"));
  if (cursor->IsSymbol("(")) SLUICE_RETURN_IF_ERROR(ParseViewColumns(cursor, &view));
  while (!cursor->IsWord("AS")) {
    if (cursor->AcceptWord("COMMENT")) {
      SLUICE_ASSIGN(view.comment, cursor->ExpectString("The comment"));
    } else if (cursor->AcceptWord("TBLPROPERTIES")) {
      SLUICE_RETURN_IF_ERROR(ParsePairs(cursor, &view.properties));
    } else if (cursor->AcceptWords({"WITH", "SCHEMA", "COMPENSATION"})) {
      // As every view is.
    } else if (cursor->IsAnyWord({"SCHEMA", "DEFAULT", "PARTITIONED", "WITH"})) {
      return cursor->Refuse(fmt::format("{} in CREATE VIEW", cursor->Peek().text), cursor->position());
    } else {
      return cursor->SyntaxError("COMMENT, TBLPROPERTIES or AS was expected.");
    }
  }
  cursor->Next();
  SLUICE_ASSIGN(view.query, ParseViewQuery(cursor, options));
  return TableStatement(std::move(view));
}

bool IsAlter(const TokenCursor& cursor) {
  return cursor.IsWord("ALTER") && cursor.IsAnyWord({"TABLE", "VIEW"}, 1);
}

Result<TableStatement> ParseAlter(TokenCursor* cursor, const ParseOptions& options) {
  return AlterParser(cursor, options).Parse();
}

}  // namespace sluice::sql
