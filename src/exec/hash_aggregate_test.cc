// SPDX-License-Identifier: Apache-2.0
#include "exec/hash_aggregate.h"

#include <gtest/gtest.h>

#include <atomic>
#include <map>
#include <random>
#include <set>
#include <utility>

#include "exec/local.h"
#include "exec/scan.h"
#include "exec/scripted_rows.h"

namespace sluice {
namespace {

using scripted::BatchPtr;
using scripted::Column;
using scripted::Rows;

const auto kSchema = arrow::schema({arrow::field("k", StringType()), arrow::field("v", arrow::int64())});

AggregateCall Call(const std::string& name, std::vector<ExprPtr> args, bool distinct = false) {
  return ResolveAggregate(name, std::move(args), distinct, true).ValueOrDie();
}

AggregateSpec Spec(std::vector<ExprPtr> keys, std::vector<AggregateCall> calls, MemoryBudget* budget = nullptr) {
  AggregateSpec spec;
  arrow::FieldVector fields;
  for (const auto& key : keys) fields.push_back(arrow::field("c" + std::to_string(fields.size()), key->type()));
  for (const auto& call : calls) fields.push_back(arrow::field("c" + std::to_string(fields.size()), call.type));
  spec.schema = arrow::schema(fields);
  spec.keys = std::move(keys);
  spec.calls = std::move(calls);
  spec.budget = budget;
  return spec;
}

PartOpener Parts(std::vector<std::vector<BatchPtr>> parts) {
  return [parts = std::move(parts)](int part) -> Result<std::unique_ptr<Operator>> {
    const auto& slices = parts[static_cast<size_t>(part)];
    return std::make_unique<ScanOperator>(
        kSchema, std::make_unique<scripted::ScriptedReader>(slices, "p" + std::to_string(part)));
  };
}

Result<BatchPtr> Aggregated(AggregateSpec spec, std::vector<std::vector<BatchPtr>> parts, int threads = 1) {
  const int count = static_cast<int>(parts.size());
  HashAggregateOperator aggregate(std::move(spec), count, Parts(std::move(parts)), threads);
  return scripted::Drain(aggregate);
}

TEST(HashAggregate, CountsAndSumsGroups) {
  const auto spec = Spec({Column(kSchema, "k")}, {Call("count", {}), Call("count", {Column(kSchema, "v")}),
                                                  Call("sum", {Column(kSchema, "v")})});
  const auto result = Aggregated(spec, {{Rows(kSchema, R"([{"k": "a", "v": 1}, {"k": "b", "v": null}])"),
                                         Rows(kSchema, R"([{"k": "a", "v": 2}])")},
                                        {Rows(kSchema, R"([{"k": null, "v": 7}, {"k": "a", "v": null}])")}})
                          .ValueOrDie();
  const auto expected = Rows(spec.schema, R"([{"c0": "a", "c1": 3, "c2": 2, "c3": 3},
      {"c0": "b", "c1": 1, "c2": 0, "c3": null}, {"c0": null, "c1": 1, "c2": 1, "c3": 7}])");
  EXPECT_TRUE(result->Equals(*expected)) << result->ToString();
}

TEST(HashAggregate, WithoutKeysThereIsOneRowEvenOfNothing) {
  const auto spec = Spec({}, {Call("count", {}), Call("sum", {Column(kSchema, "v")})});
  const auto none = Rows(spec.schema, R"([{"c0": 0, "c1": null}])");
  EXPECT_TRUE(Aggregated(spec, {}).ValueOrDie()->Equals(*none));
  EXPECT_TRUE(Aggregated(spec, {{}}).ValueOrDie()->Equals(*none));
  EXPECT_TRUE(Aggregated(spec, {{Rows(kSchema, R"([{"k": "a", "v": 1}])")}, {}, {Rows(kSchema, R"([{"v": 5}])")}})
                  .ValueOrDie()
                  ->Equals(*Rows(spec.schema, R"([{"c0": 2, "c1": 6}])")));
}

TEST(HashAggregate, WithKeysNothingIsNoRow) {
  EXPECT_EQ(Aggregated(Spec({Column(kSchema, "k")}, {Call("count", {})}), {}).ValueOrDie()->num_rows(), 0);
}

TEST(HashAggregate, CountsDistinctValuesOfEachGroup) {
  const auto spec = Spec({Column(kSchema, "k")},
                         {Call("count", {Column(kSchema, "v")}, true), Call("sum", {Column(kSchema, "v")}, true),
                          Call("count", {Column(kSchema, "k"), Column(kSchema, "v")}, true)});
  const auto a = Rows(kSchema, R"([{"k": "a", "v": 1}, {"k": "a", "v": 1}, {"k": "b", "v": 1}, {"k": null, "v": 3}])");
  const auto b =
      Rows(kSchema, R"([{"k": "b", "v": 2}, {"k": "a", "v": 1}, {"k": "b", "v": null}, {"k": "a", "v": 4}])");
  for (const auto& parts : std::vector<std::vector<std::vector<BatchPtr>>>{{{a, b}}, {{a}, {b}}, {{a}, {}, {b}, {a}}}) {
    const auto result = Aggregated(spec, parts).ValueOrDie();
    const auto expected = Rows(spec.schema, R"([{"c0": "a", "c1": 2, "c2": 5, "c3": 2},
        {"c0": "b", "c1": 2, "c2": 3, "c3": 2}, {"c0": null, "c1": 1, "c2": 3, "c3": 0}])");
    EXPECT_TRUE(result->Equals(*expected)) << result->ToString();
  }
}

