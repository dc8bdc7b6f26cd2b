// SPDX-License-Identifier: Apache-2.0
#include <arrow/api.h>

#include "plan/python_step.h"
#include "plan/rewrite.h"
#include "plan/rules.h"
#include "plan/stream_join.h"

namespace sluice {
namespace {

// A plan that may return fewer columns than before, and where each of the old ones is now (null: gone).
struct Pruned {
  PlanPtr plan;
  std::vector<ExprPtr> columns;
};

ExprPtr ColumnAt(int index, const arrow::Field& field) {
  return std::make_shared<ColumnExpr>(index, field.name(), field.type(), field.nullable());
}

Pruned Unchanged(const PlanPtr& plan) {
  Pruned pruned{plan, {}};
  for (int i = 0; i < plan->schema->num_fields(); ++i) pruned.columns.push_back(ColumnAt(i, *plan->schema->field(i)));
  return pruned;
}

// At least one column stays, the cheapest: rows are counted by it.
void KeepOne(const arrow::Schema& schema, std::vector<bool>* needed) {
  int best = -1;
  for (int i = 0; i < schema.num_fields(); ++i) {
    if ((*needed)[static_cast<size_t>(i)]) return;
    if (best < 0 || (arrow::is_fixed_width(schema.field(i)->type()->id()) &&
                     !arrow::is_fixed_width(schema.field(best)->type()->id()))) {
      best = i;
    }
  }
  if (best >= 0) (*needed)[static_cast<size_t>(best)] = true;
}

// Keeps the needed ones of the fields of a node; fills `columns` with their new places.
std::shared_ptr<arrow::Schema> KeepFields(const arrow::Schema& schema, const std::vector<bool>& needed,
                                          std::vector<ExprPtr>* columns) {
  std::vector<std::shared_ptr<arrow::Field>> fields;
  for (int i = 0; i < schema.num_fields(); ++i) {
    if (needed[static_cast<size_t>(i)]) {
      columns->push_back(ColumnAt(static_cast<int>(fields.size()), *schema.field(i)));
      fields.push_back(schema.field(i));
    } else {
      columns->push_back(nullptr);
    }
  }
  return arrow::schema(std::move(fields));
}

template <typename T>
std::vector<T> KeepItems(const std::vector<T>& items, const std::vector<bool>& needed) {
  std::vector<T> kept;
  for (size_t i = 0; i < items.size(); ++i) {
    if (needed[i]) kept.push_back(items[i]);
  }
  return kept;
}

Pruned Prune(const PlanPtr& plan, std::vector<bool> needed);

// The node with its input pruned to what `needed` asks for; expressions point to the new places.
PlanPtr OverPrunedInput(const PlanNode& node, const Pruned& input) {
  auto copy = std::make_shared<PlanNode>(node);
  copy->inputs = {input.plan};
  const PlanPtr rewritten = RewriteExpressions(copy, [&](const std::vector<ExprPtr>& exprs) {
    std::vector<ExprPtr> result;
    for (const ExprPtr& expr : exprs) result.push_back(SubstituteColumns(expr, input.columns));
    return result;
  });
  return rewritten == nullptr ? copy : rewritten;
}

Pruned PruneScan(const PlanPtr& plan, std::vector<bool> needed) {
  if (plan->scan.columns.size() != static_cast<size_t>(plan->schema->num_fields())) return Unchanged(plan);
  if (plan->scan.streaming || !plan->scan.counts_rows) KeepOne(*plan->schema, &needed);
  auto scan = std::make_shared<PlanNode>(*plan);
  Pruned pruned;
  scan->schema = KeepFields(*plan->schema, needed, &pruned.columns);
  scan->scan.columns = KeepItems(plan->scan.columns, needed);
  pruned.plan = std::move(scan);
  return pruned;
}

Pruned PruneProject(const PlanPtr& plan, std::vector<bool> needed) {
  KeepOne(*plan->schema, &needed);
  auto project = std::make_shared<PlanNode>(*plan);
  Pruned pruned;
  project->schema = KeepFields(*plan->schema, needed, &pruned.columns);
  project->exprs = KeepItems(plan->exprs, needed);
  std::vector<bool> below(static_cast<size_t>(plan->inputs[0]->schema->num_fields()), false);
  for (const ExprPtr& expr : project->exprs) MarkColumns(expr, &below);
  pruned.plan = OverPrunedInput(*project, Prune(plan->inputs[0], std::move(below)));
  return pruned;
}

// Every input gives the same columns in the same places, whatever it could leave out itself.
Pruned PruneUnion(const PlanPtr& plan, std::vector<bool> needed) {
  KeepOne(*plan->schema, &needed);
  auto node = std::make_shared<PlanNode>(*plan);
  Pruned pruned;
  node->schema = KeepFields(*plan->schema, needed, &pruned.columns);
  for (PlanPtr& input : node->inputs) {
    const Pruned below = Prune(input, needed);
    auto project = std::make_shared<PlanNode>();
    project->kind = PlanKind::kProject;
    project->inputs = {below.plan};
    project->schema = node->schema;
    project->exprs = KeepItems(below.columns, needed);
    input = std::move(project);
  }
  pruned.plan = std::move(node);
  return pruned;
}

// A join of two streams keeps what its inputs give: no more than it needs, as in Spark.
Pruned PruneStream(const PlanPtr& input, const std::vector<bool>& needed) {
  Pruned pruned = Prune(input, needed);
  std::vector<bool> given(static_cast<size_t>(pruned.plan->schema->num_fields()), false);
  for (size_t i = 0; i < needed.size(); ++i) {
    if (needed[i]) given[static_cast<size_t>(static_cast<const ColumnExpr*>(pruned.columns[i].get())->index())] = true;
  }
  if (given == std::vector<bool>(given.size(), true)) return pruned;
  auto project = std::make_shared<PlanNode>();
  project->kind = PlanKind::kProject;
  project->exprs = KeepItems(Unchanged(pruned.plan).columns, given);
  std::vector<ExprPtr> places;
  project->schema = KeepFields(*pruned.plan->schema, given, &places);
  for (ExprPtr& column : pruned.columns) {
    if (column != nullptr) column = places[static_cast<size_t>(static_cast<const ColumnExpr&>(*column).index())];
  }
  project->inputs = {std::move(pruned.plan)};
  pruned.plan = std::move(project);
  return pruned;
}

// Keys and conditions are over both inputs' columns, and so is the output, but for semi and anti joins.
Pruned PruneJoin(const PlanPtr& plan, const std::vector<bool>& needed) {
  const auto left_width = static_cast<size_t>(plan->inputs[0]->schema->num_fields());
  const bool left_only = GivesLeftOnly(plan->join);
  std::vector<bool> both = needed;
  if (left_only) both.resize(left_width);
  both.resize(left_width + static_cast<size_t>(plan->inputs[1]->schema->num_fields()), false);
  for (const ExprPtr& expr : plan->exprs) MarkColumns(expr, &both);
  const auto middle = both.begin() + static_cast<std::ptrdiff_t>(left_width);
  const auto prune = JoinsStreams(*plan) ? PruneStream : [](const PlanPtr& input, const std::vector<bool>& columns) {
    return Prune(input, columns);
  };
  const Pruned left = prune(plan->inputs[0], std::vector<bool>(both.begin(), middle));
  const Pruned right = prune(plan->inputs[1], std::vector<bool>(middle, both.end()));
  const int shift = left.plan->schema->num_fields();
  std::vector<ExprPtr> places = left.columns;
  for (const ExprPtr& column : right.columns) {
    const auto* kept = static_cast<const ColumnExpr*>(column.get());
    places.push_back(kept == nullptr ? nullptr
                                     : std::make_shared<ColumnExpr>(kept->index() + shift, kept->name(), kept->type(),
                                                                    kept->nullable()));
  }
  auto node = std::make_shared<PlanNode>(*plan);
  node->inputs = {left.plan, right.plan};
  for (ExprPtr& expr : node->exprs) expr = SubstituteColumns(expr, places);
  // What an input could not leave out is given on as well: the fields follow the inputs.
  Pruned pruned;
  std::vector<std::shared_ptr<arrow::Field>> fields;
  const auto give = [&](const Pruned& side, size_t first) {
    const size_t base = fields.size();
    for (const auto& field : side.plan->schema->fields()) fields.push_back(field->WithNullable(true));
    for (size_t i = 0; i < side.columns.size(); ++i) {
      const auto* kept = static_cast<const ColumnExpr*>(side.columns[i].get());
      if (kept == nullptr) {
        pruned.columns.push_back(nullptr);
        continue;
      }
      const size_t at = base + static_cast<size_t>(kept->index());
      const auto& field = plan->schema->field(static_cast<int>(first + i));
      fields[at] = field;
      pruned.columns.push_back(ColumnAt(static_cast<int>(at), *field));
    }
  };
  give(left, 0);
  if (!left_only) give(right, left_width);
  if (plan->join == JoinType::kExistence) {
    pruned.columns.push_back(ColumnAt(static_cast<int>(fields.size()), *plan->schema->fields().back()));
    fields.push_back(plan->schema->fields().back());
  }
  node->schema = arrow::schema(std::move(fields));
  pruned.plan = std::move(node);
  return pruned;
}

// The window stays: by it rows become several, or none.
Pruned PruneTimeWindow(const PlanPtr& plan, std::vector<bool> needed) {
  needed.pop_back();
  for (const ExprPtr& expr : plan->exprs) MarkColumns(expr, &needed);
  Pruned input = Prune(plan->inputs[0], std::move(needed));
  auto node = std::make_shared<PlanNode>(*OverPrunedInput(*plan, input));
  arrow::FieldVector fields = input.plan->schema->fields();
  fields.push_back(plan->schema->fields().back());
  node->schema = arrow::schema(std::move(fields));
  input.columns.push_back(ColumnAt(node->schema->num_fields() - 1, *node->schema->fields().back()));
  input.plan = std::move(node);
  return input;
}

// Columns that the generator alone needs are not given on: an array would be copied for each of its elements.
Pruned PruneGenerate(const PlanPtr& plan, const std::vector<bool>& needed) {
  const GeneratorSpec& spec = plan->generator;
  std::vector<bool> below(static_cast<size_t>(plan->inputs[0]->schema->num_fields()), false);
  for (const ExprPtr& expr : plan->exprs) MarkColumns(expr, &below);
  std::vector<bool> kept(needed.begin(), needed.begin() + static_cast<std::ptrdiff_t>(spec.kept.size()));
  for (size_t i = 0; i < kept.size(); ++i) {
    if (kept[i]) below[static_cast<size_t>(spec.kept[i])] = true;
  }
  const Pruned input = Prune(plan->inputs[0], std::move(below));
  auto node = std::make_shared<PlanNode>(*OverPrunedInput(*plan, input));
  node->generator.kept.clear();
  for (size_t i = 0; i < kept.size(); ++i) {
    if (!kept[i]) continue;
    const ExprPtr& column = input.columns[static_cast<size_t>(spec.kept[i])];
    node->generator.kept.push_back(static_cast<const ColumnExpr*>(column.get())->index());
  }
  kept.resize(static_cast<size_t>(plan->schema->num_fields()), true);
  Pruned pruned;
  node->schema = KeepFields(*plan->schema, kept, &pruned.columns);
  pruned.plan = std::move(node);
  return pruned;
}

// The calls come behind whatever the input gives.
Pruned PruneWindow(const PlanPtr& plan, std::vector<bool> needed) {
  const auto width = static_cast<size_t>(plan->inputs[0]->schema->num_fields());
  const std::vector<bool> calls(needed.begin() + static_cast<std::ptrdiff_t>(width), needed.end());
  auto node = std::make_shared<PlanNode>(*plan);
  node->windows = KeepItems(plan->windows, calls);
  needed.resize(width);
  if (node->windows.empty()) {
    Pruned input = Prune(plan->inputs[0], std::move(needed));
    input.columns.resize(static_cast<size_t>(plan->schema->num_fields()));
    return input;
  }
  for (const ExprPtr& expr : ExpressionsOf(*node)) MarkColumns(expr, &needed);
  Pruned pruned = Prune(plan->inputs[0], std::move(needed));
  auto above = std::make_shared<PlanNode>(*OverPrunedInput(*node, pruned));
  arrow::FieldVector fields = pruned.plan->schema->fields();
  for (size_t i = 0; i < calls.size(); ++i) {
    if (!calls[i]) {
      pruned.columns.push_back(nullptr);
      continue;
    }
    const auto& field = plan->schema->field(static_cast<int>(width + i));
    pruned.columns.push_back(ColumnAt(static_cast<int>(fields.size()), *field));
    fields.push_back(field);
  }
  above->schema = arrow::schema(std::move(fields));
  pruned.plan = std::move(above);
  return pruned;
}

// Columns of the input are passed on, and those that calls give come behind them: neither needs to be there that nobody
// reads.
Pruned PrunePythonColumns(const PlanPtr& plan, const std::vector<bool>& needed) {
  const auto width = static_cast<size_t>(plan->inputs[0]->schema->num_fields());
  PythonStep step = PythonStepOf(*plan);
  const std::vector<bool> of_calls(needed.begin() + static_cast<std::ptrdiff_t>(width), needed.end());
  step.calls = KeepItems(step.calls, of_calls);
  std::vector<bool> below(needed.begin(), needed.begin() + static_cast<std::ptrdiff_t>(width));
  if (step.calls.empty()) {
    Pruned without_step = Prune(plan->inputs[0], std::move(below));
    without_step.columns.resize(needed.size());
    return without_step;
  }
  for (const ExprPtr& expr : plan->exprs) MarkColumns(expr, &below);
  Pruned pruned = Prune(plan->inputs[0], std::move(below));
  const PlanPtr node = OverPrunedInput(*plan, pruned);
  std::vector<std::shared_ptr<arrow::Field>> fields = pruned.plan->schema->fields();
  for (size_t i = 0; i < of_calls.size(); ++i) {
    if (!of_calls[i]) {
      pruned.columns.push_back(nullptr);
      continue;
    }
    const auto& field = plan->schema->field(static_cast<int>(width + i));
    pruned.columns.push_back(ColumnAt(static_cast<int>(fields.size()), *field));
    fields.push_back(field);
  }
  pruned.plan = MakePythonNode(std::move(step), PythonColumnsOf(*node), node->inputs, arrow::schema(std::move(fields)));
  return pruned;
}

// What functions make of rows has no columns of the input; all that they are given is needed.
Pruned PrunePythonInputs(const PlanPtr& plan) {
  const PythonStep& step = PythonStepOf(*plan);
  std::vector<ExprPtr> columns = PythonColumnsOf(*plan);
  std::vector<PlanPtr> inputs;
  size_t next = 0;
  for (const PlanPtr& input : plan->inputs) {
    const bool left = plan->inputs.size() > 1 && inputs.empty();
    const size_t end = left ? static_cast<size_t>(step.left_columns) : columns.size();
    std::vector<bool> below(static_cast<size_t>(input->schema->num_fields()), false);
    for (size_t at = next; at < end; ++at) MarkColumns(columns[at], &below);
    const Pruned pruned = Prune(input, std::move(below));
    for (; next < end; ++next) columns[next] = SubstituteColumns(columns[next], pruned.columns);
    inputs.push_back(pruned.plan);
  }
  return Unchanged(MakePythonNode(step, std::move(columns), std::move(inputs), plan->schema));
}

Pruned Prune(const PlanPtr& plan, std::vector<bool> needed) {
  switch (plan->kind) {
    case PlanKind::kScan:
      return PruneScan(plan, std::move(needed));
    case PlanKind::kProject:
      return PruneProject(plan, std::move(needed));
    case PlanKind::kAggregate: {
      std::vector<bool> below(static_cast<size_t>(plan->inputs[0]->schema->num_fields()), false);
      for (const ExprPtr& expr : ExpressionsOf(*plan)) MarkColumns(expr, &below);
      return Unchanged(OverPrunedInput(*plan, Prune(plan->inputs[0], std::move(below))));
    }
    case PlanKind::kFilter:
    case PlanKind::kSort:
    case PlanKind::kLimit:
    case PlanKind::kSample:
    case PlanKind::kRepartition:
    case PlanKind::kWatermark: {
      for (const ExprPtr& expr : ExpressionsOf(*plan)) MarkColumns(expr, &needed);
      Pruned input = Prune(plan->inputs[0], std::move(needed));
      auto node = std::make_shared<PlanNode>(*OverPrunedInput(*plan, input));
      node->schema = input.plan->schema;
      input.plan = std::move(node);
      return input;
    }
    case PlanKind::kUnion:
      return PruneUnion(plan, std::move(needed));
    case PlanKind::kJoin:
      return PruneJoin(plan, needed);
    case PlanKind::kTimeWindow:
      return PruneTimeWindow(plan, std::move(needed));
    case PlanKind::kGenerate:
      return PruneGenerate(plan, needed);
    case PlanKind::kWindow:
      return PruneWindow(plan, std::move(needed));
    case PlanKind::kPython:
      if (IsPython(*plan, PythonStep::Kind::kColumns)) return PrunePythonColumns(plan, needed);
      return PrunePythonInputs(plan);
    default:
      return Unchanged(plan);
  }
}

}  // namespace

PlanPtr PruneColumns(const PlanPtr& plan) {
  return Prune(plan, std::vector<bool>(static_cast<size_t>(plan->schema->num_fields()), true)).plan;
}

}  // namespace sluice
