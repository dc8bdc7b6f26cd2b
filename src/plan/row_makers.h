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

// A random part of the rows. Rows are drawn as Spark draws those of one partition.
struct SampleSpec {
  double lower = 0;  // without replacement: a row stays when its number in [0, 1) is in [lower, upper)
  double upper = 1;  // with replacement: upper - lower is how often a row comes on average
  bool with_replacement = false;
  int64_t seed = 0;
};

}  // namespace sluice
