// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"

namespace sluice {

// A LIKE pattern: % is any text, _ is one character, the escape takes the sign behind it literally.
class LikePattern {
 public:
  // INVALID_FORMAT.ESC_AT_THE_END and ESC_IN_THE_MIDDLE as in Spark.
  static Result<LikePattern> Compile(std::string_view pattern, char escape);
  // Work is bounded; a pattern that needs more (with the product of the sizes) is INVALID_PARAMETER_VALUE.PATTERN.
  Result<bool> Matches(std::string_view text) const;

 private:
  struct Step {
    enum Kind { kText, kOne, kAny } kind;
    std::string text;
  };
  std::vector<Step> steps_;
};

}  // namespace sluice
