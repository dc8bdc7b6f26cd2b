// SPDX-License-Identifier: Apache-2.0
// Compiles patterns. The letters and their counts are those of java.time.format.DateTimeFormatterBuilder, less what
// Spark refuses.
#include "expr/datetime_pattern.h"

#include <fmt/format.h>

#include <cstring>

#include "base/spark_error.h"

namespace sluice {
namespace {

using Kind = DatetimeStep::Kind;
using Sign = DatetimeStep::Sign;
using Field = DatetimeField;

bool IsLetter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

bool IsOneOf(char c, const char* letters) {
  return c != 0 && std::strchr(letters, c) != nullptr;
}

// True when the formatter of Spark 2 would have taken the pattern: the error then speaks of another meaning.
bool OldFormatterTakes(std::string_view pattern) {
  bool quoted = false;
  for (size_t i = 0; i < pattern.size();) {
    if (pattern[i] == '\'') quoted = !quoted;
    if (quoted || !IsLetter(pattern[i])) {
      ++i;
      continue;
    }
    const size_t end = std::min(pattern.find_first_not_of(pattern[i], i), pattern.size());
    if (!IsOneOf(pattern[i], "GyYMLwWDdFEuaHkKhmsSzZX") || (pattern[i] == 'X' && end - i > 3)) return false;
    i = end;
  }
  return !quoted;
}

Status Refuse(std::string_view pattern, std::string_view error_class, const std::string& why) {
  const bool old = OldFormatterTakes(pattern);
  return UserError(old ? "INCONSISTENT_BEHAVIOR_CROSS_VERSION.DATETIME_PATTERN_RECOGNITION" : std::string(error_class),
                   fmt::format("The pattern '{}' cannot be used here: {}.", pattern, why),
                   {{"pattern", "'" + std::string(pattern) + "'"}});
}

constexpr size_t kDeepest = 100;  // optional parts inside of each other
constexpr char kBadPattern[] = "INVALID_DATETIME_PATTERN.WITH_SUGGESTION";

class Compiler {
 public:
  Compiler(std::string_view pattern, bool for_parsing) : pattern_(pattern), for_parsing_(for_parsing) {}

  Result<std::vector<DatetimeStep>> Run() {
    SLUICE_RETURN_IF_ERROR(CheckLetters());
    for (size_t i = 0; i < pattern_.size();) {
      const char c = pattern_[i];
      if (IsLetter(c)) {
        const size_t end = std::min(pattern_.find_first_not_of(c, i), pattern_.size());
        if (!AddLetters(c, static_cast<int>(end - i))) {
          return Refuse(pattern_, kBadPattern,
                        fmt::format("the letters '{}' mean nothing", pattern_.substr(i, end - i)));
        }
        i = end;
      } else if (c == '\'') {
        SLUICE_ASSIGN(i, AddQuoted(i));
      } else {
        SLUICE_RETURN_IF_ERROR(AddCharacter(c));
        ++i;
      }
    }
    // Parts that are still open end here.
    while (!open_.empty()) CloseOptional();
    return std::move(steps_);
  }

 private:
  // What Spark refuses before java.time sees it. Quoted text is left out.
  Status CheckLetters() {
    bool quoted = false;
    for (size_t begin = 0; begin <= pattern_.size(); quoted = !quoted) {
      const size_t end = std::min(pattern_.find('\'', begin), pattern_.size());
      if (!quoted) SLUICE_RETURN_IF_ERROR(CheckLettersOf(pattern_.substr(begin, end - begin)));
      begin = end + 1;
    }
    return Status::OK();
  }

  // Of one part between quotes. Weeks are looked for in the whole part first.
  Status CheckLettersOf(std::string_view part) {
    if (part.find_first_of("YWwuec") != std::string_view::npos) {
      return Refuse(pattern_, "INCONSISTENT_BEHAVIOR_CROSS_VERSION.DATETIME_WEEK_BASED_PATTERN",
                    "letters that count by weeks are not supported");
    }
    for (size_t i = 0, end = 0; i < part.size(); i = end) {
      const char c = part[i];
      end = std::min(part.find_first_not_of(c, i), part.size());
      if (!IsLetter(c)) continue;
      has_era_ |= c == 'G';
      if (IsOneOf(c, "ABnNp") || (for_parsing_ && IsOneOf(c, "EFqQ"))) {
        return Refuse(pattern_, "INVALID_DATETIME_PATTERN.ILLEGAL_CHARACTER", fmt::format("'{}' is illegal", c));
      }
      if ((IsOneOf(c, "GMLEQq") && end - i >= 5) || (c == 'y' && end - i >= 7)) {
        return Refuse(pattern_, "INVALID_DATETIME_PATTERN.LENGTH", fmt::format("there are too many '{}'", c));
      }
    }
    return Status::OK();
  }

