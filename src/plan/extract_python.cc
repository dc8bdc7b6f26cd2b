// SPDX-License-Identifier: Apache-2.0
#include <arrow/api.h>
#include <fmt/format.h>

#include <algorithm>
#include <unordered_map>
#include <unordered_set>

#include "expr/python_call.h"
#include "expr/share.h"
#include "plan/rewrite.h"
#include "plan/rules.h"

namespace sluice {
namespace {

using Places = std::unordered_map<const Expr*, ExprPtr>;

const PythonCallExpr* AsCall(const ExprPtr& expr) {
  return dynamic_cast<const PythonCallExpr*>(expr.get());
}

// The call that is the one argument of another, when a worker can do both at once; or null.
const PythonCallExpr* ChainedBelow(const PythonCallExpr& call) {
  if (call.children().size() != 1 || !call.keywords()[0].empty()) return nullptr;
  const PythonCallExpr* below = AsCall(call.children()[0]);
  const bool same = below != nullptr && below->function()->eval == call.function()->eval &&
                    below->function()->python_version == call.function()->python_version;
  return same ? below : nullptr;
}

// Whether a worker can be asked at once: what it gets has no calls in it but a chain's.
bool IsReady(const PythonCallExpr& call) {
  if (const PythonCallExpr* below = ChainedBelow(call)) return IsReady(*below);
  return std::none_of(call.children().begin(), call.children().end(), HasPythonCall);
}

// The outermost calls that are ready, each once, in the order in which they are written.
void FindReady(const ExprPtr& expr, std::unordered_set<const Expr*>* seen, std::vector<const PythonCallExpr*>* found) {
  if (!seen->insert(expr.get()).second) return;
  const PythonCallExpr* call = AsCall(expr);
  if (call != nullptr && IsReady(*call)) {
    found->push_back(call);
    return;
  }
  for (const ExprPtr& child : expr->children()) FindReady(child, seen, found);
}

// From the top, so that a call that is replaced is found as it is.
ExprPtr Replaced(const ExprPtr& expr, const Places& places, Places* done) {
  const auto place = places.find(expr.get());
  if (place != places.end()) return place->second;
  const auto before = done->find(expr.get());
  if (before != done->end()) return before->second;
  ExprPtr result = expr;
  std::vector<ExprPtr> children;
  for (const ExprPtr& child : expr->children()) children.push_back(Replaced(child, places, done));
  if (children != expr->children()) result = AtPlaceOf(expr->WithChildren(std::move(children)), *expr);
  done->emplace(expr.get(), result);
  return result;
}

bool IsIterator(PythonEval eval) {
  return eval == PythonEval::kScalarPandasIter || eval == PythonEval::kScalarArrowIter;
}

// Can one task of a worker do both? Functions over iterators stand alone.
bool GoTogether(const PythonFunction& a, const PythonFunction& b) {
  return a.eval == b.eval && a.python_version == b.python_version && a.workers == b.workers && !IsIterator(a.eval);
}

PythonCall CallOf(const PythonCallExpr& outermost, std::vector<ExprPtr>* columns) {
  PythonCall call;
  const PythonCallExpr* innermost = &outermost;
  call.functions.push_back(outermost.function());
  while (const PythonCallExpr* below = ChainedBelow(*innermost)) {
    innermost = below;
    call.functions.insert(call.functions.begin(), innermost->function());
  }
  for (size_t i = 0; i < innermost->children().size(); ++i) {
    const ExprPtr& argument = innermost->children()[i];
    const auto found = std::find(columns->begin(), columns->end(), argument);
    call.arguments.push_back({static_cast<int>(found - columns->begin()), innermost->keywords()[i]});
    if (found == columns->end()) columns->push_back(argument);
  }
  return call;
}

// A step over `input` that computes the calls, which are noted in `places` as its columns.
PlanPtr StepOver(const PlanPtr& input, const std::vector<const PythonCallExpr*>& calls, Places* places) {
  plan::PythonStep step;
  std::vector<std::shared_ptr<arrow::Field>> fields = input->schema->fields();
  for (const PythonCallExpr* call : calls) {
    step.calls.push_back(CallOf(*call, &step.columns));
    const auto index = static_cast<int>(fields.size());
    fields.push_back(arrow::field(fmt::format("pythonUDF{}", index), call->type()));
    (*places)[call] = std::make_shared<ColumnExpr>(index, call->ToString(), call->type(), true);
  }
  return MakeNode(std::move(step), {input}, arrow::schema(std::move(fields)));
}

// Puts steps over the input until the expressions, which are over its columns, have no calls any more. The steps add
// columns behind the input's.
PlanPtr WithSteps(PlanPtr input, std::vector<ExprPtr>* exprs) {
  *exprs = ShareEqual(*exprs);
  for (;;) {
    std::unordered_set<const Expr*> seen;
    std::vector<const PythonCallExpr*> ready;
    for (const ExprPtr& expr : *exprs) FindReady(expr, &seen, &ready);
    if (ready.empty()) return input;
    Places places;
    while (!ready.empty()) {
      const PythonFunction& first = *ready[0]->function();
      std::vector<const PythonCallExpr*> together = {ready[0]};
      std::vector<const PythonCallExpr*> later;
      for (size_t i = 1; i < ready.size(); ++i) {
        (GoTogether(first, *ready[i]->function()) ? together : later).push_back(ready[i]);
      }
      input = StepOver(input, together, &places);
      ready = std::move(later);
    }
    Places done;
    for (ExprPtr& expr : *exprs) expr = Replaced(expr, places, &done);
  }
}

// The first columns of a node, under the names and types of a schema.
PlanPtr FirstColumns(const PlanPtr& input, const std::shared_ptr<arrow::Schema>& schema) {
  if (input->schema->num_fields() == schema->num_fields()) return input;
  std::vector<ExprPtr> columns;
  for (int i = 0; i < schema->num_fields(); ++i) {
    const auto& field = *schema->field(i);
    columns.push_back(std::make_shared<ColumnExpr>(i, field.name(), field.type(), field.nullable()));
  }
  return MakeProject(input, std::move(columns), schema);
}

// What needs no worker is asked first, so that workers see only the rows that are left.
PlanPtr ExtractFromFilter(const PlanNode& filter) {
  std::vector<ExprPtr> parts;
  AddConjuncts(filter.Get<plan::Filter>().condition, &parts);
  PlanPtr input = filter.inputs[0];
  std::vector<ExprPtr> with_calls;
  for (const ExprPtr& part : parts) {
    if (HasPythonCall(part)) {
      with_calls.push_back(part);
    } else {
      input = MakeFilter(std::move(input), part);
    }
  }
  input = WithSteps(std::move(input), &with_calls);
  for (const ExprPtr& part : with_calls) input = MakeFilter(std::move(input), part);
  return FirstColumns(input, filter.schema);
}

// The node over steps below its one input, where its own output is not the input's columns.
PlanPtr ExtractBelow(const PlanPtr& node) {
  std::vector<ExprPtr> exprs = ExpressionsOf(*node);
  const PlanPtr input = WithSteps(node->inputs[0], &exprs);
  const PlanPtr rewritten = RewriteExpressions(node, [&](const std::vector<ExprPtr>&) { return exprs; });
  auto copy = std::make_shared<PlanNode>(rewritten == nullptr ? *node : *rewritten);
  copy->inputs[0] = input;
  return copy;
}

// Of a node whose output is its input's columns.
PlanPtr ExtractFromPassing(const PlanPtr& node) {
  auto over_steps = std::make_shared<PlanNode>(*ExtractBelow(node));
  over_steps->schema = over_steps->inputs[0]->schema;
  return FirstColumns(over_steps, node->schema);
}

// One input of a join, with the calls over its columns as further columns.
struct JoinSide {
  PlanPtr input;
  int first;                                 // of its columns among those of both
  std::vector<const PythonCallExpr*> calls;  // over this side alone
  PlanPtr with_calls;                        // the input with a column a call

