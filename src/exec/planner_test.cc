// SPDX-License-Identifier: Apache-2.0
#include "exec/planner.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>
#include <thread>

#include "exec/scripted_rows.h"
#include "expr/function_registry.h"
#include "types/spark_type.h"

namespace sluice {
namespace {

using scripted::BatchPtr;
using scripted::Column;
using scripted::Over;
using scripted::ProjectNode;
using scripted::ReaderWatch;
using scripted::ScanNode;
using scripted::ScriptedSource;
using scripted::Where;

using Row = std::vector<std::optional<int64_t>>;
using Table = std::vector<Row>;
using Partitions = std::vector<std::vector<BatchPtr>>;

std::shared_ptr<arrow::Schema> Ints(int columns) {
  arrow::FieldVector fields;
  for (int i = 0; i < columns; ++i) fields.push_back(arrow::field("c" + std::to_string(i), arrow::int64()));
  return arrow::schema(fields);
}

ExprPtr At(int index) {
  return std::make_shared<ColumnExpr>(index, "c" + std::to_string(index), arrow::int64(), true);
}

BatchPtr ToBatch(const Table& table, size_t begin, size_t end, int columns) {
  arrow::ArrayVector arrays;
  for (int c = 0; c < columns; ++c) {
    arrow::Int64Builder builder;
    for (size_t r = begin; r < end; ++r) {
      const auto& value = table[r][static_cast<size_t>(c)];
      EXPECT_TRUE((value ? builder.Append(*value) : builder.AppendNull()).ok());
    }
    arrays.push_back(builder.Finish().ValueOrDie());
  }
  return arrow::RecordBatch::Make(Ints(columns), static_cast<int64_t>(end - begin), arrays);
}

Table ToTable(const arrow::RecordBatch& batch) {
  Table table(static_cast<size_t>(batch.num_rows()));
  for (int c = 0; c < batch.num_columns(); ++c) {
    const auto& values = static_cast<const arrow::Int64Array&>(*batch.column(c));
    for (int64_t r = 0; r < batch.num_rows(); ++r) {
      table[static_cast<size_t>(r)].push_back(values.IsNull(r) ? std::nullopt : std::optional(values.Value(r)));
    }
  }
  return table;
}

PlannerContext Context(const Partitions& partitions, int threads, ReaderWatch* watch = nullptr) {
  PlannerContext context;
  context.threads = threads;
  context.open_source = [partitions, watch](const ScanSpec&) -> Result<std::unique_ptr<BatchSource>> {
    return std::make_unique<ScriptedSource>(partitions, watch);
  };
  return context;
}

// The same plan run in the plainest way: whole tables, one node after the other.
class Reference {
 public:
  explicit Reference(const Table& source) : source_(source) {}

  Table Run(const PlanNode& node) const {
    if (node.Is<plan::Scan>()) return source_;
    Table rows = Run(*node.inputs.at(0));
    if (const auto* filter = node.As<plan::Filter>()) return Filter(*filter, rows);
    if (const auto* project = node.As<plan::Project>()) return Project(*project, rows);
    if (const auto* aggregate = node.As<plan::Aggregate>()) return Aggregate(*aggregate, rows);
    if (const auto* sort = node.As<plan::Sort>()) return Sort(*sort, std::move(rows));
    if (const auto* limit = node.As<plan::Limit>()) return Limit(*limit, rows);
    for (size_t i = 1; i < node.inputs.size(); ++i) {
      const Table more = Run(*node.inputs[i]);
      rows.insert(rows.end(), more.begin(), more.end());
    }
    return rows;
  }

