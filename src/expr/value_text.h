// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/status.h"
#include "expr/expr.h"

namespace sluice {

// SLUICE_VALUE_TOO_LARGE, an error of a row: one value would have `bytes`, more than `most`.
Status ValueTooLarge(int64_t bytes, int64_t most);

// To be asked before a value is made that may be much larger than what it is made of. Negative: beyond counting.
inline Status CheckValueSize(const EvalContext& context, int64_t bytes) {
  return bytes >= 0 && bytes <= context.max_value_bytes ? Status::OK() : ValueTooLarge(bytes, context.max_value_bytes);
}

// The same for the elements of one array.
inline Status CheckListSize(const EvalContext& context, int64_t elements) {
  constexpr int64_t kElementBytes = 16;  // of a STRING, the largest that is flat
  return CheckValueSize(context, elements < (INT64_MAX / kElementBytes) ? elements * kElementBytes : -1);
}

// The text of one row after the other, put together from pieces. It never grows beyond what a value may have.
class ValueText {
 public:
  explicit ValueText(const EvalContext& context) : most_(context.max_value_bytes) {}

  void Clear() { text_.clear(); }
  const std::string& text() const { return text_; }
  Status Append(std::string_view piece) {
    SLUICE_RETURN_IF_ERROR(Expect(static_cast<int64_t>(piece.size())));
    text_ += piece;
    return Status::OK();
  }
  // The piece so many times.
  Status AppendRepeated(std::string_view piece, int64_t times);
  // Fails when so many bytes more would be too many.
  Status Expect(int64_t bytes) const {
    const auto size = static_cast<int64_t>(text_.size());
    return bytes <= most_ - size ? Status::OK() : ValueTooLarge(size + bytes, most_);
  }

 private:
  int64_t most_;
  std::string text_;
};

}  // namespace sluice
