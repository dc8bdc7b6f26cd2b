// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <arrow/type_fwd.h>

#include <string>

#include "expr/text_options.h"

namespace sluice {

// Appends a DATE, TIMESTAMP or TIMESTAMP_NTZ that is not NULL as to_json and to_csv write it: by the option's pattern,
// or 2024-02-29, 2024-02-29T13:14:15.678Z, 2024-02-29T13:14:15.678. False for other types.
bool AppendWrittenDatetime(const arrow::Array& array, int64_t row, DatetimeFormats* formats, std::string* out);

}  // namespace sluice
