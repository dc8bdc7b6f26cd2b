// SPDX-License-Identifier: Apache-2.0
#include "catalog/spark_location.h"

#include <string_view>

namespace sluice {

std::string SparkLocation(std::string uri) {
  constexpr std::string_view kAuthority = "file://";
  if (uri.starts_with("file:///")) uri.erase(0, kAuthority.size());
  return uri.starts_with('/') ? "file:" + uri : uri;
}

}  // namespace sluice
