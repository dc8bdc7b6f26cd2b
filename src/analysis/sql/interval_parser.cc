// SPDX-License-Identifier: Apache-2.0
// INTERVAL 1 DAY, INTERVAL '1' DAY 2 HOURS, INTERVAL '1-2' YEAR TO MONTH, INTERVAL '1 day 2 hours'.
#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <sstream>

#include "analysis/sql/expression_parser.h"
#include "types/calendar.h"
#include "types/interval_type.h"
#include "types/spark_type.h"

namespace sluice::sql {
namespace {

// A unit that may stand behind a number: so many of a field's.
struct Unit {
  IntervalField field;
  int64_t micros;  // 0: months count
  int64_t months;
};

std::optional<Unit> UnitOf(std::string_view word) {
  std::string lower = LowerCase(word);
  if (lower.size() > 1 && lower.back() == 's') lower.pop_back();
  constexpr int64_t kMinute = 60 * kMicrosPerSecond;
  if (lower == "week") return Unit{IntervalField::kDay, 7 * kMicrosPerDay, 0};
  if (lower == "millisecond") return Unit{IntervalField::kSecond, 1000, 0};
  if (lower == "microsecond") return Unit{IntervalField::kSecond, 1, 0};
  const auto field = ParseIntervalField(lower);
  if (!field) return std::nullopt;
  static constexpr Unit kUnits[] = {
      {IntervalField::kYear, 0, 12},           {IntervalField::kMonth, 0, 1},
      {IntervalField::kDay, kMicrosPerDay, 0}, {IntervalField::kHour, 60 * kMinute, 0},
      {IntervalField::kMinute, kMinute, 0},    {IntervalField::kSecond, kMicrosPerSecond, 0}};
  return kUnits[static_cast<size_t>(*field)];
}

// Numbers with units, added up.
class IntervalSum {
 public:
  // "-1.5", "SECOND"; false when it is malformed, beyond the range, or months and microseconds are mixed.
  bool Add(std::string_view number, const Unit& unit) {
    const bool negative = !number.empty() && number.front() == '-';
    if (negative || (!number.empty() && number.front() == '+')) number.remove_prefix(1);
    const size_t point = number.find('.');
    if (point != std::string_view::npos && unit.micros != kMicrosPerSecond) return false;
    int64_t value = 0;
    const int64_t scale = unit.micros != 0 ? unit.micros : unit.months;
    for (const char c : number.substr(0, point)) {
      if (c < '0' || c > '9' || __builtin_mul_overflow(value, 10, &value) ||
          __builtin_add_overflow(value, c - '0', &value))
        return false;
    }
    if (number.empty() || point == 0 || __builtin_mul_overflow(value, scale, &value)) return false;
    int64_t place = kMicrosPerSecond / 10;
    for (const char c : point == std::string_view::npos ? "" : number.substr(point + 1)) {
      if (c < '0' || c > '9') return false;
      value += place * (c - '0');
      place /= 10;
    }
    if (fields_ && (fields_->first <= IntervalField::kMonth) != (unit.micros == 0)) return false;
    fields_ = fields_ ? IntervalFields{std::min(fields_->first, unit.field), std::max(fields_->last, unit.field)}
                      : IntervalFields{unit.field, unit.field};
    return !__builtin_add_overflow(value_, negative ? -value : value, &value_);
  }
  const std::optional<IntervalFields>& fields() const { return fields_; }
  int64_t value() const { return value_; }

 private:
  std::optional<IntervalFields> fields_;
  int64_t value_ = 0;
};

// The parts of '1 day 2 hours'.
bool AddText(const std::string& text, IntervalSum* sum) {
  std::istringstream words(text);
  std::string number;
  std::string unit;
  bool first = true;
  while (words >> number) {
    if (first && LowerCase(number) == "interval" && !(words >> number)) return false;
    first = false;
    if (!(words >> unit)) return false;
    const auto known = UnitOf(unit);
    if (!known || !sum->Add(number, *known)) return false;
  }
  return sum->fields().has_value();
}

// The message of a literal has no place for its fields: a cast names them.
Expression LiteralOf(int64_t value, IntervalFields fields) {
  Expression expression;
  auto* literal = expression.mutable_cast()->mutable_expr()->mutable_literal();
  if (fields.first <= IntervalField::kMonth) {
    literal->set_year_month_interval(static_cast<int32_t>(value));
  } else {
    literal->set_day_time_interval(value);
  }
  expression.mutable_cast()->set_type_str(IntervalName(fields));
  return expression;
}

}  // namespace

Result<Expression> ExpressionParser::ParseInterval() {
  const size_t begin = cursor_.position();
  cursor_.Next();
  const auto malformed = [&] {
    return WithPlace(
        UserError("INVALID_INTERVAL_FORMAT.INVALID_VALUE",
                  fmt::format("{} is no interval, or months and days are mixed in it.", cursor_.TextSince(begin)),
                  {{"input", cursor_.TextSince(begin)}, {"value", cursor_.TextSince(begin)}}),
        cursor_.PlaceOf(begin));
  };
  IntervalSum sum;
  std::optional<IntervalFields> fields;
  int64_t value = 0;
  do {
    std::string number = cursor_.AcceptSymbol("-") ? "-" : "";
    const bool quoted = cursor_.Peek().kind == TokenKind::kString;
    const std::string text = cursor_.Next().text;
    const auto unit = cursor_.IsName() ? UnitOf(cursor_.Peek().text) : std::nullopt;
    if (!unit) {
      if (!quoted || !number.empty() || sum.fields() || !AddText(text, &sum)) return malformed();
      break;
    }
    cursor_.Next();
    if (quoted && cursor_.IsWord("TO") && !sum.fields()) {
      cursor_.Next();
      const auto last = ParseIntervalField(cursor_.Next().text);
      if (!last || *last < unit->field) return malformed();
      fields = IntervalFields{unit->field, *last};
      const auto parsed = sluice::ParseInterval(text, *fields);
      if (!parsed) return malformed();
      value = number.empty() ? *parsed : -*parsed;
      break;
    }
    if (quoted && number == "-" && text.starts_with("-")) {
      number = text.substr(1);
    } else {
      number += text;
    }
    if (!sum.Add(number, *unit)) return malformed();
  } while (cursor_.Peek().kind == TokenKind::kInteger ||
           (cursor_.Peek().kind == TokenKind::kString && cursor_.IsName(1) && UnitOf(cursor_.Peek(1).text)));
  if (sum.fields()) {
    fields = sum.fields();
    value = sum.value();
  }
  const bool months = fields->first <= IntervalField::kMonth;
  if (months && value != static_cast<int32_t>(value)) return malformed();
  Expression expression = LiteralOf(value, *fields);
  cursor_.SetOrigin(&expression, begin);
  SLUICE_RETURN_IF_ERROR(SetHeight(2));
  return expression;
}

}  // namespace sluice::sql
