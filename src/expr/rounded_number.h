// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <arrow/type_fwd.h>

#include "base/status.h"

namespace sluice {

// Appends a number to a column of numbers, dates or timestamps: whole ones lose its fraction, as by Java's casts.
Status AppendRounded(double value, arrow::ArrayBuilder* builder);

}  // namespace sluice