 private:
  static size_t IndexOf(const ExprPtr& expr) {
    return static_cast<size_t>(static_cast<const ColumnExpr&>(*expr).index());
  }
  static Table Filter(const plan::Filter& filter, const Table& rows) {
    Table kept;  // conditions of these tests: the column is a multiple of 3
    const size_t column = IndexOf(filter.condition->children().at(0));
    for (const Row& row : rows) {
      if (row[column] && *row[column] % 3 == 0) kept.push_back(row);
    }
    return kept;
  }
  static Table Project(const plan::Project& project, const Table& rows) {
    Table changed;
    for (const Row& row : rows) {
      changed.emplace_back();
      for (const auto& expr : project.exprs) changed.back().push_back(row[IndexOf(expr)]);
    }
    return changed;
  }
  static Table Aggregate(const plan::Aggregate& aggregate, const Table& rows) {
    Table groups;  // keys, then count(*) and sum(first column)
    const size_t keys = aggregate.keys.size();
    if (keys == 0) groups.push_back({0, std::nullopt});
    for (const Row& row : rows) {
      Row key;
      for (const auto& expr : aggregate.keys) key.push_back(row[IndexOf(expr)]);
      auto group = std::find_if(groups.begin(), groups.end(),
                                [&](const Row& g) { return std::equal(key.begin(), key.end(), g.begin()); });
      if (group == groups.end()) {
        key.insert(key.end(), {0, std::nullopt});
        group = groups.insert(groups.end(), key);
      }
      ++*(*group)[keys];
      if (row[0]) (*group)[keys + 1] = (*group)[keys + 1].value_or(0) + *row[0];
    }
    return groups;
  }
  static Table Sort(const plan::Sort& sort, Table rows) {
    std::stable_sort(rows.begin(), rows.end(), [&](const Row& x, const Row& y) {
      for (const SortKey& key : sort.keys) {
        const auto& a = x[IndexOf(key.expr)];
        const auto& b = y[IndexOf(key.expr)];
        if (a == b) continue;
        if (!a || !b) return !a == key.nulls_first;
        return key.ascending ? *a < *b : *a > *b;
      }
      return false;
    });
    return rows;
  }
  static Table Limit(const plan::Limit& limit, const Table& rows) {
    const auto begin = std::min(rows.size(), static_cast<size_t>(limit.offset));
    const auto end = limit.rows ? std::min(rows.size(), begin + static_cast<size_t>(*limit.rows)) : rows.size();
    return {rows.begin() + static_cast<std::ptrdiff_t>(begin), rows.begin() + static_cast<std::ptrdiff_t>(end)};
  }

