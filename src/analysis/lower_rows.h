// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "analysis/row_exprs.h"
#include "expr/function_registry.h"
#include "plan/plan.h"

namespace sluice {

// Turns the RowExprs of a plan into nodes: window functions, generators, and joins with what subqueries give.
Result<PlanPtr> LowerRowExprs(const PlanPtr& plan, const ResolveOptions& options);

// One node whose inputs are lowered already: its subqueries become joins below it (lower_subqueries.cc).
Result<PlanPtr> LowerSubqueries(const PlanPtr& node, const ResolveOptions& options);
// A join of `left` with the rows that a subquery gives for each of its rows: the columns of both (LATERAL). `outer`:
// the columns of `left` that the plan of the subquery names.
Result<PlanPtr> JoinLateral(const PlanPtr& left, const PlanPtr& plan, const std::vector<ExprPtr>& outer, JoinType type,
                            const ExprPtr& condition, const ResolveOptions& options);

// A subquery's plan without OuterExprs. `plan` gives columns; what the subquery returns (`outputs`) and which rows of
// `plan` belong to an outer row (`conditions`) are expressions over these, with OuterExprs in them.
struct Pulled {
  PlanPtr plan;
  std::vector<ExprPtr> outputs;
  std::vector<ExprPtr> conditions;
  // What the subquery returns where no row belongs to the outer one: an aggregation without GROUP BY gives a row even
  // of nothing. Empty: it returns no row then.
  std::vector<ExprPtr> if_empty;
};
// `left`, `outer`: the outer query, and its columns that OuterExprs stand for (decorrelate.cc).
Result<Pulled> PullOuter(const PlanPtr& plan, const PlanPtr& left, const std::vector<ExprPtr>& outer,
                         const ResolveOptions& options);

ExprPtr ColumnOf(const arrow::Schema& schema, int index, int shift = 0);
PlanPtr MakeJoin(PlanPtr left, PlanPtr right, JoinType type, std::vector<ExprPtr> conditions);

}  // namespace sluice
