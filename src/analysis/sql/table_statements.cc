// SPDX-License-Identifier: Apache-2.0
#include "analysis/sql/table_statements.h"

#include <arrow/api.h>
#include <fmt/format.h>

#include <algorithm>

#include "analysis/sql/query_parser.h"
#include "analysis/sql/statement_parser.h"
#include "analysis/sql/table_clauses.h"
#include "types/spark_type.h"

namespace sluice::sql {
namespace {

bool IsSchemaWord(const TokenCursor& cursor, size_t ahead) {
  return cursor.IsAnyWord({"DATABASE", "SCHEMA", "NAMESPACE"}, ahead);
}

class TableStatementParser {
 public:
  TableStatementParser(TokenCursor* cursor, const ParseOptions& options) : cursor_(*cursor), options_(options) {}

  Result<TableStatement> Parse() {
    if (cursor_.IsWord("INSERT")) return ParseInsert();
    if (cursor_.IsWord("USE")) return ParseUse();
    if (IsAlter(cursor_)) return ParseAlter(&cursor_, options_);
    if (IsAlterDatabase(cursor_)) return ParseAlterDatabase(&cursor_);
    if (cursor_.IsWord("COMMENT")) return ParseComment();
    if (cursor_.IsWord("CREATE")) {
      if (IsCreateView(cursor_)) return ParseCreateView(&cursor_, options_);
      if (IsSchemaWord(cursor_, 1)) return ParseCreateDatabase();
      return ParseCreateTable();
    }
    if (cursor_.IsWord("DROP")) return ParseDrop();
    if (cursor_.AcceptWords({"TRUNCATE", "TABLE"})) {
      TruncateTable truncate;
      SLUICE_ASSIGN(truncate.name, ParseName(&cursor_, "The table's name"));
      if (cursor_.IsWord("PARTITION")) return cursor_.Refuse("TRUNCATE TABLE of a partition", cursor_.position());
      return TableStatement(std::move(truncate));
    }
    return cursor_.IsAnyWord({"MSCK", "REPAIR"}) ? ParseRepair() : ParseRefresh();
  }

 private:
  Result<TableStatement> ParseUse() {
    cursor_.Next();
    UseDatabase use;
    use.is_schema = IsSchemaWord(cursor_, 0) && cursor_.IsName(1);
    if (use.is_schema) cursor_.Next();
    SLUICE_ASSIGN(use.name, ParseName(&cursor_, "The schema's name"));
    return TableStatement(std::move(use));
  }

  Result<TableStatement> ParseComment() {
    cursor_.AcceptWords({"COMMENT", "ON"});
    CommentOn comment;
    comment.is_schema = IsSchemaWord(cursor_, 0);
    cursor_.Next();
    SLUICE_ASSIGN(comment.name, ParseName(&cursor_, comment.is_schema ? "The schema's name" : "The table's name"));
    SLUICE_RETURN_IF_ERROR(cursor_.ExpectWord("IS"));
    if (!cursor_.AcceptWord("NULL")) {
      SLUICE_ASSIGN(comment.comment, cursor_.ExpectString("The comment"));
    }
    return TableStatement(std::move(comment));
  }

  Result<TableStatement> ParseDrop() {
    cursor_.Next();
    const std::string kind = LowerCase(cursor_.Next().text);
    const bool if_exists = cursor_.AcceptWords({"IF", "EXISTS"});
    SLUICE_ASSIGN(Name name, ParseName(&cursor_, "A name"));
    if (kind == "view") return TableStatement(DropView{std::move(name), if_exists});
    if (kind == "table") {
      cursor_.AcceptWord("PURGE");
      return TableStatement(DropTable{std::move(name), if_exists});
    }
    const bool cascade = cursor_.AcceptWord("CASCADE");
    if (!cascade) cursor_.AcceptWord("RESTRICT");
    return TableStatement(DropDatabase{std::move(name), if_exists, cascade});
  }

