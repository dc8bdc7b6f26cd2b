// SPDX-License-Identifier: Apache-2.0
#include "state/state_map.h"

#define XXH_INLINE_ALL
#include <arrow/vendored/xxhash/xxhash.h>

#include <algorithm>
#include <cstring>
#include <utility>

namespace sluice {
namespace {

constexpr size_t kFirstBlock = 1 << 10;
constexpr size_t kLargestBlock = 1 << 20;
constexpr size_t kFirstSlots = 16;

uint64_t HashOf(std::string_view key) {
  return XXH3_64bits(key.data(), key.size());
}

}  // namespace

StateMap::Head StateMap::HeadOf(const Entry& entry) {
  Head head;
  std::memcpy(&head, entry.data, sizeof(head));
  return head;
}

std::string_view StateMap::KeyOf(const Entry& entry, const Head& head) {
  return {entry.data + sizeof(Head), head.key_size};
}

std::optional<std::string_view> StateMap::ValueOf(const Entry& entry, const Head& head) {
  if (head.value_size < 0) return std::nullopt;
  return std::string_view(entry.data + sizeof(Head) + head.key_size, static_cast<size_t>(head.value_size));
}

int64_t StateMap::bytes() const {
  return arena_bytes_ +
         static_cast<int64_t>(slots_.capacity() * sizeof(uint32_t) + entries_.capacity() * sizeof(Entry) +
                              changed_.capacity() * sizeof(uint32_t));
}

uint32_t StateMap::Find(std::string_view key, uint64_t hash, size_t* slot) const {
  const size_t mask = slots_.size() - 1;
  for (size_t at = hash & mask;; at = (at + 1) & mask) {
    *slot = at;
    const uint32_t number = slots_[at];
    if (number == kFree) return kFree;
    const Entry& entry = entries_[number];
    if (entry.hash == hash && KeyOf(entry, HeadOf(entry)) == key) return number;
  }
}

std::optional<std::string_view> StateMap::Get(std::string_view key) const {
  if (slots_.empty()) return std::nullopt;
  size_t slot = 0;
  const uint32_t number = Find(key, HashOf(key), &slot);
  if (number == kFree) return std::nullopt;
  return ValueOf(entries_[number], HeadOf(entries_[number]));
}

char* StateMap::Allocate(size_t size) {
  size = (size + 7) / 8 * 8;
  if (size > block_left_) {
    block_size_ = std::max(size, std::clamp(block_size_ * 2, kFirstBlock, kLargestBlock));
    blocks_.push_back(std::make_unique_for_overwrite<char[]>(block_size_));
    garbage_ += static_cast<int64_t>(block_left_);
    arena_bytes_ += static_cast<int64_t>(block_size_);
    block_left_ = block_size_;
  }
  char* data = blocks_.back().get() + (block_size_ - block_left_);
  block_left_ -= size;
  return data;
}

// Makes the slots anew; with `copy` also the arena and the entries, without what was removed.
void StateMap::Rebuild(size_t slots, bool copy) {
  if (copy) {
    const std::vector<Entry> old = std::exchange(entries_, {});
    const auto old_blocks = std::exchange(blocks_, {});
    block_left_ = block_size_ = 0;
    arena_bytes_ = garbage_ = 0;
    entries_.reserve(static_cast<size_t>(live_));
    for (const Entry& entry : old) {
      const Head head = HeadOf(entry);
      if (head.value_size < 0) continue;
      const size_t size = sizeof(Head) + head.key_size + head.room;
      char* data = Allocate(size);
      std::memcpy(data, entry.data, size);
      entries_.push_back({entry.hash, data});
    }
  }
  slots_.assign(slots, kFree);
  const size_t mask = slots - 1;
  for (uint32_t number = 0; number < entries_.size(); ++number) {
    size_t at = entries_[number].hash & mask;
    while (slots_[at] != kFree) at = (at + 1) & mask;
    slots_[at] = number;
  }
}

uint32_t StateMap::Set(std::string_view key, const std::optional<std::string_view>& value) {
  if (slots_.empty()) slots_.assign(kFirstSlots, kFree);
  const uint64_t hash = HashOf(key);
  size_t slot = 0;
  uint32_t number = Find(key, hash, &slot);
  const int32_t value_size = value ? static_cast<int32_t>(value->size()) : -1;
  Head head{};
  if (number != kFree) head = HeadOf(entries_[number]);
  if (number == kFree && !value) return kFree;
  const bool was_live = number != kFree && head.value_size >= 0;
  if (number == kFree || (value && value->size() > head.room)) {
    const size_t room = value->size();
    const bool fresh = number == kFree;
    if (!fresh) garbage_ += static_cast<int64_t>(sizeof(Head) + head.key_size + head.room);
    char* data = Allocate(sizeof(Head) + key.size() + room);
    std::memcpy(data + sizeof(Head), key.data(), key.size());
    head = {static_cast<uint32_t>(key.size()), static_cast<uint32_t>(room), 0, fresh ? 0 : head.changed};
    if (fresh) {
      number = static_cast<uint32_t>(entries_.size());
      entries_.push_back({hash, data});
      slots_[slot] = number;
    } else {
      entries_[number].data = data;
    }
  }
  Entry& entry = entries_[number];
  head.value_size = value_size;
  std::memcpy(entry.data, &head, sizeof(head));
  if (value && !value->empty()) std::memcpy(entry.data + sizeof(Head) + head.key_size, value->data(), value->size());
  live_ += (value ? 1 : 0) - (was_live ? 1 : 0);
  if (entries_.size() * 4 > slots_.size() * 3) Rebuild(slots_.size() * 2, /*copy=*/false);
  return number;
}

void StateMap::MarkChanged(uint32_t number) {
  if (number == kFree) return;
  Head head = HeadOf(entries_[number]);
  if (head.changed != 0) return;
  head.changed = 1;
  std::memcpy(entries_[number].data, &head, sizeof(head));
  changed_.push_back(number);
}

void StateMap::Put(std::string_view key, std::string_view value) {
  MarkChanged(Set(key, value));
}

void StateMap::Remove(std::string_view key) {
  MarkChanged(Set(key, std::nullopt));
}

void StateMap::Load(std::string_view key, const std::optional<std::string_view>& value) {
  Set(key, value);
}

Status StateMap::Visit(const Visitor& visitor) const {
  for (const Entry& entry : entries_) {
    const Head head = HeadOf(entry);
    if (head.value_size < 0) continue;
    SLUICE_RETURN_IF_ERROR(visitor(KeyOf(entry, head), *ValueOf(entry, head)));
  }
  return Status::OK();
}

Status StateMap::VisitChanges(
    const std::function<Status(std::string_view key, const std::optional<std::string_view>& value)>& visitor) const {
  for (const uint32_t number : changed_) {
    const Head head = HeadOf(entries_[number]);
    SLUICE_RETURN_IF_ERROR(visitor(KeyOf(entries_[number], head), ValueOf(entries_[number], head)));
  }
  return Status::OK();
}

void StateMap::Settle() {
  for (const uint32_t number : changed_) {
    Head head = HeadOf(entries_[number]);
    head.changed = 0;
    std::memcpy(entries_[number].data, &head, sizeof(head));
  }
  changed_.clear();
  if (changed_.capacity() > entries_.size()) changed_.shrink_to_fit();
  const auto removed = static_cast<int64_t>(entries_.size()) - live_;
  if (removed <= live_ && garbage_ <= arena_bytes_ / 2) return;
  size_t slots = kFirstSlots;
  while (slots * 3 < static_cast<size_t>(live_) * 4) slots *= 2;
  Rebuild(slots, /*copy=*/true);
  slots_.shrink_to_fit();
}

}  // namespace sluice
