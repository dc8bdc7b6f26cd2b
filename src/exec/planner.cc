// SPDX-License-Identifier: Apache-2.0
#include "exec/planner.h"

#include <algorithm>
#include <atomic>
#include <limits>
#include <utility>

#include "base/spark_error.h"
#include "exec/chained_reader.h"
#include "exec/gather.h"
#include "exec/hash_aggregate.h"
#include "exec/hash_join.h"
#include "exec/limit.h"
#include "exec/local.h"
#include "exec/part_opener.h"
#include "exec/project.h"
#include "exec/python_groups.h"
#include "exec/query_wants.h"
#include "exec/range.h"
#include "exec/sample.h"
#include "exec/scan.h"
#include "exec/sort.h"
#include "exec/tail.h"
#include "exec/task_pipeline.h"
#include "exec/window.h"
#include "plan/determinism.h"

namespace sluice {
namespace {

// An aggregation or top-k sort keeps a state a part: consecutive partitions share one. The number is fixed, since
// results may depend on the parts (sums of doubles), and must not depend on the machine.
constexpr size_t kMaxStates = 64;
// Tasks of a write, and so files of a folder: many small files as input make no more of them.
constexpr size_t kMostWrites = 64;
constexpr int64_t kFewRows = 10000;  // a LIMIT below this is soon reached by one thread

// The rows of a plan in parts that may be read in parallel.
struct Input {
  int parts = 0;
  PartOpener open;
  bool repeatable = false;  // a part may be opened again
};

// A sort of which only the first rows are wanted.
struct Top {
  const SortKey& key;  // the first one
  int64_t rows;
  std::shared_ptr<TopBound> bound;
};

class Planner {
 public:
  explicit Planner(const PlannerContext& context) : context_(context) {}

  Result<std::unique_ptr<Operator>> Build(const PlanPtr& plan) const;
  Result<PlannedParts> Parts(const PlanPtr& plan) const;

 private:
  // `top`: of the sort above, if its first rows alone are wanted.
  Result<Input> InputOf(const PlanPtr& plan, size_t max_parts, const Top* top = nullptr) const;
  Result<Input> ScanInput(const PlanPtr& plan, const PlanNode& scan, size_t max_parts, const Top* top) const;
  Result<Input> UnionInput(const PlanPtr& plan, const PlanNode& bottom, size_t max_parts) const;
  std::unique_ptr<Operator> Gather(const std::shared_ptr<arrow::Schema>& schema, Input input, int threads) const;
  Result<std::unique_ptr<Operator>> BuildRows(const PlanPtr& plan) const;
  Result<std::unique_ptr<Operator>> BuildAggregate(const PlanNode& node) const;
  Result<std::unique_ptr<Operator>> BuildJoin(const PlanNode& node) const;
  Result<std::unique_ptr<Operator>> BuildWindow(const PlanNode& node) const;
  Result<std::unique_ptr<Operator>> BuildPython(const PlanPtr& plan) const;
  Result<std::unique_ptr<Operator>> BuildTopRows(const PlanNode& sort, int64_t rows) const;
  Result<std::unique_ptr<Operator>> BuildLimit(const PlanNode& node) const;
  Result<std::unique_ptr<Operator>> BuildFirstRows(const PlanPtr& plan, int64_t rows) const;

