// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace sluice {

// One input record as it came from the source, for what is set aside. A source that has no raw form of its rows gives
// `place` alone.
struct SourceRecord {
  std::string place;  // as SliceReader::PlaceOf
  std::string topic;  // empty: there is only a place
  int32_t partition = 0;
  int64_t offset = 0;
  int64_t timestamp_ms = 0;
  int32_t timestamp_type = 0;
  std::optional<std::string> key;
  std::optional<std::string> value;
  std::vector<std::pair<std::string, std::optional<std::string>>> headers;
  // Key, value and headers were too large to be read: they are empty, and the record cannot be put through again.
  bool left_out = false;
  bool operator==(const SourceRecord&) const = default;
};

}  // namespace sluice
