// SPDX-License-Identifier: Apache-2.0
// Time zones against what Java answers (tools/record_zones.py): every change of every zone's clock from 1800 to 2500,
// and which names there are.
#include "types/zone_rules.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <set>
#include <sstream>

#include "types/calendar.h"
#include "types/datetime_text.h"
#include "types/posix_zone.h"
#include "types/time_zone.h"
#include "types/zone_names.h"

namespace sluice {
namespace {

constexpr int64_t kBegin1800 = DaysFromCivil(1800, 1, 1) * kSecondsPerDay;
constexpr int64_t kEnd2500 = DaysFromCivil(2500, 1, 1) * kSecondsPerDay;

// The hash of tests/rig/Zones.java.
std::string HashOf(const std::string& id, int64_t begin) {
  TimeZone zone = *TimeZone::Find(id);
  const ZoneRules* rules = ZoneRules::Find(id);
  ZoneRules::Stretch stretch = rules->AtUtc(begin);
  int64_t offset = stretch.kind->offset;
  std::string text = fmt::format("{} {}\n", begin, offset);
  while (stretch.end < kEnd2500) {
    stretch = rules->AtUtc(stretch.end);
    if (stretch.kind->offset == offset) continue;
    const int64_t local =
        stretch.begin + std::min(offset, stretch.kind->offset) + std::abs(offset - stretch.kind->offset) / 2;
    offset = stretch.kind->offset;
    text += fmt::format("{} {} {}\n", stretch.begin, offset, zone.ToUtc(local * kMicrosPerSecond) / kMicrosPerSecond);
  }
  uint64_t hash = 0xcbf29ce484222325;
  for (const unsigned char c : text) hash = (hash ^ c) * 0x100000001b3;
  return fmt::format("{:016x}", hash);
}

std::vector<std::string> Recorded(const std::string& kind) {
  std::ifstream file(SLUICE_SOURCE_DIR "/tests/golden/zones.txt");
  std::vector<std::string> lines;
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with(kind + " ")) lines.push_back(line.substr(kind.size() + 1));
  }
  EXPECT_FALSE(lines.empty()) << kind;
  return lines;
}

std::string SystemVersion() {
  std::ifstream file("/usr/share/zoneinfo/tzdata.zi");
  std::string mark, word, version;
  file >> mark >> word >> version;
  return version;
}

// Debian's database and the JDK's differ in what they know of the years before 1970, and come in different versions.
// Where the version is the one of the recording, the zones that differ since 1970 are known by name.
TEST(ZoneRules, FollowsJavaFrom1800To2500) {
  const std::set<std::string> other_data = {"Asia/Tehran", "Iran", "EET", "WET"};
  const bool same_version = SystemVersion() == Recorded("system")[0];
  int zones = 0, old = 0;
  std::set<std::string> since_1970;
  for (const std::string& line : Recorded("zone")) {
    std::istringstream parts(line);
    std::string id, changes, all, recent;
    parts >> id >> changes >> all >> recent;
    if (ZoneRules::Find(id) == nullptr) {
      EXPECT_FALSE(same_version) << id << " is missing";
      continue;
    }
    ++zones;
    old += HashOf(id, kBegin1800) != all;
    if (HashOf(id, 0) != recent) since_1970.insert(id);
  }
  EXPECT_GT(zones, 550);
  EXPECT_LT(old, zones / 5) << "zones that differ before 1970";
  if (same_version) {
    EXPECT_EQ(since_1970, other_data);
  }
  EXPECT_LT(since_1970.size(), 30U) << "too many for another version of the database";
}

