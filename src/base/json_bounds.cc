// SPDX-License-Identifier: Apache-2.0
#include "base/json_bounds.h"

#include <vector>

namespace sluice {

std::string_view BeyondJsonBounds(std::string_view json, const JsonBounds& bounds) {
  std::vector<int> keys;  // of each open array and object, the innermost last; a colon stands behind every key
  bool in_string = false;
  for (size_t i = 0; i < json.size(); ++i) {
    const char c = json[i];
    if (in_string) {
      if (c == '\\') {
        ++i;
      } else if (c == '"') {
        in_string = false;
      }
    } else if (c == '"') {
      in_string = true;
    } else if (c == '[' || c == '{') {
      keys.push_back(0);
      if (keys.size() > static_cast<size_t>(bounds.depth)) return "it is nested too deeply";
    } else if (c == ']' || c == '}') {
      if (!keys.empty()) keys.pop_back();
    } else if (c == ':' && !keys.empty() && ++keys.back() > bounds.object_keys) {
      return "an object has too many keys";
    }
  }
  return {};
}

}  // namespace sluice