  Result<TableStatement> ParseRefresh() {
    RefreshTable refresh;
    if (cursor_.AcceptWords({"CLEAR", "CACHE"})) return TableStatement(std::move(refresh));
    const bool cache = cursor_.IsWord("CACHE");
    cursor_.Next();
    cursor_.AcceptWord("LAZY");
    cursor_.AcceptWord("TABLE");
    refresh.if_exists = cursor_.AcceptWords({"IF", "EXISTS"});
    SLUICE_ASSIGN(refresh.name, ParseName(&cursor_, "The table's name"));
    if (cache && !cursor_.AtEnd() && !cursor_.IsSymbol(";")) {
      return cursor_.Refuse("CACHE TABLE with OPTIONS or a query (nothing is kept in memory)", cursor_.position());
    }
    return TableStatement(std::move(refresh));
  }

  Result<TableStatement> ParseRepair() {
    cursor_.AcceptWord("MSCK");
    SLUICE_RETURN_IF_ERROR(cursor_.ExpectWord("REPAIR"));
    SLUICE_RETURN_IF_ERROR(cursor_.ExpectWord("TABLE"));
    RepairTable repair;
    SLUICE_ASSIGN(repair.name, ParseName(&cursor_, "The table's name"));
    if (cursor_.IsAnyWord({"ADD", "DROP", "SYNC"})) {
      cursor_.Next();
      SLUICE_RETURN_IF_ERROR(cursor_.ExpectWord("PARTITIONS"));
    }
    return TableStatement(std::move(repair));
  }

  Result<TableStatement> ParseCreateDatabase() {
    cursor_.Next();
    cursor_.Next();
    CreateDatabase create;
    create.if_not_exists = cursor_.AcceptWords({"IF", "NOT", "EXISTS"});
    SLUICE_ASSIGN(create.name, ParseName(&cursor_, "The schema's name"));
    for (;;) {
      if (cursor_.AcceptWord("COMMENT")) {
        SLUICE_ASSIGN(create.comment, cursor_.ExpectString("The comment"));
      } else if (cursor_.AcceptWord("LOCATION")) {
        SLUICE_ASSIGN(create.location, cursor_.ExpectString("The location"));
      } else if (cursor_.AcceptWord("WITH")) {
        if (!cursor_.AcceptWord("DBPROPERTIES")) SLUICE_RETURN_IF_ERROR(cursor_.ExpectWord("PROPERTIES"));
        SLUICE_RETURN_IF_ERROR(ParsePairs(&cursor_, &create.properties));
      } else {
        return TableStatement(std::move(create));
      }
    }
  }

  Result<TableStatement> ParseCreateTable() {
    cursor_.Next();
    CreateTable create;
    create.external = cursor_.AcceptWord("EXTERNAL");
    cursor_.Next();
    create.if_not_exists = cursor_.AcceptWords({"IF", "NOT", "EXISTS"});
    SLUICE_ASSIGN(create.name, ParseName(&cursor_, "The table's name"));
    if (cursor_.IsSymbol("(") && !IsQueryWord(1)) {
      SLUICE_ASSIGN(create.columns, ParseTableColumns(&cursor_, "CREATE TABLE"));
    }
    while (!cursor_.AtEnd() && !cursor_.IsSymbol(";") && !cursor_.IsWord("AS") && !IsQueryWord(0)) {
      SLUICE_RETURN_IF_ERROR(ParseClause(&create));
    }
    cursor_.AcceptWord("AS");
    if (!cursor_.AtEnd() && !cursor_.IsSymbol(";")) {
      SLUICE_ASSIGN(create.query.emplace(), QueryParser(&cursor_, options_).ParseQuery());
    }
    return TableStatement(std::move(create));
  }

  bool IsQueryWord(size_t ahead) const {
    return cursor_.IsAnyWord({"SELECT", "WITH", "VALUES", "TABLE", "FROM"}, ahead) || cursor_.IsSymbol("(", ahead);
  }

  Status ParseClause(CreateTable* create) {
    if (cursor_.AcceptWord("USING")) {
      SLUICE_ASSIGN(create->format, cursor_.ExpectName("A format"));
      return Status::OK();
    }
    if (cursor_.AcceptWord("OPTIONS")) return ParsePairs(&cursor_, &create->options);
    if (cursor_.AcceptWord("TBLPROPERTIES")) return ParsePairs(&cursor_, &create->properties);
    if (cursor_.AcceptWord("COMMENT")) {
      SLUICE_ASSIGN(create->comment, cursor_.ExpectString("The comment"));
      return Status::OK();
    }
    if (cursor_.AcceptWord("LOCATION")) {
      SLUICE_ASSIGN(create->location, cursor_.ExpectString("The location"));
      return Status::OK();
    }
    if (cursor_.AcceptWords({"PARTITIONED", "BY"})) return ParsePartitions(create);
    for (const char* clause : {"CLUSTER", "CLUSTERED", "ROW", "STORED", "LIKE"}) {
      if (cursor_.IsWord(clause)) return cursor_.Refuse(fmt::format("{} in CREATE TABLE", clause), cursor_.position());
    }
    return cursor_.SyntaxError("USING, PARTITIONED BY, LOCATION, OPTIONS, COMMENT, TBLPROPERTIES or AS was expected.");
  }

