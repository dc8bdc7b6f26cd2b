// SPDX-License-Identifier: Apache-2.0
#include "types/calendar_interval.h"

#include <limits>
#include <string>

#include "types/calendar.h"

namespace sluice {
namespace {

struct Unit {
  std::string_view name;
  int64_t months;
  int64_t days;
  int64_t micros;
};

constexpr int64_t kMinute = 60 * kMicrosPerSecond;
constexpr Unit kUnits[] = {{"year", 12, 0, 0},
                           {"month", 1, 0, 0},
                           {"week", 0, 7, 0},
                           {"day", 0, 1, 0},
                           {"hour", 0, 0, 60 * kMinute},
                           {"minute", 0, 0, kMinute},
                           {"second", 0, 0, kMicrosPerSecond},
                           {"millisecond", 0, 0, 1000},
                           {"microsecond", 0, 0, 1}};

bool IsSpace(char c) {
  return static_cast<unsigned char>(c) <= ' ';
}
bool IsDigit(char c) {
  return c >= '0' && c <= '9';
}

std::string Lower(std::string_view word) {
  std::string lower;
  for (const char c : word) lower += c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  return lower;
}

const Unit* UnitOf(std::string_view word) {
  const std::string lower = Lower(word);
  for (const Unit& unit : kUnits) {
    if (lower == unit.name ||
        (lower.size() == unit.name.size() + 1 && lower.back() == 's' && lower.starts_with(unit.name))) {
      return &unit;
    }
  }
  return nullptr;
}

// Reads a text from the front.
class Reader {
 public:
  explicit Reader(std::string_view text) : rest_(text) {
    while (!rest_.empty() && IsSpace(rest_.back())) rest_.remove_suffix(1);
    SkipSpaces();
  }
  bool ended() const { return rest_.empty(); }
  void SkipSpaces() {
    while (!rest_.empty() && IsSpace(rest_.front())) rest_.remove_prefix(1);
  }
  bool Accept(char c) {
    if (rest_.empty() || rest_.front() != c) return false;
    rest_.remove_prefix(1);
    return true;
  }
  template <typename Belongs>
  std::string_view While(const Belongs& belongs) {
    size_t size = 0;
    while (size < rest_.size() && belongs(rest_[size])) ++size;
    const std::string_view taken = rest_.substr(0, size);
    rest_.remove_prefix(size);
    return taken;
  }
  bool at_space() const { return !rest_.empty() && IsSpace(rest_.front()); }

 private:
  std::string_view rest_;
};

bool Whole(std::string_view digits, int64_t* value) {
  for (const char c : digits) {
    if (__builtin_mul_overflow(*value, 10, value) || __builtin_add_overflow(*value, c - '0', value)) return false;
  }
  return true;
}

// Adds `count` times `scale`; false beyond the range of T.
template <typename T>
bool AddTo(int64_t count, int64_t scale, T* sum) {
  int64_t product = 0;
  int64_t all = 0;
  if (__builtin_mul_overflow(count, scale, &product) || __builtin_add_overflow(int64_t{*sum}, product, &all)) {
    return false;
  }
  if (all < std::numeric_limits<T>::min() || all > std::numeric_limits<T>::max()) return false;
  *sum = static_cast<T>(all);
  return true;
}

// A number and its unit: "-1.5 seconds".
bool ReadPart(Reader* reader, CalendarInterval* sum) {
  const bool negative = reader->Accept('-');
  if (!negative) reader->Accept('+');
  reader->SkipSpaces();
  int64_t count = 0;
  const std::string_view digits = reader->While(IsDigit);
  if (!Whole(digits, &count)) return false;
  int64_t nanos = 0;
  const bool fraction = reader->Accept('.');
  std::string_view places;
  if (fraction) {
    places = reader->While(IsDigit);
    if (places.size() > 9 || !Whole(places, &nanos)) return false;
    for (size_t i = places.size(); i < 9; ++i) nanos *= 10;
  }
  if (digits.empty() && places.empty()) return false;
  if (!reader->at_space()) return false;
  reader->SkipSpaces();
  const Unit* unit = UnitOf(reader->While([](char c) { return !IsSpace(c); }));
  if (unit == nullptr || (fraction && unit->name != "second")) return false;
  const int64_t signed_count = negative ? -count : count;
  const int64_t part = nanos / 1000 * (negative ? -1 : 1);
  return AddTo(signed_count, unit->months, &sum->months) && AddTo(signed_count, unit->days, &sum->days) &&
         AddTo(signed_count, unit->micros, &sum->micros) && AddTo(part, 1, &sum->micros);
}

}  // namespace

std::optional<CalendarInterval> ParseCalendarInterval(std::string_view text) {
  Reader reader(text);
  Reader behind = reader;
  if (Lower(behind.While([](char c) { return !IsSpace(c); })) == "interval") reader = behind;
  reader.SkipSpaces();
  if (reader.ended()) return std::nullopt;
  CalendarInterval sum;
  while (!reader.ended()) {
    if (!ReadPart(&reader, &sum)) return std::nullopt;
    reader.SkipSpaces();
  }
  return sum;
}

}  // namespace sluice
