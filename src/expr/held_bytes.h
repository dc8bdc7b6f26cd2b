// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

namespace sluice {

// An Accumulator whose values take more than a few bytes a group: whoever accounts for memory asks it.
class HoldsBytes {
 public:
  virtual ~HoldsBytes() = default;
  virtual int64_t held_bytes() const = 0;
};

}  // namespace sluice
