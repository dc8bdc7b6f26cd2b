// SPDX-License-Identifier: Apache-2.0
#include "types/zone_names.h"

#include <algorithm>
#include <array>
#include <map>
#include <unordered_map>
#include <vector>

#include "types/zone_names_table.h"

namespace sluice {
namespace {

constexpr size_t kNames = 6;
using Names = std::array<std::string_view, kNames>;

std::string LowerCase(std::string_view text) {
  std::string lower(text);
  std::transform(lower.begin(), lower.end(), lower.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return lower;
}

std::vector<std::string_view> Cut(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  while (!text.empty()) {
    const size_t end = std::min(text.find(separator), text.size());
    parts.push_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return parts;
}

// The groups with each line whole; lives for ever, since names are views of it.
const std::string& Groups() {
  static const auto* const text = [] {
    auto* joined = new std::string(kZoneGroups);
    for (size_t at = joined->find("\n "); at != std::string::npos; at = joined->find("\n ", at)) joined->erase(at, 1);
    return joined;
  }();
  return *text;
}

const std::unordered_map<std::string_view, Names>& NamesOfZones() {
  static const auto* const zones = [] {
    auto* made = new std::unordered_map<std::string_view, Names>();
    for (const std::string_view line : Cut(Groups(), '\n')) {
      const std::vector<std::string_view> parts = Cut(line, '|');
      Names names;
      std::copy_n(parts.begin(), kNames, names.begin());
      for (const std::string_view id : Cut(parts[kNames], ' ')) made->emplace(id, names);
    }
    return made;
  }();
  return *zones;
}

// What may stand in a text for a zone, in lower case, and the zone's id.
struct Readable {
  std::unordered_map<std::string, std::string_view> ids;
  size_t longest = 0;

  void Add(std::string_view name, std::string_view id) {
    ids.emplace(LowerCase(name), id);
    longest = std::max(longest, name.size());
  }
};

Readable MakeReadable(std::string_view names) {
  Readable readable;
  for (const auto& [id, known] : NamesOfZones()) readable.Add(id, id);
  for (std::string_view entry : Cut(names, ';')) {
    if (entry.starts_with('\n')) entry.remove_prefix(1);
    const size_t equals = entry.find('=');
    if (equals != std::string_view::npos) readable.Add(entry.substr(0, equals), entry.substr(equals + 1));
  }
  return readable;
}

const Readable& ReadableZones(bool names, bool full) {
  static const auto* const ids = new Readable(MakeReadable({}));
  if (!names) return *ids;
  static const auto* const with_short = new Readable(MakeReadable(kShortZoneNames));
  static const auto* const with_long = new Readable(MakeReadable(kLongZoneNames));
  return full ? *with_long : *with_short;
}

}  // namespace

std::string_view ZoneNameOf(std::string_view zone_id, ZoneNameKind kind, bool full) {
  const auto found = NamesOfZones().find(zone_id);
  if (found == NamesOfZones().end()) return {};
  const size_t first = kind == ZoneNameKind::kStandard ? 0 : kind == ZoneNameKind::kDaylight ? 2 : 4;
  return found->second[first + (full ? 0 : 1)];
}

std::string LongestZone(std::string_view text, bool names, bool full, size_t* size) {
  const Readable& readable = ReadableZones(names, full);
  std::string front = LowerCase(text.substr(0, std::min(text.size(), readable.longest)));
  for (; !front.empty(); front.pop_back()) {
    const auto found = readable.ids.find(front);
    if (found == readable.ids.end()) continue;
    *size = front.size();
    return std::string(found->second);
  }
  *size = 0;
  return {};
}

}  // namespace sluice
