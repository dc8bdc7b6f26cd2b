// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <cctype>
#include <sstream>

#include "base/spark_error.h"
#include "env/env.h"

namespace sluice {
namespace {

std::string_view Trim(std::string_view text) {
  while (!text.empty() && std::isspace(static_cast<unsigned char>(text.front()))) text.remove_prefix(1);
  while (!text.empty() && std::isspace(static_cast<unsigned char>(text.back()))) text.remove_suffix(1);
  return text;
}

bool IsName(std::string_view text) {
  if (text.empty() || std::isdigit(static_cast<unsigned char>(text.front()))) return false;
  for (const unsigned char c : text) {
    if (!std::isalnum(c) && c != '_') return false;
  }
  return true;
}

// Double quotes know \n, \t, \", \\ and \$; single quotes know nothing. False: the quote is not closed.
bool Unquote(std::string_view text, std::string* value, std::string_view* rest) {
  const char quote = text.front();
  size_t i = 1;
  for (; i < text.size() && text[i] != quote; ++i) {
    if (quote == '"' && text[i] == '\\' && i + 1 < text.size()) {
      ++i;
      *value += text[i] == 'n' ? '\n' : text[i] == 't' ? '\t' : text[i];
    } else {
      *value += text[i];
    }
  }
  if (i >= text.size()) return false;
  *rest = text.substr(i + 1);
  return true;
}

Status ParseValue(std::string_view text, const std::string& where, std::string* value) {
  if (!text.empty() && (text.front() == '"' || text.front() == '\'')) {
    std::string_view rest;
    if (!Unquote(text, value, &rest)) return UserError("SLUICE_DOTENV", where + ": the quote is not closed");
    rest = Trim(rest);
    if (!rest.empty() && rest.front() != '#')
      return UserError("SLUICE_DOTENV", where + ": text behind the closing quote");
    return Status::OK();
  }
  const size_t comment = text.find(" #");
  *value = Trim(comment == std::string_view::npos ? text : text.substr(0, comment));
  return Status::OK();
}

}  // namespace

Result<std::map<std::string, std::string>> ParseDotenv(const std::string& text, const std::string& file_name) {
  std::map<std::string, std::string> values;
  std::istringstream lines(text);
  std::string raw;
  for (int number = 1; std::getline(lines, raw); ++number) {
    std::string_view line = raw;
    // Editors of Windows begin a file with a byte order mark.
    if (number == 1 && line.starts_with("\xEF\xBB\xBF")) line.remove_prefix(3);
    line = Trim(line);
    if (line.empty() || line.front() == '#') continue;
    const std::string where = fmt::format("{}:{}", file_name, number);
    if (line.starts_with("export ")) line = Trim(line.substr(7));
    const size_t equals = line.find('=');
    const std::string_view name = Trim(line.substr(0, equals == std::string_view::npos ? line.size() : equals));
    // The text is not shown: a line that went wrong may well be a secret.
    if (equals == std::string_view::npos || !IsName(name))
      return UserError("SLUICE_DOTENV", where + ": not NAME=VALUE");
    std::string value;
    SLUICE_RETURN_IF_ERROR(ParseValue(Trim(line.substr(equals + 1)), where, &value));
    values[std::string(name)] = value;
  }
  return values;
}

}  // namespace sluice
