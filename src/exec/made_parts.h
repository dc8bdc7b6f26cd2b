// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>

#include "exec/operator.h"

namespace sluice {

struct PlanNode;

// Rows that no source gives, in parts: a range, or rows that the plan holds. Their number depends on the rows alone,
// never on the machine.
struct MadeParts {
  // A part has at least so many rows: work on fewer is not worth a task of its own.
  static constexpr int64_t kLeastRows = 100'000;

  int parts = 1;
  std::function<std::unique_ptr<Operator>(int part)> open;  // null: the node is neither

  static MadeParts Of(const PlanNode& node);
};

}  // namespace sluice