  Result<size_t> AddQuoted(size_t begin) {
    size_t i = begin + 1;
    std::string text;
    for (; i < pattern_.size(); ++i) {
      if (pattern_[i] != '\'') {
        text += pattern_[i];
      } else if (i + 1 < pattern_.size() && pattern_[i + 1] == '\'') {
        text += pattern_[i++];
      } else {
        break;
      }
    }
    if (i >= pattern_.size()) return Refuse(pattern_, kBadPattern, "a quote is not closed");
    AddText(text.empty() ? "'" : text);
    return i + 1;
  }

  Status AddCharacter(char c) {
    if (c == '[') {
      // Parts are read and written by calls that nest as they do.
      if (open_.size() >= kDeepest) return Refuse(pattern_, kBadPattern, "optional parts are nested too deeply");
      open_.push_back(steps_.size());
      DatetimeStep step;
      step.kind = Kind::kOptional;
      steps_.push_back(std::move(step));
      first_number_.reset();
      return Status::OK();
    }
    if (c == ']') {
      if (open_.empty()) return Refuse(pattern_, kBadPattern, "']' closes nothing");
      CloseOptional();
      return Status::OK();
    }
    if (IsOneOf(c, "{}#")) return Refuse(pattern_, kBadPattern, fmt::format("'{}' is reserved", c));
    AddText(std::string(1, c));
    return Status::OK();
  }

  void CloseOptional() {
    steps_[open_.back()].end = steps_.size();
    open_.pop_back();
    DatetimeStep step;
    step.kind = Kind::kOptionalEnd;
    Add(std::move(step));
  }

  void Add(DatetimeStep step) {
    steps_.push_back(std::move(step));
    first_number_.reset();
  }

  void AddText(const std::string& text) {
    first_number_.reset();
    const bool joins = !steps_.empty() && steps_.back().kind == Kind::kText;
    if (!joins) steps_.emplace_back();
    steps_.back().text += text;
  }

  // Numbers that stand side by side: the first takes as many digits as those of fixed width behind it leave.
  void AddNumber(DatetimeStep step) {
    const bool fixed = step.min == step.max && step.sign == Sign::kNotNegative;
    if (first_number_ && fixed) {
      steps_[*first_number_].following += step.max;
      steps_.push_back(std::move(step));
      return;
    }
    first_number_ = steps_.size();
    steps_.push_back(std::move(step));
  }

  bool AddNumber(Field field, int min, int max, Sign sign, Kind kind = Kind::kNumber) {
    DatetimeStep step;
    step.kind = kind;
    step.field = field;
    step.min = min;
    step.max = max;
    step.sign = sign;
    step.two_digits = (field == Field::kYear || field == Field::kYearOfEra) && max == 2;
    AddNumber(std::move(step));
    return true;
  }

  // One letter: any number; two: two digits.
  bool AddShortNumber(Field field, int count) {
    if (count > 2) return false;
    return count == 1 ? AddNumber(field, 1, 19, Sign::kNormal) : AddNumber(field, 2, 2, Sign::kNotNegative);
  }

  bool AddStyled(Kind kind, Field field, int count, bool generic = false) {
    DatetimeStep step;
    step.kind = kind;
    step.field = field;
    step.style = count;
    step.generic = generic;
    Add(std::move(step));
    return true;
  }

  bool AddYear(int count) {
    const Field field = has_era_ ? Field::kYearOfEra : Field::kYear;
    if (count == 2) return AddNumber(field, 2, 2, Sign::kNotNegative);
    return AddNumber(field, count, 19, count < 4 ? Sign::kNormal : Sign::kExceedsPad);
  }

  bool AddFraction(int count) {
    if (count > 9) return false;
    // When a text is read, a fraction may have fewer digits.
    if (!for_parsing_ || count == 1) return AddNumber(Field::kNano, count, count, Sign::kNotNegative, Kind::kFraction);
    DatetimeStep step;
    step.kind = Kind::kFraction;
    step.field = Field::kNano;
    step.max = count;
    Add(std::move(step));
    return true;
  }

  // `form`: the row of java.time's table of offset patterns, from +HH (0) to +HH:MM:ss (6).
  bool AddOffset(int form, const char* zero) {
    DatetimeStep step;
    step.kind = Kind::kOffset;
    step.field = Field::kOffset;
    step.style = form;
    step.text = zero;
    Add(std::move(step));
    return true;
  }

