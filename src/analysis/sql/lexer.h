// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "analysis/sql/parser.h"
#include "analysis/sql/token.h"
#include "base/status.h"

namespace sluice::sql {

// Cuts SQL text into tokens, the last one kEnd. Comments and hints are skipped. PARSE_SYNTAX_ERROR with its place for
// text that is no token (an open quote, a foreign character).
Result<std::vector<Token>> Tokenize(std::string_view text, const ParseOptions& options);

}  // namespace sluice::sql
