// SPDX-License-Identifier: Apache-2.0
#include "expr/number_format.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>

#include "base/spark_error.h"
#include "types/unicode_digits.h"

namespace sluice {
namespace {

bool IsDigit(char c) {
  return c >= '0' && c <= '9';
}

bool IsSpace(char c) {
  return c == ' ' || (c >= '\t' && c <= '\r') || (c >= '\x1c' && c <= '\x1f');
}

Status Malformed(std::string_view format, const char* what, const std::string& why) {
  return UserError(fmt::format("INVALID_FORMAT.{}", what),
                   fmt::format("The number format '{}' is malformed: {}", format, why),
                   {{"format", fmt::format("'{}'", format)}});
}

size_t CharacterSize(std::string_view text, size_t at) {
  size_t size = 1;
  while (at + size < text.size() && (static_cast<unsigned char>(text[at + size]) & 0xC0U) == 0x80U) ++size;
  return size;
}

}  // namespace

std::vector<NumberFormat::Token> NumberFormat::TokensOf(std::string_view format) {
  std::vector<Token> tokens;
  bool behind_point = false;
  const auto add_part = [&](Part part) {
    if (tokens.empty() || tokens.back().kind != Kind::kDigits) tokens.push_back({Kind::kDigits});
    tokens.back().parts.push_back(part);
  };
  for (size_t i = 0; i < format.size();) {
    const char c = format[i];
    if (c == '0' || c == '9') {
      const size_t begin = i;
      while (i < format.size() && (format[i] == '0' || format[i] == '9')) ++i;
      add_part({static_cast<int32_t>(i - begin), c == '0' && !behind_point});
      continue;
    }
    const bool minus = c == 'M' && i + 1 < format.size() && format[i + 1] == 'I';
    const bool brackets = c == 'P' && i + 1 < format.size() && format[i + 1] == 'R';
    size_t size = minus || brackets ? 2 : 1;
    if (c == ',' || c == 'G') {
      add_part({});
    } else if (c == '.' || c == 'D') {
      tokens.push_back({Kind::kPoint});
      behind_point = true;
    } else if (c == '$') {
      tokens.push_back({Kind::kDollar});
    } else if (c == 'S') {
      tokens.push_back({Kind::kSign});
    } else if (minus) {
      tokens.push_back({Kind::kMinus});
    } else if (brackets) {
      tokens.insert(tokens.begin(), {Kind::kOpen});
      tokens.push_back({Kind::kClose});
    } else {
      size = CharacterSize(format, i);
      tokens.push_back({Kind::kUnknown, {}, std::string(format.substr(i, size))});
    }
    i += size;
  }
  return tokens;
}

// Commas stand between digits, and before the point.
Status NumberFormat::CheckCommas(std::string_view format, const std::vector<Token>& tokens) {
  const auto point = std::find_if(tokens.begin(), tokens.end(), [](const Token& t) { return t.kind == Kind::kPoint; });
  for (auto token = tokens.begin(); token != point; ++token) {
    const std::vector<Part>& parts = token->parts;
    for (size_t i = 0; i < parts.size(); ++i) {
      if (parts[i].digits > 0) continue;
      if (i == 0 || i + 1 == parts.size() || parts[i - 1].digits == 0 || parts[i + 1].digits == 0) {
        return Malformed(format, "CONT_THOUSANDS_SEPS", "a comma stands between digits.");
      }
    }
  }
  for (auto token = point; token != tokens.end(); ++token) {
    if (std::any_of(token->parts.begin(), token->parts.end(), [](const Part& part) { return part.digits == 0; })) {
      return Malformed(format, "THOUSANDS_SEPS_MUST_BEFORE_DEC", "commas stand before the point.");
    }
  }
  return Status::OK();
}

Status NumberFormat::CheckOrder(std::string_view format, const std::vector<Token>& tokens) {
  static constexpr std::array<std::pair<Kind, const char*>, 5> kOnce = {{{Kind::kPoint, "'.' or 'D'"},
                                                                         {Kind::kSign, "'S'"},
                                                                         {Kind::kMinus, "'MI'"},
                                                                         {Kind::kDollar, "'$'"},
                                                                         {Kind::kClose, "'PR'"}}};
  for (const auto& [kind, name] : kOnce) {
    const auto count =
        std::count_if(tokens.begin(), tokens.end(), [kind = kind](const Token& token) { return token.kind == kind; });
    if (count > 1) return Malformed(format, "WRONG_NUM_TOKEN", fmt::format("{} comes once at most.", name));
  }
  static const std::vector<std::vector<Kind>> kOrder = {{Kind::kOpen},   {Kind::kMinus, Kind::kSign},
                                                        {Kind::kDollar}, {Kind::kDigits},
                                                        {Kind::kPoint},  {Kind::kDigits},
                                                        {Kind::kDollar}, {Kind::kMinus, Kind::kSign, Kind::kClose}};
  size_t next = 0;
  for (const std::vector<Kind>& allowed : kOrder) {
    if (next < tokens.size() && std::find(allowed.begin(), allowed.end(), tokens[next].kind) != allowed.end()) ++next;
  }
  if (next == tokens.size()) return Status::OK();
  return Malformed(format, "UNEXPECTED_TOKEN", "its parts come as [MI|S] [$] digits [.] digits [PR|MI|S].");
}

Status NumberFormat::Check(std::string_view format, const std::vector<Token>& tokens) {
  if (format.empty()) return Malformed(format, "EMPTY", "it is empty.");
  const auto first = [&](Kind kind) {
    const auto found =
        std::find_if(tokens.begin(), tokens.end(), [&](const Token& token) { return token.kind == kind; });
    return found == tokens.end() ? -1 : static_cast<int>(found - tokens.begin());
  };
  if (const int unknown = first(Kind::kUnknown); unknown >= 0) {
    return Malformed(format, "UNEXPECTED_TOKEN",
                     fmt::format("it has no meaning for '{}'.", tokens[static_cast<size_t>(unknown)].text));
  }
  if (first(Kind::kDigits) < 0) return Malformed(format, "WRONG_NUM_DIGIT", "it has no digits (0 or 9).");
  const int dollar = first(Kind::kDollar);
  const int point = first(Kind::kPoint);
  if (first(Kind::kDigits) < dollar) return Malformed(format, "CUR_MUST_BEFORE_DIGIT", "'$' stands before the digits.");
  if (point >= 0 && point < dollar) return Malformed(format, "CUR_MUST_BEFORE_DEC", "'$' stands before the point.");
  SLUICE_RETURN_IF_ERROR(CheckCommas(format, tokens));
  return CheckOrder(format, tokens);
}

Result<NumberFormat> NumberFormat::Parse(std::string_view given) {
  std::string format(given);
  for (char& c : format) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  NumberFormat made;
  made.tokens_ = TokensOf(format);
  SLUICE_RETURN_IF_ERROR(Check(format, made.tokens_));
  bool behind_point = false;
  for (const Token& token : made.tokens_) {
    behind_point = behind_point || token.kind == Kind::kPoint;
    for (const Part& part : token.parts) (behind_point ? made.after_ : made.before_) += part.digits;
  }
  return made;
}

// Puts the digits of one number into the places of a format.
struct NumberFormat::Writer {
  std::string before;  // digits, with blanks in front where the format has more places
  std::string after;
  bool negative;
  std::string text = {};
  size_t used_before = 0;
  size_t used_after = 0;
  bool behind_point = false;

