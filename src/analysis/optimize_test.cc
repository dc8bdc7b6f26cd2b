// SPDX-License-Identifier: Apache-2.0
// The optimizer's rules on plans made from SQL text: their names are easier to read than trees built by hand.
#include <arrow/api.h>
#include <gtest/gtest.h>

#include "analysis/analyzer.h"
#include "analysis/fixed_catalog.h"
#include "types/spark_type.h"

namespace sluice {
namespace {

class OptimizeTest : public ::testing::Test {
 protected:
  OptimizeTest() {
    catalog_.AddFormat("parquet", ParseSparkSchema("a INT, b STRING, c DOUBLE, k BIGINT NOT NULL").ValueOrDie());
  }

  PlanPtr Optimized(const std::string& sql) {
    spark::connect::Relation relation;
    relation.mutable_sql()->set_query(sql);
    const Result<PlanPtr> plan = Analyzer(catalog_, Conf()).Resolve(relation);
    EXPECT_TRUE(plan.ok()) << plan.status().ToString();
    if (!plan.ok()) return nullptr;
    PlanPtr optimized = Optimize(*plan, EvalContext());
    EXPECT_TRUE(optimized->schema->Equals(*(*plan)->schema)) << sql;
    return optimized;
  }

  std::string Explained(const std::string& sql) {
    const PlanPtr plan = Optimized(sql);
    return plan == nullptr ? "" : Explain(*plan);
  }

