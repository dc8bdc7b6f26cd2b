// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string_view>

namespace sluice {

// Which rows of a result a streaming query writes with each batch.
enum class OutputMode {
  kAppend,    // rows that will not change any more
  kUpdate,    // rows that changed
  kComplete,  // all rows
};

// Without regard to case; empty is append. None: no such mode.
std::optional<OutputMode> OutputModeOf(std::string_view name);
const char* NameOf(OutputMode mode);

}  // namespace sluice
