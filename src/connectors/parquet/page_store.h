// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <arrow/buffer.h>

#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

namespace sluice {

// Keeps the finished pages of a row group, whose columns grow side by side but follow each other in the file. Memory is
// taken in blocks and used again for the next row group: fresh memory has to be cleared by the kernel, which once took
// a tenth of all time.
class PageStore {
 public:
  // A copy of the bytes that stays where it is until Clear.
  std::shared_ptr<arrow::Buffer> Keep(const uint8_t* data, int64_t size);
  void Clear();

 private:
  static constexpr int64_t kBlockBytes = 512 * 1024;
  struct Block {
    std::unique_ptr<uint8_t[]> bytes;
    int64_t size = 0;
  };
  std::vector<Block> blocks_;
  size_t block_ = 0;  // being filled
  int64_t used_ = 0;  // of it
};

}  // namespace sluice
