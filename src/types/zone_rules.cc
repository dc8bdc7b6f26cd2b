// SPDX-License-Identifier: Apache-2.0
#include "types/zone_rules.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <fstream>
#include <map>
#include <memory>
#include <mutex>
#include <sstream>

#include "types/calendar.h"
#include "types/posix_zone.h"

namespace sluice {
namespace {

constexpr char kFolder[] = "/usr/share/zoneinfo/";
constexpr int64_t kCycleYears = 400;  // after so many years the calendar repeats, week days included
constexpr int64_t kCycleSeconds = 146'097 * kSecondsPerDay;

// Big-endian numbers from the front of a text; `ok` turns false, and stays so, once there are too few bytes.
struct Bytes {
  std::string_view rest;
  bool ok = true;

  std::string_view Take(size_t count) {
    if (count > rest.size()) ok = false;
    if (!ok) return {};
    const std::string_view taken = rest.substr(0, count);
    rest.remove_prefix(count);
    return taken;
  }
  int64_t Number(size_t width) {
    uint64_t value = 0;
    const std::string_view taken = Take(width);
    for (const char c : taken) value = value << 8 | static_cast<unsigned char>(c);
    return width == 8 ? static_cast<int64_t>(value) : static_cast<int32_t>(value);
  }
};

struct Header {
  int version = 0;
  int64_t utc_flags = 0;
  int64_t standard_flags = 0;
  int64_t leaps = 0;
  int64_t changes = 0;
  int64_t kinds = 0;
  int64_t letters = 0;

