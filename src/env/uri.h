// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

namespace sluice {

// As Hadoop reads a path: what stands before a colon that comes before any slash ("dbfs:/x" as well as "s3a://b/k").
// Its data() is null where there is none.
inline std::string_view SchemeOf(std::string_view uri) {
  const size_t end = uri.find_first_of(":/");
  return end == std::string_view::npos || uri[end] != ':' ? std::string_view() : uri.substr(0, end);
}

}  // namespace sluice
