// SPDX-License-Identifier: Apache-2.0
#include "types/time_zone.h"

#include <arrow/vendored/datetime.h>
#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <optional>
#include <stdexcept>

#include "base/spark_error.h"
#include "types/calendar.h"

namespace sluice {
namespace {

namespace date = arrow_vendored::date;

// The second of the same clock in the years that the tz library counts in (16 bits): later it repeats every 400 years,
// and before the first rule nothing changes.
int64_t InKnownYears(int64_t second) {
  constexpr int64_t kFirst = -377'705'116'800;  // of the year -9999
  constexpr int64_t kLast = 253'402'300'800;    // of the year 10000
  constexpr int64_t kCycle = 146'097 * kSecondsPerDay;
  if (second < kFirst) return kFirst;
  return second < kLast ? second : second - ((second - kLast) / kCycle + 1) * kCycle;
}

const date::time_zone* Region(const void* region) {
  return static_cast<const date::time_zone*>(region);
}

// h, hh, hmm, hhmm, h:mm, hh:mm, hh:mm:ss after a sign; at most 18 hours.
std::optional<int64_t> ParseOffset(std::string_view text) {
  if (text.size() < 2 || (text[0] != '+' && text[0] != '-')) return std::nullopt;
  const int64_t sign = text[0] == '-' ? -1 : 1;
  int parts[3] = {0, 0, 0};
  int part = 0;
  int digits = 0;
  const bool colons = text.find(':') != std::string_view::npos;
  for (const char c : text.substr(1)) {
    if (c == ':') {
      if (digits == 0 || ++part > 2) return std::nullopt;
      digits = 0;
    } else if (c >= '0' && c <= '9') {
      if (!colons && digits == 2) {
        if (++part > 2) return std::nullopt;
        digits = 0;
      }
      if (++digits > 2) return std::nullopt;
      parts[part] = parts[part] * 10 + (c - '0');
    } else {
      return std::nullopt;
    }
  }
  if (digits == 0 || (part > 0 && digits != 2)) return std::nullopt;
  const int64_t seconds = parts[0] * 3600 + parts[1] * 60 + parts[2];
  if (parts[1] > 59 || parts[2] > 59 || seconds > 18 * 3600) return std::nullopt;
  return sign * seconds;
}

const char* OldName(const std::string& name) {
  static constexpr const char* kNames[][2] = {{"ACT", "Australia/Darwin"},
                                              {"AET", "Australia/Sydney"},
                                              {"AGT", "America/Argentina/Buenos_Aires"},
                                              {"ART", "Africa/Cairo"},
                                              {"AST", "America/Anchorage"},
                                              {"BET", "America/Sao_Paulo"},
                                              {"BST", "Asia/Dhaka"},
                                              {"CAT", "Africa/Harare"},
                                              {"CNT", "America/St_Johns"},
                                              {"CST", "America/Chicago"},
                                              {"CTT", "Asia/Shanghai"},
                                              {"EAT", "Africa/Addis_Ababa"},
                                              {"ECT", "Europe/Paris"},
                                              {"IET", "America/Indiana/Indianapolis"},
                                              {"IST", "Asia/Kolkata"},
                                              {"JST", "Asia/Tokyo"},
                                              {"MIT", "Pacific/Apia"},
                                              {"NET", "Asia/Yerevan"},
                                              {"NST", "Pacific/Auckland"},
                                              {"PLT", "Asia/Karachi"},
                                              {"PNT", "America/Phoenix"},
                                              {"PRT", "America/Puerto_Rico"},
                                              {"PST", "America/Los_Angeles"},
                                              {"SST", "Pacific/Guadalcanal"},
                                              {"VST", "Asia/Ho_Chi_Minh"},
                                              {"EST", "-05:00"},
                                              {"MST", "-07:00"},
                                              {"HST", "-10:00"}};
  for (const auto& row : kNames) {
    if (name == row[0]) return row[1];
  }
  return nullptr;
}

}  // namespace

Result<TimeZone> TimeZone::Find(const std::string& name) {
  std::string_view text = name;
  if (const char* known = OldName(name)) text = known;
  TimeZone zone = Utc();
  zone.name_ = name;
  if (text == "Z" || text == "UTC" || text == "GMT" || text == "UT") return zone;
  for (const std::string_view prefix : {"UTC", "GMT", "UT"}) {
    if (text.starts_with(prefix) && text.size() > prefix.size() &&
        (text[prefix.size()] == '+' || text[prefix.size()] == '-')) {
      text.remove_prefix(prefix.size());
      break;
    }
  }
  if (const auto offset = ParseOffset(text)) {
    zone.offset_ = *offset;
    return zone;
  }
  try {
    zone.region_ = date::locate_zone(text);
    return zone;
  } catch (const std::runtime_error&) {
    return UserError("INVALID_TIMEZONE", fmt::format("There is no time zone '{}'.", name), {{"timeZone", name}});
  }
}

int64_t TimeZone::OffsetSeconds(int64_t utc_micros) {
  if (region_ == nullptr) return offset_;
  const int64_t second = InKnownYears(FloorDiv(utc_micros, kMicrosPerSecond));
  if (second < begin_ || second >= end_) {
    const auto info = Region(region_)->get_info(date::sys_seconds(std::chrono::seconds(second)));
    begin_ = info.begin.time_since_epoch().count();
    end_ = info.end.time_since_epoch().count();
    offset_ = info.offset.count();
  }
  return offset_;
}

int64_t TimeZone::ToLocal(int64_t utc_micros) {
  return SaturatingAdd(utc_micros, OffsetSeconds(utc_micros) * kMicrosPerSecond);
}

int64_t TimeZone::ToUtc(int64_t local_micros) {
  if (region_ == nullptr) return SaturatingAdd(local_micros, -offset_ * kMicrosPerSecond);
  const int64_t second = InKnownYears(FloorDiv(local_micros, kMicrosPerSecond));
  // Far enough from both ends of the stretch, no other offset can apply.
  constexpr int64_t kMargin = 2 * kSecondsPerDay;
  if (begin_ < end_ && second > begin_ + kMargin && second < end_ - kMargin) {
    return SaturatingAdd(local_micros, -offset_ * kMicrosPerSecond);
  }
  const auto info = Region(region_)->get_info(date::local_seconds(std::chrono::seconds(second)));
  if (info.result == date::local_info::unique) {
    begin_ = info.first.begin.time_since_epoch().count();
    end_ = info.first.end.time_since_epoch().count();
    offset_ = info.first.offset.count();
  }
  return SaturatingAdd(local_micros, -info.first.offset.count() * kMicrosPerSecond);
}

std::string TimeZone::Abbreviation(int64_t utc_micros) const {
  if (region_ == nullptr) return name_;
  return Region(region_)
      ->get_info(date::sys_seconds(std::chrono::seconds(InKnownYears(FloorDiv(utc_micros, kMicrosPerSecond)))))
      .abbrev;
}

}  // namespace sluice
