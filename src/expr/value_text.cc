// SPDX-License-Identifier: Apache-2.0
#include "expr/value_text.h"

#include <fmt/format.h>

#include <limits>

#include "base/spark_error.h"

namespace sluice {

Status ValueTooLarge(int64_t bytes, int64_t most) {
  const std::string size = bytes < 0 ? "far too many" : std::to_string(bytes);
  if (bytes < 0 || bytes > std::numeric_limits<int32_t>::max()) {
    return UserError(
        "SLUICE_VALUE_TOO_LARGE",
        fmt::format("A value would have {} bytes, and no value can have more than 2 GiB. Make a smaller value, "
                    "or set such records aside (spark.sluice.badRecords.path).",
                    size));
  }
  return UserError(
      "SLUICE_VALUE_TOO_LARGE",
      fmt::format("A value would have {} bytes, more than an eighth of the memory budget ({} bytes). Raise "
                  "spark.sluice.memory (or --memory) to at least {}m, make a smaller value, or set such records "
                  "aside (spark.sluice.badRecords.path).",
                  size, most, (bytes >> 17) + 1));
}

Status ValueText::AppendRepeated(std::string_view piece, int64_t times) {
  if (piece.empty() || times <= 0) return Status::OK();
  const auto size = static_cast<int64_t>(piece.size());
  if (times > std::numeric_limits<int64_t>::max() / size / 2) return ValueTooLarge(-1, most_);
  SLUICE_RETURN_IF_ERROR(Expect(size * times));
  if (size == 1) {
    text_.append(static_cast<size_t>(times), piece[0]);
    return Status::OK();
  }
  text_.reserve(text_.size() + static_cast<size_t>(size * times));
  for (int64_t i = 0; i < times; ++i) text_ += piece;
  return Status::OK();
}

}  // namespace sluice
