// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sluice {

// The offsets of one region of the tz database through all time: what its TZif file (RFC 9636) lists, and after that
// the rule at the file's end for ever. Immutable and thread-safe.
class ZoneRules {
 public:
  // What clocks show for a while.
  struct Kind {
    int64_t offset = 0;     // seconds east of Greenwich
    bool daylight = false;  // summer time
    std::string abbreviation;
  };
  // Between two changes of the clock: seconds since 1970 UTC, `end` is not part of it.
  struct Stretch {
    int64_t begin = std::numeric_limits<int64_t>::min();
    int64_t end = std::numeric_limits<int64_t>::max();
    const Kind* kind = nullptr;  // of the rules
  };

  // The rules of a region ("Europe/Berlin") of the system's database, or null when it has none. Read once a process and
  // kept for ever.
  static const ZoneRules* Find(const std::string& region);
  // The rules in the bytes of a TZif file; nothing when they are damaged.
  static std::optional<ZoneRules> Parse(std::string_view file);

  Stretch AtUtc(int64_t second) const;
  // The stretch whose offset java.time applies to a local time: that before the change when the clock shows the time
  // twice or never.
  Stretch AtLocal(int64_t second) const;

 private:
  struct Change {
    int64_t at = 0;     // seconds UTC
    int64_t local = 0;  // from this local second on only the kind after it applies
    size_t before = 0;  // index of a kind
    size_t after = 0;
  };

  void AddChange(int64_t at, size_t kind);
  // Adds the changes of 400 years by the rule at the end of a file; false when it is no rule.
  bool AddRule(std::string_view footer);
  void SettleDaylight();
  // By how much a second beyond the changes must go back, in whole cycles of 400 years; 0 for others.
  int64_t CyclesBeyond(int64_t second) const;
  // The stretch that ends with changes_[next], moved on by `cycles` seconds.
  Stretch Before(size_t next, int64_t cycles) const;

  std::vector<Kind> kinds_;
  std::vector<Change> changes_;
  bool repeats_ = false;  // the last 400 years of changes_ stand for all later ones
};

}  // namespace sluice
