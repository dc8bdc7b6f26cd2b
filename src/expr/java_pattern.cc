// SPDX-License-Identifier: Apache-2.0
#include "expr/java_pattern.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <optional>
#include <utility>
#include <vector>

#include "expr/characters.h"
#include "expr/java_property.h"

namespace sluice {
namespace {

constexpr size_t kLongest = 32 << 10;
constexpr int kMostNested = 200;     // classes in classes
constexpr int kMostRepeats = 65535;  // PCRE2's
constexpr uint32_t kLastPoint = 0x10FFFF;

Status Wrong(std::string why) {
  return Status::Invalid(std::move(why));
}

bool IsLetter(char c) {
  return std::isalpha(static_cast<unsigned char>(c)) != 0;
}
bool IsDigit(char c) {
  return c >= '0' && c <= '9';
}
bool IsBlank(char c) {
  return c == ' ' || (c >= '\t' && c <= '\r');
}

// Without \Q...\E: what stands between them as escapes.
std::string Unquoted(std::string_view pattern) {
  std::string out;
  bool quoted = false;
  for (size_t i = 0; i < pattern.size(); ++i) {
    const char c = pattern[i];
    const char next = i + 1 < pattern.size() ? pattern[i + 1] : '\0';
    if (quoted) {
      if (c == '\\' && next == 'E') {
        quoted = false;
        ++i;
      } else if (IsDigit(c)) {
        out += fmt::format("\\x{:02x}", c);
      } else {
        if ((c & 0x80) == 0 && !IsLetter(c)) out += '\\';
        out += c;
      }
    } else if (c == '\\' && next == 'Q') {
      quoted = true;
      ++i;
    } else {
      out += c;
      if (c == '\\' && i + 1 < pattern.size()) out += pattern[++i];
    }
  }
  return out;
}

std::string Point(uint32_t code) {
  if (code < 0x80 && std::isalnum(static_cast<int>(code)) != 0) return {static_cast<char>(code)};
  return fmt::format("\\x{{{:X}}}", code);
}

// A set of characters: what may stand inside of [], and patterns of one character each that may not.
struct CharSet {
  bool negated = false;
  std::string items;
  std::vector<std::string> others;

  bool empty() const { return items.empty() && others.empty(); }
  void Add(const CharSet& set) {
    if (!set.negated && set.others.empty()) {
      items += set.items;
    } else {
      others.push_back(set.Pattern());
    }
  }
  // Matches exactly one character.
  std::string Pattern() const {
    if (others.empty()) return (negated ? "[^" : "[") + items + "]";
    std::string any;
    if (!items.empty()) any = "[" + items + "]";
    for (const std::string& other : others) any += (any.empty() ? "" : "|") + other;
    return negated ? "(?:(?!" + any + ")(?s:.))" : "(?:" + any + ")";
  }
};

class Translator {
 public:
  explicit Translator(std::string_view pattern) : in_(Unquoted(pattern)) {}

  Result<std::string> Run() {
    while (SkipComments(), at_ < in_.size()) SLUICE_RETURN_IF_ERROR(Step());
    if (!outer_comments_.empty()) return Wrong("a group is not closed");
    // A group that there is not never matches.
    for (auto ref = references_.rbegin(); ref != references_.rend(); ++ref) {
      if (ref->second <= groups_) continue;
      out_.replace(ref->first, out_.find('}', ref->first) + 1 - ref->first, "(?!)");
    }
    return std::move(out_);
  }

 private:
  bool Next(std::string_view text) const { return std::string_view(in_).substr(at_).starts_with(text); }
  bool Take(std::string_view text) {
    if (!Next(text)) return false;
    at_ += text.size();
    return true;
  }

  // With (?x), in classes too.
  void SkipComments() {
    while (comments_ && at_ < in_.size() && (IsBlank(in_[at_]) || in_[at_] == '#')) {
      if (in_[at_] == '#') {
        while (at_ < in_.size() && in_[at_] != '\n' && in_[at_] != '\r') ++at_;
      } else {
        ++at_;
      }
    }
  }

