// SPDX-License-Identifier: Apache-2.0
#include "expr/written_datetime.h"

#include <arrow/api.h>

#include "expr/column_io.h"
#include "types/calendar.h"
#include "types/datetime_text.h"
#include "types/spark_type.h"

namespace sluice {

bool AppendWrittenDatetime(const arrow::Array& array, int64_t row, DatetimeFormats* formats, std::string* out) {
  static const DatetimePattern kZoned = *DatetimePattern::Compile("yyyy-MM-dd'T'HH:mm:ss.SSSXXXXX");
  static const DatetimePattern kLocal = *DatetimePattern::Compile("yyyy-MM-dd'T'HH:mm:ss.SSS");
  TimeZone utc = TimeZone::Utc();
  if (array.type_id() == arrow::Type::DATE32) {
    const int64_t days = ColumnReader<int32_t>(array)[row];
    if (formats->date) {
      formats->date->Format(days * kMicrosPerDay, &utc, out);
    } else {
      AppendDate(days, out);
    }
    return true;
  }
  if (array.type_id() != arrow::Type::TIMESTAMP) return false;
  const int64_t micros = ColumnReader<int64_t>(array)[row];
  if (array.type()->Equals(TimestampType())) {
    (formats->timestamp ? *formats->timestamp : kZoned).Format(micros, &formats->zone, out);
  } else {
    (formats->timestamp_ntz ? *formats->timestamp_ntz : kLocal).Format(micros, &utc, out);
  }
  return true;
}

}  // namespace sluice
