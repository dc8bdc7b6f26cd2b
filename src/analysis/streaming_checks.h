// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "base/status.h"
#include "plan/plan.h"

namespace sluice {

// Whether a resolved plan may run as a stream under an output mode ("append", "update", "complete", without regard to
// case; empty is append): Spark's error class where Spark refuses. Called before a query starts.
Status CheckStreamingPlan(const PlanNode& plan, const std::string& output_mode);

}  // namespace sluice
