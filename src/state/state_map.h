// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "base/status.h"

namespace sluice {

// Keys and values of one store in memory, and which of them changed since the last commit. One thread at a time.
class StateMap {
 public:
  StateMap() = default;
  StateMap(StateMap&&) = default;
  StateMap& operator=(StateMap&&) = default;

  // Views end with the next Put, Remove, Load or Settle.
  std::optional<std::string_view> Get(std::string_view key) const;
  void Put(std::string_view key, std::string_view value);
  // A key that is not there stays so.
  void Remove(std::string_view key);
  // The same, but no change: for what a file holds.
  void Load(std::string_view key, const std::optional<std::string_view>& value);

  int64_t size() const { return live_; }
  int64_t bytes() const;
  int64_t changes() const { return static_cast<int64_t>(changed_.size()); }

  using Visitor = std::function<Status(std::string_view key, std::string_view value)>;
  // All entries, in no order that means anything: it depends on what was removed before.
  Status Visit(const Visitor& visitor) const;
  // What changed, each key once, in the order of its first change; no value: it was removed.
  Status VisitChanges(
      const std::function<Status(std::string_view key, const std::optional<std::string_view>& value)>& visitor) const;
  // The changes are committed; frees what was removed.
  void Settle();

 private:
  // In the arena: this, then the key, then room for a value.
  struct Head {
    uint32_t key_size;
    uint32_t room;       // bytes for the value
    int32_t value_size;  // -1: removed
    uint32_t changed;    // 1 while it stands in changed_
  };
  struct Entry {
    uint64_t hash;
    char* data;
  };
  static constexpr uint32_t kFree = UINT32_MAX;

  static Head HeadOf(const Entry& entry);
  static std::string_view KeyOf(const Entry& entry, const Head& head);
  static std::optional<std::string_view> ValueOf(const Entry& entry, const Head& head);
  // The entry of a key, or the free slot where it belongs.
  uint32_t Find(std::string_view key, uint64_t hash, size_t* slot) const;
  uint32_t Set(std::string_view key, const std::optional<std::string_view>& value);
  void MarkChanged(uint32_t entry);
  char* Allocate(size_t size);
  void Rebuild(size_t slots, bool copy);

  std::vector<uint32_t> slots_;  // numbers of entries; a power of two of them
  std::vector<Entry> entries_;
  std::vector<uint32_t> changed_;
  std::vector<std::unique_ptr<char[]>> blocks_;
  size_t block_left_ = 0;
  size_t block_size_ = 0;
  int64_t arena_bytes_ = 0;
  int64_t garbage_ = 0;  // bytes of the arena that no entry needs
  int64_t live_ = 0;
};

}  // namespace sluice
