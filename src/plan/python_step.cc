// SPDX-License-Identifier: Apache-2.0
#include "plan/python_step.h"

#include <arrow/api.h>

#include <algorithm>

#include "base/spark_error.h"

namespace sluice {
namespace {

const char* NameOf(PythonStep::Kind kind) {
  switch (kind) {
    case PythonStep::Kind::kColumns:
      return "EvalPython";
    case PythonStep::Kind::kBatches:
      return "MapInPython";
    case PythonStep::Kind::kGroups:
      return "FlatMapGroupsInPython";
    case PythonStep::Kind::kCogroups:
      return "FlatMapCoGroupsInPython";
    case PythonStep::Kind::kAggregate:
      return "AggregateInPython";
  }
  return "?";
}

std::string TextOf(const PythonCall& call) {
  std::string text;
  for (const auto& function : call.functions) {
    text = text.empty() ? function->name : function->name + "(" + text + ")";
  }
  return text;
}

const PythonStepExpr& ExprOf(const PlanNode& node) {
  return static_cast<const PythonStepExpr&>(*node.exprs.at(0));
}

}  // namespace

PythonStepExpr::PythonStepExpr(std::shared_ptr<const PythonStep> step, std::vector<ExprPtr> columns)
    : Expr(arrow::null(), true, std::move(columns)), step_(std::move(step)) {}

std::string PythonStepExpr::ToString() const {
  std::string calls;
  for (const PythonCall& call : step_->calls) calls += (calls.empty() ? "" : ", ") + TextOf(call);
  std::string columns;
  for (const ExprPtr& column : children()) columns += (columns.empty() ? "" : ", ") + column->ToString();
  return std::string(NameOf(step_->kind)) + " [" + calls + "] of [" + columns + "]";
}

bool PythonStepExpr::deterministic() const {
  return Expr::deterministic() && std::all_of(step_->calls.begin(), step_->calls.end(), [](const PythonCall& call) {
           return std::all_of(call.functions.begin(), call.functions.end(),
                              [](const auto& function) { return function->deterministic; });
         });
}

Result<std::shared_ptr<arrow::Array>> PythonStepExpr::EvalImpl(Evaluation&) const {
  return InternalError("a step of Python was evaluated as an expression");
}

ExprPtr PythonStepExpr::WithChildren(std::vector<ExprPtr> children) const {
  return std::make_shared<PythonStepExpr>(step_, std::move(children));
}

PlanPtr MakePythonNode(PythonStep step, std::vector<ExprPtr> columns, std::vector<PlanPtr> inputs,
                       std::shared_ptr<arrow::Schema> schema) {
  auto node = std::make_shared<PlanNode>();
  node->kind = PlanKind::kPython;
  node->inputs = std::move(inputs);
  node->schema = std::move(schema);
  node->exprs = {
      std::make_shared<PythonStepExpr>(std::make_shared<const PythonStep>(std::move(step)), std::move(columns))};
  return node;
}

const PythonStep& PythonStepOf(const PlanNode& node) {
  return *ExprOf(node).step();
}

const std::vector<ExprPtr>& PythonColumnsOf(const PlanNode& node) {
  return ExprOf(node).children();
}

bool IsPython(const PlanNode& node, PythonStep::Kind kind) {
  return node.kind == PlanKind::kPython && PythonStepOf(node).kind == kind;
}

}  // namespace sluice