  FixedCatalog catalog_;
};

TEST_F(OptimizeTest, ReadsOnlyNeededColumns) {
  EXPECT_EQ(Explained("SELECT b FROM parquet.`/t`"), "Scan parquet [b] paths=[/t] options=[]\n");
  EXPECT_EQ(Explained("SELECT * FROM parquet.`/t`"), "Scan parquet [a, b, c, k] paths=[/t] options=[]\n");
  EXPECT_EQ(Explained("SELECT count(*) FROM parquet.`/t`"),
            "Aggregate keys=[] calls=[count(1)]\n  Scan parquet [a] paths=[/t] options=[]\n");
  EXPECT_EQ(Explained("SELECT b, max(c) FROM parquet.`/t` WHERE k > 1 GROUP BY b"),
            "Aggregate keys=[b] calls=[max(c)]\n  Filter (k > 1)\n    Scan parquet [b, c, k] paths=[/t] options=[] "
            "conditions=[k > 1]\n");
  EXPECT_EQ(Explained("SELECT b FROM parquet.`/t` ORDER BY c LIMIT 3"),
            "Limit 3\n  Project [b]\n    Sort [c ASC NULLS FIRST]\n      Scan parquet [b, c] paths=[/t] options=[]\n");
}

TEST_F(OptimizeTest, MergesProjections) {
  EXPECT_EQ(Explained("SELECT x + 1 AS y FROM (SELECT a * 2 AS x, b FROM parquet.`/t`)"),
            "Project [((a * 2) + 1) AS y]\n  Scan parquet [a] paths=[/t] options=[]\n");
  // Columns that take each other's names are another relation, though the fields look the same.
  const std::string swapped =
      Explained("SELECT b AS a, a AS b FROM (SELECT a, a + 1 AS b, uuid() AS u FROM parquet.`/t`)");
  EXPECT_NE(swapped.find(" AS a, a AS b]"), std::string::npos) << swapped;
  EXPECT_EQ(
      Explained("SELECT b AS a, a AS b FROM (SELECT k AS a, k * 2 AS b FROM parquet.`/t` LIMIT 3)"),
      "Project [b AS a, a AS b]\n  Limit 3\n    Project [k AS a, (k * 2) AS b]\n      Scan parquet [k] paths=[/t] "
      "options=[]\n");
  const PlanPtr plan = Optimized("SELECT x + 1, x + 2 FROM (SELECT a * 2 AS x FROM parquet.`/t`)");
  ASSERT_NE(plan, nullptr);
  EXPECT_EQ(plan->Get<plan::Project>().exprs[0]->children()[0], plan->Get<plan::Project>().exprs[1]->children()[0])
      << "a * 2 must stay one object";
}

TEST_F(OptimizeTest, KeepsApartWhatIsNotDeterministic) {
  const PlanPtr plan = Optimized("SELECT u, u AS v FROM (SELECT CAST(uuid() AS STRING) AS u FROM parquet.`/t`)");
  ASSERT_NE(plan, nullptr);
  EXPECT_TRUE(plan->inputs[0]->Is<plan::Project>()) << Explain(*plan);
}

TEST_F(OptimizeTest, PushesFiltersBelowProjections) {
  EXPECT_EQ(Explained("SELECT y FROM (SELECT a AS x, upper(b) AS y FROM parquet.`/t`) WHERE x = 1"),
            "Project [upper(b) AS y]\n  Filter (a = 1)\n    Scan parquet [a, b] paths=[/t] options=[] "
            "conditions=[a = 1]\n");
  // Below a projection that draws its values anew for each row a filter would change them.
  const PlanPtr plan = Optimized("SELECT * FROM (SELECT a AS x, uuid() AS u FROM parquet.`/t`) WHERE x = 1");
  ASSERT_NE(plan, nullptr);
  EXPECT_TRUE(plan->Is<plan::Filter>()) << Explain(*plan);
  // A condition on a computed value stays above it.
  EXPECT_EQ(Explained("SELECT y FROM (SELECT a, upper(b) AS y FROM parquet.`/t`) WHERE y = 'X'"),
            "Filter (y = X)\n  Project [upper(b) AS y]\n    Scan parquet [b] paths=[/t] options=[]\n");
}

// What the scan of the query is told.
std::string ConditionsIn(const std::string& explained) {
  const size_t begin = explained.find("conditions=");
  return begin == std::string::npos ? "" : explained.substr(begin + 12, explained.find('\n', begin) - begin - 13);
}

TEST_F(OptimizeTest, TellsScansWhatFiltersDemand) {
  const std::pair<const char*, const char*> cases[] = {
      {"a = 3", "a = 3"},
      {"3 >= a", "a <= 3"},
      {"a <=> 3 AND b > 'x'", "(a = 3 AND b > x)"},
      {"a = 3 OR b < 'x'", "(a = 3 OR b < x)"},
      {"a IN (1, NULL, 2)", "(a = 1 OR a = 2)"},
      {"a BETWEEN 1 AND 2", "(a >= 1 AND a <= 2)"},
      {"b LIKE 'ab%c'", "b begins with ab"},
      {"b LIKE 'a!%b%' ESCAPE '!'", "b begins with a"},
      {"startswith(b, 'ab')", "b begins with ab"},
      {"b IS NULL AND a IS NOT NULL", "(b IS NULL AND a IS NOT NULL)"},
      {"c < 1", "c < 1"},
      {"a = 3000000000", "a = 3000000000"},  // widened exactly
      {"CAST(a AS BIGINT) = 3", "a = 3"},
      {"a = 1 AND upper(b) = 'X'", "a = 1"},
      // Of these nothing can be said.
      {"b = 3", ""},
      {"a = 1 OR upper(b) = 'X'", ""},
      {"a <> 3", ""},
      {"NOT a = 3", ""},
      {"a = k", ""},
      {"k = 1.5D", ""},
      {"b LIKE '%a'", ""},
      {"CAST(k AS INT) = 3", ""},
      {"CAST(a AS SMALLINT) = 3", ""},
      {"CAST(k AS TINYINT) > 3", ""},
      {"CAST(c AS FLOAT) = 1.5F", ""},
      {"CAST(c AS BIGINT) = 1", ""},
      {"CAST(a AS DOUBLE) < 1.5D", ""},
      {"CAST(a AS STRING) < '3'", ""},
      {"CAST(b AS INT) > 3", ""},
      {"CAST(CAST(a AS SMALLINT) AS BIGINT) = 3", ""},
      {"a + 1 = 3", ""},
  };
  for (const auto& [condition, told] : cases) {
    EXPECT_EQ(ConditionsIn(Explained(std::string("SELECT * FROM parquet.`/t` WHERE ") + condition)), told) << condition;
  }
  EXPECT_EQ(ConditionsIn(Explained("SELECT * FROM (SELECT * FROM parquet.`/t` WHERE a > 1) WHERE b = 'x'")),
            "a > 1, b = x");
}

TEST_F(OptimizeTest, FoldsConstants) {
  EXPECT_EQ(Explained("SELECT a FROM parquet.`/t` WHERE 1 + 1 = 2"), "Scan parquet [a] paths=[/t] options=[]\n");
  for (const char* never : {"false", "CAST(NULL AS BOOLEAN)", "1 = 2"}) {
    const PlanPtr plan = Optimized(std::string("SELECT a FROM parquet.`/t` WHERE ") + never);
    ASSERT_NE(plan, nullptr);
    EXPECT_TRUE(plan->Is<plan::Filter>()) << never;
  }
  EXPECT_EQ(Explained("SELECT 2 * 3 AS six FROM range(1)"), "Project [6 AS six]\n  Range (0, 1, step=1)\n");
  // What fails must fail when it runs, and only then.
  EXPECT_EQ(Explained("SELECT 1 DIV 0 AS x FROM range(1)"), "Project [(1 div 0) AS x]\n  Range (0, 1, step=1)\n");
  // The batch decides what time it is.
  EXPECT_EQ(Explained("SELECT current_timestamp() AS t FROM range(1)"),
            "Project [current_timestamp() AS t]\n  Range (0, 1, step=1)\n");
}

TEST_F(OptimizeTest, LimitAndOffsetAreOneNode) {
  EXPECT_EQ(Explained("SELECT * FROM range(9) LIMIT 3 OFFSET 2"), "Limit 3 offset 2\n  Range (0, 9, step=1)\n");
  EXPECT_EQ(Explained("SELECT * FROM range(9) OFFSET 2"), "Offset 2\n  Range (0, 9, step=1)\n");
}

TEST_F(OptimizeTest, SharedPartsDoNotExplode) {
  std::string sql = "SELECT a + a AS c0";
  for (int i = 1; i < 60; ++i) {
    const std::string before = "c" + std::to_string(i - 1);
    sql += ", " + before + " + " + before + " AS c" + std::to_string(i);
  }
  const PlanPtr plan = Optimized(sql + ", c59 + 1 FROM parquet.`/t`");
  ASSERT_NE(plan, nullptr);
  EXPECT_LT(Explain(*plan).size(), 100000U);
}

TEST_F(OptimizeTest, ExplainHidesSecrets) {
  spark::connect::Relation relation;
  auto* source = relation.mutable_read()->mutable_data_source();
  source->set_format("parquet");
  (*source->mutable_options())["fs.s3a.secret.key"] = "canary-7f3a";
  const PlanPtr plan = Analyzer(catalog_, Conf()).Resolve(relation).ValueOrDie();
  EXPECT_EQ(Explain(*plan).find("canary"), std::string::npos);
}

}  // namespace
}  // namespace sluice
