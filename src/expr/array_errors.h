// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "base/spark_error.h"

namespace sluice {

// INVALID_ARRAY_INDEX of a[index] on an array of `size` values; the row is the caller's to add.
Status InvalidArrayIndex(int64_t index, int64_t size);
// The same of element_at(a, index).
Status InvalidElementAt(int64_t index, int64_t size);

}  // namespace sluice
