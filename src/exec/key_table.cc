// SPDX-License-Identifier: Apache-2.0
#include "exec/key_table.h"

#include <algorithm>

namespace sluice {
namespace {

constexpr size_t kFirstSlots = 64;
constexpr size_t kFirstBlock = 4096;
constexpr size_t kLargestBlock = 1 << 20;
constexpr int64_t kProbeGroup = 64;  // keys hashed together, so that their slots are fetched at the same time

__extension__ using Wide = unsigned __int128;

uint64_t Mix(uint64_t a, uint64_t b) {
  const Wide product = static_cast<Wide>(a) * b;
  return static_cast<uint64_t>(product) ^ static_cast<uint64_t>(product >> 64);
}

constexpr uint64_t kSeed1 = 0x9E3779B97F4A7C15;  // odd constants without a pattern
constexpr uint64_t kSeed2 = 0xC2B2AE3D27D4EB4F;

uint64_t Load(const char* at, size_t size) {
  uint64_t word = 0;
  std::memcpy(&word, at, size);
  return word;
}

uint64_t HashOf(const KeyBytes& key) {
  if (key.is_inline()) return Mix(key.head ^ kSeed1, key.tail ^ kSeed2);
  const std::string_view bytes = key.bytes();
  uint64_t hash = kSeed1 ^ bytes.size();
  const char* at = bytes.data();
  size_t left = bytes.size();
  for (; left > 16; left -= 16, at += 16) hash = Mix(Load(at, 8) ^ hash, Load(at + 8, 8) ^ kSeed2);
  // The last 16 bytes, which overlap those before (a long key has more than 12).
  const char* end = bytes.data() + bytes.size();
  return Mix(Load(end - 8, 8) ^ hash, Load(left > 8 ? at : end - 8, 8) ^ kSeed2);
}

bool Equal(const KeyBytes& a, const KeyBytes& b) {
  if (a.head != b.head) return false;
  if (a.tail == b.tail) return true;
  return !a.is_inline() && std::memcmp(a.bytes().data(), b.bytes().data(), a.size()) == 0;
}

// Whether the keys are one key by their bits. Where they are not, the first and the last mostly tell.
bool AllSame(const KeyBytes* keys, int64_t count) {
  const auto differs = [&](int64_t i) { return (keys[i].head ^ keys[0].head) | (keys[i].tail ^ keys[0].tail); };
  if (differs(count - 1) != 0 || differs(count / 2) != 0) return false;
  uint64_t difference = 0;
  for (int64_t i = 1; i < count; ++i) difference |= differs(i);
  return difference == 0;
}

}  // namespace

KeyTable::KeyTable(uint64_t hash_bits)
    : hash_bits_(hash_bits), slots_(kFirstSlots, Slot{0, 0}), mask_(kFirstSlots - 1) {}

void KeyTable::Map(const KeyBytes* keys, int64_t count, const HashRange& range, uint32_t* ids) {
  const auto map = [&](const KeyBytes& key, uint64_t hash) {
    return range.Holds(hash) ? FindOrAdd(key, hash) : kOutside;
  };
  uint64_t hashes[kProbeGroup];
  for (int64_t begin = 0; begin < count; begin += kProbeGroup) {
    const int64_t group = std::min(kProbeGroup, count - begin);
    if (AllSame(keys + begin, group)) {  // as in sorted columns, and in those with one value a batch
      std::fill_n(ids + begin, group, map(keys[begin], HashOf(keys[begin]) & hash_bits_));
      continue;
    }
    for (int64_t i = 0; i < group; ++i) {
      hashes[i] = HashOf(keys[begin + i]) & hash_bits_;
      __builtin_prefetch(&slots_[hashes[i] & mask_]);
    }
    for (int64_t i = 0; i < group; ++i) ids[begin + i] = map(keys[begin + i], hashes[i]);
  }
}

void KeyTable::Find(const KeyBytes* keys, int64_t count, uint32_t* ids) const {
  uint64_t hashes[kProbeGroup];
  for (int64_t begin = 0; begin < count; begin += kProbeGroup) {
    const int64_t group = std::min(kProbeGroup, count - begin);
    for (int64_t i = 0; i < group; ++i) {
      hashes[i] = HashOf(keys[begin + i]) & hash_bits_;
      __builtin_prefetch(&slots_[hashes[i] & mask_]);
    }
    for (int64_t i = 0; i < group; ++i) {
      const auto tag = static_cast<uint32_t>(hashes[i] >> 32);
      uint32_t& id = ids[begin + i] = kOutside;
      for (uint64_t at = hashes[i] & mask_; slots_[at].id != 0; at = (at + 1) & mask_) {
        if (slots_[at].tag != tag || !Equal(keys_[slots_[at].id - 1], keys[begin + i])) continue;
        id = slots_[at].id - 1;
        break;
      }
    }
  }
}

void KeyTable::Hash(const KeyBytes* keys, int64_t count, uint64_t* hashes) const {
  for (int64_t i = 0; i < count; ++i) hashes[i] = HashOf(keys[i]) & hash_bits_;
}

void KeyTable::Merge(const KeyTable& other, uint32_t* ids) {
  const auto count = static_cast<size_t>(other.size());
  constexpr size_t kAhead = 16;
  for (size_t i = 0; i < count; ++i) {
    if (i + kAhead < count) __builtin_prefetch(&slots_[other.hashes_[i + kAhead] & mask_]);
    ids[i] = FindOrAdd(other.keys_[i], other.hashes_[i]);
  }
}

uint32_t KeyTable::FindOrAdd(const KeyBytes& key, uint64_t hash) {
  const auto tag = static_cast<uint32_t>(hash >> 32);
  for (uint64_t at = hash & mask_;; at = (at + 1) & mask_) {
    Slot& slot = slots_[at];
    if (slot.id == 0) {
      keys_.push_back(Keep(key));
      hashes_.push_back(hash);
      const auto id = static_cast<uint32_t>(keys_.size());
      slot = {tag, id};
      if (keys_.size() * 2 > slots_.size()) Grow();
      return id - 1;
    }
    if (slot.tag == tag && Equal(keys_[slot.id - 1], key)) return slot.id - 1;
  }
}

KeyBytes KeyTable::Keep(const KeyBytes& key) {
  if (key.is_inline()) return key;
  const std::string_view bytes = key.bytes();
  if (block_used_ + bytes.size() > block_size_) {
    block_size_ = std::max({bytes.size(), kFirstBlock, std::min(block_size_ * 2, kLargestBlock)});
    blocks_.push_back(std::make_unique_for_overwrite<char[]>(block_size_));
    block_bytes_ += static_cast<int64_t>(block_size_);
    block_used_ = 0;
  }
  char* to = blocks_.back().get() + block_used_;
  std::memcpy(to, bytes.data(), bytes.size());
  block_used_ += bytes.size();
  return KeyBytes::Of({to, bytes.size()});
}

void KeyTable::Grow() {
  std::vector<Slot> larger(slots_.size() * 2, Slot{0, 0});
  mask_ = larger.size() - 1;
  for (size_t i = 0; i < hashes_.size(); ++i) {
    uint64_t at = hashes_[i] & mask_;
    while (larger[at].id != 0) at = (at + 1) & mask_;
    larger[at] = {static_cast<uint32_t>(hashes_[i] >> 32), static_cast<uint32_t>(i + 1)};
  }
  slots_ = std::move(larger);
}

int64_t KeyTable::BytesWhileAdding(int64_t more) const {
  const size_t keys = keys_.size() + static_cast<size_t>(more);
  size_t slots = slots_.size();
  while (keys * 2 > slots) slots *= 2;
  size_t most_copied = slots > slots_.size() ? slots_.size() * sizeof(Slot) : 0;
  const auto grown = [&](size_t capacity, size_t width) {
    if (keys <= capacity) return capacity * width;
    most_copied = std::max(most_copied, capacity * width);
    return std::max(2 * capacity, keys) * width;
  };
  const size_t vectors = grown(keys_.capacity(), sizeof(KeyBytes)) + grown(hashes_.capacity(), sizeof(uint64_t));
  return static_cast<int64_t>(slots * sizeof(Slot) + vectors + most_copied) + block_bytes_;
}

int64_t KeyTable::bytes() const {
  return static_cast<int64_t>(slots_.capacity() * sizeof(Slot) + keys_.capacity() * sizeof(KeyBytes) +
                              hashes_.capacity() * sizeof(uint64_t)) +
         block_bytes_;
}

}  // namespace sluice
