// SPDX-License-Identifier: Apache-2.0
#include "state/state_memory.h"

#include <algorithm>
#include <bit>

namespace sluice {

Status StateMemory::Spill() {
  if (opened_ == nullptr) {
    SLUICE_ASSIGN(opened_, open_file_());
  }
  file_ = opened_;
  return Status::OK();
}

void StateMemory::SetWindow(int64_t bytes) {
  Rest();
  window_ = bytes;
  touched_limit_ = std::max<size_t>(static_cast<size_t>(bytes) >> kSegmentBits, 1);
  touched_.assign(std::bit_ceil(touched_limit_) * 2, 0);
}

void StateMemory::Rest() {
  // Parts that lie side by side go by one call.
  for (auto part = parts_.begin(); part != parts_.end();) {
    const uintptr_t begin = part->first;
    uintptr_t end = begin;
    for (; part != parts_.end() && part->first == end; ++part) end += part->second;
    MappedFile::Forget(reinterpret_cast<const char*>(begin), end - begin);
  }
  std::fill(touched_.begin(), touched_.end(), 0);
  touched_count_ = 0;
  last_ = 0;
}

void StateMemory::Touch(const void* data, size_t size) {
  const auto begin = reinterpret_cast<uintptr_t>(data);
  const uintptr_t last = (begin + std::max<size_t>(size, 1) - 1) >> kSegmentBits;
  for (uintptr_t segment = begin >> kSegmentBits; segment <= last; ++segment) {
    if (segment != last_) NoteSegment(segment);
  }
}

void StateMemory::NoteSegment(uintptr_t segment) {
  if (touched_.empty()) SetWindow(0);
  const size_t mask = touched_.size() - 1;
  const auto find = [&] {
    // Fibonacci hashing: segments that follow each other spread.
    size_t at = (static_cast<uint64_t>(segment) * 0x9e3779b97f4a7c15 >> 32) & mask;
    while (touched_[at] != 0 && touched_[at] != segment) at = (at + 1) & mask;
    return at;
  };
  size_t at = find();
  if (touched_[at] == 0) {
    if (touched_count_ == touched_limit_) {
      Rest();
      at = find();
    }
    touched_[at] = segment;
    ++touched_count_;
  }
  last_ = segment;
}

MappedFile::Part StateMemory::Map(size_t size) {
  Result<MappedFile::Part> part = file_->Map(size);
  if (!part.ok()) {
    if (status_.ok()) status_ = part.status();
    return {};
  }
  parts_.emplace(reinterpret_cast<uintptr_t>(part->data), part->size);
  return *part;
}

void StateMemory::Unmap(const MappedFile::Part& part) {
  parts_.erase(reinterpret_cast<uintptr_t>(part.data));
  opened_->Unmap(part);
}

StateBlock::StateBlock(StateMemory* memory, size_t size) : memory_(memory) {
  if (memory != nullptr && memory->spilled()) part_ = memory->Map(size);
  if (part_.data == nullptr) heap_ = std::make_unique_for_overwrite<char[]>(size);
}

StateBlock::~StateBlock() {
  if (part_.data != nullptr) memory_->Unmap(part_);
}

}  // namespace sluice
