// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

namespace sluice {

// Appends a JSON string with its quotes, escaped as Spark's JSON writer does: only what must be, \u in upper case.
void AppendJsonString(std::string* out, std::string_view text);

}  // namespace sluice
