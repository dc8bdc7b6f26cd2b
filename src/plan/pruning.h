// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <arrow/type_fwd.h>

#include <memory>
#include <vector>

#include "plan/plan.h"

namespace sluice {

// What nodes use to leave out columns that nothing above needs (the rule PruneColumns).

// A plan that may return fewer columns than before, and where each of the old ones is now (null: gone).
struct Pruned {
  PlanPtr plan;
  std::vector<ExprPtr> columns;
};

// `needed` has one for each column that the node gives. More columns than those may stay.
Pruned Prune(const PlanPtr& node, std::vector<bool> needed);
Pruned Unchanged(const PlanPtr& node);
// A node whose output is its one input's columns: what it needs itself is needed as well.
Pruned PrunePassing(const PlanPtr& node, std::vector<bool> needed);

// The node over its one input as it is pruned; expressions point to the new places.
PlanPtr OverPrunedInput(const PlanNode& node, const Pruned& input);
// At least one column stays, the cheapest: rows are counted by it.
void KeepOne(const arrow::Schema& schema, std::vector<bool>* needed);
// Keeps the needed ones of the fields of a node; fills `columns` with their new places.
std::shared_ptr<arrow::Schema> KeepFields(const arrow::Schema& schema, const std::vector<bool>& needed,
                                          std::vector<ExprPtr>* columns);
// The schema of a node that gives the input's columns and then one a call: of `schema`'s last fields those of needed
// calls. Notes their places behind those of the input.
std::shared_ptr<arrow::Schema> WithNeededCalls(const arrow::Schema& schema, const std::vector<bool>& needed,
                                               Pruned* input);
ExprPtr ColumnAt(int index, const arrow::Field& field);

template <typename T>
std::vector<T> KeepItems(const std::vector<T>& items, const std::vector<bool>& needed) {
  std::vector<T> kept;
  for (size_t i = 0; i < items.size(); ++i) {
    if (needed[i]) kept.push_back(items[i]);
  }
  return kept;
}

}  // namespace sluice
