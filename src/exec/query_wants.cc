// SPDX-License-Identifier: Apache-2.0
#include "exec/query_wants.h"

#include <arrow/api.h>

#include <algorithm>
#include <utility>

#include "exec/select_rows.h"
#include "exec/task_pipeline.h"
#include "plan/rewrite.h"

namespace sluice {
namespace {

// The deterministic filters right above the bottom of a chain.
std::vector<ExprPtr> FiltersAbove(const PlanNode& plan, const PlanNode& bottom) {
  std::vector<ExprPtr> filters;
  for (const PlanNode* node = &plan; node != &bottom; node = node->inputs.at(0).get()) {
    // What is above a condition that depends on more than its row is asked of the rows that this one lets pass.
    const auto* filter = node->As<plan::Filter>();
    if (filter != nullptr && filter->condition->deterministic()) {
      filters.push_back(filter->condition);
    } else {
      filters.clear();
    }
  }
  return filters;
}

}  // namespace

int ScanColumnOf(const Expr& key, const PlanNode& plan) {
  const Expr* expr = &key;
  const PlanNode* node = &plan;
  for (;; node = node->inputs.at(0).get()) {
    const auto* column = dynamic_cast<const ColumnExpr*>(expr);
    if (column == nullptr) return -1;
    if (node->Is<plan::Scan>()) return column->index();
    if (const auto* project = node->As<plan::Project>()) {
      expr = project->exprs.at(static_cast<size_t>(column->index())).get();
    } else if (node->Is<plan::TimeWindow>()) {
      // The window is made; of the other columns a row gives several, so that the first rows are not those of the scan.
      return -1;
    } else if (!node->Is<plan::Filter>() && !node->Is<plan::Watermark>()) {
      return -1;
    }
  }
}

bool HasFilter(const PlanNode& plan) {
  bool found = false;
  for (const PlanNode* node = &plan; !node->inputs.empty(); node = node->inputs[0].get()) {
    found = found || node->Is<plan::Filter>() || node->Is<plan::TimeWindow>();
  }
  return found;
}

QueryWants::QueryWants(const PlanNode& plan, const PlanNode& scan, EvalContext context, ScanBound bound)
    : conditions_(scan.Get<plan::Scan>().source.conditions), context_(std::move(context)), bound_(std::move(bound)) {
  const std::vector<ExprPtr> filters = FiltersAbove(plan, scan);
  std::vector<bool> used(static_cast<size_t>(scan.schema->num_fields()), false);
  for (const ExprPtr& filter : filters) MarkColumns(filter, &used);
  if (bound_.bound != nullptr) {
    used[static_cast<size_t>(bound_.column)] = true;
    source_column_ = ColumnsToRead(scan)[static_cast<size_t>(bound_.column)];
  }
  std::vector<ExprPtr> moved(used.size());
  for (int i = 0; i < scan.schema->num_fields(); ++i) {
    if (!used[static_cast<size_t>(i)]) continue;
    const auto& field = *scan.schema->field(i);
    const int place = static_cast<int>(columns_.size());
    moved[static_cast<size_t>(i)] = std::make_shared<ColumnExpr>(place, field.name(), field.type(), field.nullable());
    if (i == bound_.column) bound_place_ = place;
    columns_.push_back(i);
  }
  for (const ExprPtr& filter : filters) filters_.push_back(SubstituteColumns(filter, moved));
}

std::vector<ScanCondition> QueryWants::Conditions() const {
  std::vector<ScanCondition> conditions = conditions_;
  if (bound_.bound != nullptr) {
    if (auto within = bound_.bound->ConditionOn(source_column_)) conditions.push_back(std::move(*within));
  }
  return conditions;
}

bool QueryWants::AnyOf(const arrow::RecordBatch& rows) const {
  if (bound_.bound != nullptr) {
    const auto within = bound_.bound->RowsWithin(*rows.column(bound_place_));
    if (within && within->empty()) return false;
  }
  Evaluation evaluation(rows, context_);
  return std::all_of(filters_.begin(), filters_.end(), [&](const ExprPtr& filter) {
    const auto condition = evaluation.Eval(filter);
    if (!condition.ok()) return true;  // the filter itself will say it, with the row's place
    const auto selected = RowsThatAreTrue(**condition);
    return !selected.ok() || !selected->empty();
  });
}

}  // namespace sluice
