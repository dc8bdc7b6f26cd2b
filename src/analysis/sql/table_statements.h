// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <arrow/type_fwd.h>
#include <spark/connect/relations.pb.h>

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "analysis/sql/parser.h"
#include "analysis/sql/token_cursor.h"

// Statements about the catalog's schemas, tables and views. Connect has no messages for them: their text travels, and
// the service runs it. Names are given as their parts.
namespace sluice::sql {

using Name = std::vector<std::string>;
// PARTITION (k = 'x', d = DATE'2024-02-03'): columns and constants, each column once.
using PartitionSpec = std::vector<std::pair<std::string, spark::connect::Expression>>;

// CREATE [EXTERNAL] TABLE [IF NOT EXISTS] name [(columns)] [clauses in any order] [AS query]
struct CreateTable {
  Name name;
  bool if_not_exists = false;
  bool external = false;
  std::shared_ptr<arrow::Schema> columns;  // null: those of the query, or of the files that are there
  std::vector<std::string> partition_columns;
  std::string format;
  std::string location;
  std::string comment;
  std::map<std::string, std::string> options;
  std::map<std::string, std::string> properties;
  std::optional<spark::connect::Relation> query;
};

// INSERT INTO | OVERWRITE [TABLE] name [PARTITION (..)] [(columns) | BY NAME] query
struct InsertInto {
  Name name;
  bool overwrite = false;
  bool by_name = false;
  std::vector<std::string> columns;                                                          // empty: all, in order
  std::vector<std::pair<std::string, std::optional<spark::connect::Expression>>> partition;  // k = 'x', or k alone
  spark::connect::Relation query;
};

struct CreateDatabase {
  Name name;
  bool if_not_exists = false;
  std::string comment;
  std::string location;
  std::map<std::string, std::string> properties;
};

struct DropDatabase {
  Name name;
  bool if_exists = false;
  bool cascade = false;
};

struct DropTable {
  Name name;
  bool if_exists = false;
};

struct DropView {
  Name name;
  bool if_exists = false;
};

// CREATE [OR REPLACE] VIEW [IF NOT EXISTS] name [(columns)] [clauses] AS query; ALTER VIEW name AS query
struct CreateView {
  Name name;
  bool replace = false;
  bool if_not_exists = false;
  bool alter = false;                                        // of a view that is there
  std::vector<std::pair<std::string, std::string>> columns;  // name and comment; empty: as the query has them
  std::string comment;
  std::map<std::string, std::string> properties;
  std::string query;  // its text
};

// ALTER TABLE | VIEW name followed by one of the changes.
struct AlterTable {
  struct AddColumns {
    std::shared_ptr<arrow::Schema> columns;
  };
  struct Rename {
    Name to;
  };
  struct SetProperties {
    std::map<std::string, std::string> properties;
  };
  struct UnsetProperties {
    std::vector<std::string> keys;
    bool if_exists = false;
  };
  struct SetLocation {
    std::string location;
  };
  struct ChangeColumn {
    std::string column;
    std::optional<std::string> comment;
    std::string type;  // as it is written; empty: it stays
  };
  struct AddPartitions {
    std::vector<PartitionSpec> partitions;
    bool if_not_exists = false;
  };
  struct DropPartitions {
    std::vector<PartitionSpec> partitions;
    bool if_exists = false;
  };
  struct RecoverPartitions {};
  // What Spark refuses for its own tables too: "RENAME COLUMN".
  struct Refused {
    std::string operation;
  };
  Name name;
  bool view = false;
  std::variant<AddColumns, Rename, SetProperties, UnsetProperties, SetLocation, ChangeColumn, AddPartitions,
               DropPartitions, RecoverPartitions, Refused>
      change;
};

// ALTER DATABASE | SCHEMA | NAMESPACE name followed by one of the changes.
struct AlterDatabase {
  Name name;
  std::variant<AlterTable::SetProperties, AlterTable::UnsetProperties, AlterTable::SetLocation> change;
};

// COMMENT ON TABLE | DATABASE name IS 'text'
struct CommentOn {
  Name name;
  bool is_schema = false;
  std::string comment;
};

// USE [SCHEMA | DATABASE | NAMESPACE] name
struct UseDatabase {
  Name name;
  bool is_schema = false;  // the word was there: the name is no catalog's
};

struct TruncateTable {
  Name name;
};

// REFRESH [TABLE], [UN]CACHE TABLE: every query looks at the files anew, so there is nothing to do but to look for the
// name. CLEAR CACHE has none.
struct RefreshTable {
  Name name;
  bool if_exists = false;
};

// [MSCK] REPAIR TABLE name [{ADD | DROP | SYNC} PARTITIONS]
struct RepairTable {
  Name name;
};

using TableStatement =
    std::variant<CreateTable, InsertInto, CreateDatabase, DropDatabase, DropTable, DropView, CreateView, AlterTable,
                 AlterDatabase, CommentOn, UseDatabase, TruncateTable, RefreshTable, RepairTable>;

// Whether the text begins as one of these.
bool IsTableStatement(const TokenCursor& cursor);
// Up to the end of the text.
Result<TableStatement> ParseTableStatement(TokenCursor* cursor, const ParseOptions& options);
// From its opening bracket: (k = 'x', ..). INVALID_SQL_SYNTAX.EMPTY_PARTITION_VALUE, DUPLICATE_KEY.
Result<PartitionSpec> ParsePartitionSpec(TokenCursor* cursor, const ParseOptions& options);
// a.b.c
Result<Name> ParseName(TokenCursor* cursor, std::string_view what);

}  // namespace sluice::sql
