// SPDX-License-Identifier: Apache-2.0
#include "types/time_zone.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <optional>

#include "base/spark_error.h"
#include "types/calendar.h"
#include "types/zone_rules.h"

namespace sluice {
namespace {

// Two digits at `position`, no more than `most`.
bool ReadTwo(std::string_view text, size_t position, int64_t most, int64_t* value) {
  const char tens = text[position];
  const char ones = text[position + 1];
  if (tens < '0' || tens > '9' || ones < '0' || ones > '9') return false;
  *value = (tens - '0') * 10 + (ones - '0');
  return *value <= most;
}

// Java's forms, after a sign: h, hh, hhmm, hh:mm, hhmmss, hh:mm:ss, at most 18 hours. Spark besides takes one digit for
// the hours before a colon, and for the minutes at the end: +8:5.
std::optional<int64_t> ParseOffset(std::string_view written) {
  if (written.size() < 2 || (written[0] != '+' && written[0] != '-')) return std::nullopt;
  std::string text(written.substr(1));
  if (text.size() == 1 || text[1] == ':') text.insert(0, "0");
  if (text.size() == 4 && text[2] == ':') text.insert(3, "0");
  const bool colons = text.size() == 5 || text.size() == 8;
  if (colons) {
    if (text[2] != ':' || (text.size() == 8 && text[5] != ':')) return std::nullopt;
    std::erase(text, ':');
  }
  if (text.size() != 2 && text.size() != 4 && text.size() != 6) return std::nullopt;
  int64_t parts[3] = {0, 0, 0};
  for (size_t i = 0; i < text.size(); i += 2) {
    if (!ReadTwo(text, i, i == 0 ? 18 : 59, &parts[i / 2])) return std::nullopt;
  }
  const int64_t seconds = (parts[0] * 60 + parts[1]) * 60 + parts[2];
  if (seconds > 18 * 3600) return std::nullopt;
  return written[0] == '-' ? -seconds : seconds;
}

// As java.time writes an offset: "Z", "+08:00", "-07:52:58".
std::string OffsetId(int64_t offset) {
  if (offset == 0) return "Z";
  const int64_t absolute = std::abs(offset);
  std::string id = fmt::format("{}{:02}:{:02}", offset < 0 ? '-' : '+', absolute / 3600, absolute / 60 % 60);
  return absolute % 60 == 0 ? id : id + fmt::format(":{:02}", absolute % 60);
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
  zone.id_ = text;
  if (text == "Z" || text == "UTC" || text == "GMT" || text == "UT") return zone;
  std::string_view prefix;
  for (const std::string_view known : {"UTC", "GMT", "UT"}) {
    if (!text.starts_with(known)) continue;
    prefix = known;
    break;
  }
  if (const auto offset = ParseOffset(text.substr(prefix.size()))) {
    zone.offset_ = *offset;
    const bool plain = prefix.empty() || *offset != 0;
    zone.id_ = std::string(prefix) + (plain ? OffsetId(*offset) : "");
    return zone;
  }
  zone.rules_ = ZoneRules::Find(std::string(text));
  if (zone.rules_ != nullptr) return zone;
  return UserError("INVALID_TIMEZONE", fmt::format("There is no time zone '{}'.", name), {{"timeZone", name}});
}

int64_t TimeZone::OffsetSeconds(int64_t utc_micros) {
  if (rules_ == nullptr) return offset_;
  const int64_t second = FloorDiv(utc_micros, kMicrosPerSecond);
  if (second < begin_ || second >= end_) Remember(rules_->AtUtc(second));
  return offset_;
}

int64_t TimeZone::ToLocal(int64_t utc_micros) {
  return SaturatingAdd(utc_micros, OffsetSeconds(utc_micros) * kMicrosPerSecond);
}

int64_t TimeZone::ToUtc(int64_t local_micros) {
  if (rules_ == nullptr) return SaturatingAdd(local_micros, -offset_ * kMicrosPerSecond);
  const int64_t second = FloorDiv(local_micros, kMicrosPerSecond);
  // Far enough from both ends of the stretch, no other offset can apply.
  constexpr int64_t kMargin = 2 * kSecondsPerDay;
  const bool inside = begin_ < end_ && second - kMargin > begin_ && second + kMargin < end_;
  if (!inside) Remember(rules_->AtLocal(second));
  return SaturatingAdd(local_micros, -offset_ * kMicrosPerSecond);
}

void TimeZone::Remember(const ZoneRules::Stretch& stretch) {
  begin_ = stretch.begin;
  end_ = stretch.end;
  offset_ = stretch.kind->offset;
}

bool TimeZone::IsDaylightSaving(int64_t utc_micros) const {
  return rules_ != nullptr && rules_->AtUtc(FloorDiv(utc_micros, kMicrosPerSecond)).kind->daylight;
}

Status CheckTimeZoneSetting(const std::string& value) {
  if (TimeZone::Find(value).ok()) return Status::OK();
  return UserError(
      "INVALID_CONF_VALUE.TIME_ZONE",
      fmt::format("The setting spark.sql.session.timeZone cannot be '{}': there is no such time zone. Give "
                  "a region (Europe/Berlin) or an offset (+02:00).",
                  value),
      {{"confName", "spark.sql.session.timeZone"}, {"confValue", value}});
}

}  // namespace sluice
