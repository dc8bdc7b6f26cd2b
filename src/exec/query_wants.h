// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "connectors/registry.h"
#include "connectors/rows_wanted.h"
#include "exec/top_bound.h"
#include "plan/plan.h"

namespace sluice {

// The bound of a sort whose first key is a column of a scan.
struct ScanBound {
  std::shared_ptr<const TopBound> bound;  // null: none
  int column = -1;                        // of the scan's schema
};

// The column of the scan below `plan`, a chain of projections and filters, that a column of `plan` is; -1: it is
// computed.
int ScanColumnOf(const Expr& key, const PlanNode& plan);
// Are there filters in the chain?
bool HasFilter(const PlanNode& plan);

// What a query wants of the rows of a scan: those that its filters let pass and that may be among the first of its
// sort.
class QueryWants : public RowsWanted {
 public:
  // `plan`: the chain of projections and filters above `scan`; those filters count that stand right above the scan.
  QueryWants(const PlanNode& plan, const PlanNode& scan, EvalContext context, ScanBound bound);
  std::vector<ScanCondition> Conditions() const override;
  const std::vector<int>& columns() const override { return columns_; }
  bool AnyOf(const arrow::RecordBatch& rows) const override;

 private:
  const std::vector<ScanCondition> conditions_;
  const EvalContext context_;
  const ScanBound bound_;
  int source_column_ = -1;        // that bound_ is of
  std::vector<int> columns_;      // of the scan's schema
  std::vector<ExprPtr> filters_;  // over columns_
  int bound_place_ = -1;          // in columns_
};

}  // namespace sluice