  int width() const { return input->schema->num_fields(); }
  bool Owns(const ExprPtr& expr, int both) const {
    std::vector<bool> used(static_cast<size_t>(both), false);
    MarkColumns(expr, &used);
    for (int i = 0; i < both; ++i) {
      if (used[static_cast<size_t>(i)] && (i < first || i >= first + width())) return false;
    }
    return true;
  }
  void Build(int both) {
    std::vector<ExprPtr> own(static_cast<size_t>(both));
    std::vector<ExprPtr> columns;
    std::vector<std::shared_ptr<arrow::Field>> fields = input->schema->fields();
    for (int i = 0; i < width(); ++i) {
      const auto& field = *fields[static_cast<size_t>(i)];
      columns.push_back(std::make_shared<ColumnExpr>(i, field.name(), field.type(), field.nullable()));
      own[static_cast<size_t>(first + i)] = columns.back();
    }
    std::vector<ExprPtr> values;
    for (const PythonCallExpr* call : calls) {
      values.push_back(SubstituteColumns(call->WithChildren(call->children()), own));
    }
    PlanPtr below = WithSteps(input, &values);
    for (const ExprPtr& value : values) {
      fields.push_back(arrow::field(fmt::format("pythonUDF{}", fields.size()), value->type()));
      columns.push_back(value);
    }
    with_calls = MakeProject(std::move(below), std::move(columns), arrow::schema(std::move(fields)));
  }
};

ExprPtr MovedBy(const ColumnExpr& column, int shift) {
  return std::make_shared<ColumnExpr>(column.index() + shift, column.name(), column.type(), column.nullable());
}

// Notes for each column of the right input that an expression reads where it is now.
void MoveRightColumns(const ExprPtr& expr, int left_width, int shift, std::unordered_set<const Expr*>* seen,
                      Places* places) {
  if (!seen->insert(expr.get()).second) return;
  const auto* column = dynamic_cast<const ColumnExpr*>(expr.get());
  if (column != nullptr && column->index() >= left_width) (*places)[column] = MovedBy(*column, shift);
  for (const ExprPtr& child : expr->children()) MoveRightColumns(child, left_width, shift, seen, places);
}

std::shared_ptr<arrow::Schema> JoinedSchema(const PlanNode& join, const JoinSide& left, const JoinSide& right) {
  std::vector<std::shared_ptr<arrow::Field>> fields;
  const JoinType type = join.Get<plan::Join>().type;
  const bool left_only = type == JoinType::kLeftSemi || type == JoinType::kLeftAnti;
  for (const JoinSide* side : {&left, &right}) {
    if (side == &right && left_only) break;
    for (int i = 0; i < side->with_calls->schema->num_fields(); ++i) {
      fields.push_back(i < side->width() ? join.schema->field(side->first + i)
                                         : side->with_calls->schema->field(i)->WithNullable(true));
    }
  }
  return arrow::schema(std::move(fields));
}

// Calls over one input become columns of that input.
PlanPtr ExtractFromJoin(const PlanPtr& join) {
  JoinSide left{join->inputs[0], 0, {}, nullptr};
  JoinSide right{join->inputs[1], left.width(), {}, nullptr};
  const int both = left.width() + right.width();
  std::unordered_set<const Expr*> seen;
  std::vector<const PythonCallExpr*> calls;
  const std::vector<ExprPtr> exprs = ExpressionsOf(*join);
  for (const ExprPtr& expr : exprs) FindReady(expr, &seen, &calls);
  for (const PythonCallExpr* call : calls) {
    const ExprPtr expr = call->WithChildren(call->children());
    if (left.Owns(expr, both)) {
      left.calls.push_back(call);
    } else if (right.Owns(expr, both)) {
      right.calls.push_back(call);
    }
  }
  if (left.calls.empty() && right.calls.empty()) return nullptr;
  left.Build(both);
  right.Build(both);
  const int shift = static_cast<int>(left.calls.size());
  Places places;
  seen.clear();
  for (const ExprPtr& expr : exprs) MoveRightColumns(expr, left.width(), shift, &seen, &places);
  const auto note = [&](const std::vector<const PythonCallExpr*>& of_side, int first) {
    for (const PythonCallExpr* call : of_side) {
      places[call] = std::make_shared<ColumnExpr>(first++, call->ToString(), call->type(), true);
    }
  };
  note(left.calls, left.width());
  note(right.calls, both + shift);
  plan::Join moved = join->Get<plan::Join>();
  Places done;
  moved.VisitExpressions([&](ExprPtr& expr) { expr = Replaced(expr, places, &done); });
  PlanPtr node = MakeNode(std::move(moved), {left.with_calls, right.with_calls}, JoinedSchema(*join, left, right));
  std::vector<ExprPtr> columns;
  for (int i = 0; i < join->schema->num_fields(); ++i) {
    const auto& field = *join->schema->field(i);
    columns.push_back(
        std::make_shared<ColumnExpr>(i < left.width() ? i : i + shift, field.name(), field.type(), field.nullable()));
  }
  return MakeProject(std::move(node), std::move(columns), join->schema);
}

}  // namespace

PlanPtr ExtractPython(const PlanPtr& plan) {
  return RewritePlan(plan, [](const PlanPtr& node) -> PlanPtr {
    const std::vector<ExprPtr> exprs = ExpressionsOf(*node);
    if (std::none_of(exprs.begin(), exprs.end(), HasPythonCall)) return nullptr;
    if (node->Is<plan::Filter>()) return ExtractFromFilter(*node);
    if (node->Is<plan::Sort>() || node->Is<plan::Observe>()) return ExtractFromPassing(node);
    if (node->Is<plan::Join>()) return ExtractFromJoin(node);
    return node->inputs.size() == 1 ? ExtractBelow(node) : nullptr;
  });
}

}  // namespace sluice
