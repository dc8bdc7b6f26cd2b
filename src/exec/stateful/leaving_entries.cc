// SPDX-License-Identifier: Apache-2.0
#include "exec/stateful/leaving_entries.h"

#include <algorithm>

namespace sluice {

bool LeavingEntries::Wanted(std::string_view key, std::string_view value) const {
  return (!last_ || key > *last_) && leaves_(key, value);
}

Result<bool> LeavingEntries::Next() {
  run_.clear();
  if (done_) return false;
  if (map_->in_memory()) {
    SLUICE_RETURN_IF_ERROR(map_->Visit([&](std::string_view key, std::string_view value) {
      if (Wanted(key, value)) run_.emplace_back(key, value);
      return Status::OK();
    }));
    std::sort(run_.begin(), run_.end(), [](const Entry& a, const Entry& b) { return a.first < b.first; });
    done_ = true;
  } else {
    SLUICE_RETURN_IF_ERROR(CopyRun());
  }
  if (run_.empty()) return false;
  last_ = std::string(run_.back().first);
  return true;
}

Status LeavingEntries::CopyRun() {
  copies_.clear();
  places_.clear();
  bound_.reset();
  SLUICE_RETURN_IF_ERROR(map_->Visit([&](std::string_view key, std::string_view value) {
    if ((bound_ && key > *bound_) || !Wanted(key, value)) return Status::OK();
    places_.push_back({copies_.size(), key.size(), value.size()});
    copies_.append(key);
    copies_.append(value);
    if (copies_.size() + places_.size() * sizeof(Place) > 2 * run_bytes_) KeepLeast();
    return Status::OK();
  }));
  SortCopies();
  done_ = !bound_;
  for (const Place& place : places_) {
    run_.emplace_back(KeyAt(place), std::string_view(copies_).substr(place.at + place.key_size, place.value_size));
  }
  return Status::OK();
}

void LeavingEntries::SortCopies() {
  std::sort(places_.begin(), places_.end(), [this](const Place& a, const Place& b) { return KeyAt(a) < KeyAt(b); });
}

// Leaves the least keys' entries, about half of what there is, for this run.
void LeavingEntries::KeepLeast() {
  if (places_.size() < 2) return;
  SortCopies();
  std::string kept;
  kept.reserve(copies_.capacity());
  size_t count = 0;
  for (; count < places_.size(); ++count) {
    Place& place = places_[count];
    const size_t size = place.key_size + place.value_size;
    if (count > 0 && kept.size() + size + (count + 1) * sizeof(Place) > run_bytes_) break;
    kept.append(copies_, place.at, size);
    place.at = kept.size() - size;
  }
  if (count == places_.size()) --count;
  places_.resize(count);
  kept.resize(places_.back().at + places_.back().key_size + places_.back().value_size);
  copies_ = std::move(kept);
  bound_ = std::string(KeyAt(places_.back()));
}

}  // namespace sluice