  // Bytes of the block behind the header whose times have `width` bytes.
  size_t BlockSize(int64_t width) const {
    return static_cast<size_t>(changes * (width + 1) + kinds * 6 + letters + leaps * (width + 4) + standard_flags +
                               utc_flags);
  }
};

bool TakeHeader(Bytes* bytes, Header* header) {
  constexpr int64_t kMost = 1 << 20;
  if (bytes->Take(4) != "TZif") return false;
  const std::string_view version = bytes->Take(1);
  bytes->Take(15);
  int64_t* const counts[] = {&header->utc_flags, &header->standard_flags, &header->leaps,
                             &header->changes,   &header->kinds,          &header->letters};
  for (int64_t* count : counts) {
    *count = bytes->Number(4);
    if (*count < 0 || *count > kMost) return false;
  }
  header->version = bytes->ok && version[0] >= '2' ? version[0] - '0' : 1;
  return bytes->ok && header->kinds > 0;
}

// Times of changes, which kind follows each, and the kinds.
struct Block {
  std::vector<int64_t> times;
  std::string_view kind_of;
  std::vector<ZoneRules::Kind> kinds;
};

bool TakeKinds(Bytes* bytes, const Header& header, Block* block) {
  std::vector<size_t> names;
  for (int64_t i = 0; i < header.kinds; ++i) {
    const int64_t offset = bytes->Number(4);
    const std::string_view flags = bytes->Take(2);
    if (!bytes->ok) return false;
    names.push_back(static_cast<unsigned char>(flags[1]));
    block->kinds.push_back({offset, flags[0] != 0, {}});
  }
  const std::string_view letters = bytes->Take(static_cast<size_t>(header.letters));
  for (size_t i = 0; i < names.size(); ++i) {
    if (names[i] >= letters.size()) return false;
    block->kinds[i].abbreviation = letters.substr(names[i], letters.find('\0', names[i]) - names[i]);
  }
  return true;
}

bool TakeBlock(Bytes* bytes, const Header& header, int64_t width, Block* block) {
  for (int64_t i = 0; i < header.changes; ++i) block->times.push_back(bytes->Number(static_cast<size_t>(width)));
  block->kind_of = bytes->Take(static_cast<size_t>(header.changes));
  if (!TakeKinds(bytes, header, block)) return false;
  bytes->Take(static_cast<size_t>(header.leaps * (width + 4) + header.standard_flags + header.utc_flags));
  for (size_t i = 0; bytes->ok && i < block->times.size(); ++i) {
    if (static_cast<unsigned char>(block->kind_of[i]) >= block->kinds.size()) return false;
    if (i > 0 && block->times[i] <= block->times[i - 1]) return false;
  }
  return bytes->ok;
}

// Only names of the database itself: neither other files of its folder nor paths that lead out of it.
bool IsRegionName(const std::string& name) {
  if (name.size() < 2 || !std::isalpha(static_cast<unsigned char>(name[0]))) return false;
  const bool plain = std::all_of(
      name.begin(), name.end(), [](unsigned char c) { return std::isalnum(c) || std::strchr("~/._+-", c) != nullptr; });
  return plain && name.find("..") == std::string::npos && !name.starts_with("posix") && !name.starts_with("right/") &&
         name != "localtime" && name != "Factory" && name != "ROC";
}

std::unique_ptr<const ZoneRules> Read(const std::string& region) {
  if (!IsRegionName(region)) return nullptr;
  std::ifstream file(kFolder + region, std::ios::binary);
  if (!file) return nullptr;
  std::stringstream text;
  text << file.rdbuf();
  std::optional<ZoneRules> rules = ZoneRules::Parse(text.view());
  return rules ? std::make_unique<const ZoneRules>(*std::move(rules)) : nullptr;
}

}  // namespace

std::optional<ZoneRules> ZoneRules::Parse(std::string_view file) {
  Bytes bytes{file};
  Header header;
  if (!TakeHeader(&bytes, &header)) return std::nullopt;
  int64_t width = 4;
  if (header.version >= 2) {
    // The same again with times of 8 bytes, and the rule for later years.
    bytes.Take(header.BlockSize(4));
    if (!TakeHeader(&bytes, &header)) return std::nullopt;
    width = 8;
  }
  Block block;
  if (!TakeBlock(&bytes, header, width, &block)) return std::nullopt;
  ZoneRules rules;
  rules.kinds_ = std::move(block.kinds);
  for (size_t i = 0; i < block.times.size(); ++i) {
    rules.AddChange(block.times[i], static_cast<unsigned char>(block.kind_of[i]));
  }
  if (width == 8) {
    const std::string_view footer = bytes.rest;
    if (footer.size() < 2 || footer[0] != '\n') return std::nullopt;
    const size_t end = footer.find('\n', 1);
    if (end == std::string_view::npos || !rules.AddRule(footer.substr(1, end - 1))) return std::nullopt;
  }
  rules.SettleDaylight();
  return rules;
}

// The first kind of a file holds before its first change.
void ZoneRules::AddChange(int64_t at, size_t kind) {
  Change change{at, at, changes_.empty() ? 0 : changes_.back().after, kind};
  change.local += std::max(kinds_[change.before].offset, kinds_[change.after].offset);
  changes_.push_back(change);
}

bool ZoneRules::AddRule(std::string_view footer) {
  if (footer.empty()) return true;
  const std::optional<PosixZone> rule = PosixZone::Parse(footer);
  if (!rule) return false;
  if (!rule->daylight) return true;  // the last change of the file led there
  const size_t standard = kinds_.size();
  kinds_.push_back({rule->offset, false, rule->abbreviation});
  kinds_.push_back({rule->daylight->offset, true, rule->daylight->abbreviation});
  const int64_t last = changes_.empty() ? std::numeric_limits<int64_t>::min() : changes_.back().at;
  const int64_t first_year = changes_.empty() ? 1970 : CivilFromDays(FloorDiv(last, kSecondsPerDay)).year;
  for (int64_t year = first_year; year <= first_year + kCycleYears + 1; ++year) {
    const int64_t begin = rule->daylight->begin.In(year) - rule->offset;
    const int64_t end = rule->daylight->end.In(year) - rule->daylight->offset;
    std::array<std::pair<int64_t, size_t>, 2> changes = {{{begin, standard + 1}, {end, standard}}};
    std::sort(changes.begin(), changes.end());
    for (const auto& [at, kind] : changes) {
      if (at > last) AddChange(at, kind);
    }
  }
  repeats_ = true;
  return true;
}

// Ireland's winter time is daylight time with a negative offset in the database; java.time, as everybody else, takes
// the summer for it.
void ZoneRules::SettleDaylight() {
  std::vector<bool> swapped(kinds_.size());
  for (const Change& change : changes_) {
    const Kind& before = kinds_[change.before];
    const Kind& after = kinds_[change.after];
    if (before.daylight == after.daylight) continue;
    const Kind& daylight = before.daylight ? before : after;
    const Kind& standard = before.daylight ? after : before;
    if (daylight.offset < standard.offset) swapped[change.before] = swapped[change.after] = true;
  }
  for (size_t i = 0; i < kinds_.size(); ++i) kinds_[i].daylight = kinds_[i].daylight != swapped[i];
}

int64_t ZoneRules::CyclesBeyond(int64_t second) const {
  if (!repeats_ || second < changes_.back().at) return 0;
  return ((second - changes_.back().at) / kCycleSeconds + 1) * kCycleSeconds;
}

ZoneRules::Stretch ZoneRules::Before(size_t next, int64_t cycles) const {
  Stretch stretch;
  if (next > 0) stretch.begin = changes_[next - 1].at + cycles;
  if (next < changes_.size()) stretch.end = changes_[next].at + cycles;
  stretch.kind = &kinds_[next > 0 ? changes_[next - 1].after : 0];
  return stretch;
}

ZoneRules::Stretch ZoneRules::AtUtc(int64_t second) const {
  const int64_t cycles = CyclesBeyond(second);
  const auto next = std::upper_bound(changes_.begin(), changes_.end(), second - cycles,
                                     [](int64_t at, const Change& change) { return at < change.at; });
  return Before(static_cast<size_t>(next - changes_.begin()), cycles);
}

ZoneRules::Stretch ZoneRules::AtLocal(int64_t second) const {
  // A day's margin: local times lie up to 18 hours off, and one more cycle back changes nothing.
  const int64_t cycles = CyclesBeyond(second + kSecondsPerDay);
  const auto next = std::upper_bound(changes_.begin(), changes_.end(), second - cycles,
                                     [](int64_t at, const Change& change) { return at < change.local; });
  return Before(static_cast<size_t>(next - changes_.begin()), cycles);
}

const ZoneRules* ZoneRules::Find(const std::string& region) {
  static std::mutex mutex;
  static auto* const known = new std::map<std::string, std::unique_ptr<const ZoneRules>>();
  std::lock_guard lock(mutex);
  const auto found = known->find(region);
  if (found != known->end()) return found->second.get();
  std::unique_ptr<const ZoneRules> rules = Read(region);
  // Names that mean nothing come from users' data, and there is no end of them: they are not kept.
  if (rules == nullptr) return nullptr;
  return known->emplace(region, std::move(rules)).first->second.get();
}

}  // namespace sluice
