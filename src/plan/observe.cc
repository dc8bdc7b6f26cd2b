// SPDX-License-Identifier: Apache-2.0
#include "plan/observe.h"

#include <arrow/api.h>
#include <fmt/format.h>

#include <map>
#include <set>
#include <utility>

#include "base/spark_error.h"

namespace sluice {
namespace {

std::vector<ExprPtr> ArgumentsOf(const std::vector<AggregateCall>& calls) {
  std::vector<ExprPtr> all;
  for (const AggregateCall& call : calls) all.insert(all.end(), call.args.begin(), call.args.end());
  return all;
}

void Collect(const PlanNode& node, std::set<const PlanNode*>* seen, std::vector<const PlanNode*>* found) {
  if (!seen->insert(&node).second) return;
  if (ObserveOf(node) != nullptr) found->push_back(&node);
  for (const PlanPtr& input : node.inputs) Collect(*input, seen, found);
}

}  // namespace

ObserveExpr::ObserveExpr(std::shared_ptr<const Observation> observation, std::vector<AggregateCall> calls)
    : Expr(arrow::boolean(), false, ArgumentsOf(calls)),
      observation_(std::move(observation)),
      calls_(std::move(calls)) {}

std::vector<AggregateCall> ObserveExpr::Calls() const {
  std::vector<AggregateCall> calls = calls_;
  auto next = children().begin();
  for (AggregateCall& call : calls) {
    for (ExprPtr& arg : call.args) arg = *next++;
  }
  return calls;
}

std::string ObserveExpr::ToString() const {
  std::string text;
  for (size_t i = 0; i < observation_->metrics.size(); ++i) {
    const std::string value = observation_->metrics[i]->ToString();
    const std::string& name = observation_->schema->field(static_cast<int>(i))->name();
    text += (text.empty() ? "" : ", ") + value + (value == name ? "" : " AS " + name);
  }
  return fmt::format("CollectMetrics {} [{}]", observation_->name, text);
}

Result<std::shared_ptr<arrow::Array>> ObserveExpr::EvalImpl(Evaluation&) const {
  return InternalError("an observation was evaluated as a condition");
}

ExprPtr ObserveExpr::WithChildren(std::vector<ExprPtr> children) const {
  std::vector<AggregateCall> calls = calls_;
  auto next = children.begin();
  for (AggregateCall& call : calls) {
    for (ExprPtr& arg : call.args) arg = std::move(*next++);
  }
  return std::make_shared<ObserveExpr>(observation_, std::move(calls));
}

const ObserveExpr* ObserveOf(const PlanNode& node) {
  const auto* filter = node.As<plan::Filter>();
  return filter == nullptr ? nullptr : dynamic_cast<const ObserveExpr*>(filter->condition.get());
}

PlanPtr MakeObserveNode(PlanPtr input, std::shared_ptr<const Observation> observation,
                        std::vector<AggregateCall> calls) {
  return MakeFilter(std::move(input), std::make_shared<ObserveExpr>(std::move(observation), std::move(calls)));
}

Status CheckObservationNames(const PlanNode& plan) {
  std::set<const PlanNode*> seen;
  std::vector<const PlanNode*> found;
  Collect(plan, &seen, &found);
  std::map<std::string, std::string> texts;
  for (const PlanNode* node : found) {
    const std::string& name = ObserveOf(*node)->observation()->name;
    const std::string text = Explain(*node);
    if (texts.emplace(name, text).first->second == text) continue;
    return UserError("DUPLICATED_METRICS_NAME",
                     fmt::format("The metric name is not unique: {}. The same name cannot be used for metrics with "
                                 "different results.",
                                 name),
                     {{"metricName", name}});
  }
  return Status::OK();
}

}  // namespace sluice
