// SPDX-License-Identifier: Apache-2.0
#include "analysis/streaming_checks.h"

namespace sluice {

Status CheckStreamingPlan(const PlanNode&, const std::string&) {
  return Status::OK();
}

}  // namespace sluice
