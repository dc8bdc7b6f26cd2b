// SPDX-License-Identifier: Apache-2.0
#include "plan/output_mode.h"

#include <cctype>
#include <string>

namespace sluice {

std::optional<OutputMode> OutputModeOf(std::string_view name) {
  std::string lower(name);
  for (char& c : lower) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  if (lower.empty() || lower == "append") return OutputMode::kAppend;
  if (lower == "update") return OutputMode::kUpdate;
  if (lower == "complete") return OutputMode::kComplete;
  return std::nullopt;
}

const char* NameOf(OutputMode mode) {
  switch (mode) {
    case OutputMode::kAppend:
      return "append";
    case OutputMode::kUpdate:
      return "update";
    case OutputMode::kComplete:
      return "complete";
  }
  return "?";
}

}  // namespace sluice
