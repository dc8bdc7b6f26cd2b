// SPDX-License-Identifier: Apache-2.0
#include "exec/planner.h"

#include <algorithm>
#include <atomic>
#include <limits>
#include <optional>
#include <utility>
#include <variant>

#include "base/spark_error.h"
#include "exec/chained_reader.h"
#include "exec/gather.h"
#include "exec/hash_aggregate.h"
#include "exec/hash_join.h"
#include "exec/limit.h"
#include "exec/local.h"
#include "exec/made_parts.h"
#include "exec/moved_parts.h"
#include "exec/observe.h"
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

// The rows of a plan in parts that may be read in parallel, and as often as they are wanted.
struct Input {
  int parts = 0;
  PartOpener open;
};

// A sort of which only the first rows are wanted.
struct Top {
  const SortKey& key;  // the first one
  int64_t rows;
  std::shared_ptr<TopBound> bound;
};

using OperatorPtr = std::unique_ptr<Operator>;

class Planner {
 public:
  explicit Planner(const PlannerContext& context) : context_(context) {}

  Result<OperatorPtr> Build(const PlanPtr& plan) const {
    return std::visit([&](const auto& op) { return BuildNode(op, plan); }, plan->op);
  }
  Result<PlannedParts> Parts(const PlanPtr& plan) const;

 private:
  // Of a node of each kind. What changes rows one by one is run with the rows below it, part by part.
  Result<OperatorPtr> BuildNode(const plan::Scan&, const PlanPtr& plan) const { return BuildRows(plan); }
  Result<OperatorPtr> BuildNode(const plan::Project&, const PlanPtr& plan) const { return BuildRows(plan); }
  Result<OperatorPtr> BuildNode(const plan::Filter&, const PlanPtr& plan) const { return BuildRows(plan); }
  Result<OperatorPtr> BuildNode(const plan::Union&, const PlanPtr& plan) const { return BuildRows(plan); }
  Result<OperatorPtr> BuildNode(const plan::Watermark&, const PlanPtr& plan) const { return BuildRows(plan); }
  Result<OperatorPtr> BuildNode(const plan::TimeWindow&, const PlanPtr& plan) const { return BuildRows(plan); }
  Result<OperatorPtr> BuildNode(const plan::Generate&, const PlanPtr& plan) const { return BuildRows(plan); }
  Result<OperatorPtr> BuildNode(const plan::Observe&, const PlanPtr& plan) const { return BuildRows(plan); }
  Result<OperatorPtr> BuildNode(const plan::LocalRows& local, const PlanPtr& plan) const;
  Result<OperatorPtr> BuildNode(const plan::Range& range, const PlanPtr& plan) const;
  Result<OperatorPtr> BuildNode(const plan::Aggregate& aggregate, const PlanPtr& plan) const;
  Result<OperatorPtr> BuildNode(const plan::Sort& sort, const PlanPtr& plan) const;
  Result<OperatorPtr> BuildNode(const plan::Limit& limit, const PlanPtr& plan) const;
  Result<OperatorPtr> BuildNode(const plan::Join& join, const PlanPtr& plan) const;
  Result<OperatorPtr> BuildNode(const plan::Window& window, const PlanPtr& plan) const;
  Result<OperatorPtr> BuildNode(const plan::Sample& sample, const PlanPtr& plan) const;
  Result<OperatorPtr> BuildNode(const plan::PythonStep& step, const PlanPtr& plan) const;
  Result<OperatorPtr> BuildNode(const plan::Repartition& repartition, const PlanPtr& plan) const;

