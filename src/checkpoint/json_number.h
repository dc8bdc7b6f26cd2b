// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <limits>
#include <optional>

namespace sluice {

// A JSON value as a whole number; none when it is another type, has a fraction or does not fit (nlohmann's get converts
// such without a word). `Json`: one of nlohmann's.
template <typename Json>
std::optional<int64_t> Int64Of(const Json& value) {
  if (!value.is_number_integer()) return std::nullopt;
  constexpr auto kMost = static_cast<uint64_t>(std::numeric_limits<int64_t>::max());
  if (value.is_number_unsigned() && value.template get<uint64_t>() > kMost) return std::nullopt;
  return value.template get<int64_t>();
}

}  // namespace sluice
