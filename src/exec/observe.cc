// SPDX-License-Identifier: Apache-2.0
#include "exec/observe.h"

#include <arrow/api.h>

#include <algorithm>
#include <set>
#include <utility>

#include "plan/rewrite.h"

namespace sluice {

Measurement::Measurement(const plan::Observe& observe, MemoryBudget* budget)
    : observation_(observe.observation), aggregates_(observe.calls), budget_(budget) {}

Result<std::unique_ptr<Measurement::Part>> Measurement::NewPart(const EvalContext& context) {
  {
    std::lock_guard lock(mutex_);
    context_ = context;
    context_.cancelled = nullptr;  // it does not outlive the run
  }
  auto part = std::make_unique<Part>();
  part->spec = {{}, aggregates_, observation_->values, context, budget_};
  SLUICE_ASSIGN(part->state, AggregateState::Make(part->spec));
  return part;
}

void Measurement::Put(int64_t number, std::unique_ptr<Part> part) {
  std::lock_guard lock(mutex_);
  parts_[number] = std::move(part);
}

int64_t Measurement::NextNumber() {
  std::lock_guard lock(mutex_);
  return next_++;
}

Result<ObservedMetrics> Measurement::Take() {
  std::map<int64_t, std::unique_ptr<Part>> parts;
  EvalContext context;
  {
    std::lock_guard lock(mutex_);
    parts.swap(parts_);
    next_ = 0;
    context = context_;
  }
  SLUICE_ASSIGN(const std::unique_ptr<Part> whole, NewPart(context));
  for (const auto& [number, part] : parts) SLUICE_RETURN_IF_ERROR(whole->state->Merge(*part->state));
  SLUICE_ASSIGN(const auto values, whole->state->Finish());
  Evaluation evaluation(*values, context);
  SLUICE_ASSIGN(auto columns, evaluation.EvalAll(observation_->metrics));
  return ObservedMetrics{observation_->name, observation_->plan_id,
                         arrow::RecordBatch::Make(observation_->schema, 1, std::move(columns))};
}

PlanPtr WithMeasurements(const PlanPtr& plan, MemoryBudget* budget, Measurements* measurements) {
  std::set<std::string> names;
  return RewritePlan(plan, [&](const PlanPtr& node) -> PlanPtr {
    const auto* observe = node->As<plan::Observe>();
    if (observe == nullptr) return nullptr;
    plan::Observe measured = *observe;
    measured.measurement = std::make_shared<Measurement>(*observe, budget);
    // Two of a name measure the same, in a join of a frame with itself: one of them tells it.
    if (names.insert(observe->observation->name).second) measurements->push_back(measured.measurement);
    return MakeObserve(node->inputs[0], std::move(measured));
  });
}

namespace {

void Collect(const PlanNode& node, std::set<const PlanNode*>* seen, std::set<std::string>* names, Measurements* found) {
  if (!seen->insert(&node).second) return;
  for (const PlanPtr& input : node.inputs) Collect(*input, seen, names, found);
  const auto* observe = node.As<plan::Observe>();
  if (observe == nullptr || observe->measurement == nullptr) return;
  if (names->insert(observe->observation->name).second) found->push_back(observe->measurement);
}

}  // namespace

Measurements MeasurementsIn(const std::vector<const PlanNode*>& plans) {
  std::set<const PlanNode*> seen;
  std::set<std::string> names;
  Measurements found;
  for (const PlanNode* plan : plans) Collect(*plan, &seen, &names, &found);
  return found;
}

Result<std::vector<ObservedMetrics>> TakeMetrics(const Measurements& measurements) {
  std::vector<ObservedMetrics> all;
  for (const auto& measurement : measurements) {
    SLUICE_ASSIGN(all.emplace_back(), measurement->Take());
  }
  return all;
}

Result<std::unique_ptr<Operator>> ObserveOperator::Make(std::unique_ptr<Operator> input, const plan::Observe& observe,
                                                        const EvalContext& context, int64_t part) {
  std::unique_ptr<ObserveOperator> made(new ObserveOperator(std::move(input), observe.measurement, part));
  SLUICE_ASSIGN(made->seen_, observe.measurement->NewPart(context));
  return made;
}

ObserveOperator::~ObserveOperator() {
  if (seen_ != nullptr) measurement_->Put(part_, std::move(seen_));
}

Result<std::shared_ptr<arrow::RecordBatch>> ObserveOperator::Next() {
  SLUICE_ASSIGN(auto slice, input_->Next());
  if (slice == nullptr) {
    if (seen_ != nullptr) measurement_->Put(part_, std::move(seen_));
    return slice;
  }
  if (const Status added = seen_->state->Add(slice); !added.ok()) return AtPlaceOf(*input_, added);
  return slice;
}

}  // namespace sluice