TEST(ZoneRules, SummerTimeHasNoLastYear) {
  TimeZone zone = *TimeZone::Find("America/Los_Angeles");
  const auto seconds = [&](const char* text) { return *ParseTimestamp(text, &zone) / kMicrosPerSecond; };
  EXPECT_EQ(seconds("2050-07-01 12:00:00"), 2540314800);
  EXPECT_EQ(seconds("2437-07-01 12:00:00") - seconds("2037-07-01 12:00:00"), int64_t{146'097} * kSecondsPerDay);
  EXPECT_EQ(seconds("9999-07-01 12:00:00") % kSecondsPerDay, 19 * 3600) << "behind many cycles of 400 years";
  EXPECT_EQ(seconds("9999-01-01 12:00:00") % kSecondsPerDay, 20 * 3600);
}

TEST(TimeZone, NamesAreThoseOfSpark) {
  for (const std::string& line : Recorded("id")) {
    const size_t quote = line.rfind('\'');
    const std::string id = line.substr(1, quote - 1);
    const std::string wanted = line.substr(quote + 2);
    Result<TimeZone> zone = TimeZone::Find(id);
    const int64_t july_2020 = DaysFromCivil(2020, 7, 1) * kMicrosPerDay;
    EXPECT_EQ(zone.ok() ? fmt::format("{} {}", zone->OffsetSeconds(july_2020), zone->id()) : "refused", wanted) << id;
  }
}

TEST(ZoneRules, DamagedFilesAreRefused) {
  std::ifstream file("/usr/share/zoneinfo/Europe/Berlin", std::ios::binary);
  std::stringstream text;
  text << file.rdbuf();
  const std::string whole = text.str();
  ASSERT_TRUE(ZoneRules::Parse(whole));
  for (size_t size = 0; size + 1 < whole.size(); ++size) EXPECT_FALSE(ZoneRules::Parse(whole.substr(0, size))) << size;
  for (size_t at = 0; at < whole.size(); ++at) {
    std::string bent = whole;
    bent[at] = static_cast<char>(bent[at] ^ 0x80);
    (void)ZoneRules::Parse(bent);  // no crash
  }
}

TEST(ZoneRules, SummerIsDaylightTimeInIrelandToo) {
  const TimeZone dublin = *TimeZone::Find("Europe/Dublin");
  for (const int64_t year : {1975, 2024, 2050}) {
    EXPECT_TRUE(dublin.IsDaylightSaving(DaysFromCivil(year, 7, 1) * kMicrosPerDay)) << year;
    EXPECT_FALSE(dublin.IsDaylightSaving(DaysFromCivil(year, 1, 1) * kMicrosPerDay)) << year;
  }
}

TEST(PosixZone, ReadsRules) {
  const auto zone = PosixZone::Parse("<-02>2<-01>,M3.5.0/-1,M10.5.0/0");
  ASSERT_TRUE(zone && zone->daylight);
  EXPECT_EQ(zone->offset, -7200);
  EXPECT_EQ(zone->daylight->offset, -3600);
  EXPECT_EQ(zone->daylight->begin.In(2024), DaysFromCivil(2024, 3, 31) * kSecondsPerDay - 3600);
  EXPECT_EQ(PosixZone::Parse("AAA3BBB,J60,365")->daylight->begin.In(2024),
            DaysFromCivil(2024, 3, 1) * kSecondsPerDay + 7200);
  EXPECT_FALSE(PosixZone::Parse("JST-9")->daylight);
  for (const char* text :
       {"", "JS-9", "JST", "JST-9X", "PST8PDT", "PST8PDT,M13.2.0,M11.1.0", "PST8PDT,M3.2.0", "<JST-9"}) {
    EXPECT_FALSE(PosixZone::Parse(text)) << text;
  }
}

TEST(ZoneNames, LongestNameWins) {
  size_t size = 0;
  EXPECT_EQ(ZoneNameOf("America/Los_Angeles", ZoneNameKind::kDaylight, true), "Pacific Daylight Time");
  EXPECT_EQ(ZoneNameOf("Europe/Berlin", ZoneNameKind::kStandard, false), "CET");
  EXPECT_EQ(ZoneNameOf("+01:00", ZoneNameKind::kStandard, false), "");
  EXPECT_EQ(LongestZone("america/los_angeles rest", false, false, &size), "America/Los_Angeles");
  EXPECT_EQ(size, 19U);
  EXPECT_EQ(LongestZone("PDT", true, false, &size), "America/Los_Angeles");
  EXPECT_EQ(LongestZone("PDT", false, false, &size), "");
}

}  // namespace
}  // namespace sluice
