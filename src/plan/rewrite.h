// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <vector>

#include "expr/expr.h"
#include "plan/plan.h"

namespace sluice {

// One step of a rule: another node for this one, whose inputs are already rewritten, or null to keep it.
using NodeRule = std::function<PlanPtr(const PlanPtr&)>;

// Applies a rule to all nodes, inputs first. Nodes that do not change stay the same objects.
PlanPtr RewritePlan(const PlanPtr& plan, const NodeRule& rule);

// The node with all its expressions (keys, calls, sort keys too) rewritten together by a function that keeps their
// number and order; null when it returns them unchanged.
using ListRule = std::function<std::vector<ExprPtr>(const std::vector<ExprPtr>&)>;
PlanPtr RewriteExpressions(const PlanPtr& node, const ListRule& rule);
// All expressions of a node, in the order in which RewriteExpressions gives them.
std::vector<ExprPtr> ExpressionsOf(const PlanNode& node);

// The plan as one to be run again later: its scans look for their sources' data anew.
PlanPtr WithFreshScans(const PlanPtr& plan);

// The expression with column i replaced by values[i].
ExprPtr SubstituteColumns(const ExprPtr& expr, const std::vector<ExprPtr>& values);
// Marks the columns that an expression reads; shared nodes are walked once.
void MarkColumns(const ExprPtr& expr, std::vector<bool>* used);
bool AllDeterministic(const std::vector<ExprPtr>& exprs);
// Number of nodes of the expression written out as a tree, at most `limit`: shared nodes count as often as they are
// used.
int64_t WrittenSize(const ExprPtr& expr, int64_t limit);

// The conditions that AND joins, each by itself, in their order.
void AddConjuncts(const ExprPtr& condition, std::vector<ExprPtr>* parts);

}  // namespace sluice
