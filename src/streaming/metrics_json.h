// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <arrow/type_fwd.h>

#include <string>

namespace sluice {

// One row as Spark shows observed metrics in a progress: {"values":[..],"schema":{..}}. Dates and timestamps are
// milliseconds since 1970, binaries Base64.
std::string MetricsToJson(const arrow::RecordBatch& row);

}  // namespace sluice
