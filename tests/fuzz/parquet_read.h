// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

namespace sluice::fuzz {

// Reads a Parquet file of these bytes whole, all columns at once and each alone, with a small memory budget. What is
// wrong with it must be an error that names it; memory and time beyond what such a file may cost are findings.
void ReadParquet(std::string_view file);

}  // namespace sluice::fuzz