  // (k) of columns that are there, (k STRING) of further ones.
  Status ParsePartitions(CreateTable* create) {
    const size_t begin = cursor_.position();
    if (cursor_.IsSymbol("(", 2)) return cursor_.Refuse("A transform in PARTITIONED BY", begin);
    const bool typed = cursor_.IsName(2);
    if (typed) {
      SLUICE_ASSIGN(const auto more, ParseTableColumns(&cursor_, "CREATE TABLE"));
      arrow::FieldVector fields = create->columns == nullptr ? arrow::FieldVector() : create->columns->fields();
      for (const auto& field : more->fields()) {
        fields.push_back(field);
        create->partition_columns.push_back(field->name());
      }
      create->columns = arrow::schema(std::move(fields));
      return Status::OK();
    }
    SLUICE_RETURN_IF_ERROR(cursor_.ExpectSymbol("("));
    do {
      SLUICE_ASSIGN(create->partition_columns.emplace_back(), cursor_.ExpectName("A column"));
    } while (cursor_.AcceptSymbol(","));
    return cursor_.ExpectSymbol(")");
  }

  Result<TableStatement> ParseInsert() {
    cursor_.Next();
    InsertInto insert;
    insert.overwrite = cursor_.AcceptWord("OVERWRITE");
    if (!insert.overwrite) SLUICE_RETURN_IF_ERROR(cursor_.ExpectWord("INTO"));
    cursor_.AcceptWord("TABLE");
    SLUICE_ASSIGN(insert.name, ParseName(&cursor_, "The table's name"));
    if (cursor_.AcceptWord("PARTITION")) SLUICE_RETURN_IF_ERROR(ParsePartitionValues(&insert));
    if (cursor_.IsWord("IF") || cursor_.IsWord("REPLACE")) {
      return cursor_.Refuse(fmt::format("{} in INSERT", cursor_.Peek().text), cursor_.position());
    }
    insert.by_name = cursor_.AcceptWords({"BY", "NAME"});
    if (!insert.by_name && cursor_.IsSymbol("(") && !IsQueryWord(1)) {
      cursor_.Next();
      do {
        SLUICE_ASSIGN(insert.columns.emplace_back(), cursor_.ExpectName("A column"));
      } while (cursor_.AcceptSymbol(","));
      SLUICE_RETURN_IF_ERROR(cursor_.ExpectSymbol(")"));
    }
    SLUICE_ASSIGN(insert.query, QueryParser(&cursor_, options_).ParseQuery());
    return TableStatement(std::move(insert));
  }

  Status ParsePartitionValues(InsertInto* insert) {
    SLUICE_RETURN_IF_ERROR(cursor_.ExpectSymbol("("));
    do {
      auto& [column, value] = insert->partition.emplace_back();
      SLUICE_ASSIGN(column, cursor_.ExpectName("A column"));
      if (cursor_.AcceptSymbol("=")) {
        SLUICE_ASSIGN(value.emplace(), ExpressionParser(&cursor_, options_).ParseNamed());
      }
    } while (cursor_.AcceptSymbol(","));
    return cursor_.ExpectSymbol(")");
  }

