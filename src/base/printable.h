// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

namespace sluice {

// Text that may stand on a terminal or in a log, whatever records and file names it holds. As \u001b or \u202e are
// shown the control characters (C0 but for tab and line end, DEL, C1), line and paragraph separators, and marks that
// reverse the direction of text; bytes that are no UTF-8 as \x9b. Everything else stays as it is, a backslash too.
std::string Printable(std::string_view text);

// The same on one line: a line end becomes \n, a carriage return \r.
std::string PrintableLine(std::string_view text);

// Printable when standard output is a terminal; otherwise the text as it is, byte by byte.
std::string ForStdout(std::string text);

}  // namespace sluice
