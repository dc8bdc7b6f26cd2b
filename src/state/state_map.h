// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "state/state_memory.h"

namespace sluice {

// Keys and values of one store, and which of them changed since the last commit. They are on the heap, or in the file
// of a StateMemory once that is spilled; the entries, their order and the changes are the same. One thread at a time.
class StateMap {
 public:
  // `memory` may be null (the heap) and outlives the map.
  explicit StateMap(StateMemory* memory = nullptr)
      : memory_(memory), mapped_(Spilled()), slots_(memory), entries_(memory), changed_(memory) {}
  StateMap(StateMap&&) = default;
  StateMap& operator=(StateMap&&) = default;
  StateMemory* memory() const { return memory_; }

  // Views end with the next Put, Remove, Load, EndViews or Settle.
  std::optional<std::string_view> Get(std::string_view key) const;
  bool Contains(std::string_view key) const;
  void Put(std::string_view key, std::string_view value);
  // A key that is not there stays so.
  void Remove(std::string_view key);
  // The same, but no change: for what a file holds.
  void Load(std::string_view key, const std::optional<std::string_view>& value);
  // Frees what Get's views of a spilled map point into.
  void EndViews();

  int64_t size() const { return live_; }
  // On the heap.
  int64_t bytes() const;
  // On the heap or in the file.
  int64_t all_bytes() const;
  int64_t changes() const { return static_cast<int64_t>(changed_.size()); }

  // All entries, in no order that means anything: it depends on what was removed before. The views end with the call;
  // when the map is in memory they stay until Settle or Move, but for values that are put anew.
  using Visitor = std::function<Status(std::string_view key, std::string_view value)>;
  Status Visit(const Visitor& visitor) const;
  bool in_memory() const { return !mapped_; }
  // What changed, each key once, in the order of its first change; no value: it was removed.
  Status VisitChanges(
      const std::function<Status(std::string_view key, const std::optional<std::string_view>& value)>& visitor) const;
  // The changes are committed; frees what was removed.
  void Settle();
  // Brings everything to where the memory has its blocks now.
  void Move();

 private:
  // In the arena: this, then the key, then room for a value.
  struct Head {
    uint32_t key_size;
    uint32_t room;          // bytes for the value
    int32_t value_size;     // -1: removed
    uint32_t change_epoch;  // epoch_: the entry stands in changed_
  };
  struct Slot {
    uint32_t tag;     // of the key's hash
    uint32_t number;  // of the entry, or kFree
  };
  static constexpr uint32_t kFree = UINT32_MAX;

  bool Spilled() const { return memory_ != nullptr && memory_->spilled(); }
  // Before memory of the arena is read or written.
  void Touch(const char* data, size_t size) const {
    if (mapped_) memory_->Touch(data, size);
  }
  Head HeadAt(const char* data) const;
  void SetHead(const Head& head, char* data) const;
  std::string_view KeyAt(const char* data, const Head& head) const;
  std::optional<std::string_view> ValueAt(const char* data, const Head& head) const;
  // The entry of a key, or kFree and the slot where it belongs.
  uint32_t Find(std::string_view key, uint32_t tag, size_t* slot) const;
  uint32_t Set(std::string_view key, const std::optional<std::string_view>& value);
  void MarkChanged(uint32_t entry);
  char* Allocate(size_t size);
  char* Copy(const char* data, size_t size);
  size_t HomeOf(uint32_t tag) const { return tag >> tag_shift_; }
  void Place(const Slot& slot);
  void MakeSlots(size_t count);
  void GrowSlots();
  void Compact();
  std::vector<StateBlock> NewArena();

  StateMemory* memory_;
  bool mapped_;             // blocks come of the memory's file
  StateArray<Slot> slots_;  // a power of two of them, in the order of their tags but for collisions
  StateArray<char*> entries_;
  StateArray<uint32_t> changed_;
  int tag_shift_ = 0;
  std::vector<StateBlock> blocks_;
  size_t block_left_ = 0;
  size_t block_size_ = 0;
  int64_t arena_bytes_ = 0;
  int64_t heap_bytes_ = 0;  // of arena_bytes_
  int64_t garbage_ = 0;     // bytes of the arena that no entry needs
  int64_t live_ = 0;
  uint32_t epoch_ = 1;  // one more with each Settle

  // Copies of values for views: what they point to in the file may be out of memory any time.
  mutable std::vector<std::unique_ptr<char[]>> copies_;
  mutable size_t copies_left_ = 0;
  mutable int64_t copies_bytes_ = 0;
};

}  // namespace sluice