  void AddSpace() {
    size_t at = text.size();
    while (at > 0 && std::string_view("+-<").find(text[at - 1]) != std::string_view::npos) --at;
    text.insert(at, 1, ' ');
  }
  void AddSign(char sign) {
    size_t at = text.size();
    while (at > 0 && text[at - 1] == ' ') --at;
    text.insert(at, 1, sign);
  }
  // A point with no digit behind it becomes a blank.
  void BlankLonePoint() {
    const size_t at = text.find('.');
    if (at != std::string::npos && (at + 1 == text.size() || text[at + 1] == ' ')) text[at] = ' ';
  }
  void AddPart(const Part& part) {
    if (part.digits == 0) {
      if (!text.empty() && IsDigit(text.back())) {
        text += ',';
      } else {
        AddSpace();
      }
      return;
    }
    for (int32_t i = 0; i < part.digits; ++i) {
      if (behind_point) {
        text += after[used_after++];
        continue;
      }
      const char digit = before[used_before++];
      if (digit != ' ') {
        text += digit;
      } else if (part.exact) {
        text += '0';
      } else {
        AddSpace();
      }
    }
  }
  void Add(const Token& token) {
    switch (token.kind) {
      case Kind::kDigits:
        for (const Part& part : token.parts) AddPart(part);
        return;
      case Kind::kPoint:
        if (!text.empty() && text.back() == ' ') text.back() = '0';
        text += '.';
        behind_point = true;
        return;
      case Kind::kDollar:
        text += '$';
        return;
      case Kind::kSign:
        BlankLonePoint();
        AddSign(negative ? '-' : '+');
        return;
      case Kind::kMinus:
        if (negative) {
          BlankLonePoint();
          AddSign('-');
        } else {
          text += ' ';
        }
        return;
      case Kind::kOpen:
        if (negative) text += '<';
        return;
      case Kind::kClose:
        BlankLonePoint();
        if (negative) {
          AddSign('>');
        } else {
          text += "  ";
        }
        return;
      case Kind::kUnknown:
        return;
    }
  }
};

std::string NumberFormat::TextOf(const arrow::Decimal128& unscaled, int32_t scale) const {
  std::string digits = arrow::Decimal128(arrow::Decimal128::Abs(unscaled)).ToIntegerString();
  if (digits.size() <= static_cast<size_t>(scale))
    digits.insert(0, static_cast<size_t>(scale) + 1 - digits.size(), '0');
  std::string before = digits.substr(0, digits.size() - static_cast<size_t>(scale));
  std::string after = digits.substr(before.size());
  before.erase(0, std::min(before.find_first_not_of('0'), before.size()));
  after.erase(after.find_last_not_of('0') + 1);
  const auto places_before = static_cast<size_t>(before_);
  const auto places_after = static_cast<size_t>(after_);
  if (before.size() > places_before || after.size() > places_after) {
    before.assign(places_before, '#');
    after.assign(places_after, '#');
  }
  before.insert(0, places_before - before.size(), ' ');
  after.append(places_after - after.size(), '0');
  Writer writer{std::move(before), std::move(after), unscaled < 0};
  for (const Token& token : tokens_) writer.Add(token);
  writer.BlankLonePoint();
  if (writer.text.empty() || writer.text == "+" || writer.text == "-") return "0";
  return writer.text;
}

// Takes the digits of a text along a format.
struct NumberFormat::Reader {
  std::string_view text;
  size_t at = 0;
  std::string before = {};
  std::string after = {};
  bool negative = false;
  bool open = false;
  bool behind_point = false;

