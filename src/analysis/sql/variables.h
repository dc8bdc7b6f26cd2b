// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "analysis/sql/parser.h"

namespace sluice::sql {

// Replaces ${NAME} by its value, before anything is parsed. Inside a quoted string the value's quotes and backslashes
// are escaped, so that no value can end the string; comments stay as they are. A variable without a value is an error
// that names it and its place, and so is an empty one: `s3a://lake/${USER}/t` must not become `s3a://lake//t`.
// ${NAME:-text} stands for `text` when NAME is missing or empty; ${NAME:-} allows the empty value. Values of variables
// with secret names (password, token ...) are registered as secrets.
Result<std::string> SubstituteVariables(std::string_view text, const std::string& file_name,
                                        const VariableLookup& lookup);

}  // namespace sluice::sql
