// SPDX-License-Identifier: Apache-2.0
#include "cli/colors.h"

#include <unistd.h>

#include <cstdlib>

namespace sluice::cli {

bool HasColors(int fd) {
  const char* unwanted = std::getenv("NO_COLOR");
  if (unwanted != nullptr && *unwanted != '\0') return false;
  const char* term = std::getenv("TERM");
  return term != nullptr && *term != '\0' && std::string_view(term) != "dumb" && ::isatty(fd) != 0;
}

std::string_view CodeOf(Paint paint) {
  switch (paint) {
    case Paint::kHeader:
      return "\033[1m";
    case Paint::kFaint:
      return "\033[2m";
    case Paint::kError:
      return "\033[1;31m";
    case Paint::kPlain:
      break;
  }
  return "\033[0m";
}

std::string Painted(std::string_view text, Paint paint, int fd) {
  if (!HasColors(fd)) return std::string(text);
  return std::string(CodeOf(paint)).append(text).append(CodeOf(Paint::kPlain));
}

}  // namespace sluice::cli