  const PlannerContext context_;
};

EvalContext ForPart(EvalContext context, size_t part) {
  context.task_seed += part;
  return context;
}

// Tells the scan what is wanted of its rows; null: all of them.
Result<std::shared_ptr<const RowsWanted>> WantedOf(const PlanNode& plan, const PlanNode& scan, BatchSource* source,
                                                   const EvalContext& context, const Top* top) {
  ScanBound bound;
  if (top != nullptr && top->rows > 0) bound.column = ScanColumnOf(*top->key.expr, plan);
  if (bound.column >= 0) {
    bound.bound = top->bound;
    if (!HasFilter(plan)) {
      const int column = ColumnsToRead(scan)[static_cast<size_t>(bound.column)];
      SLUICE_ASSIGN(const auto last,
                    source->BoundOfFirst({column, top->key.ascending, top->key.nulls_first, top->rows}));
      if (last) top->bound->Tighten(last);
    }
  }
  if (bound.bound == nullptr && !HasFilter(plan)) return nullptr;
  return std::make_shared<QueryWants>(plan, scan, context, std::move(bound));
}

Result<Input> Planner::ScanInput(const PlanPtr& plan, const PlanNode& scan, size_t max_parts, const Top* top) const {
  if (scan.scan.streaming)
    return NotSupported(
        "A streaming source can be read by a streaming query only; without STREAM the rows that are there now are "
        "read.");
  SLUICE_ASSIGN(auto opened, context_.open_source(scan.scan));
  SLUICE_ASSIGN(const std::vector<InputPartition> partitions, opened->PlanTasks());
  const std::shared_ptr<BatchSource> source = std::move(opened);
  SLUICE_ASSIGN(const auto wanted, WantedOf(*plan, scan, source.get(), context_.eval, top));
  const size_t parts = std::min(partitions.size(), max_parts);
  auto open = [plan, &bottom = scan, source, partitions, parts, wanted,
               eval = context_.eval](int part) -> Result<std::unique_ptr<Operator>> {
    const size_t begin = partitions.size() * static_cast<size_t>(part) / parts;
    const size_t end = partitions.size() * (static_cast<size_t>(part) + 1) / parts;
    std::vector<InputPartition> mine(partitions.begin() + static_cast<std::ptrdiff_t>(begin),
                                     partitions.begin() + static_cast<std::ptrdiff_t>(end));
    auto reader = std::make_unique<ChainedReader>(source, std::move(mine), ColumnsToRead(bottom), wanted);
    return BuildTaskPipeline(*plan, std::move(reader), ForPart(eval, begin));
  };
  return Input{static_cast<int>(parts), std::move(open), /*repeatable=*/true};
}

// The parts of the first input, then those of the second, and so on.
Result<Input> Planner::UnionInput(const PlanPtr& plan, const PlanNode& bottom, size_t max_parts) const {
  std::vector<Input> inputs;
  Input all{0, nullptr, /*repeatable=*/true};
  for (const PlanPtr& input : bottom.inputs) {
    SLUICE_ASSIGN(Input one, InputOf(input, std::max<size_t>(max_parts / bottom.inputs.size(), 1)));
    all.parts += one.parts;
    all.repeatable = all.repeatable && one.repeatable;
    inputs.push_back(std::move(one));
  }
  all.open = [plan, &bottom, inputs = std::move(inputs),
              eval = context_.eval](int part) -> Result<std::unique_ptr<Operator>> {
    const int first = part;
    auto input = inputs.begin();
    for (; part >= input->parts; ++input) part -= input->parts;
    SLUICE_ASSIGN(auto rows, input->open(part));
    return BuildChain(*plan, bottom, std::move(rows), ForPart(eval, static_cast<size_t>(first)));
  };
  return all;
}

Result<Input> Planner::InputOf(const PlanPtr& plan, size_t max_parts, const Top* top) const {
  const PlanNode& bottom = BottomOfChain(*plan);
  if (bottom.kind == PlanKind::kScan) return ScanInput(plan, bottom, max_parts, top);
  if (bottom.kind == PlanKind::kUnion) return UnionInput(plan, bottom, max_parts);
  SLUICE_ASSIGN(auto rows, BuildRows(plan));
  auto once = std::make_shared<std::unique_ptr<Operator>>(std::move(rows));
  return Input{1, [once](int) -> Result<std::unique_ptr<Operator>> { return std::move(*once); }};
}

std::unique_ptr<Operator> Planner::Gather(const std::shared_ptr<arrow::Schema>& schema, Input input,
                                          int threads) const {
  if (input.parts == 0)
    return std::make_unique<LocalOperator>(schema, std::vector<std::shared_ptr<arrow::RecordBatch>>());
  return std::make_unique<GatherOperator>(schema, input.parts, std::move(input.open), threads, context_.budget);
}

// Projections and filters, over a scan or over anything else.
Result<std::unique_ptr<Operator>> Planner::BuildRows(const PlanPtr& plan) const {
  const PlanNode& bottom = BottomOfChain(*plan);
  if (bottom.kind == PlanKind::kScan || bottom.kind == PlanKind::kUnion) {
    SLUICE_ASSIGN(Input input, InputOf(plan, std::numeric_limits<size_t>::max()));
    return Gather(plan->schema, std::move(input), context_.threads);
  }
  PlanPtr below = plan;
  while (below.get() != &bottom) below = below->inputs.at(0);
  SLUICE_ASSIGN(auto rows, Build(below));
  return BuildChain(*plan, bottom, std::move(rows), context_.eval);
}

Result<std::unique_ptr<Operator>> Planner::BuildAggregate(const PlanNode& node) const {
  SLUICE_ASSIGN(Input input, InputOf(node.inputs.at(0), kMaxStates));
  AggregateSpec spec{node.exprs, node.aggregates, node.schema, context_.eval, context_.budget};
  spec.repeatable = input.repeatable && IsDeterministic(node);
  return std::make_unique<HashAggregateOperator>(std::move(spec), input.parts, std::move(input.open), context_.threads);
}

Result<std::unique_ptr<Operator>> Planner::BuildJoin(const PlanNode& node) const {
  SLUICE_ASSIGN(auto left, Build(node.inputs.at(0)));
  SLUICE_ASSIGN(auto right, Build(node.inputs.at(1)));
  return std::make_unique<HashJoinOperator>(JoinSpecOf(node), std::move(left), std::move(right), context_.eval,
                                            context_.budget);
}

Result<std::unique_ptr<Operator>> Planner::BuildWindow(const PlanNode& node) const {
  SLUICE_ASSIGN(auto rows, Build(node.inputs.at(0)));
  std::vector<SortKey> order = WindowOperator::OrderOf(node);
  if (!order.empty()) {
    rows =
        std::make_unique<SortOperator>(std::move(rows), std::move(order), std::nullopt, context_.eval, context_.budget);
  }
  return std::make_unique<WindowOperator>(std::move(rows), node, context_.eval, context_.budget);
}

Result<std::unique_ptr<Operator>> Planner::BuildPython(const PlanPtr& plan) const {
  if (&BottomOfChain(*plan) != plan.get()) return BuildRows(plan);
  std::vector<std::unique_ptr<Operator>> inputs;
  for (const PlanPtr& input : plan->inputs) {
    SLUICE_ASSIGN(auto rows, Build(input));
    inputs.push_back(std::move(rows));
  }
  return PythonGroupsOperator::Make(*plan, std::move(inputs), context_.eval, context_.budget);
}

// The first rows of a sort: each part gives its own first rows, and among those are the first of all.
Result<std::unique_ptr<Operator>> Planner::BuildTopRows(const PlanNode& sort, int64_t rows) const {
  const SortKey& key = sort.sort_keys.at(0);
  const auto bound = std::make_shared<TopBound>(key.ascending, key.nulls_first);
  const Top wanted{key, rows, bound};
  SLUICE_ASSIGN(Input input, InputOf(sort.inputs.at(0), kMaxStates, &wanted));
  const auto top = [keys = sort.sort_keys, rows, eval = context_.eval, budget = context_.budget,
                    bound](std::unique_ptr<Operator> from) {
    return std::make_unique<SortOperator>(std::move(from), keys, rows, eval, budget, bound);
  };
  if (input.parts == 1) {
    SLUICE_ASSIGN(auto only, input.open(0));
    return top(std::move(only));
  }
  input.open = [open = std::move(input.open), top](int part) -> Result<std::unique_ptr<Operator>> {
    SLUICE_ASSIGN(auto from, open(part));
    return top(std::move(from));
  };
  return top(Gather(sort.schema, std::move(input), context_.threads));
}

// The first rows of any plan; there may come more.
Result<std::unique_ptr<Operator>> Planner::BuildFirstRows(const PlanPtr& plan, int64_t rows) const {
  if (plan->kind == PlanKind::kSort) return BuildTopRows(*plan, rows);
  if (plan->kind == PlanKind::kProject && BottomOfChain(*plan).kind != PlanKind::kScan) {
    SLUICE_ASSIGN(auto below, BuildFirstRows(plan->inputs.at(0), rows));
    return std::make_unique<ProjectOperator>(std::move(below), plan->exprs, plan->schema, context_.eval);
  }
  if (BottomOfChain(*plan).kind != PlanKind::kScan) return Build(plan);
  SLUICE_ASSIGN(Input input, InputOf(plan, std::numeric_limits<size_t>::max()));
  const bool filtered = HasFilter(*plan);
  input.open = [open = std::move(input.open), rows](int part) -> Result<std::unique_ptr<Operator>> {
    SLUICE_ASSIGN(auto from, open(part));
    return std::make_unique<LimitOperator>(std::move(from), rows, 0);
  };
  return Gather(plan->schema, std::move(input), filtered || rows > kFewRows ? context_.threads : 1);
}

Result<std::unique_ptr<Operator>> Planner::BuildLimit(const PlanNode& node) const {
  const PlanPtr& below = node.inputs.at(0);
  std::unique_ptr<Operator> rows;
  if (node.last_rows) {
    SLUICE_ASSIGN(rows, Build(below));
    return std::make_unique<TailOperator>(std::move(rows), node.limit.value_or(0), context_.eval, context_.budget);
  }
  if (node.limit && *node.limit < std::numeric_limits<int64_t>::max() - node.offset) {
    SLUICE_ASSIGN(rows, BuildFirstRows(below, *node.limit + node.offset));
  } else {
    SLUICE_ASSIGN(rows, Build(below));
  }
  return std::make_unique<LimitOperator>(std::move(rows), node.limit, node.offset);
}

Result<std::unique_ptr<Operator>> Planner::Build(const PlanPtr& plan) const {
  switch (plan->kind) {
    case PlanKind::kScan:
    case PlanKind::kProject:
    case PlanKind::kFilter:
    case PlanKind::kUnion:
    case PlanKind::kWatermark:
    case PlanKind::kTimeWindow:
    case PlanKind::kGenerate:
      return BuildRows(plan);
    case PlanKind::kLocal:
      return std::make_unique<LocalOperator>(plan->schema, plan->rows);
    case PlanKind::kRange:
      return std::make_unique<RangeOperator>(plan->schema, plan->range_start, plan->range_end, plan->range_step);
    case PlanKind::kAggregate:
      return BuildAggregate(*plan);
    case PlanKind::kSort: {
      SLUICE_ASSIGN(auto rows, Build(plan->inputs.at(0)));
      return std::make_unique<SortOperator>(std::move(rows), plan->sort_keys, std::nullopt, context_.eval,
                                            context_.budget);
    }
    case PlanKind::kLimit:
      return BuildLimit(*plan);
    case PlanKind::kJoin:
      return BuildJoin(*plan);
    case PlanKind::kWindow:
      return BuildWindow(*plan);
    case PlanKind::kSample: {
      SLUICE_ASSIGN(auto rows, Build(plan->inputs.at(0)));
      return std::make_unique<SampleOperator>(std::move(rows), plan->sample, context_.eval);
    }
    case PlanKind::kPython:
      return BuildPython(plan);
    case PlanKind::kRepartition:
      return Build(plan->inputs.at(0));  // moves rows between tasks; the rows of a query are the same
  }
  return InternalError("a plan node of an unknown kind");
}

Result<PlannedParts> Planner::Parts(const PlanPtr& plan) const {
  const bool moves = plan->kind == PlanKind::kRepartition;
  const PlanPtr rows = moves ? plan->inputs.at(0) : plan;
  const bool gathers = moves && !plan->shuffle && plan->partitions > 0;
  const size_t most = gathers ? std::min(static_cast<size_t>(plan->partitions), kMostWrites) : kMostWrites;
  PlannedParts planned;
  const PlanKind bottom = BottomOfChain(*rows).kind;
  if (bottom == PlanKind::kScan || (bottom == PlanKind::kUnion && !gathers)) {
    SLUICE_ASSIGN(Input input, InputOf(rows, most));
    planned.parts = input.parts;
    planned.open = std::move(input.open);
  } else {
    SLUICE_ASSIGN(auto all, Build(rows));
    planned.parts = 1;
    planned.open = [once = std::make_shared<std::unique_ptr<Operator>>(std::move(all))](
                       int) -> Result<std::unique_ptr<Operator>> { return std::move(*once); };
  }
  if (moves && plan->shuffle) planned.spread = plan->partitions;
  return planned;
}

// The whole query: Cancel reaches its operators, and the kernels that they run.
class QueryRows : public Operator {
 public:
  QueryRows(std::unique_ptr<Operator> rows, std::unique_ptr<std::atomic<bool>> cancelled)
      : cancelled_(std::move(cancelled)), rows_(std::move(rows)) {}
  // Who does not want the rest does not wait for it.
  ~QueryRows() override { *cancelled_ = true; }
  const std::shared_ptr<arrow::Schema>& schema() const override { return rows_->schema(); }
  Result<std::shared_ptr<arrow::RecordBatch>> Next() override { return rows_->Next(); }
  std::string PlaceOf(int64_t row) const override { return rows_->PlaceOf(row); }
  Result<SourceRecord> RecordOf(int64_t row) const override { return rows_->RecordOf(row); }
  void Cancel() override {
    *cancelled_ = true;
    rows_->Cancel();
  }

 private:
  std::unique_ptr<std::atomic<bool>> cancelled_;  // outlives the operators, which look at it
  std::unique_ptr<Operator> rows_;
};

}  // namespace

Result<std::unique_ptr<Operator>> PlanOperators(const PlanPtr& plan, const PlannerContext& context) {
  auto cancelled = std::make_unique<std::atomic<bool>>(false);
  PlannerContext of_query = context;
  of_query.eval.cancelled = cancelled.get();
  SLUICE_ASSIGN(auto rows, Planner(of_query).Build(plan));
  return std::make_unique<QueryRows>(std::move(rows), std::move(cancelled));
}

Result<PlannedParts> PlanParts(const PlanPtr& plan, const PlannerContext& context) {
  auto cancelled = std::make_shared<std::atomic<bool>>(false);
  PlannerContext of_query = context;
  of_query.eval.cancelled = cancelled.get();
  SLUICE_ASSIGN(PlannedParts planned, Planner(of_query).Parts(plan));
  planned.cancelled = std::move(cancelled);
  return planned;
}

}  // namespace sluice
