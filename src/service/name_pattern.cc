// SPDX-License-Identifier: Apache-2.0
#include "service/name_pattern.h"

#include <algorithm>
#include <cctype>
#include <string_view>

namespace sluice::service {
namespace {

char Lower(char c) {
  return static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
}

// One alternative. Goes back to the last star only, so that no pattern takes long.
bool FitsOne(std::string_view name, std::string_view pattern) {
  size_t at = 0;
  size_t in_name = 0;
  size_t star = std::string_view::npos;
  size_t after_star = 0;
  while (in_name < name.size()) {
    if (at < pattern.size() && pattern[at] == '*') {
      star = at++;
      after_star = in_name;
    } else if (at < pattern.size() && Lower(pattern[at]) == Lower(name[in_name])) {
      ++at;
      ++in_name;
    } else if (star != std::string_view::npos) {
      at = star + 1;
      in_name = ++after_star;
    } else {
      return false;
    }
  }
  return pattern.find_first_not_of('*', at) == std::string_view::npos;
}

}  // namespace

bool FitsName(const std::string& name, const std::optional<std::string>& pattern) {
  if (!pattern) return true;
  std::string_view rest = *pattern;
  for (;;) {
    const size_t bar = rest.find('|');
    if (FitsOne(name, rest.substr(0, bar))) return true;
    if (bar == std::string_view::npos) return false;
    rest.remove_prefix(bar + 1);
  }
}

std::vector<std::string> FittingNames(std::vector<std::string> names, const std::optional<std::string>& pattern) {
  std::erase_if(names, [&](const std::string& name) { return !FitsName(name, pattern); });
  return names;
}

}  // namespace sluice::service
