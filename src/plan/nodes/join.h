// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "plan/nodes/node.h"

namespace sluice {

// The last three come from subqueries. kLeftAntiNullAware is NOT IN: a NULL on either side rules a left row out.
// kExistence gives each left row once with a BOOLEAN: whether it has a partner. kLeftSingle is a left join that fails
// when a row has two partners.
enum class JoinType { kInner, kLeft, kRight, kFull, kLeftSemi, kLeftAnti, kLeftAntiNullAware, kExistence, kLeftSingle };

// Whether the join's output has no column of its right input.
bool GivesLeftOnly(JoinType type);

// What is equal in rows that belong together. Both sides are over the columns of both inputs, left ones first.
struct JoinKey {
  ExprPtr left;            // reads the left input only
  ExprPtr right;           // reads the right input only
  bool null_safe = false;  // whether NULL meets NULL
};

namespace plan {

// Pairs of rows of two inputs, where all keys and conditions hold. Output: the columns of both, left ones first, or of
// the left input only; kExistence has its BOOLEAN behind them.
struct Join {
  JoinType type = JoinType::kInner;
  std::vector<JoinKey> keys;
  std::vector<ExprPtr> conditions;  // over the columns of both inputs

  void VisitExpressions(const ExprVisitor& visit);
  std::string Line(const arrow::Schema& output) const;
  Pruned Prune(const PlanPtr& node, std::vector<bool> needed) const;
  std::vector<EventTimeMark> EventTimes(const PlanNode& node) const;
};

}  // namespace plan
}  // namespace sluice
