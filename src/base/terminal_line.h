// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string_view>

// The line at the bottom of a terminal that is drawn over again and again, on standard error. Thread-safe.
namespace sluice {

// Replaces the line. It is cut to the terminal's width: a line that wraps cannot be drawn over.
void DrawTerminalLine(std::string_view text);
// Takes the line away, before anything else goes to the terminal. The next Draw brings one back.
void ClearTerminalLine();
// Lets the line stand and ends it.
void EndTerminalLine();

// `text` cut to `columns` characters of one column each.
std::string_view FitToColumns(std::string_view text, size_t columns);

}  // namespace sluice
