// SPDX-License-Identifier: Apache-2.0
#include "base/terminal_line.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <iostream>
#include <mutex>

namespace sluice {
namespace {

constexpr char kToBeginAndClear[] = "\r\033[K";
constexpr size_t kUsualColumns = 80;

std::mutex mutex;
bool drawn = false;

size_t TerminalColumns() {
  winsize size{};
  return ::ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : kUsualColumns;
}

}  // namespace

std::string_view FitToColumns(std::string_view text, size_t columns) {
  size_t seen = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    const bool begins_character = (static_cast<unsigned char>(text[i]) & 0xC0) != 0x80;
    if (begins_character && ++seen > columns) return text.substr(0, i);
  }
  return text;
}

void DrawTerminalLine(std::string_view text) {
  std::lock_guard lock(mutex);
  // In the last column some terminals go to the next line.
  std::cerr << kToBeginAndClear << FitToColumns(text, TerminalColumns() - 1) << std::flush;
  drawn = true;
}

void ClearTerminalLine() {
  std::lock_guard lock(mutex);
  if (drawn) std::cerr << kToBeginAndClear << std::flush;
  drawn = false;
}

void EndTerminalLine() {
  std::lock_guard lock(mutex);
  if (drawn) std::cerr << std::endl;
  drawn = false;
}

}  // namespace sluice