  bool Accept(char c) {
    if (at >= text.size() || text[at] != c) return false;
    ++at;
    return true;
  }
  // The groups are compared from the last one on: the first ones may be missing where they may be empty.
  bool ReadDigits(const std::vector<Part>& parts) {
    std::vector<int32_t> groups(1, 0);
    for (; at < text.size(); ++at) {
      const char c = text[at];
      if (IsSpace(c)) continue;
      if (c == ',' && !behind_point) {
        groups.push_back(0);
      } else if (IsDigit(c)) {
        ++groups.back();
        (behind_point ? after : before) += c;
      } else {
        break;
      }
    }
    std::vector<Part> wanted;
    std::copy_if(parts.begin(), parts.end(), std::back_inserter(wanted), [](const Part& p) { return p.digits > 0; });
    if (groups.size() > wanted.size()) return false;
    for (size_t i = 0; i < wanted.size(); ++i) {
      const Part& part = wanted[wanted.size() - 1 - i];
      const int32_t given = i < groups.size() ? groups[groups.size() - 1 - i] : 0;
      if (part.exact ? given != part.digits : given > part.digits) return false;
    }
    return true;
  }
  bool Read(const Token& token) {
    switch (token.kind) {
      case Kind::kDigits:
        return ReadDigits(token.parts);
      case Kind::kPoint:
        behind_point = Accept('.') || behind_point;
        return true;
      case Kind::kDollar:
        return Accept('$');
      case Kind::kSign:
        if (!Accept('+') && Accept('-')) negative = !negative;
        return true;
      case Kind::kMinus:
        if (Accept('-')) negative = !negative;
        return true;
      case Kind::kOpen:
        open = Accept('<');
        return true;
      case Kind::kClose:
        negative = open;
        return !open || Accept('>');
      case Kind::kUnknown:
        break;
    }
    return false;
  }
};

std::optional<arrow::Decimal128> NumberFormat::NumberOf(std::string_view text) const {
  const std::string ascii = WithAsciiDigits(text);
  Reader reader{ascii};
  for (const Token& token : tokens_) {
    if (!reader.Read(token)) return std::nullopt;
  }
  std::string digits = reader.before + reader.after;
  if (reader.at < ascii.size() || digits.empty()) return std::nullopt;
  digits.append(static_cast<size_t>(after_) - std::min(reader.after.size(), static_cast<size_t>(after_)), '0');
  const auto number = arrow::Decimal128::FromString(digits);
  if (!number.ok()) return std::nullopt;
  return reader.negative ? arrow::Decimal128(-*number) : *number;
}

}  // namespace sluice
