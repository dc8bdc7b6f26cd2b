// SPDX-License-Identifier: Apache-2.0
#include "expr/array_errors.h"

#include <fmt/format.h>

namespace sluice {

Status InvalidArrayIndex(int64_t index, int64_t size) {
  return UserError("INVALID_ARRAY_INDEX",
                   fmt::format("There is no element {} in an array of {}. Use get() to have NULL instead, or set "
                               "spark.sql.ansi.enabled=false.",
                               index, size),
                   {{"indexValue", std::to_string(index)}, {"arraySize", std::to_string(size)}});
}

Status InvalidElementAt(int64_t index, int64_t size) {
  return UserError(
      "INVALID_ARRAY_INDEX_IN_ELEMENT_AT",
      fmt::format("There is no element {} in an array of {}. Use try_element_at() to have NULL instead, or set "
                  "spark.sql.ansi.enabled=false.",
                  index, size),
      {{"indexValue", std::to_string(index)}, {"arraySize", std::to_string(size)}});
}

}  // namespace sluice
