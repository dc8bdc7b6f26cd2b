// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <arrow/type_fwd.h>

#include <cstdint>

namespace sluice {

// Would a dictionary make a column of such values smaller? Decided from the first values alone, so the same data give
// the same file: true when at most half of them are distinct, or when so many of a whole sample repeat that the column
// cannot have more than some thousands of different values. `rows`: which, or null for the first `count`.
bool DictionaryPays(const arrow::Array& array, const int32_t* rows, int64_t count);

}  // namespace sluice
