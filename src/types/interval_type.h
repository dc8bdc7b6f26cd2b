// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <arrow/type.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace sluice {

// The fields of an interval, from the largest to the smallest. Those of an interval are neighbours: DAY TO SECOND has
// hours and minutes too.
enum class IntervalField { kYear, kMonth, kDay, kHour, kMinute, kSecond };

struct IntervalFields {
  IntervalField first;
  IntervalField last;
  bool operator==(const IntervalFields&) const = default;
};

// INTERVAL DAY TO SECOND and its like: microseconds, of any length. The fields decide how it is called and printed
// alone: intervals of other fields are of an equal type, whose values are the same.
class DayTimeInterval : public arrow::DurationType {
 public:
  explicit DayTimeInterval(IntervalFields fields) : DurationType(arrow::TimeUnit::MICRO), fields_(fields) {}
  IntervalFields fields() const { return fields_; }
  // With the fields: expressions that differ in them alone are two.
  std::string ToString(bool show_metadata = false) const override;

 private:
  IntervalFields fields_;
};

// INTERVAL YEAR TO MONTH and its like: months.
class YearMonthInterval : public arrow::MonthIntervalType {
 public:
  explicit YearMonthInterval(IntervalFields fields) : fields_(fields) {}
  IntervalFields fields() const { return fields_; }
  std::string ToString(bool show_metadata = false) const override;

 private:
  IntervalFields fields_;
};

// Either, by its fields.
std::shared_ptr<arrow::DataType> IntervalType(IntervalFields fields);
bool IsDayTimeInterval(const arrow::DataType& type);
bool IsYearMonthInterval(const arrow::DataType& type);
inline bool IsInterval(const arrow::DataType& type) {
  return IsDayTimeInterval(type) || IsYearMonthInterval(type);
}
// All fields where the type does not say.
IntervalFields FieldsOf(const arrow::DataType& type);

// "interval day to second"
std::string IntervalName(IntervalFields fields);
// The fields of such a name, without regard to case.
std::optional<IntervalFields> ParseIntervalName(std::string_view name);
// The field of a unit's name, singular or plural.
std::optional<IntervalField> ParseIntervalField(std::string_view unit);

// "INTERVAL '1 02:03:04.5' DAY TO SECOND": microseconds, or months.
void AppendInterval(int64_t value, IntervalFields fields, std::string* out);
// The quoted part of such a text, or all of it; nothing when it is malformed or beyond the range.
std::optional<int64_t> ParseInterval(std::string_view text, IntervalFields fields);

}  // namespace sluice
