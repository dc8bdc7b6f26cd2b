// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "analysis/sql/parser.h"

namespace sluice::sql {

// Replaces ${NAME} by its value, before anything is parsed. Inside a quoted string the value's quotes and backslashes
// are escaped, so that no value can end the string; comments stay as they are. A missing variable is an error that
// names it and its place. Values of variables with secret names (password, token ...) are registered as secrets.
Result<std::string> SubstituteVariables(std::string_view text, const std::string& file_name,
                                        const VariableLookup& lookup);

}  // namespace sluice::sql
