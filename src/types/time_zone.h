// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "base/status.h"

namespace sluice {

// A session's or a value's time zone: an offset, or a region of the system's tz database. Remembers the last stretch of
// equal offset, so use one object a thread; cheap to copy.
class TimeZone {
 public:
  // "UTC", "Z", "+08:00", "GMT+8", "Europe/Berlin" ... as Java's ZoneId reads them. Else INVALID_TIMEZONE.
  static Result<TimeZone> Find(const std::string& name);
  static TimeZone Utc() { return TimeZone(nullptr, 0); }

  // Seconds to add to UTC at this instant (microseconds since 1970 UTC).
  int64_t OffsetSeconds(int64_t utc_micros);
  // Both stay at the ends of the range.
  int64_t ToLocal(int64_t utc_micros);
  // In a gap the clock has gone on by the gap's length; of two instants the earlier, as in java.time.
  int64_t ToUtc(int64_t local_micros);
  // Abbreviation at this instant ("CET"), or the offset's text.
  std::string Abbreviation(int64_t utc_micros) const;
  const std::string& name() const { return name_; }

 private:
  TimeZone(const void* region, int64_t offset) : region_(region), offset_(offset) {}
  const void* region_;  // of Arrow's copy of the tz database, which lives for ever
  int64_t offset_;
  int64_t begin_ = 1;  // seconds in which offset_ is valid; empty at first
  int64_t end_ = 0;
  std::string name_ = "UTC";
};

}  // namespace sluice
