// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <compare>
#include <cstdint>
#include <string>

namespace sluice {

// A number that cannot be mixed up with another kind of number.
template <typename Tag>
struct StrongId {
  int64_t value = 0;
  constexpr StrongId() = default;
  constexpr explicit StrongId(int64_t v) : value(v) {}
  constexpr auto operator<=>(const StrongId&) const = default;  // NOLINT(modernize-use-nullptr): not a 0
  constexpr StrongId Next() const { return StrongId(value + 1); }
  constexpr StrongId Previous() const { return StrongId(value - 1); }
  std::string ToString() const { return std::to_string(value); }
};

// Number of a micro-batch, from 0; names offsets/N, commits/N and the sink log's N.
using BatchId = StrongId<struct BatchIdTag>;
// Number of a task inside a batch, from 0: the first number of a part file's name.
using TaskId = StrongId<struct TaskIdTag>;

}  // namespace sluice
