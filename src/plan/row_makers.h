// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <vector>

namespace sluice {

// How one row becomes several. Of kExplode and kPosExplode the argument is an array or a map, of kInline an array of
// structs; kStack has its rows' values as arguments, one row after the other.
enum class GeneratorKind { kExplode, kPosExplode, kInline, kStack };

struct GeneratorSpec {
  GeneratorKind kind = GeneratorKind::kExplode;
  bool outer = false;     // a row for which nothing is generated comes once, with NULLs
  int stack_rows = 1;     // kStack
  std::vector<int> kept;  // columns of the input that the output begins with, ascending
};

}  // namespace sluice
