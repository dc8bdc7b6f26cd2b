// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <functional>
#include <map>
#include <memory>
#include <utility>
#include <vector>

#include "base/status.h"
#include "env/mapped_file.h"

namespace sluice {

// Where the maps of one partition have their bytes: on the heap, or, once they are spilled, in a mapped file of which
// at most a window is in memory at a time. One thread at a time.
class StateMemory {
 public:
  // Gives the file, which outlives this, when it is needed first.
  using OpenFile = std::function<Result<MappedFile*>()>;
  explicit StateMemory(OpenFile open_file) : open_file_(std::move(open_file)) {}
  StateMemory(const StateMemory&) = delete;
  StateMemory& operator=(const StateMemory&) = delete;

  bool spilled() const { return file_ != nullptr; }
  // Blocks come of the file from now on. What is on the heap stays there until its map moves.
  Status Spill();
  // Blocks come of the heap again; those of the file stay valid.
  void Unspill() { file_ = nullptr; }

  // How many bytes of the file may be in memory.
  void SetWindow(int64_t bytes);
  int64_t window() const { return window_; }
  // Takes all of the file out of memory.
  void Rest();

  // Before bytes of a block of the file are read or written, each time: what was touched before may be out by then.
  void Touch(const void* data, size_t size);
  // The first failure to get space in the file. Blocks came of the heap since.
  const Status& status() const { return status_; }

 private:
  friend class StateBlock;
  // One kernel fault brings in at most the pages of one segment: so many bytes from a multiple of them on.
  static constexpr int kSegmentBits = 16;

  // No part when there is no room on the disk.
  MappedFile::Part Map(size_t size);
  void Unmap(const MappedFile::Part& part);
  void NoteSegment(uintptr_t segment);

  const OpenFile open_file_;
  MappedFile* file_ = nullptr;    // null: blocks come of the heap
  MappedFile* opened_ = nullptr;  // the same, also after Unspill
  Status status_;
  int64_t window_ = 0;
  std::map<uintptr_t, size_t> parts_;  // of the file: sizes by address
  std::vector<uintptr_t> touched_;     // a hash set of segments, 0 where there is none
  size_t touched_count_ = 0;
  size_t touched_limit_ = 1;
  uintptr_t last_ = 0;
};

// A run of bytes of a partition's memory; of the heap without one. Not cleared on the heap.
class StateBlock {
 public:
  StateBlock() = default;
  StateBlock(StateMemory* memory, size_t size);
  StateBlock(StateBlock&& other) noexcept { *this = std::move(other); }
  StateBlock& operator=(StateBlock&& other) noexcept {
    std::swap(memory_, other.memory_);
    std::swap(part_, other.part_);
    std::swap(heap_, other.heap_);
    return *this;
  }
  ~StateBlock();

  char* data() const { return heap_ != nullptr ? heap_.get() : part_.data; }
  bool mapped() const { return part_.data != nullptr; }

 private:
  StateMemory* memory_ = nullptr;
  MappedFile::Part part_;
  std::unique_ptr<char[]> heap_;
};

// A growing array of plain values in a partition's memory.
template <typename T>
class StateArray {
 public:
  StateArray() = default;
  explicit StateArray(StateMemory* memory) : memory_(memory) {}
  StateArray(StateArray&& other) noexcept { *this = std::move(other); }
  StateArray& operator=(StateArray&& other) noexcept {
    std::swap(memory_, other.memory_);
    std::swap(block_, other.block_);
    std::swap(data_, other.data_);
    std::swap(touched_, other.touched_);
    std::swap(size_, other.size_);
    std::swap(capacity_, other.capacity_);
    return *this;
  }

  size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  size_t capacity() const { return capacity_; }
  int64_t heap_bytes() const { return block_.mapped() ? 0 : static_cast<int64_t>(capacity_ * sizeof(T)); }
  int64_t bytes() const { return static_cast<int64_t>(capacity_ * sizeof(T)); }

  T Get(size_t i) const {
    T value;
    std::memcpy(&value, At(i), sizeof(T));
    return value;
  }
  void Set(size_t i, const T& value) { std::memcpy(At(i), &value, sizeof(T)); }
  void Push(const T& value) {
    if (size_ == capacity_) Grow(capacity_ == 0 ? kFirst : capacity_ * 2);
    Set(size_++, value);
  }
  // `size` times the value; what was there is gone.
  void Assign(size_t size, const T& value) {
    *this = StateArray(memory_);
    Grow(size);
    while (size_ < size) Set(size_++, value);
  }
  void Reserve(size_t size) {
    if (size > capacity_) Grow(size);
  }
  // Copies all to where blocks come from now.
  void Move() {
    if (capacity_ > 0) Grow(capacity_);
  }
  void Clear() { size_ = 0; }
  void Free() { *this = StateArray(memory_); }

 private:
  static constexpr size_t kFirst = 16;

  char* At(size_t i) const {
    char* at = data_ + i * sizeof(T);
    if (touched_ != nullptr) touched_->Touch(at, sizeof(T));
    return at;
  }
  void Grow(size_t capacity) {
    StateArray grown(memory_);
    grown.block_ = StateBlock(memory_, capacity * sizeof(T));
    grown.data_ = grown.block_.data();
    grown.touched_ = grown.block_.mapped() ? memory_ : nullptr;
    grown.capacity_ = capacity;
    if (touched_ == nullptr && grown.touched_ == nullptr) {
      if (size_ > 0) std::memcpy(grown.data_, data_, size_ * sizeof(T));
      grown.size_ = size_;
    } else {
      for (size_t i = 0; i < size_; ++i) grown.Set(grown.size_++, Get(i));
    }
    *this = std::move(grown);
  }

  StateMemory* memory_ = nullptr;
  StateBlock block_;
  char* data_ = nullptr;            // of the block
  StateMemory* touched_ = nullptr;  // with a block of the file: what is told before each access
  size_t size_ = 0;
  size_t capacity_ = 0;
};

}  // namespace sluice
