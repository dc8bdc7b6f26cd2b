// SPDX-License-Identifier: Apache-2.0
// What is left out early by statistics and folders changes no answer, also of files that others wrote.
#include <arrow/api.h>
#include <arrow/io/memory.h>
#include <gtest/gtest.h>
#include <parquet/arrow/writer.h>

#include <cmath>

#include "exec/operator.h"
#include "session/session.h"

namespace sluice {
namespace {

using Ids = std::vector<int64_t>;

class PruningTest : public ::testing::Test {
 protected:
  PruningTest() { EXPECT_TRUE(session_->SetConf("spark.sql.session.timeZone", "UTC").ok()); }

  // The first column of the answer, whole numbers.
  Ids IdsOf(const std::string& sql) {
    Ids ids;
    spark::connect::Relation relation;
    relation.mutable_sql()->set_query(sql);
    const auto plan = session_->Resolve(relation);
    if (!plan.ok()) {
      ADD_FAILURE() << sql << ": " << plan.status();
      return ids;
    }
    const auto rows = session_->Run(*plan).ValueOrDie();
    for (;;) {
      const auto slice = rows->Next();
      if (!slice.ok()) {
        ADD_FAILURE() << sql << ": " << slice.status();
        return ids;
      }
      if (*slice == nullptr) return ids;
      const auto column = (*slice)->column(0);
      for (int64_t i = 0; i < column->length(); ++i) {
        const auto value = column->GetScalar(i).ValueOrDie()->CastTo(arrow::int64()).ValueOrDie();
        ids.push_back(std::static_pointer_cast<arrow::Int64Scalar>(value)->value);
      }
    }
  }

  template <typename Builder, typename Value>
  void Write(const std::string& path, const std::vector<Value>& values, int64_t group_rows = 2) {
    arrow::Int64Builder ids;
    Builder column;
    for (size_t i = 0; i < values.size(); ++i) {
      ASSERT_TRUE(ids.Append(static_cast<int64_t>(i)).ok());
      ASSERT_TRUE(column.Append(values[i]).ok());
    }
    const auto data = column.Finish().ValueOrDie();
    const auto schema = arrow::schema({arrow::field("id", arrow::int64()), arrow::field("v", data->type())});
    const auto table = arrow::Table::Make(schema, {ids.Finish().ValueOrDie(), data});
    const auto out = arrow::io::BufferOutputStream::Create().ValueOrDie();
    ASSERT_TRUE(parquet::arrow::WriteTable(*table, arrow::default_memory_pool(), out, group_rows).ok());
    ASSERT_TRUE(fs_->CreateAtomic(path, out->Finish().ValueOrDie()->ToString()).ok());
  }

  std::shared_ptr<FileSystem> fs_ = MakeMemoryFileSystem();
  std::shared_ptr<Env> env_ = MakeTestEnv(std::make_shared<ManualClock>(0), fs_);
  std::shared_ptr<Session> session_ = std::make_shared<Session>(std::make_shared<Process>(env_, Conf()), "s");
};

// Without ANSI a narrowing cast wraps round: row groups far away from the value hold rows that equal it.
TEST_F(PruningTest, ANarrowingCastIsNotLookedThrough) {
  ASSERT_TRUE(session_->SetConf("spark.sql.ansi.enabled", "false").ok());
  Write<arrow::Int64Builder>("/t/0.parquet", std::vector<int64_t>{4294967297, 4294967298, 1, 2, 257, 65537});
  EXPECT_EQ(IdsOf("SELECT id FROM parquet.`/t` WHERE CAST(v AS INT) = 1"), (Ids{0, 2}));
  EXPECT_EQ(IdsOf("SELECT id FROM parquet.`/t` WHERE CAST(v AS SMALLINT) = 1"), (Ids{0, 2, 5}));
  EXPECT_EQ(IdsOf("SELECT id FROM parquet.`/t` WHERE CAST(v AS TINYINT) = 1"), (Ids{0, 2, 4, 5}));
  EXPECT_EQ(IdsOf("SELECT id FROM parquet.`/t` WHERE CAST(CAST(v AS INT) AS BIGINT) < 2"), (Ids{0, 2}));
  Write<arrow::DoubleBuilder>("/d/0.parquet", std::vector<double>{0.1, 0.2, 16777217, 16777218});
  EXPECT_EQ(IdsOf("SELECT id FROM parquet.`/d` WHERE CAST(v AS FLOAT) = CAST(16777216 AS FLOAT)"), (Ids{2}));
}

TEST_F(PruningTest, NanIsTheGreatestWhateverTheStatisticsSay) {
  Write<arrow::DoubleBuilder>("/t/0.parquet", std::vector<double>{1, NAN, 2, 3, NAN, NAN, -0.0, 5});
  EXPECT_EQ(IdsOf("SELECT id FROM parquet.`/t` WHERE v > 100"), (Ids{1, 4, 5}));
  EXPECT_EQ(IdsOf("SELECT id FROM parquet.`/t` WHERE v >= double('NaN')"), (Ids{1, 4, 5}));
  EXPECT_EQ(IdsOf("SELECT id FROM parquet.`/t` WHERE v = double('NaN')"), (Ids{1, 4, 5}));
  EXPECT_EQ(IdsOf("SELECT id FROM parquet.`/t` WHERE v <= double('NaN') AND v > 4"), (Ids{1, 4, 5, 7}));
  EXPECT_EQ(IdsOf("SELECT id FROM parquet.`/t` WHERE v < double('NaN') AND v >= 3"), (Ids{3, 7}));
  EXPECT_EQ(IdsOf("SELECT id FROM parquet.`/t` WHERE v = 0.0D"), (Ids{6}));
  EXPECT_EQ(IdsOf("SELECT id FROM parquet.`/t` ORDER BY v DESC, id LIMIT 4"), (Ids{1, 4, 5, 7}));
}

// Spark's rule: an underscore hides a name unless it is a partition column's.
TEST_F(PruningTest, APartitionColumnMayBeginWithAnUnderscore) {
  for (const char* folder : {"_k=1", "_k=2"}) {
    Write<arrow::Int64Builder>("/t/" + std::string(folder) + "/0.parquet", std::vector<int64_t>{1, 2, 3});
  }
  for (const char* hidden : {"_temporary/0/x.parquet", ".staging/x.parquet", "_k=1/.x.parquet", "_k=1/_x.parquet",
                             "_k=1/x.parquet._COPYING_", "_x/0.parquet"}) {
    Write<arrow::Int64Builder>("/t/" + std::string(hidden), std::vector<int64_t>{100});
  }
  EXPECT_EQ(IdsOf("SELECT count(*) FROM parquet.`/t`"), (Ids{6}));
  EXPECT_EQ(IdsOf("SELECT v FROM parquet.`/t` WHERE _k = 2"), (Ids{1, 2, 3}));
  EXPECT_EQ(IdsOf("SELECT DISTINCT _k FROM parquet.`/t` ORDER BY 1"), (Ids{1, 2}));
}

}  // namespace
}  // namespace sluice
