// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <spark/connect/commands.pb.h>
#include <spark/connect/relations.pb.h>

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/status.h"
#include "conf/session_options.h"

// SQL text to Spark Connect messages. Every error of the text is PARSE_SYNTAX_ERROR (42601) with line and column, near
// which token; SQL that Spark has and Sluice lacks is refused by name. Expressions carry their place in
// `common.origin.jvm_origin` (line from 1, start_position from 0, sql_text: the fragment, object_name: the file).
namespace sluice {

struct ParseOptions {
  SessionOptions session;  // of the session that will run the text
  std::string file_name;   // for places; may be empty
  // Values of :name, and of each ? in turn.
  std::map<std::string, spark::connect::Expression> named;
  std::vector<spark::connect::Expression> positional;
};

// The options of a text that comes with arguments for its parameters.
ParseOptions OptionsOf(const spark::connect::SQL& sql, const SessionOptions& session);

// One expression as selectExpr and expr() take it: "count(*) AS n", "*", "parts[0] as marketplace".
Result<spark::connect::Expression> ParseExpressionSql(std::string_view text, const ParseOptions& options);

// One query, with or without a closing semicolon.
Result<spark::connect::Relation> ParseQuerySql(std::string_view text, const ParseOptions& options);

struct SetStatement {
  std::string key;
  std::string value;
};

using SqlStatement = std::variant<SetStatement, spark::connect::Command, spark::connect::Relation>;

struct SqlFile {
  std::vector<SqlStatement> statements;  // in the order of the text
};

// Value of ${name}, or nothing.
using VariableLookup = std::function<std::optional<std::string>(const std::string& name)>;

// A file for `run`: SET and CREATE TEMPORARY VIEW statements (a Command with create_dataframe_view), then one CREATE
// STREAMING TABLE or several (a Command with write_stream_operation_start). `conf`: the settings of the session that
// will run it. A SET statement changes how the text after it is read; the session itself is changed by who runs the
// file.
Result<SqlFile> ParseFileSql(std::string_view text, const std::string& file_name, const VariableLookup& lookup,
                             const Conf& conf);

// SET statements, views and queries, as `sql` takes them; no streaming statement is needed. `conf` as above.
Result<SqlFile> ParseScriptSql(std::string_view text, const Conf& conf, const std::string& file_name = "");

// The same, with variables as in ParseFileSql.
Result<SqlFile> ParseScriptSql(std::string_view text, const Conf& conf, const std::string& file_name,
                               const VariableLookup& lookup);

}  // namespace sluice