  // `top`: of the sort above, if its first rows alone are wanted.
  Result<Input> InputOf(const PlanPtr& plan, size_t max_parts, const Top* top = nullptr) const;
  Result<Input> ScanInput(const PlanPtr& plan, const PlanNode& bottom, size_t max_parts, const Top* top) const;
  Result<Input> UnionInput(const PlanPtr& plan, const PlanNode& bottom, size_t max_parts) const;
  std::optional<Input> MadeInput(const PlanPtr& plan) const;
  Result<Input> WrittenInput(const PlanPtr& plan) const;
  Input Coalesced(const std::shared_ptr<arrow::Schema>& schema, Input input, int most) const;
  Result<Input> MovedInput(const PlanPtr& plan, const PlanPtr& bottom) const;
  OperatorPtr Gather(const std::shared_ptr<arrow::Schema>& schema, Input input, int threads) const;
  Result<OperatorPtr> BuildRows(const PlanPtr& plan) const;
  Result<OperatorPtr> BuildTopRows(const std::vector<SortKey>& keys, const PlanNode& node, int64_t rows) const;
  Result<OperatorPtr> BuildFirstObserved(const PlanNode& node, int64_t rows) const;
  Result<OperatorPtr> BuildFirstRows(const PlanPtr& plan, int64_t rows) const;

  const PlannerContext context_;
};

bool IsMeasured(const PlanNode& node) {
  const auto* observe = node.As<plan::Observe>();
  return observe != nullptr && observe->measurement != nullptr;
}

// Whether rows that are read twice would be measured twice.
bool MeasuresRows(const PlanNode& plan) {
  return IsMeasured(plan) ||
         std::any_of(plan.inputs.begin(), plan.inputs.end(), [](const PlanPtr& input) { return MeasuresRows(*input); });
}

// Whether the first node below projections is measured.
bool StandsOnMeasured(const PlanNode& plan) {
  const PlanNode* node = &plan;
  while (node->Is<plan::Project>()) node = node->inputs.at(0).get();
  return IsMeasured(*node);
}

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

Result<Input> Planner::ScanInput(const PlanPtr& plan, const PlanNode& bottom, size_t max_parts, const Top* top) const {
  const ScanSpec& source_spec = bottom.Get<plan::Scan>().source;
  if (source_spec.streaming)
    return NotSupported(
        "A streaming source can be read by a streaming query only; without STREAM the rows that are there now are "
        "read.");
  SLUICE_ASSIGN(auto opened, context_.open_source(source_spec));
  SLUICE_ASSIGN(const std::vector<InputPartition> partitions, opened->PlanTasks());
  const std::shared_ptr<BatchSource> source = std::move(opened);
  SLUICE_ASSIGN(const auto wanted, WantedOf(*plan, bottom, source.get(), context_.eval, top));
  const size_t parts = std::min(partitions.size(), max_parts);
  auto open = [plan, &bottom, source, partitions, parts, wanted,
               eval = context_.eval](int part) -> Result<std::unique_ptr<Operator>> {
    const size_t begin = partitions.size() * static_cast<size_t>(part) / parts;
    const size_t end = partitions.size() * (static_cast<size_t>(part) + 1) / parts;
    std::vector<InputPartition> mine(partitions.begin() + static_cast<std::ptrdiff_t>(begin),
                                     partitions.begin() + static_cast<std::ptrdiff_t>(end));
    auto reader = std::make_unique<ChainedReader>(source, std::move(mine), ColumnsToRead(bottom), wanted);
    return BuildTaskPipeline(*plan, std::move(reader), ForPart(eval, begin));
  };
  return Input{static_cast<int>(parts), std::move(open)};
}

