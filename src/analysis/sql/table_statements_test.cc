// SPDX-License-Identifier: Apache-2.0
#include "analysis/sql/table_statements.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/spark_error.h"

namespace sluice::sql {
namespace {

using testing::ElementsAre;

Result<TableStatement> Parsed(const std::string& text) {
  const ParseOptions options;
  SLUICE_ASSIGN(TokenCursor cursor, TokenCursor::Make(text, options));
  EXPECT_TRUE(IsTableStatement(cursor)) << text;
  return ParseTableStatement(&cursor, options);
}

TEST(TableStatementsTest, PartitionsToAdd) {
  const auto alter = std::get<AlterTable>(
      Parsed("ALTER TABLE d.t ADD IF NOT EXISTS PARTITION (k = 'q', c = -8) PARTITION (c = NULL, k = 'r')")
          .ValueOrDie());
  EXPECT_THAT(alter.name, ElementsAre("d", "t"));
  const auto& add = std::get<AlterTable::AddPartitions>(alter.change);
  EXPECT_TRUE(add.if_not_exists);
  ASSERT_EQ(add.partitions.size(), 2U);
  EXPECT_EQ(add.partitions[0][0].first, "k");
  EXPECT_EQ(add.partitions[0][0].second.literal().string(), "q");
  EXPECT_EQ(add.partitions[0][1].second.literal().integer(), -8);
  EXPECT_TRUE(add.partitions[1][0].second.literal().has_null());
}

TEST(TableStatementsTest, PartitionsToDrop) {
  const auto alter = std::get<AlterTable>(
      Parsed("ALTER TABLE t DROP IF EXISTS PARTITION (c = 1), PARTITION (c = 2) PURGE;").ValueOrDie());
  const auto& drop = std::get<AlterTable::DropPartitions>(alter.change);
  EXPECT_TRUE(drop.if_exists);
  EXPECT_EQ(drop.partitions.size(), 2U);
}

TEST(TableStatementsTest, Repairs) {
  for (const char* text : {"MSCK REPAIR TABLE d.t", "REPAIR TABLE d.t", "MSCK REPAIR TABLE d.t SYNC PARTITIONS"}) {
    EXPECT_THAT(std::get<RepairTable>(Parsed(text).ValueOrDie()).name, ElementsAre("d", "t")) << text;
  }
  const auto alter = std::get<AlterTable>(Parsed("ALTER TABLE t RECOVER PARTITIONS").ValueOrDie());
  EXPECT_TRUE(std::holds_alternative<AlterTable::RecoverPartitions>(alter.change));
}

TEST(TableStatementsTest, Schemas) {
  const auto set =
      std::get<AlterDatabase>(Parsed("ALTER NAMESPACE d SET PROPERTIES (a.b = 1, 'c' = 'x')").ValueOrDie());
  EXPECT_EQ(std::get<AlterTable::SetProperties>(set.change).properties.at("a.b"), "1");
  const auto unset = std::get<AlterDatabase>(Parsed("ALTER SCHEMA d UNSET DBPROPERTIES (a.b, 'c')").ValueOrDie());
  EXPECT_THAT(std::get<AlterTable::UnsetProperties>(unset.change).keys, ElementsAre("a.b", "c"));
  const auto moved = std::get<AlterDatabase>(Parsed("ALTER DATABASE d SET LOCATION '/x'").ValueOrDie());
  EXPECT_EQ(std::get<AlterTable::SetLocation>(moved.change).location, "/x");
  EXPECT_TRUE(std::get<CommentOn>(Parsed("COMMENT ON SCHEMA d IS 'x'").ValueOrDie()).is_schema);
  EXPECT_FALSE(std::get<CommentOn>(Parsed("COMMENT ON TABLE d IS NULL").ValueOrDie()).is_schema);
}

TEST(TableStatementsTest, WhatIsNoStatement) {
  const std::pair<const char*, const char*> cases[] = {
      {"ALTER TABLE t ADD PARTITION (c)", "INVALID_SQL_SYNTAX.EMPTY_PARTITION_VALUE"},
      {"ALTER TABLE t ADD PARTITION (c = 1, C = 2)", "DUPLICATE_KEY"},
      {"ALTER TABLE t ADD PARTITION (c = 1 + 1)", "PARSE_SYNTAX_ERROR"},
      {"ALTER TABLE t ADD PARTITION (c = d)", "PARSE_SYNTAX_ERROR"},
      {"ALTER TABLE t DROP PARTITION (c > 1)", "PARSE_SYNTAX_ERROR"},
      {"ALTER TABLE t ADD PARTITION (c = 1) LOCATION '/x'", "UNSUPPORTED_FEATURE.SLUICE"},
      {"ALTER TABLE t PARTITION (c = 1) RENAME TO PARTITION (c = 2)", "UNSUPPORTED_FEATURE.SLUICE"},
      {"ALTER DATABASE d RENAME TO e", "PARSE_SYNTAX_ERROR"},
      {"ALTER DATABASE d UNSET PROPERTIES IF EXISTS ('a')", "PARSE_SYNTAX_ERROR"},
      {"MSCK REPAIR TABLE t DROP", "PARSE_SYNTAX_ERROR"},
  };
  for (const auto& [text, error_class] : cases) {
    const Status status = Parsed(text).status();
    EXPECT_TRUE(HasErrorClass(status, error_class)) << text << ": " << status.ToString();
  }
}

}  // namespace
}  // namespace sluice::sql
