// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "analysis/sql/parser.h"
#include "analysis/sql/variables.h"
#include "base/logging.h"
#include "base/spark_error.h"

namespace sluice {
namespace {

const char kCreate[] =
    "CREATE STREAMING TABLE t USING parquet LOCATION '/t' AS SELECT value FROM STREAM read_kafka(subscribe => 'x')";

std::optional<std::string> NoVariables(const std::string&) {
  return std::nullopt;
}

struct Refused {
  std::string sql;
  const char* error_class;
  int line;
};

TEST(SqlFileTest, WhatIsNoPipeline) {
  const std::string create = kCreate;
  const Refused cases[] = {
      {"", "SLUICE_SQL_FILE.NO_STREAMING_STATEMENT", 1},
      {"SET a = b;", "SLUICE_SQL_FILE.NO_STREAMING_STATEMENT", 1},
      {create + "; CREATE TEMP VIEW v AS SELECT 1", "UNSUPPORTED_FEATURE.SLUICE", 1},
      {"CREATE VIEW v AS SELECT 1;" + create, "UNSUPPORTED_FEATURE.SLUICE", 1},
      {"CREATE TEMP VIEW a.b AS SELECT 1;" + create, "PARSE_SYNTAX_ERROR", 1},
      {"CREATE TEMP VIEW v SELECT 1;" + create, "PARSE_SYNTAX_ERROR", 1},
      {"SELECT 1;" + create, "UNSUPPORTED_FEATURE.SLUICE", 1},
      {create + "; SET a = b", "UNSUPPORTED_FEATURE.SLUICE", 1},
      {"SET\n a", "INVALID_SET_SYNTAX", 1},
      {"-- note\n\nDELETE FROM t", "UNSUPPORTED_FEATURE.SLUICE", 3},
      {"ALTER TABLE t RENAME TO u", "SLUICE_SQL_FILE.NO_STREAMING_STATEMENT", 1},
      {"CREATE TABLE t AS SELECT 1", "SLUICE_SQL_FILE.NO_STREAMING_STATEMENT", 1},
      {"CREATE TABLE t (a INT)", "SLUICE_SQL_FILE.NO_STREAMING_STATEMENT", 1},
      {"INSERT OVERWRITE DIRECTORY USING csv SELECT 1", "SLUICE_INVALID_OPTION", 1},
      {"INSERT OVERWRITE DIRECTORY '/t' SELECT 1", "PARSE_SYNTAX_ERROR", 1},
      {"CREATE STREAMING TABLE t LOCATION '/t' AS SELECT 1", "PARSE_SYNTAX_ERROR", 1},
      {"CREATE STREAMING TABLE t USING parquet\nOPTIONS (trigger 'now')\nAS SELECT 1",
       "INVALID_PARAMETER_VALUE.SLUICE_TRIGGER", 2},
      {"CREATE STREAMING TABLE t USING parquet OPTIONS (trigger 'continuous 1 second') AS SELECT 1",
       "UNSUPPORTED_FEATURE.SLUICE", 1},
      {"CREATE STREAMING TABLE t (a INT) USING parquet AS SELECT 1", "UNSUPPORTED_FEATURE.SLUICE", 1},
      {"CREATE STREAMING TABLE t USING parquet TBLPROPERTIES ('a' = 'b') AS SELECT 1", "UNSUPPORTED_FEATURE.SLUICE", 1},
      {"CREATE STREAMING TABLE t USING parquet AS SELECT * FROM STREAM read_kafka('x')", "PARSE_SYNTAX_ERROR", 1},
      {"CREATE STREAMING TABLE t USING parquet AS SELECT * FROM STREAM read_kafka(a => b)", "NON_FOLDABLE_ARGUMENT", 1},
      {"CREATE STREAMING TABLE t USING parquet AS SELECT * FROM STREAM read_files(path => 'b')",
       "SLUICE_INVALID_OPTION", 1},
      {"SELECT * FROM read_files('/t', format => 'csv', headr => true)", "SLUICE_INVALID_OPTION", 1},
      {"SELECT * FROM read_files('/t', format => 'orc')", "DATA_SOURCE_NOT_FOUND", 1},
      {"SELECT * FROM STREAM read_nothing('/t')", "UNRESOLVABLE_TABLE_VALUED_FUNCTION", 1},
      {"SET a = b;\nCREATE STREAMING TABLE t USING parquet AS SELECT '${NOPE}'", "UNBOUND_SQL_PARAMETER", 2},
      {"CREATE STREAMING TABLE t USING parquet AS SELECT '${NOPE'", "PARSE_SYNTAX_ERROR", 1},
  };
  for (const Refused& test : cases) {
    const Status status = ParseFileSql(test.sql, "f.sql", NoVariables, Conf()).status();
    EXPECT_TRUE(HasErrorClass(status, test.error_class)) << test.sql << ": " << status.ToString();
    const SparkErrorDetail* error = FindSparkError(status);
    ASSERT_TRUE(error != nullptr && error->place.has_value()) << test.sql;
    EXPECT_EQ(error->place->line, test.line) << test.sql;
    EXPECT_EQ(error->place->file, "f.sql");
  }
}

TEST(SqlFileTest, AllClauses) {
  const std::string text =
      "CREATE OR REFRESH STREAMING TABLE IF NOT EXISTS db.t\n"
      "PARTITIONED BY (a, `b c`) OPTIONS ('compression' = 'zstd', checkpointLocation '/c', maxRecordsPerFile 10, "
      "trigger 'once',\n"
      "  outputMode 'append') COMMENT 'x' LOCATION '/t' USING PARQUET AS SELECT 1 AS a;";
  const SqlFile file = ParseFileSql(text, "f.sql", NoVariables, Conf()).ValueOrDie();
  const auto& start = std::get<spark::connect::Command>(file.statements[0]).write_stream_operation_start();
  EXPECT_EQ(start.format(), "parquet");
  EXPECT_EQ(start.partitioning_column_names(1), "b c");
  EXPECT_EQ(start.options().at("compression"), "zstd");
  EXPECT_EQ(start.options().at("maxRecordsPerFile"), "10");
  EXPECT_EQ(start.options().count("trigger"), 0U);
  EXPECT_TRUE(start.once());
  EXPECT_EQ(start.query_name(), "t");
}

TEST(SqlFileTest, ViewsAndSeveralTables) {
  const std::string create = kCreate;
  const SqlFile file =
      ParseFileSql("SET a = b;\nCREATE OR REPLACE TEMPORARY VIEW v (x, y) COMMENT 'c' AS SELECT 1, 2;\n" + create +
                       ";\n" + create,
                   "f.sql", NoVariables, Conf())
          .ValueOrDie();
  ASSERT_EQ(file.statements.size(), 4U);
  const auto& view = std::get<spark::connect::Command>(file.statements[1]).create_dataframe_view();
  EXPECT_EQ(view.name(), "v");
  EXPECT_TRUE(view.replace());
  EXPECT_EQ(view.input().to_df().column_names(1), "y");
  for (int i : {2, 3}) {
    EXPECT_TRUE(std::get<spark::connect::Command>(file.statements[i]).has_write_stream_operation_start());
  }
}

TEST(SqlFileTest, AnEmptyVariableIsNoValue) {
  const auto lookup = [](const std::string& name) -> std::optional<std::string> {
    if (name == "EMPTY") return "";
    if (name == "FULL") return "f";
    return std::nullopt;
  };
  const std::string create = "CREATE STREAMING TABLE t USING parquet LOCATION '/";
  const auto path = [&](const std::string& location) -> Result<std::string> {
    SLUICE_ASSIGN(const SqlFile file, ParseFileSql(create + location + "' AS SELECT 1 AS a", "f.sql", lookup, Conf()));
    return std::get<spark::connect::Command>(file.statements[0]).write_stream_operation_start().path();
  };
  for (const char* refused : {"${EMPTY}", "${NOPE}"}) {
    const Status status = path(refused).status();
    EXPECT_TRUE(HasErrorClass(status, "UNBOUND_SQL_PARAMETER")) << refused;
    ASSERT_TRUE(FindSparkError(status)->place.has_value());
    EXPECT_EQ(FindSparkError(status)->place->file, "f.sql");
  }
  EXPECT_NE(path("${EMPTY}").status().message().find("${EMPTY} is empty"), std::string::npos);
  EXPECT_EQ(path("${EMPTY:-}x").ValueOrDie(), "/x");
  EXPECT_EQ(path("${EMPTY:-d/e}").ValueOrDie(), "/d/e");
  EXPECT_EQ(path("${NOPE:-d}").ValueOrDie(), "/d");
  EXPECT_EQ(path("${FULL:-d}").ValueOrDie(), "/f");
  EXPECT_TRUE(HasErrorClass(path("${:-d}").status(), "PARSE_SYNTAX_ERROR"));
}

TEST(SqlTest, APathInQuotesIsAParquetTable) {
  const auto relation = ParseQuerySql("SELECT * FROM 's3a://b/it`s' AS t WHERE x = 'y'", {}).ValueOrDie();
  EXPECT_NE(relation.DebugString().find("parquet.`s3a://b/it``s`"), std::string::npos) << relation.DebugString();
  EXPECT_TRUE(ParseQuerySql("SELECT * FROM STREAM 's3a://b/t'", {}).ok());
  EXPECT_TRUE(ParseQuerySql("SELECT * FROM 'reviews.tsv.gz'", {}).ok());
}

TEST(SqlFileTest, SetTakesTheRawText) {
  const SqlFile file =
      ParseScriptSql("SET a.b=c d  ;\n set `x` = s3a://b/k; SET TIME ZONE 'UTC'; SELECT ';' AS x; -- end\n", Conf())
          .ValueOrDie();
  ASSERT_EQ(file.statements.size(), 4U);
  EXPECT_EQ(std::get<SetStatement>(file.statements[0]).key, "a.b");
  EXPECT_EQ(std::get<SetStatement>(file.statements[0]).value, "c d");
  EXPECT_EQ(std::get<SetStatement>(file.statements[1]).key, "x");
  EXPECT_EQ(std::get<SetStatement>(file.statements[1]).value, "s3a://b/k");
  EXPECT_EQ(std::get<SetStatement>(file.statements[2]).key, "spark.sql.session.timeZone");
}

TEST(VariablesTest, ValuesCannotEndAString) {
  const auto lookup = [](const std::string& name) -> std::optional<std::string> {
    if (name == "Q") return "a'b\"c\\d`e\nf";
    return "v";
  };
  const auto replaced = [&](const std::string& text) {
    return sql::SubstituteVariables(text, "f", lookup).ValueOrDie().text;
  };
  EXPECT_EQ(replaced("SELECT ${X} -- ${X"), "SELECT v -- ${X");
  EXPECT_EQ(replaced("/* ${X} */ '${X}'"), "/* ${X} */ 'v'");
  EXPECT_EQ(replaced("'${Q}'"), "'a\\'b\"c\\\\d`e\\nf'");
  EXPECT_EQ(replaced("\"${Q}\""), "\"a'b\\\"c\\\\d`e\\nf\"");
  EXPECT_EQ(replaced("'\\'${X}'"), "'\\'v'");
  EXPECT_EQ(replaced("`${Q}`"), "`a'b\"c\\d``e\nf`");
  EXPECT_FALSE(sql::SubstituteVariables("r'${Q}'", "f", lookup).ok());
}

TEST(VariablesTest, AValueOutsideQuotesEndsNoStatementAndBeginsNoComment) {
  for (const std::string value : {"a--b", "a;b", "--", "a/*b", "it's", "\"", "`", "a\nb"}) {
    const auto lookup = [&](const std::string&) { return std::optional<std::string>(value); };
    const SqlFile file =
        ParseScriptSql("SET a = ${TOKEN};\nSET b = x${TOKEN}y;SET c = d;", Conf(), "f", lookup).ValueOrDie();
    ASSERT_EQ(file.statements.size(), 3U) << value;
    EXPECT_EQ(std::get<SetStatement>(file.statements[0]).value, value);
    EXPECT_EQ(std::get<SetStatement>(file.statements[1]).value, "x" + value + "y");
    EXPECT_EQ(std::get<SetStatement>(file.statements[2]).value, "d");
  }
}

TEST(SqlFileTest, NoCommentBeginsInTheMiddleOfAWordOfASetStatement) {
  const auto lookup = [](const std::string&) { return std::optional<std::string>("v"); };
  const SqlFile file =
      ParseScriptSql("SET t = a--b;\n-- no; ${X\nset p = s3a://b/*/${Y};SELECT 1--;\n", Conf(), "f", lookup)
          .ValueOrDie();
  ASSERT_EQ(file.statements.size(), 3U);
  EXPECT_EQ(std::get<SetStatement>(file.statements[0]).value, "a--b");
  EXPECT_EQ(std::get<SetStatement>(file.statements[1]).value, "s3a://b/*/v");
}

TEST(VariablesTest, ValuesThatMakeTheTextTooLongAreRefused) {
  std::string text;
  for (int i = 0; i < 5000; ++i) text += "${X}";
  const auto lookup = [](const std::string&) { return std::optional<std::string>(std::string(1000, 'x')); };
  const Status status = sql::SubstituteVariables(text, "f", lookup).status();
  EXPECT_TRUE(HasErrorClass(status, "SLUICE_SQL_FILE.TOO_LONG")) << status.ToString();
}

TEST(VariablesTest, SecretsAreNotShownInErrors) {
  const auto lookup = [](const std::string&) -> std::optional<std::string> { return "hunter2-canary"; };
  const Status status =
      ParseFileSql("CREATE STREAMING TABLE t USING parquet '${HWE_PASSWORD}' AS SELECT 1", "f", lookup, Conf())
          .status();
  ASSERT_FALSE(status.ok());
  EXPECT_EQ(status.ToString().find("hunter2"), std::string::npos) << status.ToString();
}

}  // namespace
}  // namespace sluice
