// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <ostream>

#include "analysis/sql/parser.h"
#include "base/status.h"
#include "cli/row_output.h"

namespace sluice {
class Channel;
}

namespace sluice::cli {

struct Program;

// Carries out a SET statement.
Status SetConf(Channel* channel, const SetStatement& set);

// Runs the statements of a script one after the other and prints the rows of its queries; how many there were. A
// streaming statement is refused.
Result<int64_t> RunScript(Channel* channel, const SqlFile& script, const RowStyle& style, std::ostream& out);
// The same in a session of this process.
Result<int64_t> RunScript(const Program& program, const SqlFile& script, const RowStyle& style, std::ostream& out);

// The style for standard output: on a terminal a table fits its width, and `on_terminal` rows are shown at most.
RowStyle StyleForStdout(OutputFormat format, int64_t on_terminal);
inline constexpr int64_t kRowsOnTerminal = 40;

}  // namespace sluice::cli
