// SPDX-License-Identifier: Apache-2.0
#include "cli/say.h"

#include <iostream>

#include "base/log_context.h"
#include "base/logging.h"
#include "base/terminal_line.h"

namespace sluice::cli {

void Say(const std::string& text) {
  if (LogsAreJson()) {
    LogLine(LogLevel::kWarn, text);
  } else {
    ClearTerminalLine();
    std::cerr << "sluice: " << text << std::endl;
  }
}

}  // namespace sluice::cli
