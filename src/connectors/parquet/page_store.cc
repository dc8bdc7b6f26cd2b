// SPDX-License-Identifier: Apache-2.0
#include "connectors/parquet/page_store.h"

#include <algorithm>
#include <cstring>

namespace sluice {

std::shared_ptr<arrow::Buffer> PageStore::Keep(const uint8_t* data, int64_t size) {
  while (block_ < blocks_.size() && blocks_[block_].size - used_ < size) {
    ++block_;
    used_ = 0;
  }
  if (block_ == blocks_.size()) {
    Block block;
    block.size = std::max(size, kBlockBytes);
    block.bytes = std::make_unique_for_overwrite<uint8_t[]>(static_cast<size_t>(block.size));
    blocks_.push_back(std::move(block));
  }
  uint8_t* kept = blocks_[block_].bytes.get() + used_;
  std::memcpy(kept, data, static_cast<size_t>(size));
  used_ += size;
  return std::make_shared<arrow::Buffer>(kept, size);
}

void PageStore::Clear() {
  // A block of unusual size held an unusual page.
  std::erase_if(blocks_, [](const Block& block) { return block.size > 2 * kBlockBytes; });
  block_ = 0;
  used_ = 0;
}

}  // namespace sluice