// The parts of the first input, then those of the second, and so on.
Result<Input> Planner::UnionInput(const PlanPtr& plan, const PlanNode& bottom, size_t max_parts) const {
  std::vector<Input> inputs;
  Input all;
  for (const PlanPtr& input : bottom.inputs) {
    SLUICE_ASSIGN(Input one, InputOf(input, std::max<size_t>(max_parts / bottom.inputs.size(), 1)));
    all.parts += one.parts;
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

bool RunsPython(const PlanNode& plan, const PlanNode& bottom) {
  for (const PlanNode* node = &plan; node != &bottom; node = node->inputs.at(0).get()) {
    if (node->Is<plan::PythonStep>()) return true;
  }
  return false;
}

// Many rows that the plan itself gives, where work on them is dear: Python functions, each part in a worker of its own.
std::optional<Input> Planner::MadeInput(const PlanPtr& plan) const {
  const PlanNode& bottom = BottomOfChain(*plan);
  if (!RunsPython(*plan, bottom) || context_.given.count(&bottom) > 0) return std::nullopt;
  MadeParts made = MadeParts::Of(bottom);
  if (made.parts == 1) return std::nullopt;
  auto open = [plan, &bottom, open = std::move(made.open),
               eval = context_.eval](int part) -> Result<std::unique_ptr<Operator>> {
    return BuildChain(*plan, bottom, open(part), ForPart(eval, static_cast<size_t>(part)));
  };
  return Input{made.parts, std::move(open)};
}

Result<Input> Planner::InputOf(const PlanPtr& plan, size_t max_parts, const Top* top) const {
  const PlanNode& bottom = BottomOfChain(*plan);
  if (bottom.Is<plan::Scan>()) return ScanInput(plan, bottom, max_parts, top);
  if (bottom.Is<plan::Union>()) return UnionInput(plan, bottom, max_parts);
  if (auto made = MadeInput(plan)) return *std::move(made);
  SLUICE_ASSIGN(auto rows, BuildRows(plan));
  // A second reading makes the operators anew.
  auto first = std::make_shared<std::unique_ptr<Operator>>(std::move(rows));
  return Input{1, [first, plan, planner = *this](int) -> Result<std::unique_ptr<Operator>> {
                 if (*first != nullptr) return std::move(*first);
                 return planner.BuildRows(plan);
               }};
}

OperatorPtr Planner::Gather(const std::shared_ptr<arrow::Schema>& schema, Input input, int threads) const {
  if (input.parts == 0)
    return std::make_unique<LocalOperator>(schema, std::vector<std::shared_ptr<arrow::RecordBatch>>());
  return std::make_unique<GatherOperator>(schema, input.parts, std::move(input.open), threads, context_.budget);
}

// Projections and filters, over a scan or over anything else.
Result<OperatorPtr> Planner::BuildRows(const PlanPtr& plan) const {
  const PlanNode& bottom = BottomOfChain(*plan);
  if (bottom.Is<plan::Scan>() || bottom.Is<plan::Union>()) {
    SLUICE_ASSIGN(Input input, InputOf(plan, std::numeric_limits<size_t>::max()));
    return Gather(plan->schema, std::move(input), context_.threads);
  }
  if (auto made = MadeInput(plan)) return Gather(plan->schema, *std::move(made), context_.threads);
  PlanPtr below = plan;
  while (below.get() != &bottom) below = below->inputs.at(0);
  SLUICE_ASSIGN(auto rows, Build(below));
  return BuildChain(*plan, bottom, std::move(rows), context_.eval);
}

Result<OperatorPtr> Planner::BuildNode(const plan::LocalRows& local, const PlanPtr& plan) const {
  const auto given = context_.given.find(plan.get());
  if (given != context_.given.end()) {
    if (*given->second == nullptr) return InternalError("rows that are there once were to be read twice");
    return std::move(*given->second);
  }
  return std::make_unique<LocalOperator>(plan->schema, local.rows);
}

Result<OperatorPtr> Planner::BuildNode(const plan::Range& range, const PlanPtr& plan) const {
  return std::make_unique<RangeOperator>(plan->schema, range.start, range.end, range.step);
}

Result<OperatorPtr> Planner::BuildNode(const plan::Aggregate& aggregate, const PlanPtr& plan) const {
  SLUICE_ASSIGN(Input input, InputOf(plan->inputs.at(0), kMaxStates));
  AggregateSpec spec{aggregate.keys, aggregate.calls, plan->schema, context_.eval, context_.budget};
  spec.repeatable = IsDeterministic(*plan) && !MeasuresRows(*plan);
  return std::make_unique<HashAggregateOperator>(std::move(spec), input.parts, std::move(input.open), context_.threads);
}

Result<OperatorPtr> Planner::BuildNode(const plan::Sort& sort, const PlanPtr& plan) const {
  SLUICE_ASSIGN(auto rows, Build(plan->inputs.at(0)));
  return std::make_unique<SortOperator>(std::move(rows), sort.keys, std::nullopt, context_.eval, context_.budget);
}

Result<OperatorPtr> Planner::BuildNode(const plan::Join&, const PlanPtr& plan) const {
  SLUICE_ASSIGN(auto left, Build(plan->inputs.at(0)));
  SLUICE_ASSIGN(auto right, Build(plan->inputs.at(1)));
  return std::make_unique<HashJoinOperator>(JoinSpecOf(*plan), std::move(left), std::move(right), context_.eval,
                                            context_.budget);
}

Result<OperatorPtr> Planner::BuildNode(const plan::Window& window, const PlanPtr& plan) const {
  SLUICE_ASSIGN(auto rows, Build(plan->inputs.at(0)));
  std::vector<SortKey> order = WindowOperator::OrderOf(window);
  if (!order.empty()) {
    rows =
        std::make_unique<SortOperator>(std::move(rows), std::move(order), std::nullopt, context_.eval, context_.budget);
  }
  return std::make_unique<WindowOperator>(std::move(rows), *plan, context_.eval, context_.budget);
}

Result<OperatorPtr> Planner::BuildNode(const plan::Sample& sample, const PlanPtr& plan) const {
  SLUICE_ASSIGN(auto rows, Build(plan->inputs.at(0)));
  return std::make_unique<SampleOperator>(std::move(rows), sample, context_.eval);
}

// Moves rows between tasks; the rows of a query are the same.
Result<OperatorPtr> Planner::BuildNode(const plan::Repartition&, const PlanPtr& plan) const {
  return Build(plan->inputs.at(0));
}

Result<OperatorPtr> Planner::BuildNode(const plan::PythonStep&, const PlanPtr& plan) const {
  if (&BottomOfChain(*plan) != plan.get()) return BuildRows(plan);
  std::vector<std::unique_ptr<Operator>> inputs;
  for (const PlanPtr& input : plan->inputs) {
    SLUICE_ASSIGN(auto rows, Build(input));
    inputs.push_back(std::move(rows));
  }
  return PythonGroupsOperator::Make(*plan, std::move(inputs), context_.eval, context_.budget);
}

// The first rows of a sort: each part gives its own first rows, and among those are the first of all.
Result<OperatorPtr> Planner::BuildTopRows(const std::vector<SortKey>& keys, const PlanNode& node, int64_t rows) const {
  const SortKey& key = keys.at(0);
  const auto bound = std::make_shared<TopBound>(key.ascending, key.nulls_first);
  const Top wanted{key, rows, bound};
  SLUICE_ASSIGN(Input input, InputOf(node.inputs.at(0), kMaxStates, &wanted));
  const auto top = [keys, rows, eval = context_.eval, budget = context_.budget, bound](std::unique_ptr<Operator> from) {
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
  return top(Gather(node.schema, std::move(input), context_.threads));
}

// What is observed below a limit are the rows that the limit lets pass, as in Spark.
Result<OperatorPtr> Planner::BuildFirstObserved(const PlanNode& node, int64_t rows) const {
  SLUICE_ASSIGN(auto below, BuildFirstRows(node.inputs.at(0), rows));
  return ObserveOperator::Make(std::make_unique<LimitOperator>(std::move(below), rows, 0), node.Get<plan::Observe>(),
                               context_.eval, 0);
}

// The first rows of any plan; there may come more.
Result<OperatorPtr> Planner::BuildFirstRows(const PlanPtr& plan, int64_t rows) const {
  if (const auto* sort = plan->As<plan::Sort>()) return BuildTopRows(sort->keys, *plan, rows);
  if (IsMeasured(*plan)) return BuildFirstObserved(*plan, rows);
  const bool of_scan = BottomOfChain(*plan).Is<plan::Scan>();
  if (const auto* project = plan->As<plan::Project>(); project != nullptr && (!of_scan || StandsOnMeasured(*plan))) {
    SLUICE_ASSIGN(auto below, BuildFirstRows(plan->inputs.at(0), rows));
    return std::make_unique<ProjectOperator>(std::move(below), project->exprs, plan->schema, context_.eval);
  }
  if (!of_scan) return Build(plan);
  SLUICE_ASSIGN(Input input, InputOf(plan, std::numeric_limits<size_t>::max()));
  const bool filtered = HasFilter(*plan);
  input.open = [open = std::move(input.open), rows](int part) -> Result<std::unique_ptr<Operator>> {
    SLUICE_ASSIGN(auto from, open(part));
    return std::make_unique<LimitOperator>(std::move(from), rows, 0);
  };
  return Gather(plan->schema, std::move(input), filtered || rows > kFewRows ? context_.threads : 1);
}

Result<OperatorPtr> Planner::BuildNode(const plan::Limit& limit, const PlanPtr& plan) const {
  const PlanPtr& below = plan->inputs.at(0);
  std::unique_ptr<Operator> rows;
  if (limit.last_rows) {
    SLUICE_ASSIGN(rows, Build(below));
    return std::make_unique<TailOperator>(std::move(rows), limit.rows.value_or(0), context_.eval, context_.budget);
  }
  if (limit.rows && *limit.rows < std::numeric_limits<int64_t>::max() - limit.offset) {
    SLUICE_ASSIGN(rows, BuildFirstRows(below, *limit.rows + limit.offset));
  } else {
    SLUICE_ASSIGN(rows, Build(below));
  }
  return std::make_unique<LimitOperator>(std::move(rows), limit.rows, limit.offset);
}

// The parts of what is written: as a repartition has them, if there is one below what changes rows one by one.
Result<Input> Planner::WrittenInput(const PlanPtr& plan) const {
  PlanPtr bottom = plan;
  while (IsRowwise(*bottom)) bottom = bottom->inputs.at(0);
  if (bottom->Is<plan::Repartition>()) return MovedInput(plan, bottom);
  return InputOf(plan, kMostWrites);
}

// Neighbours together, where a union has more parts than are wanted.
Input Planner::Coalesced(const std::shared_ptr<arrow::Schema>& schema, Input input, int most) const {
  if (input.parts <= most) return input;
  const int parts = input.parts;
  return {most, [=, open = std::move(input.open), budget = context_.budget](int i) -> Result<OperatorPtr> {
            const int begin = static_cast<int>(int64_t{parts} * i / most);
            const int end = static_cast<int>(int64_t{parts} * (i + 1) / most);
            return std::make_unique<GatherOperator>(
                schema, end - begin, [open, begin](int part) { return open(begin + part); }, /*threads=*/1, budget);
          }};
}

Result<Input> Planner::MovedInput(const PlanPtr& plan, const PlanPtr& bottom) const {
  const auto& repartition = bottom->Get<plan::Repartition>();
  const PlanPtr& below = bottom->inputs.at(0);
  Input moved;
  if (repartition.kind == plan::Repartition::Kind::kByRange) {
    SLUICE_ASSIGN(auto rows, Build(below));
    auto sorted =
        std::make_unique<SortOperator>(std::move(rows), repartition.keys, std::nullopt, context_.eval, context_.budget);
    auto once = std::make_shared<std::unique_ptr<Operator>>(std::move(sorted));
    moved = {1, [once](int) -> Result<std::unique_ptr<Operator>> { return std::move(*once); }};
  } else {
    const size_t most = repartition.moves_rows() ? kMostWrites : static_cast<size_t>(repartition.partitions);
    SLUICE_ASSIGN(moved, InputOf(below, std::min(most, kMostWrites)));
    moved = Coalesced(below->schema, std::move(moved), static_cast<int>(most));
  }
  if (repartition.moves_rows()) {
    const auto parts = std::make_shared<MovedParts>(bottom, moved.parts, std::move(moved.open), context_.threads,
                                                    context_.eval, context_.budget);
    moved = {repartition.partitions,
             [parts](int part) -> Result<std::unique_ptr<Operator>> { return MovedParts::Open(parts, part); }};
  }
  if (plan == bottom) return moved;
  moved.open = [plan, bottom, open = std::move(moved.open),
                eval = context_.eval](int part) -> Result<std::unique_ptr<Operator>> {
    SLUICE_ASSIGN(auto rows, open(part));
    return BuildChain(*plan, *bottom, std::move(rows), ForPart(eval, static_cast<size_t>(part)));
  };
  return moved;
}

Result<PlannedParts> Planner::Parts(const PlanPtr& plan) const {
  SLUICE_ASSIGN(Input input, WrittenInput(plan));
  PlannedParts planned;
  planned.parts = input.parts;
  planned.open = std::move(input.open);
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
