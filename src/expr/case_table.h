// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace sluice {

// Every `step`-th character from `first` to `last` is mapped to the one at a distance.
struct CaseRun {
  uint32_t first;
  uint32_t last;
  uint32_t step;
  int32_t distance;
};

// A character that is mapped to several.
struct CaseText {
  uint32_t point;
  std::u32string_view text;
};

// Both in the order of the characters. A character of neither stays as it is.
struct CaseTable {
  std::span<const CaseRun> runs;
  std::span<const CaseText> texts;
};

extern const CaseTable kUpperCase;
extern const CaseTable kLowerCase;
// The first letters of words, where they are others than in upper case.
extern const CaseTable kTitleCase;

}  // namespace sluice