  TokenCursor& cursor_;
  const ParseOptions& options_;
};

}  // namespace

Result<std::shared_ptr<arrow::Schema>> ParseTableColumns(TokenCursor* cursor, const std::string& statement) {
  const size_t open = cursor->position();
  const size_t close = cursor->ClosingAhead(0);
  for (size_t ahead = 1; ahead < close; ++ahead) {
    for (const char* word : {"DEFAULT", "GENERATED", "CHAR", "CHARACTER", "VARCHAR", "CONSTRAINT", "PRIMARY"}) {
      if (cursor->IsWord(word, ahead) && ahead > 1 && !cursor->IsSymbol(",", ahead - 1)) {
        return cursor->Refuse(fmt::format("{} in the columns of {}", word, statement), open + ahead);
      }
    }
  }
  cursor->Next();
  const size_t first = cursor->position();
  while (cursor->position() < open + close && !cursor->AtEnd()) cursor->Next();
  auto schema = ParseSparkSchema(cursor->TextSince(first));
  if (!schema.ok()) return WithPlace(schema.status(), cursor->PlaceOf(first));
  SLUICE_RETURN_IF_ERROR(cursor->ExpectSymbol(")"));
  return schema.MoveValueUnsafe();
}

Status ParsePairs(TokenCursor* cursor, std::map<std::string, std::string>* pairs) {
  SLUICE_RETURN_IF_ERROR(cursor->ExpectSymbol("("));
  do {
    SLUICE_ASSIGN(auto pair, ParseOptionPair(cursor));
    (*pairs)[pair.first] = std::move(pair.second);
  } while (cursor->AcceptSymbol(","));
  return cursor->ExpectSymbol(")");
}

Status ParseKeys(TokenCursor* cursor, std::vector<std::string>* keys) {
  SLUICE_RETURN_IF_ERROR(cursor->ExpectSymbol("("));
  do {
    std::string key;
    if (cursor->Peek().kind == TokenKind::kString) {
      key = cursor->Next().text;
    } else {
      SLUICE_ASSIGN(const Name parts, ParseName(cursor, "A property's name"));
      for (const std::string& part : parts) key += (key.empty() ? "" : ".") + part;
    }
    keys->push_back(std::move(key));
  } while (cursor->AcceptSymbol(","));
  return cursor->ExpectSymbol(")");
}

bool IsTableStatement(const TokenCursor& cursor) {
  if (IsCreateView(cursor) || IsAlter(cursor) || IsAlterDatabase(cursor)) return true;
  if (cursor.IsWord("COMMENT")) {
    return cursor.IsWord("ON", 1) && (cursor.IsWord("TABLE", 2) || IsSchemaWord(cursor, 2));
  }
  if (cursor.IsWord("CREATE")) {
    return IsSchemaWord(cursor, 1) || cursor.IsWord("TABLE", 1) ||
           (cursor.IsWord("EXTERNAL", 1) && cursor.IsWord("TABLE", 2));
  }
  if (cursor.IsWord("DROP")) return IsSchemaWord(cursor, 1) || cursor.IsAnyWord({"TABLE", "VIEW"}, 1);
  if (cursor.IsWord("INSERT")) {
    const bool directory =
        cursor.IsWord("DIRECTORY", 2) || (cursor.IsWord("LOCAL", 2) && cursor.IsWord("DIRECTORY", 3));
    return cursor.IsWord("INTO", 1) || (cursor.IsWord("OVERWRITE", 1) && !directory);
  }
  if (cursor.IsWord("CLEAR")) return cursor.IsWord("CACHE", 1);
  if (cursor.IsWord("MSCK")) return cursor.IsWord("REPAIR", 1);
  if (cursor.IsWord("REPAIR")) return cursor.IsWord("TABLE", 1);
  if (cursor.IsWord("TRUNCATE")) return cursor.IsWord("TABLE", 1);
  return cursor.IsAnyWord({"USE", "REFRESH", "CACHE", "UNCACHE"}) && cursor.IsName(1);
}

Result<Name> ParseName(TokenCursor* cursor, std::string_view what) {
  Name name;
  SLUICE_ASSIGN(name.emplace_back(), cursor->ExpectName(what));
  while (cursor->AcceptSymbol(".")) {
    SLUICE_ASSIGN(name.emplace_back(), cursor->ExpectName("A name after '.'"));
  }
  return name;
}

Result<TableStatement> ParseTableStatement(TokenCursor* cursor, const ParseOptions& options) {
  SLUICE_ASSIGN(TableStatement statement, TableStatementParser(cursor, options).Parse());
  cursor->AcceptSymbol(";");
  if (!cursor->AtEnd()) return cursor->SyntaxError("nothing more was expected here.");
  return statement;
}

}  // namespace sluice::sql