  Status Step();
  Status Group();
  Status Flags();
  Status Name(char end);
  Status Quantifier();
  Result<int> Number();
  Status Escape();
  void BackReference();
  Result<std::optional<uint32_t>> CharEscape();
  Result<uint32_t> Octal();
  Result<uint32_t> Hex();
  Result<uint32_t> Unit();
  Result<std::optional<CharSet>> SetEscape();
  Result<CharSet> Property(bool negated);
  Result<CharSet> Class(bool nested, int depth);
  Status ClassItem(CharSet* set);
  Result<CharSet> Intersection(const CharSet& left, int depth);
  Result<uint32_t> RangeEnd();
  void Open(std::string_view text, bool comments) {
    out_ += text;
    outer_comments_.push_back(comments_);
    comments_ = comments;
    repeatable_ = false;
  }
  void Atom(std::string_view text) {
    out_ += text;
    repeatable_ = true;
  }

  const std::string in_;
  size_t at_ = 0;
  std::string out_;
  bool comments_ = false;
  bool repeatable_ = false;           // a quantifier may follow
  std::vector<bool> outer_comments_;  // of the groups that are open
  int groups_ = 0;
  std::vector<std::pair<size_t, int>> references_;  // place in out_, number
};

Status Translator::Step() {
  const char c = in_[at_];
  switch (c) {
    case '\\':
      ++at_;
      return Escape();
    case '[': {
      ++at_;
      SLUICE_ASSIGN(const CharSet set, Class(/*nested=*/true, 0));
      Atom(set.Pattern());
      return Status::OK();
    }
    case '(':
      ++at_;
      return Group();
    case ')':
      ++at_;
      if (outer_comments_.empty()) return Wrong("there is a ) without a (");
      comments_ = outer_comments_.back();
      outer_comments_.pop_back();
      Atom(")");
      return Status::OK();
    case '*':
    case '+':
    case '?':
    case '{':
      return Quantifier();
    case '|':
      ++at_;
      out_ += c;
      repeatable_ = false;
      return Status::OK();
    case ']':
    case '}':
      ++at_;
      Atom({c == ']' ? "\\]" : "\\}"});
      return Status::OK();
    default:
      ++at_;
      out_ += c;
      repeatable_ = true;
      return Status::OK();
  }
}

Status Translator::Group() {
  if (!Take("?")) {
    ++groups_;
    Open("(", comments_);
    return Status::OK();
  }
  for (const std::string_view kind : {":", "=", "!", ">", "<=", "<!"}) {
    if (!Take(kind)) continue;
    Open("(?" + std::string(kind), comments_);
    return Status::OK();
  }
  if (Take("<")) {
    ++groups_;
    Open("(?<", comments_);
    return Name('>');
  }
  return Flags();
}

// (?i), (?i-s:...)
Status Translator::Flags() {
  std::string on;
  std::string off;
  bool comments = comments_;
  bool to = true;
  for (; at_ < in_.size() && in_[at_] != ')' && in_[at_] != ':'; ++at_) {
    const char flag = in_[at_];
    if (flag == '-') {
      to = false;
    } else if (flag == 'x') {
      comments = to;
    } else if (flag == 'i' || flag == 'm' || flag == 's') {
      (to ? on : off) += flag;
    } else if ((flag == 'd' || flag == 'U') && to) {
      return Wrong(fmt::format("the flag (?{}) is not supported by Sluice", flag));
    } else if (flag != 'u' && flag != 'd' && flag != 'U') {
      return Wrong(fmt::format("(?{} begins no group of Java's", std::string_view(in_).substr(at_, 1)));
    }
  }
  if (at_ >= in_.size()) return Wrong("a group is not closed");
  const std::string flags = "(?" + on + (off.empty() ? "" : "-" + off);
  if (in_[at_++] == ':') {
    Open(flags + ":", comments);
    return Status::OK();
  }
  if (!on.empty() || !off.empty()) out_ += flags + ")";
  comments_ = comments;
  repeatable_ = false;
  return Status::OK();
}

// A group's name and the sign behind it.
Status Translator::Name(char end) {
  const size_t begin = at_;
  while (at_ < in_.size() && (IsLetter(in_[at_]) || IsDigit(in_[at_]))) ++at_;
  if (at_ == begin || IsDigit(in_[begin]) || at_ >= in_.size() || in_[at_] != end)
    return Wrong("a group's name consists of ASCII letters and digits");
  out_ += in_.substr(begin, ++at_ - begin);
  return Status::OK();
}

Result<int> Translator::Number() {
  const size_t begin = at_;
  int number = 0;
  for (; at_ < in_.size() && IsDigit(in_[at_]); ++at_)
    number = std::min(number * 10 + (in_[at_] - '0'), kMostRepeats + 1);
  if (at_ == begin) return Wrong("{ must be followed by a number of repetitions, or be written \\{");
  if (number > kMostRepeats) return Wrong(fmt::format("more than {} repetitions are not supported", kMostRepeats));
  return number;
}

Status Translator::Quantifier() {
  const char c = in_[at_++];
  const size_t begin = out_.size();
  const bool empty = !repeatable_;
  if (empty && c != '{') return Wrong(fmt::format("there is nothing that {} could repeat", c));
  out_ += c;
  if (c == '{') {
    SLUICE_ASSIGN(const int least, Number());
    out_ += std::to_string(least);
    if (Take(",")) {
      out_ += ',';
      if (!Next("}")) {
        SLUICE_ASSIGN(const int most, Number());
        if (most < least) return Wrong(fmt::format("{{{},{}}} is no range", least, most));
        out_ += std::to_string(most);
      }
    }
    if (!Take("}")) return Wrong("a { of repetitions is not closed");
    out_ += '}';
  }
  SkipComments();
  if (Next("?") || Next("+")) out_ += in_[at_++];
  if (empty) out_.resize(begin);  // Java repeats what is empty, and PCRE2 does not
  repeatable_ = false;
  return Status::OK();
}

Status Translator::Escape() {
  SLUICE_ASSIGN(const auto point, CharEscape());
  if (point) {
    Atom(Point(*point));
    return Status::OK();
  }
  SLUICE_ASSIGN(const auto set, SetEscape());
  if (set) {
    Atom(set->Pattern());
    return Status::OK();
  }
  const char c = in_[at_];
  if (IsDigit(c)) {
    BackReference();
    return Status::OK();
  }
  ++at_;
  switch (c) {
    case 'b':
      if (Next("{")) return Wrong("\\b{..} is not supported by Sluice");
      [[fallthrough]];
    case 'A':
    case 'B':
    case 'G':
    case 'X':
    case 'Z':
    case 'z':
      Atom(std::string("\\") + c);
      return Status::OK();
    case 'R':
      // PCRE2's own \R does not give back what it took.
      Atom("(?:\\r\\n|[\\n\\x{B}\\f\\r\\x{85}\\x{2028}\\x{2029}])");
      return Status::OK();
    case 'k':
      if (!Take("<")) return Wrong("\\k must be followed by <name>");
      Atom("\\k<");
      return Name('>');
    case 'N':
      if (Next("{")) return Wrong("\\N{name} is not supported by Sluice; write \\x{code}");
      [[fallthrough]];
    default:
      return Wrong(fmt::format("there is no escape \\{}", c));
  }
}

// As many digits as name a group that was opened before; the first one always counts.
void Translator::BackReference() {
  int number = in_[at_++] - '0';
  while (at_ < in_.size() && IsDigit(in_[at_]) && number * 10 + (in_[at_] - '0') <= groups_)
    number = number * 10 + (in_[at_++] - '0');
  references_.emplace_back(out_.size(), number);
  Atom(fmt::format("\\g{{{}}}", number));
}

// An escape that stands for one character; nothing, and nothing taken, when it is another one. at_ is behind the \.
Result<std::optional<uint32_t>> Translator::CharEscape() {
  if (at_ >= in_.size()) return Wrong("it ends with a \\");
  const char c = in_[at_];
  constexpr std::string_view kNames = "tnrfae";
  constexpr std::string_view kCodes = "\t\n\r\f\a\x1B";
  if (const size_t known = kNames.find(c); known != std::string_view::npos) {
    ++at_;
    return static_cast<uint32_t>(kCodes[known]);
  }
  if (Take("0")) return Octal();
  if (Take("x")) return Hex();
  if (Take("u")) {
    SLUICE_ASSIGN(const uint32_t unit, Unit());
    if (unit < 0xD800 || unit > 0xDFFF) return unit;
    if (unit > 0xDBFF || !Take("\\u")) return Wrong("half of a surrogate pair matches nothing");
    SLUICE_ASSIGN(const uint32_t low, Unit());
    if (low < 0xDC00 || low > 0xDFFF) return Wrong("half of a surrogate pair matches nothing");
    return 0x10000 + ((unit - 0xD800) << 10) + (low - 0xDC00);
  }
  if (Take("c")) {
    if (at_ >= in_.size() || (in_[at_] & 0x80) != 0) return Wrong("\\c must be followed by an ASCII character");
    return static_cast<uint32_t>(in_[at_++]) ^ 64;
  }
  if (IsLetter(c) || IsDigit(c)) return std::nullopt;
  const std::string_view character = Characters(std::string_view(in_).substr(at_), 0, 1);
  at_ += character.size();
  return FirstCodePoint(character);
}

// \0 and one to three octal digits, up to 0377.
Result<uint32_t> Translator::Octal() {
  uint32_t code = 0;
  int digits = 0;
  for (; digits < 3 && at_ < in_.size() && in_[at_] >= '0' && in_[at_] <= '7' && code * 8 <= 0377; ++digits)
    code = code * 8 + static_cast<uint32_t>(in_[at_++] - '0');
  if (digits == 0) return Wrong("\\0 must be followed by an octal number");
  return code;
}

// \xhh or \x{h..h}
Result<uint32_t> Translator::Hex() {
  const bool braced = Take("{");
  const size_t begin = at_;
  uint32_t code = 0;
  for (; at_ < in_.size() && std::isxdigit(static_cast<unsigned char>(in_[at_])) != 0 && (braced || at_ < begin + 2);
       ++at_) {
    const char digit = in_[at_];
    code = std::min(code * 16 + static_cast<uint32_t>(IsDigit(digit) ? digit - '0' : (digit | 0x20) - 'a' + 10),
                    kLastPoint + 1);
  }
  if (at_ == begin || (!braced && at_ != begin + 2) || (braced && !Take("}")) || code > kLastPoint)
    return Wrong("\\x must be followed by two hexadecimal digits, or a character's code in {}");
  if (code >= 0xD800 && code <= 0xDFFF) return Wrong("half of a surrogate pair matches nothing");
  return code;
}

// The four digits behind \u.
Result<uint32_t> Translator::Unit() {
  uint32_t unit = 0;
  for (int i = 0; i < 4; ++i, ++at_) {
    if (at_ >= in_.size() || std::isxdigit(static_cast<unsigned char>(in_[at_])) == 0)
      return Wrong("\\u must be followed by four hexadecimal digits");
    const char digit = in_[at_];
    unit = unit * 16 + static_cast<uint32_t>(IsDigit(digit) ? digit - '0' : (digit | 0x20) - 'a' + 10);
  }
  return unit;
}

// An escape that stands for a set of characters; nothing, and nothing taken, when it is another one.
Result<std::optional<CharSet>> Translator::SetEscape() {
  const char c = in_[at_];
  if (c == 'p' || c == 'P') {
    ++at_;
    return Property(c == 'P');
  }
  if (std::string_view("dDwWsShHvV").find(c) == std::string_view::npos) return std::nullopt;
  ++at_;
  CharSet set;
  set.items = std::string("\\") + c;
  return set;
}

Result<CharSet> Translator::Property(bool negated) {
  if (at_ >= in_.size()) return Wrong("\\p must be followed by the name of a property");
  std::string name(1, in_[at_++]);
  if (name == "{") {
    const size_t close = in_.find('}', at_);
    if (close == std::string::npos) return Wrong("a property's { is not closed");
    name = in_.substr(at_, close - at_);
    at_ = close + 1;
  }
  const auto items = PcrePropertyOf(name);
  if (!items) return Wrong(fmt::format("there is no property '{}', or Sluice does not know it", name));
  CharSet set;
  set.items = *items;
  set.negated = negated;
  return set;
}

// What stands behind a [, up to and with its ]; not nested: the right side of &&, up to the ].
Result<CharSet> Translator::Class(bool nested, int depth) {
  if (depth > kMostNested) return Wrong("its character classes are nested too deeply");
  CharSet set;
  SkipComments();
  const bool negated = nested && Take("^");
  while (SkipComments(), at_ < in_.size()) {
    if (Next("]") && !set.empty()) {
      if (nested) ++at_;
      set.negated = negated;
      return set;
    }
    if (Take("[")) {
      SLUICE_ASSIGN(const CharSet inner, Class(/*nested=*/true, depth + 1));
      set.Add(inner);
    } else if (Take("&&")) {
      SLUICE_ASSIGN(set, Intersection(set, depth));
    } else {
      SLUICE_RETURN_IF_ERROR(ClassItem(&set));
    }
  }
  return Wrong("a character class is not closed");
}

Result<CharSet> Translator::Intersection(const CharSet& left, int depth) {
  CharSet right;
  SkipComments();
  while (Take("[")) {
    SLUICE_ASSIGN(const CharSet inner, Class(/*nested=*/true, depth + 1));
    right.Add(inner);
    SkipComments();
  }
  if (right.empty() && !Next("]") && !Next("&&")) {
    SLUICE_ASSIGN(right, Class(/*nested=*/false, depth + 1));
  }
  if (left.empty() || right.empty() || (!Next("]") && !Next("&&")))
    return Wrong("a side of && must be characters, or classes in []");
  CharSet both;
  both.others.push_back("(?:(?=" + left.Pattern() + ")" + right.Pattern() + ")");
  return both;
}

// A character, a range or an escape.
Status Translator::ClassItem(CharSet* set) {
  uint32_t first = 0;
  if (Take("\\")) {
    SLUICE_ASSIGN(const auto point, CharEscape());
    if (!point) {
      SLUICE_ASSIGN(const auto escaped, SetEscape());
      if (!escaped) return Wrong(fmt::format("\\{} cannot stand in a character class", in_[at_]));
      set->Add(*escaped);
      return Status::OK();
    }
    first = *point;
  } else {
    const std::string_view character = Characters(std::string_view(in_).substr(at_), 0, 1);
    at_ += character.size();
    first = FirstCodePoint(character);
  }
  set->items += Point(first);
  SkipComments();
  if (!Next("-") || Next("-[") || Next("-]") || at_ + 1 >= in_.size()) return Status::OK();
  ++at_;
  SkipComments();
  SLUICE_ASSIGN(const uint32_t last, RangeEnd());
  if (last < first) return Wrong("a range of characters ends before it begins");
  set->items += "-" + Point(last);
  return Status::OK();
}

Result<uint32_t> Translator::RangeEnd() {
  if (Take("\\")) {
    SLUICE_ASSIGN(const auto point, CharEscape());
    if (!point) return Wrong("a range of characters cannot end with a set");
    return *point;
  }
  const std::string_view character = Characters(std::string_view(in_).substr(at_), 0, 1);
  at_ += character.size();
  return FirstCodePoint(character);
}

}  // namespace

Result<std::string> TranslateJavaPattern(std::string_view pattern) {
  if (pattern.size() > kLongest) return Wrong(fmt::format("it is longer than {} bytes", kLongest));
  return Translator(pattern).Run();
}

}  // namespace sluice