TEST(HashAggregate, AFilterKeepsRowsFromOneAggregateOnly) {
  AggregateCall odd = Call("sum", {scripted::FailAt(Column(kSchema, "v"), 4)});
  odd.filter = scripted::Where(Column(kSchema, "v"), [](int64_t v) { return v % 2 == 1; });
  const auto spec = Spec({Column(kSchema, "k")}, {Call("count", {}), odd});
  const auto result =
      Aggregated(spec, {{Rows(kSchema, R"([{"k": "a", "v": 4}, {"k": "a", "v": 5}, {"k": "b", "v": 2}])")}});
  ASSERT_TRUE(result.ok()) << result.status();  // 4 is filtered away, so it cannot fail
  const auto expected = Rows(spec.schema, R"([{"c0": "a", "c1": 2, "c2": 5}, {"c0": "b", "c1": 1, "c2": null}])");
  EXPECT_TRUE((*result)->Equals(*expected)) << (*result)->ToString();
}

TEST(HashAggregate, AFailingRowIsNamed) {
  AggregateCall filtered = Call("sum", {scripted::FailAt(Column(kSchema, "v"), 5)});
  filtered.filter = scripted::Where(Column(kSchema, "v"), [](int64_t v) { return v % 2 == 1; });
  const auto rows =
      Rows(kSchema, R"([{"k": "a", "v": 4}, {"k": "a", "v": 3}, {"k": "b", "v": 6}, {"k": "b", "v": 5}])");
  for (const AggregateCall& call : {filtered, Call("sum", {scripted::FailAt(Column(kSchema, "v"), 5)})}) {
    const auto result = Aggregated(Spec({}, {call}), {{}, {rows, rows}});
    ASSERT_NE(FindSparkError(result.status()), nullptr) << result.status();
    EXPECT_EQ(FindSparkError(result.status())->context, "p1 row 3");
  }
}

std::vector<std::vector<BatchPtr>> RandomParts(int parts, int slices, int rows, uint32_t keys) {
  std::mt19937 random(5);
  std::vector<std::vector<BatchPtr>> result(static_cast<size_t>(parts));
  for (auto& part : result) {
    for (int s = 0; s < slices; ++s) {
      arrow::StringViewBuilder texts;
      arrow::Int64Builder values;
      for (int i = 0; i < rows; ++i) {
        const std::string text = "product number " + std::to_string(random() % keys);
        EXPECT_TRUE((random() % 20 == 0 ? texts.AppendNull() : texts.Append(text)).ok());
        EXPECT_TRUE((random() % 10 == 0 ? values.AppendNull() : values.Append(random() % 100)).ok());
      }
      part.push_back(
          arrow::RecordBatch::Make(kSchema, rows, {texts.Finish().ValueOrDie(), values.Finish().ValueOrDie()}));
    }
  }
  return result;
}

