// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <cctype>

#include "analysis/sql/blanks.h"
#include "analysis/sql/statement_parser.h"
#include "analysis/sql/token_cursor.h"

namespace sluice::sql {
namespace {

// The offset behind the string, name or comment at `position`; `position` itself when there is none.
size_t SkipOpaque(std::string_view text, size_t position) {
  const auto end_of = [&](size_t found, size_t size) {
    return found == std::string_view::npos ? text.size() : found + size;
  };
  const char c = text[position];
  if (text.substr(position, 2) == "--") return end_of(text.find('\n', position), 1);
  if (text.substr(position, 2) == "/*") return end_of(text.find("*/", position + 2), 2);
  if (c != '\'' && c != '"' && c != '`') return position;
  for (size_t i = position + 1; i < text.size(); ++i) {
    if (text[i] == '\\' && c != '`') {
      ++i;
    } else if (text[i] == c) {
      return i + 1;
    }
  }
  return text.size();
}

bool IsComment(std::string_view text, size_t position) {
  return text.substr(position, 2) == "--" || text.substr(position, 2) == "/*";
}

// The offset of the first word from `position` on, comments skipped.
size_t FirstWord(std::string_view text, size_t position) {
  while (position < text.size()) {
    if (kBlanks.find(text[position]) != std::string_view::npos) {
      ++position;
    } else if (IsComment(text, position)) {
      position = SkipOpaque(text, position);
    } else {
      break;
    }
  }
  return std::min(position, text.size());
}

std::string Trim(std::string_view text) {
  const size_t begin = text.find_first_not_of(kBlanks);
  if (begin == std::string_view::npos) return "";
  return std::string(text.substr(begin, text.find_last_not_of(kBlanks) - begin + 1));
}

TextPlace PlaceOf(const StatementText& statement, const std::string& file_name) {
  const std::string_view before = statement.file.substr(0, statement.begin);
  const size_t line_start = before.rfind('\n');
  const size_t column = line_start == std::string_view::npos ? before.size() : before.size() - line_start - 1;
  return TextPlace{file_name, static_cast<int>(std::count(before.begin(), before.end(), '\n')) + 1,
                   static_cast<int>(column) + 1, ""};
}

}  // namespace

bool BeginsComment(std::string_view text, size_t statement, size_t position) {
  const bool in_word = position > statement && kBlanks.find(text[position - 1]) == std::string_view::npos;
  return !in_word || !IsSetStatement({text, statement, position});
}

std::string StatementText::Blanked() const {
  std::string blanked(file.substr(0, end));
  std::replace_if(
      blanked.begin(), blanked.begin() + static_cast<std::ptrdiff_t>(begin), [](char c) { return c != '\n'; }, ' ');
  return blanked;
}

std::vector<StatementText> SplitStatements(std::string_view text, std::span<const SubstitutedText::Value> values) {
  std::vector<StatementText> statements;
  size_t first = FirstWord(text, 0);
  auto value = values.begin();
  for (size_t i = 0; i <= text.size();) {
    while (value != values.end() && value->end <= i) ++value;
    if (value != values.end() && value->begin <= i) {
      i = value->end;
    } else if (i < text.size() && text[i] != ';') {
      const bool opaque = !IsComment(text, i) || BeginsComment(text, first, i);
      i = opaque ? std::max(i + 1, SkipOpaque(text, i)) : i + 1;
    } else {
      if (first < i) statements.push_back({text, first, i});
      first = FirstWord(text, ++i);
    }
  }
  return statements;
}

bool IsSetStatement(const StatementText& statement) {
  const std::string_view rest = statement.text();
  return rest.size() > 3 && EqualsIgnoringCase(rest.substr(0, 3), "set") &&
         kBlanks.find(rest[3]) != std::string_view::npos;
}

Result<SetStatement> ParseSet(const StatementText& statement, const std::string& file_name) {
  const std::string rest = Trim(statement.text().substr(3));
  SetStatement set;
  if (rest.size() > 9 && EqualsIgnoringCase(rest.substr(0, 9), "time zone")) {
    set.key = "spark.sql.session.timeZone";
    set.value = Trim(std::string_view(rest).substr(9));
    if (set.value.size() >= 2 && set.value.front() == '\'' && set.value.back() == '\'') {
      set.value = set.value.substr(1, set.value.size() - 2);
    }
    return set;
  }
  const size_t equals = rest.find('=');
  set.key = Trim(std::string_view(rest).substr(0, equals));
  const bool odd =
      set.key.find_first_of(kBlanks) != std::string::npos || set.key.find_first_of("'\"") != std::string::npos;
  if (equals == std::string::npos || set.key.empty() || odd) {
    return WithPlace(UserError("INVALID_SET_SYNTAX", "A SET statement has the form SET key = value."),
                     PlaceOf(statement, file_name));
  }
  set.value = Trim(std::string_view(rest).substr(equals + 1));
  for (std::string* part : {&set.key, &set.value}) {
    if (part->size() >= 2 && part->front() == '`' && part->back() == '`') *part = part->substr(1, part->size() - 2);
  }
  return set;
}

}  // namespace sluice::sql
