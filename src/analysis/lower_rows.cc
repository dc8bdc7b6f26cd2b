// SPDX-License-Identifier: Apache-2.0
#include "analysis/lower_rows.h"

#include <arrow/api.h>
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <utility>

#include "analysis/aggregate_builder.h"
#include "analysis/python_windows.h"
#include "analysis/relation_context.h"
#include "base/spark_error.h"
#include "plan/rewrite.h"

namespace sluice {
namespace {

template <typename Node>
bool HasNodeOf(const PlanNode& node) {
  const std::vector<ExprPtr> exprs = ExpressionsOf(node);
  return std::any_of(exprs.begin(), exprs.end(), [](const ExprPtr& expr) { return HasNode<Node>(expr); });
}

// The node over another input, with its expressions changed; a node that gives its input's columns gives only those
// that it gave before.
PlanPtr OverInput(const PlanNode& node, PlanPtr input, const std::function<ExprPtr(const ExprPtr&)>& change) {
  auto copy = std::make_shared<PlanNode>(node);
  const bool passes = node.Is<plan::Filter>() || node.Is<plan::Sort>() || node.Is<plan::Observe>();
  if (passes) copy->schema = input->schema;
  copy->inputs = {std::move(input)};
  PlanPtr changed = RewriteExpressions(copy, [&](const std::vector<ExprPtr>& exprs) {
    std::vector<ExprPtr> result;
    result.reserve(exprs.size());
    for (const ExprPtr& expr : exprs) result.push_back(change(expr));
    return result;
  });
  if (changed == nullptr) changed = copy;
  if (!passes) return changed;
  std::vector<NamedExpr> columns;
  columns.reserve(static_cast<size_t>(node.schema->num_fields()));
  for (int i = 0; i < node.schema->num_fields(); ++i)
    columns.push_back({node.schema->field(i)->name(), ColumnOf(*node.schema, i), {}});
  return MakeProject(std::move(changed), columns);
}

Status NoWindowIn(const PlanNode& node) {
  if (node.Is<plan::Filter>()) {
    return UserError("WINDOW_FUNCTION_NOT_ALLOWED_IN_CLAUSE",
                     "A window function has no meaning in WHERE or HAVING: compute it in a query below.",
                     {{"clauseName", "WHERE"}});
  }
  return UserError("UNSUPPORTED_EXPR_FOR_OPERATOR",
                   "A window function has no meaning here: compute it in a query below.");
}

// Puts the windows of one node below it, one node for each PARTITION BY and ORDER BY, inner windows first.
Result<PlanPtr> LowerWindows(const PlanPtr& plan) {
  PlanPtr node = plan;
  while (HasNodeOf<WindowExpr>(*node)) {
    if (!node->Is<plan::Project>()) return NoWindowIn(*node);
    ExprNumbers numbers;
    std::map<std::string, plan::Window> specs;  // by PARTITION BY and ORDER BY
    std::vector<std::string> order;             // of the specs, as they come
    std::map<int, std::pair<std::string, int>> places;
    const auto add = [&](const ExprPtr& expr) -> ExprPtr {
      const auto* window = dynamic_cast<const WindowExpr*>(expr.get());
      const auto& children = expr->children();
      if (window == nullptr || std::any_of(children.begin(), children.end(), HasNode<WindowExpr>)) return nullptr;
      const int number = numbers.Of(expr);
      if (places.count(number) > 0) return nullptr;
      std::string key;
      for (const ExprPtr& one : window->partition()) key += fmt::format("{},", numbers.Of(one));
      for (const SortKey& one : window->order())
        key += fmt::format(";{}:{}:{}", numbers.Of(one.expr), one.ascending, one.nulls_first);
      if (IsPythonWindow(window->call())) key = fmt::format("python {}", number);
      const auto [spec, is_new] = specs.try_emplace(key, plan::Window{window->partition(), window->order(), {}});
      if (is_new) order.push_back(key);
      std::vector<WindowCall>& calls = spec->second.calls;
      places.emplace(number, std::pair(key, static_cast<int>(calls.size())));
      calls.push_back(window->call());
      return nullptr;
    };
    for (const ExprPtr& expr : ExpressionsOf(*node)) Transform(expr, add);
    PlanPtr input = node->inputs[0];
    std::map<std::string, int> shifts;
    for (const std::string& key : order) {
      plan::Window& window = specs[key];
      shifts[key] = input->schema->num_fields();
      if (IsPythonWindow(window.calls[0])) {
        SLUICE_ASSIGN(input, PythonWindow(input, window));
        continue;
      }
      arrow::FieldVector fields = input->schema->fields();
      for (const WindowCall& call : window.calls)
        fields.push_back(arrow::field(call.call.display, call.call.type, call.call.nullable));
      input = MakeNode(std::move(window), {std::move(input)}, arrow::schema(std::move(fields)));
    }
    const arrow::Schema& schema = *input->schema;
    const auto replace = [&](const ExprPtr& expr) -> ExprPtr {
      if (dynamic_cast<const WindowExpr*>(expr.get()) == nullptr) return nullptr;
      const auto found = places.find(numbers.Of(expr));
      if (found == places.end()) return nullptr;
      return ColumnOf(schema, shifts[found->second.first] + found->second.second);
    };
    node = OverInput(*node, input, [&](const ExprPtr& expr) { return Transform(expr, replace); });
  }
  return node;
}

Status OutsideSelect() {
  return UserError("UNSUPPORTED_GENERATOR.OUTSIDE_SELECT",
                   "A generator such as explode stands in a SELECT list or behind LATERAL VIEW only.");
}

// Each generator of the SELECT list makes rows of those of the one before.
Result<PlanPtr> LowerGenerators(const PlanPtr& node) {
  if (!HasNodeOf<GeneratedExpr>(*node)) return node;
  const auto* project = node->As<plan::Project>();
  if (project == nullptr) return OutsideSelect();
  PlanPtr input = node->inputs[0];
  std::map<const GeneratorCall*, int> places;
  for (const ExprPtr& expr : project->exprs) {
    const auto* column = dynamic_cast<const GeneratedExpr*>(expr.get());
    if (column == nullptr || places.count(column->call().get()) > 0) continue;
    const GeneratorCall& call = *column->call();
    plan::Generate generate{call.spec, expr->children()};
    arrow::FieldVector fields = input->schema->fields();
    for (int i = 0; i < input->schema->num_fields(); ++i) generate.generator.kept.push_back(i);
    places.emplace(&call, input->schema->num_fields());
    fields.insert(fields.end(), call.fields.begin(), call.fields.end());
    input = MakeNode(std::move(generate), {std::move(input)}, arrow::schema(std::move(fields)));
  }
  auto above = std::make_shared<PlanNode>(*node);
  for (ExprPtr& expr : above->Get<plan::Project>().exprs) {
    const auto* column = dynamic_cast<const GeneratedExpr*>(expr.get());
    if (column != nullptr) {
      expr = ColumnOf(*input->schema, places[column->call().get()] + column->index());
    } else if (HasNode<GeneratedExpr>(expr)) {
      return UserError("UNSUPPORTED_GENERATOR.NESTED_IN_EXPRESSIONS",
                       fmt::format("A generator cannot stand inside another expression: {}.", expr->ToString()),
                       {{"expression", "\"" + expr->ToString() + "\""}});
    }
  }
  above->inputs = {std::move(input)};
  return above;
}

}  // namespace

ExprPtr ColumnOf(const arrow::Schema& schema, int index, int shift) {
  const auto& field = *schema.field(index);
  return std::make_shared<ColumnExpr>(index + shift, field.name(), field.type(), field.nullable());
}

Result<PlanPtr> LowerRowExprs(const PlanPtr& plan, const ResolveOptions& options) {
  std::vector<PlanPtr> inputs;
  for (const PlanPtr& input : plan->inputs) {
    SLUICE_ASSIGN(PlanPtr lowered, LowerRowExprs(input, options));
    inputs.push_back(std::move(lowered));
  }
  PlanPtr node = plan;
  if (inputs != plan->inputs) {
    auto copy = std::make_shared<PlanNode>(*plan);
    copy->inputs = std::move(inputs);
    node = std::move(copy);
  }
  if (HasNodeOf<SubqueryExpr>(*node)) {
    SLUICE_ASSIGN(node, LowerSubqueries(node, options));
  }
  SLUICE_ASSIGN(node, LowerWindows(node));
  return LowerGenerators(node);
}

}  // namespace sluice