TEST(HashAggregate, ThreadsGiveTheSameRowsInTheSameOrderAsALoop) {
  const auto parts = RandomParts(9, 3, 500, 800);
  struct Group {
    int64_t rows = 0, sum = 0;
    bool any = false;
    std::set<int64_t> distinct;
  };
  std::map<std::string, Group> reference;
  std::vector<std::string> order;
  for (const auto& part : parts) {
    for (const auto& slice : part) {
      const auto& texts = static_cast<const arrow::StringViewArray&>(*slice->column(0));
      const auto& values = static_cast<const arrow::Int64Array&>(*slice->column(1));
      for (int64_t i = 0; i < slice->num_rows(); ++i) {
        const std::string key = texts.IsNull(i) ? "" : std::string(texts.GetView(i));
        if (reference.find(key) == reference.end()) order.push_back(key);
        Group& group = reference[key];
        ++group.rows;
        if (values.IsNull(i)) continue;
        group.any = true;
        group.sum += values.Value(i);
        group.distinct.insert(values.Value(i));
      }
    }
  }
  for (const int threads : {1, 2, 5}) {
    MemoryBudget budget(64 << 20);
    {
      const auto spec =
          Spec({Column(kSchema, "k")},
               {Call("count", {}), Call("sum", {Column(kSchema, "v")}), Call("count", {Column(kSchema, "v")}, true)},
               &budget);
      const auto result = Aggregated(spec, parts, threads).ValueOrDie();
      ASSERT_EQ(result->num_rows(), static_cast<int64_t>(order.size()));
      const auto& keys = static_cast<const arrow::StringViewArray&>(*result->column(0));
      for (int64_t i = 0; i < result->num_rows(); ++i) {
        ASSERT_EQ(keys.IsNull(i) ? "" : std::string(keys.GetView(i)), order[static_cast<size_t>(i)]);
        const Group& group = reference[order[static_cast<size_t>(i)]];
        EXPECT_EQ(static_cast<const arrow::Int64Array&>(*result->column(1)).Value(i), group.rows);
        EXPECT_EQ(static_cast<const arrow::Int64Array&>(*result->column(3)).Value(i),
                  static_cast<int64_t>(group.distinct.size()));
        ASSERT_EQ(result->column(2)->IsValid(i), group.any);
        if (group.any) {
          EXPECT_EQ(static_cast<const arrow::Int64Array&>(*result->column(2)).Value(i), group.sum);
        }
      }
    }
    EXPECT_EQ(budget.used(), 0);
    EXPECT_GT(budget.peak(), 0);
  }
}

TEST(HashAggregate, FailsByNameBeyondTheBudget) {
  MemoryBudget budget(1 << 20);
  {
    const auto result =
        Aggregated(Spec({Column(kSchema, "k")}, {Call("count", {})}, &budget), RandomParts(4, 10, 1000, 1000000), 2);
    EXPECT_TRUE(HasErrorClass(result.status(), "SLUICE_MEMORY_BUDGET")) << result.status();
    EXPECT_NE(result.status().message().find("An aggregation"), std::string::npos);
  }
  EXPECT_EQ(budget.used(), 0);
}

// Rows by their text: ranges give groups in another order.
std::set<std::string> RowsOf(const BatchPtr& batch) {
  std::set<std::string> rows;
  for (int64_t row = 0; row < batch->num_rows(); ++row) {
    std::string text;
    for (const auto& column : batch->columns()) text += (*column->GetScalar(row))->ToString() + "|";
    EXPECT_TRUE(rows.insert(text).second) << text;
  }
  return rows;
}

// 40,000 texts need some megabytes.
TEST(HashAggregate, BeyondTheBudgetARepeatableInputIsReadInRanges) {
  const auto parts = RandomParts(4, 10, 1000, 1000000);
  AggregateCall filtered = Call("count", {Column(kSchema, "k")}, true);
  filtered.filter = scripted::Where(Column(kSchema, "v"), [](int64_t v) { return v % 2 == 1; });
  const std::vector<AggregateCall> calls = {Call("count", {}),
                                            Call("sum", {Column(kSchema, "v")}),
                                            Call("count", {Column(kSchema, "k")}, true),
                                            Call("min", {Column(kSchema, "k")}, true),
                                            filtered,
                                            Call("sum", {Column(kSchema, "v")}, true)};
  for (const bool grouped : {true, false}) {
    const auto spec = [&](MemoryBudget* budget) {
      AggregateSpec made =
          Spec(grouped ? std::vector<ExprPtr>{Column(kSchema, "k")} : std::vector<ExprPtr>(), calls, budget);
      made.repeatable = true;
      return made;
    };
    const auto expected = RowsOf(Aggregated(spec(nullptr), parts).ValueOrDie());
    for (const int threads : {1, 3}) {
      for (const int64_t limit : {int64_t{2} << 20, int64_t{5} << 20, int64_t{1} << 40}) {
        MemoryBudget budget(limit);
        const auto result = Aggregated(spec(&budget), parts, threads);
        ASSERT_TRUE(result.ok()) << result.status() << " with " << limit;
        EXPECT_EQ(RowsOf(*result), expected) << grouped << " " << threads << " " << limit;
        EXPECT_LE(budget.peak(), limit);
        EXPECT_GT(budget.peak(), 1 << 20);
        EXPECT_EQ(budget.used(), 0);
      }
    }
  }
}

// Part 0 holds keys and pauses; part 1 then finds the budget taken, and is refused before it holds a key. Only once:
// what was taken is given back when part 0 is cancelled, and later passes run through.
class Pause {
 public:
  explicit Pause(MemoryBudget* budget) : budget_(budget) {}

