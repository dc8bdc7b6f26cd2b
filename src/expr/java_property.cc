// SPDX-License-Identifier: Apache-2.0
#include "expr/java_property.h"

#include <algorithm>
#include <cctype>
#include <iterator>

namespace sluice {
namespace {

struct Row {
  std::string_view java;
  std::string_view pcre;
};

// POSIX names are ASCII in Java; those of java.lang.Character and of Unicode's binary properties are not.
constexpr Row kNames[] = {{"Lower", "a-z"},
                          {"Upper", "A-Z"},
                          {"ASCII", "\\x{0}-\\x{7F}"},
                          {"Alpha", "a-zA-Z"},
                          {"Digit", "0-9"},
                          {"Alnum", "a-zA-Z0-9"},
                          {"Punct", "!-\\/:-@\\[-`{-~"},
                          {"Graph", "!-~"},
                          {"Print", "\\x{20}-~"},
                          {"Blank", "\\x{20}\\t"},
                          {"Cntrl", "\\x{0}-\\x{1F}\\x{7F}"},
                          {"XDigit", "0-9a-fA-F"},
                          {"Space", "\\x{20}\\t\\n\\x{B}\\f\\r"},
                          {"L1", "\\x{0}-\\x{FF}"},
                          {"all", "\\x{0}-\\x{10FFFF}"},
                          {"LC", "\\p{Lu}\\p{Ll}\\p{Lt}"},
                          {"LD", "\\p{L}\\p{Nd}"},
                          {"javaLetter", "\\p{L}"},
                          {"javaDigit", "\\p{Nd}"},
                          {"javaLetterOrDigit", "\\p{L}\\p{Nd}"},
                          {"javaAlphabetic", "\\p{Alphabetic}"},
                          {"javaIdeographic", "\\p{Ideographic}"},
                          {"javaLowerCase", "\\p{Lowercase}"},
                          {"javaUpperCase", "\\p{Uppercase}"},
                          {"javaTitleCase", "\\p{Lt}"},
                          {"javaDefined", "\\P{Cn}"},
                          {"javaISOControl", "\\x{0}-\\x{1F}\\x{7F}-\\x{9F}"},
                          {"javaSpaceChar", "\\p{Z}"},
                          {"javaMirrored", "\\p{Bidi_Mirrored}"},
                          {"javaWhitespace",
                           "\\t-\\r\\x{1C}-\\x{20}\\x{1680}\\x{2000}-\\x{2006}\\x{2008}-\\x{200A}"
                           "\\x{2028}\\x{2029}\\x{205F}\\x{3000}"}};

// Behind "Is", without regard to case.
constexpr Row kBinary[] = {{"ALPHABETIC", "\\p{Alphabetic}"},
                           {"ASSIGNED", "\\P{Cn}"},
                           {"CONTROL", "\\p{Cc}"},
                           {"DIGIT", "\\p{Nd}"},
                           {"HEXDIGIT", "\\p{Nd}a-fA-F\\x{FF10}-\\x{FF19}\\x{FF21}-\\x{FF26}\\x{FF41}-\\x{FF46}"},
                           {"HEX_DIGIT", "\\p{Nd}a-fA-F\\x{FF10}-\\x{FF19}\\x{FF21}-\\x{FF26}\\x{FF41}-\\x{FF46}"},
                           {"IDEOGRAPHIC", "\\p{Ideographic}"},
                           {"JOIN_CONTROL", "\\x{200C}\\x{200D}"},
                           {"JOINCONTROL", "\\x{200C}\\x{200D}"},
                           {"LETTER", "\\p{L}"},
                           {"LOWERCASE", "\\p{Lowercase}"},
                           {"UPPERCASE", "\\p{Uppercase}"},
                           {"TITLECASE", "\\p{Lt}"},
                           {"PUNCTUATION", "\\p{P}"},
                           {"WHITE_SPACE", "\\p{White_Space}"},
                           {"WHITESPACE", "\\p{White_Space}"}};

constexpr std::string_view kCategories[] = {
    "C",  "Cc", "Cf", "Cn", "Co", "Cs", "L",  "Ll", "Lm", "Lo", "Lt", "Lu", "M",  "Mc", "Me", "Mn", "N",  "Nd", "Nl",
    "No", "P",  "Pc", "Pd", "Pe", "Pf", "Pi", "Po", "Ps", "S",  "Sc", "Sk", "Sm", "So", "Z",  "Zl", "Zp", "Zs"};

template <size_t kSize>
std::optional<std::string> Find(const Row (&rows)[kSize], std::string_view name) {
  const Row* row = std::find_if(std::begin(rows), std::end(rows), [name](const Row& r) { return r.java == name; });
  return row == std::end(rows) ? std::nullopt : std::optional<std::string>(row->pcre);
}

std::optional<std::string> Category(std::string_view name) {
  if (std::find(std::begin(kCategories), std::end(kCategories), name) == std::end(kCategories)) return std::nullopt;
  return "\\p{" + std::string(name) + "}";
}

std::optional<std::string> Script(std::string_view name) {
  const bool word = !name.empty() && std::all_of(name.begin(), name.end(),
                                                 [](unsigned char c) { return std::isalpha(c) != 0 || c == '_'; });
  return word ? std::optional<std::string>("\\p{sc:" + std::string(name) + "}") : std::nullopt;
}

std::string Upper(std::string_view name) {
  std::string upper(name);
  for (char& c : upper) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  return upper;
}

}  // namespace

std::optional<std::string> PcrePropertyOf(std::string_view name) {
  if (const size_t equals = name.find('='); equals != std::string_view::npos) {
    const std::string key = Upper(name.substr(0, equals));
    const std::string_view value = name.substr(equals + 1);
    if (key == "SC" || key == "SCRIPT") return Script(value);
    if (key == "GC" || key == "GENERAL_CATEGORY") return Category(value);
    return std::nullopt;
  }
  if (name.starts_with("Is")) {
    const std::string_view rest = name.substr(2);
    if (auto binary = Find(kBinary, Upper(rest))) return binary;
    if (auto category = Category(rest)) return category;
    return Script(rest);
  }
  if (auto known = Find(kNames, name)) return known;
  return Category(name);
}

}  // namespace sluice
