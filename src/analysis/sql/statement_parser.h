// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <spark/connect/commands.pb.h>

#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "analysis/sql/parser.h"
#include "analysis/sql/query_parser.h"
#include "analysis/sql/variables.h"

namespace sluice::sql {

// One statement of a file, whose text must outlive it.
struct StatementText {
  std::string_view file;
  size_t begin = 0;  // of the statement's first word
  size_t end = 0;

  std::string_view text() const { return file.substr(begin, end - begin); }
  // The text with everything before it blanked, so that places are those of the file.
  std::string Blanked() const;
};

// Cuts a file at semicolons outside strings, names, comments and `values`; empty statements are left out.
std::vector<StatementText> SplitStatements(std::string_view text, std::span<const SubstitutedText::Value> values = {});

// Whether the -- or /* at `position`, in the statement that begins at `statement`, begins a comment. It does, but for
// the middle of a word of a SET statement: `SET p = s3a://b/*.tsv;` and `SET token = a--b;` have no comment.
bool BeginsComment(std::string_view text, size_t statement, size_t position);

bool IsSetStatement(const StatementText& statement);
// SET key = value: the value is the raw text up to the semicolon, as in Spark.
Result<SetStatement> ParseSet(const StatementText& statement, const std::string& file_name);

// CREATE [OR REPLACE] [GLOBAL] TEMP[ORARY] VIEW name [(columns)] [COMMENT '..'] AS query.
bool IsCreateTemporaryView(const TokenCursor& cursor);
Result<spark::connect::Command> ParseCreateTemporaryView(TokenCursor* cursor, const ParseOptions& options);

// key [=] value; the key is a string or a name with dots.
Result<std::pair<std::string, std::string>> ParseOptionPair(TokenCursor* cursor);

// INSERT OVERWRITE [LOCAL] DIRECTORY .. query, as a Command with a write_operation.
bool IsWriteStatement(const TokenCursor& cursor);
Result<spark::connect::Command> ParseWriteStatement(TokenCursor* cursor, const ParseOptions& options);

// CREATE STREAMING TABLE name USING format [PARTITIONED BY (..)] [LOCATION '..'] [OPTIONS (..)] AS query. The clauses
// may come in any order; the options trigger, queryName and outputMode become fields of the message.
Result<spark::connect::Command> ParseCreateStreamingTable(TokenCursor* cursor, const ParseOptions& options);

}  // namespace sluice::sql
