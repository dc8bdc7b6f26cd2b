// SPDX-License-Identifier: Apache-2.0
#include "plan/nodes/observe.h"

#include <arrow/api.h>
#include <fmt/format.h>

#include <map>
#include <set>
#include <utility>

#include "base/spark_error.h"
#include "plan/event_time.h"
#include "plan/nodes/text.h"
#include "plan/pruning.h"

namespace sluice {
namespace plan {

void Observe::VisitExpressions(const ExprVisitor& visit) {
  for (AggregateCall& call : calls) VisitCall(call, visit);
}

std::string Observe::Line(const arrow::Schema& /*output*/) const {
  std::vector<std::string> texts;
  for (size_t i = 0; i < observation->metrics.size(); ++i) {
    const std::string value = Shown(observation->metrics[i]);
    const std::string& name = observation->schema->field(static_cast<int>(i))->name();
    texts.push_back(value + (value == name ? "" : " AS " + name));
  }
  return fmt::format("CollectMetrics {} [{}]", observation->name, Listed(texts));
}

Pruned Observe::Prune(const PlanPtr& node, std::vector<bool> needed) const {
  return PrunePassing(node, std::move(needed));
}

std::vector<EventTimeMark> Observe::EventTimes(const PlanNode& node) const {
  return EventTimesOf(*node.inputs[0]);
}

}  // namespace plan

namespace {

void Collect(const PlanNode& node, std::set<const PlanNode*>* seen, std::vector<const PlanNode*>* found) {
  if (!seen->insert(&node).second) return;
  if (node.Is<plan::Observe>()) found->push_back(&node);
  for (const PlanPtr& input : node.inputs) Collect(*input, seen, found);
}

}  // namespace

PlanPtr MakeObserve(PlanPtr input, plan::Observe observe) {
  auto schema = input->schema;
  return MakeNode(std::move(observe), {std::move(input)}, std::move(schema));
}

Status CheckObservationNames(const PlanNode& plan) {
  std::set<const PlanNode*> seen;
  std::vector<const PlanNode*> found;
  Collect(plan, &seen, &found);
  std::map<std::string, std::string> texts;
  for (const PlanNode* node : found) {
    const std::string& name = node->Get<plan::Observe>().observation->name;
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
