// SPDX-License-Identifier: Apache-2.0
#include "state/state_map.h"

#define XXH_INLINE_ALL
#include <arrow/vendored/xxhash/xxhash.h>

#include <algorithm>
#include <bit>
#include <cstring>
#include <string>
#include <utility>

namespace sluice {
namespace {

constexpr size_t kFirstBlock = 1 << 10;
constexpr size_t kLargestBlock = 1 << 20;
// Of the file, where a block is a mapping: there may be some ten thousand of them in a process.
constexpr size_t kFirstPart = 64 << 10;
constexpr size_t kLargestPart = 16 << 20;
constexpr size_t kFirstSlots = 16;
constexpr size_t kCopies = 64 << 10;
constexpr int kTagBits = 32;

// The upper half of the hash. Its upper bits are the slot's number: twice the slots are filled in the same order.
uint32_t TagOf(std::string_view key) {
  return static_cast<uint32_t>(XXH3_64bits(key.data(), key.size()) >> 32);
}

}  // namespace

StateMap::Head StateMap::HeadAt(const char* data) const {
  Touch(data, sizeof(Head));
  Head head;
  std::memcpy(&head, data, sizeof(head));
  return head;
}

void StateMap::SetHead(const Head& head, char* data) const {
  Touch(data, sizeof(Head));
  std::memcpy(data, &head, sizeof(head));
}

std::string_view StateMap::KeyAt(const char* data, const Head& head) const {
  Touch(data + sizeof(Head), head.key_size);
  return {data + sizeof(Head), head.key_size};
}

std::optional<std::string_view> StateMap::ValueAt(const char* data, const Head& head) const {
  if (head.value_size < 0) return std::nullopt;
  const auto size = static_cast<size_t>(head.value_size);
  Touch(data + sizeof(Head) + head.key_size, size);
  return std::string_view(data + sizeof(Head) + head.key_size, size);
}

int64_t StateMap::bytes() const {
  return heap_bytes_ + copies_bytes_ + slots_.heap_bytes() + entries_.heap_bytes() + changed_.heap_bytes();
}

int64_t StateMap::all_bytes() const {
  return arena_bytes_ + copies_bytes_ + slots_.bytes() + entries_.bytes() + changed_.bytes();
}

uint32_t StateMap::Find(std::string_view key, uint32_t tag, size_t* slot) const {
  const size_t mask = slots_.size() - 1;
  for (size_t at = HomeOf(tag);; at = (at + 1) & mask) {
    *slot = at;
    const Slot found = slots_.Get(at);
    if (found.number == kFree) return kFree;
    if (found.tag != tag) continue;
    const char* data = entries_.Get(found.number);
    if (KeyAt(data, HeadAt(data)) == key) return found.number;
  }
}

bool StateMap::Contains(std::string_view key) const {
  if (slots_.empty()) return false;
  size_t slot = 0;
  const uint32_t number = Find(key, TagOf(key), &slot);
  return number != kFree && HeadAt(entries_.Get(number)).value_size >= 0;
}

std::optional<std::string_view> StateMap::Get(std::string_view key) const {
  if (slots_.empty()) return std::nullopt;
  size_t slot = 0;
  const uint32_t number = Find(key, TagOf(key), &slot);
  if (number == kFree) return std::nullopt;
  const char* data = entries_.Get(number);
  const auto value = ValueAt(data, HeadAt(data));
  if (!value || !mapped_) return value;
  if (value->size() > copies_left_ || copies_.empty()) {
    const size_t size = std::max(value->size(), kCopies);
    copies_.push_back(std::make_unique_for_overwrite<char[]>(size));
    copies_left_ = size;
    copies_bytes_ += static_cast<int64_t>(size);
  }
  // From the end of the chunk on: its size need not be known.
  copies_left_ -= value->size();
  char* copy = copies_.back().get() + copies_left_;
  std::memcpy(copy, value->data(), value->size());
  return std::string_view(copy, value->size());
}

void StateMap::EndViews() {
  copies_.clear();
  copies_left_ = 0;
  copies_bytes_ = 0;
}

char* StateMap::Allocate(size_t size) {
  size = (size + 7) / 8 * 8;
  if (size > block_left_) {
    const size_t next =
        std::clamp(block_size_ * 2, mapped_ ? kFirstPart : kFirstBlock, mapped_ ? kLargestPart : kLargestBlock);
    block_size_ = std::max(size, next);
    blocks_.emplace_back(memory_, block_size_);
    garbage_ += static_cast<int64_t>(block_left_);
    arena_bytes_ += static_cast<int64_t>(block_size_);
    if (!blocks_.back().mapped()) heap_bytes_ += static_cast<int64_t>(block_size_);
    block_left_ = block_size_;
  }
  char* data = blocks_.back().data() + (block_size_ - block_left_);
  block_left_ -= size;
  return data;
}

// A copy of an entry of an arena that is about to go.
char* StateMap::Copy(const char* data, size_t size) {
  char* copy = Allocate(size);
  if (memory_ == nullptr) {
    std::memcpy(copy, data, size);
    return copy;
  }
  // Either side may go out of memory when the other one is touched.
  memory_->Touch(data, size);
  const std::string bytes(data, size);
  Touch(copy, size);
  std::memcpy(copy, bytes.data(), size);
  return copy;
}

// The result is the blocks of the former one.
std::vector<StateBlock> StateMap::NewArena() {
  block_left_ = block_size_ = 0;
  arena_bytes_ = heap_bytes_ = garbage_ = 0;
  return std::exchange(blocks_, {});
}

void StateMap::MakeSlots(size_t count) {
  slots_.Assign(count, {0, kFree});
  tag_shift_ = kTagBits - std::countr_zero(count);
}

void StateMap::Place(const Slot& slot) {
  const size_t mask = slots_.size() - 1;
  size_t at = HomeOf(slot.tag);
  while (slots_.Get(at).number != kFree) at = (at + 1) & mask;
  slots_.Set(at, slot);
}

void StateMap::GrowSlots() {
  const StateArray<Slot> old = std::move(slots_);
  slots_ = StateArray<Slot>(memory_);
  MakeSlots(old.size() * 2);
  for (size_t at = 0; at < old.size(); ++at) {
    const Slot slot = old.Get(at);
    if (slot.number != kFree) Place(slot);
  }
}

// Makes everything anew without what was removed.
void StateMap::Compact() {
  const StateArray<char*> old = std::move(entries_);
  const std::vector<StateBlock> old_blocks = NewArena();
  entries_ = StateArray<char*>(memory_);
  entries_.Reserve(static_cast<size_t>(live_));
  size_t slots = kFirstSlots;
  while (slots * 3 < static_cast<size_t>(live_) * 4) slots *= 2;
  MakeSlots(slots);
  for (size_t i = 0; i < old.size(); ++i) {
    const char* data = old.Get(i);
    const Head head = HeadAt(data);
    if (head.value_size < 0) continue;
    const uint32_t tag = TagOf(KeyAt(data, head));
    Place({tag, static_cast<uint32_t>(entries_.size())});
    entries_.Push(Copy(data, sizeof(Head) + head.key_size + head.room));
  }
}

void StateMap::Move() {
  mapped_ = Spilled();
  slots_.Move();
  changed_.Move();
  entries_.Move();
  const std::vector<StateBlock> old_blocks = NewArena();
  for (size_t i = 0; i < entries_.size(); ++i) {
    const char* data = entries_.Get(i);
    if (memory_ != nullptr) memory_->Touch(data, sizeof(Head));
    Head head;
    std::memcpy(&head, data, sizeof(head));
    entries_.Set(i, Copy(data, sizeof(Head) + head.key_size + head.room));
  }
  EndViews();
}

uint32_t StateMap::Set(std::string_view key, const std::optional<std::string_view>& value) {
  if (slots_.empty()) MakeSlots(kFirstSlots);
  const uint32_t tag = TagOf(key);
  size_t slot = 0;
  uint32_t number = Find(key, tag, &slot);
  if (number == kFree && !value) return kFree;
  char* data = nullptr;
  Head head{static_cast<uint32_t>(key.size()), 0, -1, 0};
  if (number != kFree) {
    data = entries_.Get(number);
    head = HeadAt(data);
  }
  const bool was_live = head.value_size >= 0;
  if (number == kFree || (value && value->size() > head.room)) {
    if (number != kFree) garbage_ += static_cast<int64_t>(sizeof(Head) + head.key_size + head.room);
    head.room = static_cast<uint32_t>(value->size());
    data = Allocate(sizeof(Head) + key.size() + head.room);
    Touch(data + sizeof(Head), key.size());
    std::memcpy(data + sizeof(Head), key.data(), key.size());
    if (number == kFree) {
      number = static_cast<uint32_t>(entries_.size());
      entries_.Push(data);
      slots_.Set(slot, {tag, number});
    } else {
      entries_.Set(number, data);
    }
  }
  head.value_size = value ? static_cast<int32_t>(value->size()) : -1;
  SetHead(head, data);
  if (value && !value->empty()) {
    char* to = data + sizeof(Head) + head.key_size;
    Touch(to, value->size());
    std::memcpy(to, value->data(), value->size());
  }
  live_ += (value ? 1 : 0) - (was_live ? 1 : 0);
  if (entries_.size() * 4 > slots_.size() * 3) GrowSlots();
  return number;
}

void StateMap::MarkChanged(uint32_t number) {
  if (number == kFree) return;
  char* data = entries_.Get(number);
  Head head = HeadAt(data);
  if (head.change_epoch == epoch_) return;
  head.change_epoch = epoch_;
  SetHead(head, data);
  changed_.Push(number);
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
  for (size_t i = 0; i < entries_.size(); ++i) {
    const char* data = entries_.Get(i);
    const Head head = HeadAt(data);
    const auto value = ValueAt(data, head);
    if (!value) continue;
    SLUICE_RETURN_IF_ERROR(visitor(KeyAt(data, head), *value));
  }
  return Status::OK();
}

Status StateMap::VisitChanges(
    const std::function<Status(std::string_view key, const std::optional<std::string_view>& value)>& visitor) const {
  for (size_t i = 0; i < changed_.size(); ++i) {
    const char* data = entries_.Get(changed_.Get(i));
    const Head head = HeadAt(data);
    const auto value = ValueAt(data, head);
    SLUICE_RETURN_IF_ERROR(visitor(KeyAt(data, head), value));
  }
  return Status::OK();
}

void StateMap::Settle() {
  EndViews();
  ++epoch_;
  changed_.Clear();
  if (changed_.capacity() > entries_.size()) changed_.Free();
  const auto removed = static_cast<int64_t>(entries_.size()) - live_;
  if (removed > live_ || garbage_ > arena_bytes_ / 2) Compact();
}

}  // namespace sluice
