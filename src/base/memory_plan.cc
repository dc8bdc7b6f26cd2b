// SPDX-License-Identifier: Apache-2.0
#include "base/memory_plan.h"

#include <array>

namespace sluice {

std::mutex& GateOf(MemoryGate gate) {
  static std::array<std::mutex, 2> gates;
  return gates.at(static_cast<size_t>(gate));
}

}  // namespace sluice
