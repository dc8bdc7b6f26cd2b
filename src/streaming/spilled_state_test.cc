// SPDX-License-Identifier: Apache-2.0
// Operators whose state is larger than the memory budget: the rows they give, in their order, and each byte of their
// files are those of the same operators with all the memory they want.
#include <arrow/api.h>
#include <gtest/gtest.h>

#include <random>

#include "analysis/analyzer.h"
#include "analysis/fixed_catalog.h"
#include "exec/scripted_rows.h"
#include "exec/stateful/stateful_operator.h"
#include "plan/plan.h"
#include "types/spark_type.h"

namespace sluice {
namespace {

constexpr int kPartitions = 2;
constexpr int64_t kBudget = 64 << 10;
constexpr int kBatches = 7;
constexpr int kRows = 500;  // of a batch and side

PlanPtr StreamOf(char side) {
  plan::Scan scan;
  scan.source.streaming = true;
  scan.source.format = "json";
  scan.source.paths = {std::string("/in/") + side};
  scan.source.columns = {0, 1, 2};
  const auto schema =
      ParseSparkSchema(std::string{side} + "k STRING, " + side + "t TIMESTAMP, " + side + "v INT").ValueOrDie();
  scan.source.source_schema = schema;
  const auto time = std::make_shared<ColumnExpr>(1, schema->field(1)->name(), TimestampType(), true);
  return MakeNode(plan::Watermark{time, 10'000}, {MakeNode(std::move(scan), {}, schema)}, schema);
}

// The first node of a query that keeps state.
PlanPtr StatefulNodeOf(const std::string& sql) {
  FixedCatalog catalog;
  catalog.AddView("l", StreamOf('l'));
  catalog.AddView("r", StreamOf('r'));
  spark::connect::Relation relation;
  relation.mutable_sql()->set_query(sql);
  const auto resolved = Analyzer(catalog, Conf()).Resolve(relation);
  EXPECT_TRUE(resolved.ok()) << resolved.status();
  PlanPtr node = Optimize(*resolved, EvalContext());
  while (!node->Is<plan::Aggregate>() && !node->Is<plan::Join>()) node = node->inputs.at(0);
  return node;
}

// Random values of a schema's columns: texts are keys, times lie in the two minutes around a second.
std::string RandomRows(const arrow::Schema& schema, int rows, int keys, int second, std::mt19937* random) {
  const auto number = [random](int below) { return static_cast<int>((*random)() % static_cast<unsigned>(below)); };
  const auto time = [](int at) {
    const auto two = [](int digits) { return (digits < 10 ? "0" : "") + std::to_string(digits); };
    return "\"2026-01-01 " + two(at / 3600) + ":" + two(at / 60 % 60) + ":" + two(at % 60) + "\"";
  };
  std::string json = "[";
  for (int row = 0; row < rows; ++row) {
    json += row == 0 ? "{" : ",{";
    const int at = second + number(60);
    for (const auto& field : schema.fields()) {
      if (&field != &schema.fields()[0]) json += ",";
      json += "\"" + field->name() + "\": ";
      switch (field->type()->id()) {
        case arrow::Type::TIMESTAMP:
          json += time(at);
          break;
        case arrow::Type::STRUCT:
          json += "{\"start\": " + time(at / 10 * 10) + ", \"end\": " + time(at / 10 * 10 + 10) + "}";
          break;
        case arrow::Type::INT32:
          json += std::to_string(number(100));
          break;
        default:
          json += "\"the key with the number " + std::to_string(number(keys)) + "\"";
      }
    }
    json += "}";
  }
  return json + "]";
}

struct Query {
  std::string name;
  std::string sql;
  OutputMode mode = OutputMode::kAppend;
  int keys = 1000;
};

class Running {
 public:
  Running(const Query& query, int64_t budget)
      : query_(query), plan_(StatefulNodeOf(query.sql)), made_(MakeStatefulOperator(*plan_).ValueOrDie()) {
    if (budget > 0) budget_ = std::make_unique<MemoryBudget>(budget);
    Reopen();
  }

  void Reopen() {
    stores_ = nullptr;
    stores_ = std::make_unique<OperatorStores>(made_->StateSpec(0, kPartitions), Location{fs_, "/ck"}, StateCodec::kLz4,
                                               budget_.get());
    EXPECT_TRUE(stores_->Prepare(version_).ok());
  }

  // The rows that a batch gives, in their order.
  Result<std::vector<std::string>> Batch(int second, unsigned seed) {
    EvalContext context;
    const int64_t watermark = (1'767'225'600 + std::max(second - 40, 0)) * 1'000'000LL;
    StateBatch batch{version_, watermark, watermark, query_.mode, &context, nullptr};
    std::vector<std::unique_ptr<Exchange>> exchanges;
    std::mt19937 random(seed);
    for (size_t side = 0; side < plan_->inputs.size(); ++side) {
      exchanges.push_back(std::make_unique<Exchange>(1, kPartitions, nullptr));
      SLUICE_ASSIGN(auto input, made_->OpenInput(side, batch, exchanges.back().get(), 0));
      const auto& schema = plan_->inputs[side]->schema;
      SLUICE_RETURN_IF_ERROR(
          input->Add(scripted::Rows(schema, RandomRows(*schema, kRows, query_.keys, second, &random))));
      SLUICE_RETURN_IF_ERROR(input->Finish());
    }
    std::vector<std::string> given;
    for (int number = 0; number < kPartitions; ++number) {
      SLUICE_RETURN_IF_ERROR(stores_->Open(number, version_));
      StatePartition partition{number, {}, stores_.get(), &counts_};
      for (const auto& exchange : exchanges) partition.rows.push_back(exchange->Take(number));
      SLUICE_ASSIGN(auto out, made_->OpenPartition(batch, std::move(partition)));
      for (;;) {
        SLUICE_ASSIGN(auto slice, out->Next());
        if (slice == nullptr) break;
        for (int64_t row = 0; row < slice->num_rows(); ++row) given.push_back(LineOf(*slice, row));
      }
      SLUICE_RETURN_IF_ERROR(stores_->Commit(number, version_ + 1));
    }
    ++version_;
    return given;
  }

  Status Upkeep() {
    for (int number = 0; number < kPartitions; ++number) {
      SLUICE_RETURN_IF_ERROR(stores_->Upkeep(number, {2, 100}));
    }
    return Status::OK();
  }

  OperatorStores& stores() { return *stores_; }
  FileSystem& fs() { return *fs_; }
  const StateCounts& counts() const { return counts_; }
  const MemoryBudget* budget() const { return budget_.get(); }

 private:
  static std::string LineOf(const arrow::RecordBatch& slice, int64_t row) {
    std::string line;
    for (const auto& column : slice.columns()) {
      line += column->IsNull(row) ? " -" : " " + column->GetScalar(row).ValueOrDie()->ToString();
    }
    return line;
  }

  const Query query_;
  const PlanPtr plan_;
  std::shared_ptr<FileSystem> fs_ = MakeMemoryFileSystem();
  std::unique_ptr<MemoryBudget> budget_;
  std::unique_ptr<StatefulOperator> made_;
  std::unique_ptr<OperatorStores> stores_;
  StateCounts counts_;
  int64_t version_ = 0;
};

class SpilledState : public ::testing::TestWithParam<Query> {};

TEST_P(SpilledState, IsTheStateInMemory) {
  Running spilled(GetParam(), kBudget);
  Running whole(GetParam(), 0);
  int64_t largest = 0;
  size_t rows = 0;
  for (int batch = 0; batch < kBatches; ++batch) {
    // The last two batches let everything go: what has become small is in memory again.
    const int second = batch < kBatches - 2 ? batch * 20 : 3000 * (batch - kBatches + 3);
    const auto given = spilled.Batch(second, static_cast<unsigned>(batch));
    const auto expected = whole.Batch(second, static_cast<unsigned>(batch));
    ASSERT_TRUE(given.ok()) << given.status();
    ASSERT_TRUE(expected.ok()) << expected.status();
    ASSERT_EQ(*given, *expected) << batch;
    rows += given->size();
    EXPECT_EQ(spilled.stores().rows(), whole.stores().rows());
    EXPECT_LE(spilled.stores().bytes(), kBudget / 2);
    EXPECT_LE(spilled.budget()->used(), kBudget / 2);
    largest = std::max(largest, whole.stores().bytes());
    if (batch == 2) {
      ASSERT_TRUE(spilled.Upkeep().ok());
      ASSERT_TRUE(whole.Upkeep().ok());
    }
    if (batch != 1 && batch != 3) continue;
    spilled.Reopen();
    whole.Reopen();
  }
  EXPECT_GT(largest, 2 * kBudget);
  EXPECT_GT(rows, 300U);
  EXPECT_EQ(spilled.counts().updated, whole.counts().updated);
  EXPECT_EQ(spilled.counts().removed, whole.counts().removed);
  EXPECT_EQ(spilled.counts().dropped_late, whole.counts().dropped_late);
  const auto files = whole.fs().List("/ck", /*recursive=*/true).ValueOrDie();
  EXPECT_GT(files.size(), static_cast<size_t>(kBatches * kPartitions));
  for (const FileInfo& file : files) {
    EXPECT_EQ(spilled.fs().ReadFile(file.path).ValueOrDie(), whole.fs().ReadFile(file.path).ValueOrDie()) << file.path;
  }
  EXPECT_LE(spilled.budget()->peak(), kBudget / 2);
}

const char* const kCount =
    "SELECT window(lt, '10 seconds') AS w, lk, count(*) AS n, sum(lv) AS s FROM l GROUP BY window(lt, '10 seconds'), "
    "lk";
const char* const kJoin = " JOIN r ON lk = rk AND rt >= lt - INTERVAL 20 SECONDS AND rt <= lt + INTERVAL 20 SECONDS";

INSTANTIATE_TEST_SUITE_P(
    All, SpilledState,
    ::testing::Values(Query{"count", kCount}, Query{"updated", kCount, OutputMode::kUpdate},
                      Query{"complete", kCount, OutputMode::kComplete},
                      Query{"distinct", "SELECT DISTINCT lk, lt FROM l"},
                      Query{"sessions",
                            "SELECT session_window(lt, '5 seconds') AS w, lk, count(*) AS n FROM l GROUP BY "
                            "session_window(lt, '5 seconds'), lk"},
                      Query{"inner", std::string("SELECT * FROM l") + kJoin, OutputMode::kAppend, 200},
                      Query{"left", std::string("SELECT * FROM l LEFT") + kJoin, OutputMode::kAppend, 600},
                      Query{"full", std::string("SELECT * FROM l FULL") + kJoin, OutputMode::kAppend, 600},
                      Query{"semi", std::string("SELECT * FROM l LEFT SEMI") + kJoin, OutputMode::kAppend, 600}),
    [](const auto& info) { return info.param.name; });

}  // namespace
}  // namespace sluice
