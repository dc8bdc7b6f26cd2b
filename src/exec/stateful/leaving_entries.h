// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "state/state_map.h"

namespace sluice {

// Entries of a map, ascending by the bytes of their keys: the map's own order depends on what was removed before. They
// come in runs: of a map in memory all in one, of a spilled one as many as may be copied at a time, by a pass over the
// map for each run. One thread.
class LeavingEntries {
 public:
  using Entry = std::pair<std::string_view, std::string_view>;  // key and value
  using Leaves = std::function<bool(std::string_view key, std::string_view value)>;

  // `run_bytes`: of copies.
  LeavingEntries(const StateMap* map, Leaves leaves, int64_t run_bytes)
      : map_(map), leaves_(std::move(leaves)), run_bytes_(static_cast<size_t>(run_bytes)) {}

  // Goes on to the next run; false: there is none. Entries of the map may be removed as they come, and values be put
  // anew, but the map must not be moved while a run is in use.
  Result<bool> Next();
  // Their bytes stay where they are until the next run.
  const std::vector<Entry>& run() const { return run_; }

 private:
  struct Place {
    size_t at;
    size_t key_size;
    size_t value_size;
  };
  bool Wanted(std::string_view key, std::string_view value) const;
  std::string_view KeyAt(const Place& place) const {
    return std::string_view(copies_).substr(place.at, place.key_size);
  }
  Status CopyRun();
  void SortCopies();
  void KeepLeast();

  const StateMap* map_;
  Leaves leaves_;
  size_t run_bytes_;
  std::vector<Entry> run_;
  std::optional<std::string> last_;  // the last key of the run before
  bool done_ = false;
  std::string copies_;
  std::vector<Place> places_;
  std::optional<std::string> bound_;  // keys behind it belong to a later run
};

}  // namespace sluice
