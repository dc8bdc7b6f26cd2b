// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "exec/aggregate_state.h"
#include "exec/operator.h"
#include "plan/plan.h"

namespace sluice {

// The metrics of one observation: one row.
struct ObservedMetrics {
  std::string name;
  int64_t plan_id = 0;
  std::shared_ptr<arrow::RecordBatch> row;
};

// What one observation of a running plan has seen, by the parts of its input. Thread-safe.
class Measurement {
 public:
  // The aggregates over the rows of one part.
  struct Part {
    AggregateSpec spec;
    std::unique_ptr<AggregateState> state;
  };

  Measurement(const plan::Observe& observe, MemoryBudget* budget);
  // One that has seen nothing.
  Result<std::unique_ptr<Part>> NewPart(const EvalContext& context);
  // A part that was read twice counts once: what is put last stays.
  void Put(int64_t number, std::unique_ptr<Part> part);
  // A number behind those that were put or given so far, for a part of a batch whose inputs have none.
  int64_t NextNumber();
  // The metrics of all parts, merged in the order of their numbers; then begins anew. After the operators have gone.
  Result<ObservedMetrics> Take();

 private:
  const std::shared_ptr<const Observation> observation_;
  const std::vector<AggregateCall> aggregates_;
  MemoryBudget* const budget_;
  std::mutex mutex_;
  std::map<int64_t, std::unique_ptr<Part>> parts_;
  int64_t next_ = 0;
  EvalContext context_;  // of the parts
};

// One a name, those below first.
using Measurements = std::vector<std::shared_ptr<Measurement>>;

// The plan with a place for what its observations see while it runs. `budget` may be null, and outlives them.
PlanPtr WithMeasurements(const PlanPtr& plan, MemoryBudget* budget, Measurements* measurements);
// The places in plans that were made so, one a name.
Measurements MeasurementsIn(const std::vector<const PlanNode*>& plans);
// After the operators of the plan are gone.
Result<std::vector<ObservedMetrics>> TakeMetrics(const Measurements& measurements);

// Passes rows on and measures them. What it has seen is put into the observation's measurement at the end of the rows,
// or when the operator goes.
class ObserveOperator : public Operator {
 public:
  // `observe` has a measurement; `part` tells the parts of one input apart.
  static Result<std::unique_ptr<Operator>> Make(std::unique_ptr<Operator> input, const plan::Observe& observe,
                                                const EvalContext& context, int64_t part);
  ~ObserveOperator() override;
  const std::shared_ptr<arrow::Schema>& schema() const override { return input_->schema(); }
  Result<std::shared_ptr<arrow::RecordBatch>> Next() override;
  std::string PlaceOf(int64_t row) const override { return input_->PlaceOf(row); }
  Result<SourceRecord> RecordOf(int64_t row) const override { return input_->RecordOf(row); }
  std::optional<int64_t> OriginOf(int64_t row) const override { return input_->OriginOf(row); }
  void Cancel() override { input_->Cancel(); }

 private:
  ObserveOperator(std::unique_ptr<Operator> input, std::shared_ptr<Measurement> measurement, int64_t part)
      : input_(std::move(input)), measurement_(std::move(measurement)), part_(part) {}

  const std::unique_ptr<Operator> input_;
  const std::shared_ptr<Measurement> measurement_;
  const int64_t part_;
  std::unique_ptr<Measurement::Part> seen_;  // null once it was put
};

}  // namespace sluice