  const Table& source_;
};

PlanPtr LimitNode(const PlanPtr& input, std::optional<int64_t> limit, int64_t offset) {
  return Over(input, plan::Limit{limit, offset});
}

PlanPtr SortNode(const PlanPtr& input, std::vector<SortKey> keys) {
  return Over(input, plan::Sort{std::move(keys)});
}

PlanPtr AggregateNode(PlanPtr input, std::vector<ExprPtr> keys) {
  auto schema = Ints(static_cast<int>(keys.size()) + 2);
  plan::Aggregate aggregate{std::move(keys),
                            {ResolveAggregate("count", {}, false, true).ValueOrDie(),
                             ResolveAggregate("sum", {At(0)}, false, true).ValueOrDie()}};
  return MakeNode(std::move(aggregate), {std::move(input)}, std::move(schema));
}

PlanPtr RandomNode(PlanPtr input, std::mt19937& random) {
  const int columns = input->schema->num_fields();
  const auto any = [&] { return At(static_cast<int>(random() % static_cast<unsigned>(columns))); };
  switch (random() % 7) {
    case 6: {
      const auto some = MakeFilter(input, Where(any(), [](int64_t v) { return v % 3 == 0; }));
      return MakeNode(plan::Union(), {input, some, input}, input->schema);
    }
    case 0:
      return MakeFilter(input, Where(any(), [](int64_t v) { return v % 3 == 0; }));
    case 1: {
      std::vector<ExprPtr> exprs;
      for (unsigned i = 1 + random() % 3; i > 0; --i) exprs.push_back(any());
      return ProjectNode(input, exprs);
    }
    case 2: {
      std::vector<ExprPtr> keys;
      for (unsigned i = random() % 3; i > 0; --i) keys.push_back(any());
      return AggregateNode(input, keys);
    }
    case 3: {
      std::vector<SortKey> keys;
      for (unsigned i = 1 + random() % 2; i > 0; --i) keys.push_back({any(), random() % 2 == 0, random() % 2 == 0});
      return SortNode(input, keys);
    }
    case 4:
      return LimitNode(input, random() % 100, random() % 10);
    default:
      return LimitNode(input, random() % 2 ? std::nullopt : std::optional<int64_t>(random() % 20000), random() % 50);
  }
}

TEST(Planner, RandomPlansAgreeWithThePlainestWay) {
  std::mt19937 random(2024);
  for (int round = 0; round < 150; ++round) {
    Table source;
    Partitions partitions(random() % 5);
    for (auto& partition : partitions) {
      for (unsigned slices = random() % 4; slices > 0; --slices) {
        const size_t begin = source.size();
        for (unsigned rows = random() % 100; rows > 0; --rows) {
          source.push_back({static_cast<int64_t>(random() % 7), static_cast<int64_t>(random() % 1000), std::nullopt});
          if (random() % 2) source.back()[2] = random() % 4;
        }
        partition.push_back(ToBatch(source, begin, source.size(), 3));
      }
    }
    PlanPtr plan = ScanNode(Ints(3), false);
    for (unsigned nodes = random() % 6; nodes > 0; --nodes) plan = RandomNode(plan, random);
    const Table expected = Reference(source).Run(*plan);
    for (const int threads : {1, 3}) {
      auto rows = PlanOperators(plan, Context(partitions, threads));
      ASSERT_TRUE(rows.ok()) << rows.status();
      const auto result = scripted::Drain(**rows);
      ASSERT_TRUE(result.ok()) << result.status();
      ASSERT_EQ(ToTable(**result), expected) << "round " << round << ", threads " << threads;
    }
  }
}

Partitions ManyPartitions(int partitions, int slices) {
  Partitions result;
  int64_t next = 0;
  for (int p = 0; p < partitions; ++p) {
    result.emplace_back();
    for (int s = 0; s < slices; ++s) {
      Table rows;
      for (int i = 0; i < 10; ++i) rows.push_back({next++});
      result.back().push_back(ToBatch(rows, 0, rows.size(), 1));
    }
  }
  return result;
}

TEST(Planner, ALimitReadsNoMoreThanItNeeds) {
  ReaderWatch watch;
  const auto plan = LimitNode(ProjectNode(ScanNode(Ints(1), false), {At(0), At(0)}), 25, 3);
  auto rows = PlanOperators(plan, Context(ManyPartitions(20000, 2), 4, &watch)).ValueOrDie();
  const auto result = scripted::Drain(*rows).ValueOrDie();
  ASSERT_EQ(result->num_rows(), 25);
  EXPECT_EQ(ToTable(*result).front()[0], 3);
  EXPECT_EQ(ToTable(*result).back()[1], 27);
  rows.reset();
  EXPECT_GE(watch.opened, 2);      // 28 rows lie in two partitions
  EXPECT_LT(watch.opened, 15000);  // the thread may be some slices ahead when it is stopped, but not at the end
}

TEST(Planner, TheFirstRowsOfASortPassThroughProjections) {
  const auto sorted = SortNode(ScanNode(Ints(1), false), {{At(0), false, false}});
  const auto plan = LimitNode(ProjectNode(sorted, {At(0), At(0)}), 3, 1);
  MemoryBudget budget(1 << 20);  // a whole sort would not fit
  PlannerContext context = Context(ManyPartitions(20, 500), 2);
  context.budget = &budget;
  auto rows = PlanOperators(plan, context).ValueOrDie();
  const auto result = scripted::Drain(*rows);
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_EQ(ToTable(**result), (Table{{99998, 99998}, {99997, 99997}, {99996, 99996}}));
  auto whole = PlanOperators(sorted, context).ValueOrDie();
  EXPECT_TRUE(HasErrorClass(scripted::Drain(*whole).status(), "SLUICE_MEMORY_BUDGET"));
}

// Enough NULLs to fill the limit bound nothing while they come last.
TEST(Planner, NullsThatComeLastKeepNoRowOut) {
  const Partitions parts = {{ToBatch({{std::nullopt}, {std::nullopt}, {std::nullopt}}, 0, 3, 1)},
                            {ToBatch({{5}, {4}, {std::nullopt}, {6}}, 0, 4, 1), ToBatch({{3}, {7}}, 0, 2, 1)}};
  for (const auto& [ascending, expected] : std::map<bool, Table>{{true, {{3}, {4}}}, {false, {{7}, {6}}}}) {
    const auto sorted = SortNode(ScanNode(Ints(1), false), {{At(0), ascending, /*nulls_first=*/false}});
    for (const int threads : {1, 3}) {
      auto rows = PlanOperators(LimitNode(sorted, 2, 0), Context(parts, threads)).ValueOrDie();
      EXPECT_EQ(ToTable(*scripted::Drain(*rows).ValueOrDie()), expected) << ascending;
    }
  }
}

// An expression that may give other values when it is evaluated again.
class Drawn : public scripted::FunctionExpr {
 public:
  using FunctionExpr::FunctionExpr;
  bool deterministic() const override { return false; }
};

// Beyond the budget an input is read a second time, which what stands below it must allow: a LIMIT does, drawn values
// do not.
TEST(Planner, AnAggregationBeyondTheBudgetMakesItsInputAnew) {
  const auto scan = ScanNode(Ints(1), false);
  MemoryBudget budget(512 << 10);
  PlannerContext context = Context(ManyPartitions(20, 100), 2);
  context.budget = &budget;
  const auto run = [&](const PlanPtr& other) -> Result<Table> {
    const auto both = MakeNode(plan::Union(), {scan, other}, scan->schema);
    SLUICE_ASSIGN(const auto rows, PlanOperators(AggregateNode(both, {At(0)}), context));
    SLUICE_ASSIGN(const auto result, scripted::Drain(*rows));
    return ToTable(*result);
  };
  Table groups = run(scan).ValueOrDie();
  std::sort(groups.begin(), groups.end());
  ASSERT_EQ(groups.size(), 20'000u);
  EXPECT_EQ(groups[7], (Row{7, 2, 14}));
  groups = run(LimitNode(scan, 5, 0)).ValueOrDie();
  std::sort(groups.begin(), groups.end());
  ASSERT_EQ(groups.size(), 20'000u);
  EXPECT_EQ(groups[4], (Row{4, 2, 8}));
  EXPECT_EQ(groups[5], (Row{5, 1, 5}));
  const auto same = [](const auto& args) -> Result<std::shared_ptr<arrow::Array>> { return args[0]; };
  const auto drawn = ProjectNode(
      scan, {std::make_shared<Drawn>(arrow::int64(), std::vector<ExprPtr>{At(0)}, scripted::FunctionExpr::Body(same))});
  EXPECT_TRUE(HasErrorClass(run(drawn).status(), "SLUICE_MEMORY_BUDGET"));
}

// The rows of each part of what is written.
std::vector<Table> Written(const PlanPtr& plan, const PlannerContext& context) {
  const PlannedParts parts = PlanParts(plan, context).ValueOrDie();
  std::vector<Table> written;
  for (int part = 0; part < parts.parts; ++part) {
    const auto rows = parts.open(part).ValueOrDie();
    const auto all = scripted::Drain(*rows);
    written.push_back(all.ok() && *all != nullptr ? ToTable(**all) : Table());
  }
  return written;
}

TEST(Planner, ARepartitionHasTheRowsOfAllPartsInItsTasks) {
  using Kind = plan::Repartition::Kind;
  const auto scan = ScanNode(Ints(1), false);
  const auto moved = [&](Kind kind, int partitions, std::vector<SortKey> keys) {
    return MakeNode(plan::Repartition{kind, partitions, std::move(keys)}, {scan}, scan->schema);
  };
  for (const int threads : {1, 3}) {
    const auto context = Context(ManyPartitions(2, 1), threads);  // 0 to 9, 10 to 19
    EXPECT_EQ(Written(moved(Kind::kInTurn, 4, {}), context), (std::vector<Table>{{{0}, {4}, {8}, {13}, {17}},
                                                                                 {{1}, {5}, {9}, {10}, {14}, {18}},
                                                                                 {{2}, {6}, {11}, {15}, {19}},
                                                                                 {{3}, {7}, {12}, {16}}}));
    EXPECT_EQ(Written(moved(Kind::kByRange, 3, {{At(0), false, false}}), context),
              (std::vector<Table>{{{19}, {18}, {17}, {16}, {15}, {14}, {13}},
                                  {{12}, {11}, {10}, {9}, {8}, {7}, {6}},
                                  {{5}, {4}, {3}, {2}, {1}, {0}}}));
    // A projection above it does not change the tasks.
    const auto above = ProjectNode(moved(Kind::kByKeys, 3, {{At(0), true, true}}), {At(0), At(0)});
    size_t rows = 0;
    for (const Table& part : Written(above, context)) rows += part.size();
    EXPECT_EQ(rows, 20u);
    EXPECT_EQ(Written(above, context).size(), 3u);
  }
}

TEST(Planner, CoalesceTakesNeighboursTogether) {
  const auto scan = ScanNode(Ints(1), false);
  const auto both = MakeNode(plan::Union(), {scan, scan}, scan->schema);
  const auto context = Context(ManyPartitions(2, 1), 2);
  const auto one = MakeNode(plan::Repartition{plan::Repartition::Kind::kCoalesce, 1, {}}, {both}, scan->schema);
  const std::vector<Table> written = Written(one, context);
  ASSERT_EQ(written.size(), 1u);
  EXPECT_EQ(written[0].size(), 40u);
  EXPECT_EQ(written[0].front(), (Row{0}));
  EXPECT_EQ(written[0].back(), (Row{19}));
}

TEST(Planner, ARangeBelowAnAggregation) {
  const PlanPtr range = MakeNode(plan::Range{0, 100000, 1}, {}, Ints(1));
  auto rows = PlanOperators(AggregateNode(range, {}), Context({}, 2)).ValueOrDie();
  EXPECT_EQ(ToTable(*scripted::Drain(*rows).ValueOrDie()), (Table{{100000, 4999950000}}));
}

TEST(Planner, AnErrorKeepsThePlaceOfItsPartition) {
  const auto filtered = MakeFilter(ScanNode(Ints(1), false), Where(At(0), [](int64_t v) { return v % 2 == 1; }));
  for (const PlanPtr& plan : {ProjectNode(filtered, {scripted::FailAt(At(0), 47)}),
                              SortNode(filtered, {{scripted::FailAt(At(0), 47), true, true}})}) {
    auto rows = PlanOperators(LimitNode(plan, 100000, 0), Context(ManyPartitions(5, 2), 2)).ValueOrDie();
    const auto result = scripted::Drain(*rows);
    ASSERT_NE(FindSparkError(result.status()), nullptr) << result.status();
    EXPECT_EQ(FindSparkError(result.status())->context, "p2 row 7");
  }
}

// All rows would take minutes.
TEST(Planner, CancelReachesTheKernelThatRuns) {
  const PlanPtr range = MakeNode(plan::Range{0, 1'000'000, 1}, {}, arrow::schema({arrow::field("id", arrow::int64())}));
  const auto literal = [](std::string text) {
    return std::make_shared<LiteralExpr>(std::make_shared<arrow::StringViewScalar>(std::move(text)));
  };
  const ExprPtr id =
      *MakeCast(std::make_shared<ColumnExpr>(0, "id", arrow::int64(), false), StringType(), CastMode::kTry);
  const ExprPtr text = *ResolveFunction("concat", {literal(std::string(24, 'a')), id, literal("!")}, {});
  const ExprPtr slow = *ResolveFunction("regexp_count", {text, literal("(a|aa)+$")}, {});
  const PlanPtr project = MakeProject(range, {slow}, arrow::schema({arrow::field("n", arrow::int32())}));
  const auto rows = PlanOperators(project, PlannerContext()).ValueOrDie();
  std::thread canceller([&rows] { rows->Cancel(); });
  Status status;
  for (auto next = rows->Next(); status.ok() && (!next.ok() || *next != nullptr); next = rows->Next())
    status = next.status();
  canceller.join();
  EXPECT_TRUE(HasErrorClass(status, "OPERATION_CANCELED")) << status.ToString();
}

TEST(Planner, RefusesAStreamAndPassesOnWhatCannotBeOpened) {
  EXPECT_TRUE(
      HasErrorClass(PlanOperators(ScanNode(Ints(1), true), Context({}, 1)).status(), "UNSUPPORTED_FEATURE.SLUICE"));
  PlannerContext context = Context({}, 1);
  context.open_source = [](const ScanSpec&) -> Result<std::unique_ptr<BatchSource>> {
    return UserError("PATH_NOT_FOUND", "no such folder");
  };
  EXPECT_TRUE(
      HasErrorClass(PlanOperators(AggregateNode(ScanNode(Ints(1), false), {}), context).status(), "PATH_NOT_FOUND"));
}

}  // namespace
}  // namespace sluice