  bool AddOffsetLetters(char letter, int count) {
    if (letter == 'O') return (count == 1 || count == 4) && AddStyled(Kind::kLocalizedOffset, Field::kOffset, count);
    if (count > 5) return false;
    if (letter == 'Z') {
      if (count == 4) return AddStyled(Kind::kLocalizedOffset, Field::kOffset, 4);
      return count < 4 ? AddOffset(3, "+0000") : AddOffset(6, "Z");
    }
    const int form = count == 1 ? 1 : count + 1;
    return AddOffset(form, letter == 'X' ? "Z" : count == 1 ? "+00" : count % 2 == 0 ? "+0000" : "+00:00");
  }

  bool AddLetters(char letter, int count) {
    switch (letter) {
      case 'G':
        return AddStyled(Kind::kName, Field::kEra, count);
      case 'E':
        return AddStyled(Kind::kName, Field::kWeekday, count);
      case 'a':
        return count == 1 && AddStyled(Kind::kName, Field::kHalfDay, count);
      case 'y':
        return AddYear(count);
      case 'M':
      case 'L':
        return count <= 2 ? AddShortNumber(Field::kMonth, count) : AddStyled(Kind::kName, Field::kMonth, count);
      case 'Q':
      case 'q':
        return count <= 2 ? AddShortNumber(Field::kQuarter, count) : AddStyled(Kind::kName, Field::kQuarter, count);
      case 'D':
        if (count == 1) return AddNumber(Field::kDayOfYear, 1, 19, Sign::kNormal);
        return count <= 3 && AddNumber(Field::kDayOfYear, count, 3, Sign::kNotNegative);
      case 'g':
        return count <= 19 && AddNumber(Field::kModifiedJulianDay, count, 19, Sign::kNormal);
      case 'F':
        return count == 1 && AddShortNumber(Field::kDayOfWeekInMonth, count);
      case 'd':
        return AddShortNumber(Field::kDay, count);
      case 'H':
        return AddShortNumber(Field::kHour, count);
      case 'k':
        return AddShortNumber(Field::kClockHour, count);
      case 'K':
        return AddShortNumber(Field::kHourOfHalfDay, count);
      case 'h':
        return AddShortNumber(Field::kClockHourOfHalfDay, count);
      case 'm':
        return AddShortNumber(Field::kMinute, count);
      case 's':
        return AddShortNumber(Field::kSecond, count);
      case 'S':
        return AddFraction(count);
      case 'V':
        return count == 2 && AddStyled(Kind::kZoneId, Field::kCount, count);
      case 'v':
        return (count == 1 || count == 4) && AddStyled(Kind::kZoneName, Field::kCount, count, true);
      case 'z':
        return count <= 4 && AddStyled(Kind::kZoneName, Field::kCount, count);
      default:
        return IsOneOf(letter, "XxZO") && AddOffsetLetters(letter, count);
    }
  }

  const std::string_view pattern_;
  const bool for_parsing_;
  bool has_era_ = false;
  std::vector<DatetimeStep> steps_;
  std::vector<size_t> open_;  // optional parts, innermost last
  std::optional<size_t> first_number_;
};

}  // namespace

Result<DatetimePattern> DatetimePattern::Compile(std::string_view pattern, bool for_parsing) {
  DatetimePattern compiled;
  SLUICE_ASSIGN(compiled.steps_, Compiler(pattern, for_parsing).Run());
  return compiled;
}

const std::vector<std::string_view>& DatetimeNames(DatetimeField field, bool full) {
  using Names = std::vector<std::string_view>;
  static const Names kMonths = {"January", "February", "March",     "April",   "May",      "June",
                                "July",    "August",   "September", "October", "November", "December"};
  static const Names kShortMonths = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                     "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  static const Names kWeekdays = {"Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"};
  static const Names kShortWeekdays = {"Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"};
  static const Names kQuarters = {"1st quarter", "2nd quarter", "3rd quarter", "4th quarter"};
  static const Names kShortQuarters = {"Q1", "Q2", "Q3", "Q4"};
  static const Names kEras = {"Before Christ", "Anno Domini"};
  static const Names kShortEras = {"BC", "AD"};
  static const Names kHalfDays = {"AM", "PM"};
  switch (field) {
    case DatetimeField::kMonth:
      return full ? kMonths : kShortMonths;
    case DatetimeField::kWeekday:
      return full ? kWeekdays : kShortWeekdays;
    case DatetimeField::kQuarter:
      return full ? kQuarters : kShortQuarters;
    case DatetimeField::kEra:
      return full ? kEras : kShortEras;
    default:
      return kHalfDays;
  }
}

}  // namespace sluice
