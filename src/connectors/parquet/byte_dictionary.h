// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <arrow/type.h>

#include <cstdint>
#include <string_view>
#include <vector>

namespace sluice {

// The different values of a column chunk, numbered in the order of their first appearance, laid out as a plain
// dictionary page. Values of up to twelve bytes are compared as the two words that their view consists of.
class ByteDictionary {
 public:
  using View = arrow::BinaryViewType::c_type;
  // Small enough for positions of 15 bits and for a page that stays in the cache.
  static constexpr int kMostValues = 32767;
  static constexpr size_t kMostBytes = 1 << 20;

  // The position of a value, which is added when it is new; -1: it is new and there is no room.
  int Find(const View& view, const uint8_t* data);

  int size() const { return static_cast<int>(entries_.size()); }
  const std::vector<uint8_t>& page() const { return page_; }
  std::string_view value(int position) const;
  // Marks a value as used by page number `page`; true the first time.
  bool Mark(int position, int page) {
    int& used = entries_[static_cast<size_t>(position)].page;
    return used != page && (used = page, true);
  }
  void Clear();

 private:
  struct Words {
    uint64_t first, second;
    bool operator==(const Words& other) const { return ((first ^ other.first) | (second ^ other.second)) == 0; }
  };
  struct Entry {
    Words words;      // of a short value, its view; of a long one its size and a hash
    uint32_t offset;  // in the page, of the bytes
    int page = -1;    // that used it last
  };
  bool SameBytes(const Entry& entry, const View& view, const uint8_t* data) const;
  int Insert(size_t slot, const Words& words, const View& view, const uint8_t* data);
  void Grow();

  std::vector<Entry> entries_;
  std::vector<int32_t> slots_;  // positions by hash, -1: free; a power of two, at most half full
  std::vector<uint8_t> page_;
  Words last_words_ = {};  // the value found last: in many columns it comes again at once
  int last_ = -1;
};

}  // namespace sluice
