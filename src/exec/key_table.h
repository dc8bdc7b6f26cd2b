// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <cstring>
#include <memory>
#include <string_view>
#include <vector>

namespace sluice {

// The bytes of one key. Up to 12 bytes stand in the value itself, zero-padded; longer ones outside.
struct KeyBytes {
  static constexpr uint32_t kInline = 12;
  static constexpr uint32_t kNull = UINT32_MAX;  // as size: the one key that is null

  uint64_t head = 0;  // size, then the first 4 bytes
  uint64_t tail = 0;  // the next 8 bytes, or the address of the whole

  static KeyBytes Null() { return {kNull, 0}; }
  static KeyBytes Of(std::string_view bytes) {
    KeyBytes key;
    key.head = static_cast<uint32_t>(bytes.size());
    char* to = reinterpret_cast<char*>(&key);
    if (bytes.size() <= kInline) {
      if (!bytes.empty()) std::memcpy(to + 4, bytes.data(), bytes.size());
    } else {
      std::memcpy(to + 4, bytes.data(), 4);
      const char* data = bytes.data();
      std::memcpy(&key.tail, &data, sizeof(data));
    }
    return key;
  }

  uint32_t size() const { return static_cast<uint32_t>(head); }
  bool is_null() const { return size() == kNull; }
  bool is_inline() const { return size() <= kInline || is_null(); }
  // Points into this object when the key is inline.
  std::string_view bytes() const {
    if (is_inline()) return {reinterpret_cast<const char*>(this) + 4, is_null() ? 0 : size()};
    const char* data;
    std::memcpy(&data, &tail, sizeof(data));
    return {data, size()};
  }
};

// The keys of which the hash begins with these bits: a table that would be too large is made in several goes.
struct HashRange {
  int bits = 0;
  uint32_t prefix = 0;
  bool is_all() const { return bits == 0; }
  bool Holds(uint64_t hash) const { return bits == 0 || hash >> (64 - bits) == prefix; }
};

// Numbers distinct keys from 0 in the order they first come. Copies what it keeps. At most 2^32 - 2 keys. Hashes are
// fixed, so that the same rows give the same table everywhere. One thread at a time.
class KeyTable {
 public:
  static constexpr uint64_t kWholeHash = ~uint64_t{0};
  // `hash_bits`: those of the hash that are used, by a test fewer, so that keys collide.
  explicit KeyTable(uint64_t hash_bits = kWholeHash);
  static constexpr uint32_t kOutside = UINT32_MAX;  // instead of a number
  // ids[i] becomes the number of keys[i], new ones included; kOutside for a key outside the range.
  void Map(const KeyBytes* keys, int64_t count, const HashRange& range, uint32_t* ids);
  // The same, but nothing is added: kOutside for a key that is not there.
  void Find(const KeyBytes* keys, int64_t count, uint32_t* ids) const;
  // The hashes by which ranges are told.
  void Hash(const KeyBytes* keys, int64_t count, uint64_t* hashes) const;
  // ids[i] becomes our number of key i of another table, of the same bits.
  void Merge(const KeyTable& other, uint32_t* ids);
  int64_t size() const { return static_cast<int64_t>(keys_.size()); }
  const KeyBytes& key(int64_t id) const { return keys_[static_cast<size_t>(id)]; }
  // What the table holds, in bytes.
  int64_t bytes() const;
  // The most that it holds at a time while `more` new keys come: what grows is there twice for a moment. Bytes of long
  // keys apart.
  int64_t BytesWhileAdding(int64_t more) const;

 private:
  struct Slot {
    uint32_t tag;  // upper half of the hash
    uint32_t id;   // number of the key + 1; 0: free
  };
  uint32_t FindOrAdd(const KeyBytes& key, uint64_t hash);
  KeyBytes Keep(const KeyBytes& key);
  void Grow();

  uint64_t hash_bits_;
  std::vector<Slot> slots_;
  uint64_t mask_;
  std::vector<KeyBytes> keys_;
  std::vector<uint64_t> hashes_;
  std::vector<std::unique_ptr<char[]>> blocks_;  // bytes of long keys
  size_t block_size_ = 0;
  size_t block_used_ = 0;
  int64_t block_bytes_ = 0;
};

}  // namespace sluice
