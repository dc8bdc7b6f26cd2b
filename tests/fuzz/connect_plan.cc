// SPDX-License-Identifier: Apache-2.0
// A plan as a client sends it: the bytes of a spark.connect.Relation.
#include "plans.h"
#include "targets.h"

namespace sluice::fuzz {

void ConnectPlan(std::string_view input) {
  // Unlike text, a few bytes can ask for any number here; constants are folded while a plan is optimized.
  constexpr size_t kLargest = 4096;
  spark::connect::Relation relation;
  if (input.size() > kLargest || !relation.ParseFromArray(input.data(), static_cast<int>(input.size()))) return;
  AnalyzePlan(relation, true);
}

}  // namespace sluice::fuzz
