// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <arrow/type_fwd.h>

#include <string>

#include "base/status.h"

namespace sluice {

// Parquet stores decimals as numbers or bytes of any size: a damaged file may hold values with more digits than its
// schema says, which the engine's arithmetic counts on. FAILED_READ_FILE.NO_HINT for the first one, at any depth.
Status CheckDecimals(const arrow::Array& column, const std::string& path);

}  // namespace sluice
