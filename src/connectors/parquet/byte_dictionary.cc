// SPDX-License-Identifier: Apache-2.0
#include "connectors/parquet/byte_dictionary.h"

#include <cstring>

namespace sluice {
namespace {

constexpr size_t kFirstSlots = 256;

uint64_t Mix(uint64_t a, uint64_t b) {
  const uint64_t mixed = (a ^ (b >> 32)) * 0x9E3779B97F4A7C15ULL + b * 0xC2B2AE3D27D4EB4FULL;
  return mixed ^ (mixed >> 29);
}

uint64_t HashBytes(const uint8_t* data, size_t size) {
  uint64_t hash = size;
  for (; size >= 8; data += 8, size -= 8) {
    uint64_t word;
    std::memcpy(&word, data, 8);
    hash = Mix(hash, word);
  }
  uint64_t rest = 0;
  std::memcpy(&rest, data, size);
  return Mix(hash, rest);
}

}  // namespace

std::string_view ByteDictionary::value(int position) const {
  const uint8_t* data = page_.data() + entries_[static_cast<size_t>(position)].offset;
  uint32_t size;
  std::memcpy(&size, data - 4, 4);
  return {reinterpret_cast<const char*>(data), size};
}

bool ByteDictionary::SameBytes(const Entry& entry, const View& view, const uint8_t* data) const {
  return std::memcmp(page_.data() + entry.offset, data, static_cast<size_t>(view.size())) == 0;
}

int ByteDictionary::Find(const View& view, const uint8_t* data) {
  Words words;
  const bool is_inline = view.is_inline();
  if (is_inline) {
    static_assert(sizeof(View) == sizeof(Words));
    std::memcpy(&words, &view, sizeof(words));
    if (words == last_words_ && last_ >= 0) return last_;
  } else {
    words = {static_cast<uint64_t>(view.size()), HashBytes(data, static_cast<size_t>(view.size()))};
  }
  if (entries_.size() * 2 >= slots_.size()) Grow();
  const size_t mask = slots_.size() - 1;
  size_t slot = Mix(words.first, words.second) & mask;
  int position;
  for (; (position = slots_[slot]) >= 0; slot = (slot + 1) & mask) {
    const Entry& entry = entries_[static_cast<size_t>(position)];
    if (entry.words == words && (is_inline || SameBytes(entry, view, data))) break;
  }
  if (position < 0) position = Insert(slot, words, view, data);
  if (is_inline) {
    last_words_ = words;
    last_ = position;
  }
  return position;
}

int ByteDictionary::Insert(size_t slot, const Words& words, const View& view, const uint8_t* data) {
  const auto size = static_cast<size_t>(view.size());
  if (entries_.size() >= kMostValues || page_.size() + 4 + size > kMostBytes) return -1;
  const auto length = static_cast<uint32_t>(size);
  const auto* length_bytes = reinterpret_cast<const uint8_t*>(&length);
  page_.insert(page_.end(), length_bytes, length_bytes + 4);
  entries_.push_back({words, static_cast<uint32_t>(page_.size())});
  page_.insert(page_.end(), data, data + size);
  slots_[slot] = static_cast<int32_t>(entries_.size()) - 1;
  return slots_[slot];
}

void ByteDictionary::Grow() {
  slots_.assign(slots_.empty() ? kFirstSlots : slots_.size() * 2, -1);
  const size_t mask = slots_.size() - 1;
  for (size_t i = 0; i < entries_.size(); ++i) {
    size_t slot = Mix(entries_[i].words.first, entries_[i].words.second) & mask;
    while (slots_[slot] >= 0) slot = (slot + 1) & mask;
    slots_[slot] = static_cast<int32_t>(i);
  }
}

void ByteDictionary::Clear() {
  entries_.clear();
  page_.clear();
  slots_.assign(slots_.size(), -1);
  last_ = -1;
}

}  // namespace sluice
