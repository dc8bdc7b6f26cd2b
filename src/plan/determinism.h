// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "plan/plan.h"

namespace sluice {

// True when the plan gives the same rows for the same input on every run: no rand(), uuid() or the like anywhere.
bool IsDeterministic(const PlanNode& plan);

}  // namespace sluice
