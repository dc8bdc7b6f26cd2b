// SPDX-License-Identifier: Apache-2.0
#include "analysis/name_parts.h"

#include <fmt/format.h>

#include "analysis/sql/token.h"
#include "base/spark_error.h"

namespace sluice {

Result<std::vector<std::string>> ParseNameParts(const std::string& text) {
  const auto error = [&] {
    return UserError("INVALID_ATTRIBUTE_NAME_SYNTAX",
                     fmt::format("{} is not a name: its parts stand between dots, quoted with ` where needed.", text),
                     {{"name", text}});
  };
  std::vector<std::string> parts;
  std::string part;
  bool quoted = false;  // inside quotes
  bool closed = false;  // behind a closing quote
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (quoted) {
      if (c != '`') {
        part += c;
      } else if (i + 1 < text.size() && text[i + 1] == '`') {
        part += c;
        ++i;
      } else {
        quoted = false;
        closed = true;
      }
    } else if (c == '`') {
      if (!part.empty() || closed) return error();
      quoted = true;
    } else if (c == '.') {
      if (part.empty()) return error();
      parts.push_back(std::move(part));
      part.clear();
      closed = false;
    } else {
      if (closed) return error();
      part += c;
    }
  }
  if (quoted || part.empty()) return error();
  parts.push_back(std::move(part));
  return parts;
}

std::string QuotedName(const std::vector<std::string>& parts) {
  std::string quoted;
  for (const std::string& part : parts) quoted += (quoted.empty() ? "" : ".") + sql::QuoteName(part);
  return quoted;
}

}  // namespace sluice