  class Part : public Operator {
   public:
    Part(Pause* pause, int part, BatchPtr slice) : pause_(pause), part_(part), slice_(std::move(slice)) {}
    const std::shared_ptr<arrow::Schema>& schema() const override { return kSchema; }
    Result<BatchPtr> Next() override {
      if (part_ == 1 && slice_ != nullptr) pause_->TakeTheRest();
      if (part_ == 0 && slice_ == nullptr) pause_->WaitForTheCancel();
      return std::exchange(slice_, nullptr);
    }
    void Cancel() override { pause_->End(); }

   private:
    Pause* const pause_;
    const int part_;
    BatchPtr slice_;
  };

 private:
  void WaitForTheCancel() {
    holds_ = true;
    holds_.notify_all();
    over_.wait(false);
  }
  void TakeTheRest() {
    if (over_) return;
    holds_.wait(false);
    taken_ = budget_->limit() - budget_->used();
    EXPECT_TRUE(budget_->TryTake(taken_));
  }
  void End() {
    if (over_.exchange(true)) return;
    budget_->Give(taken_);
    over_.notify_all();
  }

  MemoryBudget* const budget_;
  int64_t taken_ = 0;
  std::atomic<bool> holds_{false};
  std::atomic<bool> over_{false};
};

TEST(HashAggregate, ARefusedPartWithoutKeysDoesNotHideThatAnotherCanBeDivided) {
  const auto parts = RandomParts(2, 1, 4000, 1000000);
  AggregateSpec spec = Spec({Column(kSchema, "k")}, {Call("count", {})});
  MemoryBudget budget(64 << 20);
  spec.budget = &budget;
  spec.repeatable = true;
  Pause pause(&budget);
  HashAggregateOperator aggregate(
      spec, 2,
      [&](int part) -> Result<std::unique_ptr<Operator>> {
        return std::make_unique<Pause::Part>(&pause, part, parts[static_cast<size_t>(part)][0]);
      },
      2);
  const auto result = scripted::Drain(aggregate);
  ASSERT_TRUE(result.ok()) << result.status();
  spec.budget = nullptr;
  EXPECT_EQ(RowsOf(*result), RowsOf(Aggregated(spec, parts).ValueOrDie()));
}

// Each of the parts has few keys; what they are merged into has many.
TEST(HashAggregate, SmallPartsThatDoNotFitTogetherAreReadInRanges) {
  const auto parts = RandomParts(200, 1, 200, 1000000);
  MemoryBudget budget(1 << 20);
  auto spec = Spec({Column(kSchema, "k")}, {Call("count", {})}, &budget);
  spec.repeatable = true;
  const auto result = Aggregated(spec, parts);
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_EQ(RowsOf(*result), RowsOf(Aggregated(Spec({Column(kSchema, "k")}, {Call("count", {})}), parts).ValueOrDie()));
}

TEST(HashAggregate, ARowThatFailsInARangeIsNamed) {
  auto parts = RandomParts(1, 10, 1000, 1000000);
  parts[0].push_back(Rows(kSchema, R"([{"k": "a", "v": 4}, {"k": "b", "v": 5000}])"));
  MemoryBudget budget(1 << 18);
  auto spec = Spec({Column(kSchema, "k")}, {Call("sum", {scripted::FailAt(Column(kSchema, "v"), 5000)})}, &budget);
  spec.repeatable = true;
  const auto result = Aggregated(spec, parts);
  ASSERT_NE(FindSparkError(result.status()), nullptr) << result.status();
  EXPECT_EQ(FindSparkError(result.status())->context, "p0 row 10001");
}

// Ranges are of groups: they do not make one group's values fewer.
TEST(HashAggregate, WhatRangesDoNotDivideFailsAtOnce) {
  MemoryBudget budget(1 << 20);
  const auto one = std::make_shared<LiteralExpr>(std::make_shared<arrow::Int64Scalar>(1));
  auto spec = Spec({one}, {Call("count", {Column(kSchema, "k")}, true)}, &budget);
  spec.repeatable = true;
  int opened = 0;
  const auto parts = RandomParts(1, 40, 1000, 1000000);
  HashAggregateOperator aggregate(
      std::move(spec), 1,
      [&](int) -> Result<std::unique_ptr<Operator>> {
        ++opened;
        return std::make_unique<ScanOperator>(kSchema, std::make_unique<scripted::ScriptedReader>(parts[0], "p"));
      },
      1);
  EXPECT_TRUE(HasErrorClass(scripted::Drain(aggregate).status(), "SLUICE_MEMORY_BUDGET"));
  EXPECT_EQ(opened, 1);
}

}  // namespace
}  // namespace sluice
