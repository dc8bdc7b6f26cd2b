// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "base/status.h"
#include "types/zone_rules.h"

namespace sluice {

// A session's or a value's time zone: an offset, or a region of the system's tz database. Remembers the last stretch of
// equal offset, so use one object a thread; cheap to copy.
class TimeZone {
 public:
  // "UTC", "Z", "+08:00", "GMT+8", "Europe/Berlin" ... as Java's ZoneId reads them. Else INVALID_TIMEZONE.
  static Result<TimeZone> Find(const std::string& name);
  static TimeZone Utc() { return {}; }

  // Seconds to add to UTC at this instant (microseconds since 1970 UTC).
  int64_t OffsetSeconds(int64_t utc_micros);
  // Both stay at the ends of the range.
  int64_t ToLocal(int64_t utc_micros);
  // In a gap the clock has gone on by the gap's length; of two instants the earlier, as in java.time.
  int64_t ToUtc(int64_t local_micros);
  bool IsDaylightSaving(int64_t utc_micros) const;
  // As it was given, and as Java's ZoneId calls it: "GMT+8" is "GMT+08:00", "PST" is "America/Los_Angeles".
  const std::string& name() const { return name_; }
  const std::string& id() const { return id_; }

 private:
  TimeZone() = default;
  void Remember(const ZoneRules::Stretch& stretch);

  const ZoneRules* rules_ = nullptr;  // lives for ever; null: a fixed offset
  int64_t offset_ = 0;
  int64_t begin_ = 1;  // seconds in which offset_ is valid; empty at first
  int64_t end_ = 0;
  std::string name_ = "UTC";
  std::string id_ = "UTC";
};

// Checks a value of spark.sql.session.timeZone: INVALID_CONF_VALUE.TIME_ZONE when it names no zone.
Status CheckTimeZoneSetting(const std::string& value);

}  // namespace sluice
