// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "base/status.h"

namespace sluice {

// <ck>/metadata: the id of the query, a UUID, one JSON line, written once and never again.
struct QueryMetadata {
  std::string id;
};

std::string FormatQueryMetadata(const QueryMetadata& metadata);
// `path` is for error messages.
Result<QueryMetadata> ParseQueryMetadata(const std::string& text, const std::string& path);

}  // namespace sluice
