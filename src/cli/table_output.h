// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <ostream>
#include <string>

#include "base/status.h"
#include "cli/row_output.h"

namespace sluice::cli {

class RowText;

// Prints the rows as a table in Spark's frame, numbers to the right; how many there were.
Result<int64_t> PrintTable(Operator* rows, const RowStyle& style, RowText* text, std::ostream& out);

}  // namespace sluice::cli
