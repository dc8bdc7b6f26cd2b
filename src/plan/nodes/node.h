// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <arrow/type_fwd.h>

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "expr/expr.h"

// The kinds of plan nodes, one file each: a struct with what is special to the kind, and what it knows of itself. The
// members that every kind has are asked by the rules that treat all nodes alike:
//
//   void VisitExpressions(const ExprVisitor& visit);
//       each expression that it holds, always in the same order. The visitor may put another in its place.
//   std::string Line(const arrow::Schema& output) const;
//       its line in Explain.
//   Pruned Prune(const PlanPtr& node, std::vector<bool> needed) const;
//       the node without what nothing above needs (plan/pruning.h). `needed` has one for each column of its output.
//   std::vector<EventTimeMark> EventTimes(const PlanNode& node) const;
//       which columns of its output are event times (plan/event_time.h).
//   bool deterministic() const;
//       for a kind that computes something by other means than its expressions only.
//
// `node` is the PlanNode that holds the struct, with the inputs and the output's schema.
namespace sluice {

struct EventTimeMark;
struct PlanNode;
struct Pruned;
using PlanPtr = std::shared_ptr<const PlanNode>;
using ExprVisitor = std::function<void(ExprPtr&)>;

}  // namespace sluice
