// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <arrow/array.h>

#include <cstdint>
#include <memory>
#include <vector>

#include "base/status.h"
#include "exec/key_codec.h"
#include "exec/key_table.h"

namespace sluice {

// Numbers the distinct rows of some key columns from 0, in the order they first come, by GROUP BY's equality (see
// KeyCodec). Without columns there is one group, from the beginning. One thread at a time, but for Find.
class GroupTable {
 public:
  // NotSupported for types that cannot be grouped by.
  static Result<GroupTable> Make(std::vector<std::shared_ptr<arrow::DataType>> types,
                                 uint64_t hash_bits = KeyTable::kWholeHash);

  // (*ids)[row] becomes the group of each row, or KeyTable::kOutside where the key is outside the range.
  Status Map(const arrow::ArrayVector& keys, int64_t rows, std::vector<uint32_t>* ids, const HashRange& range = {});
  // The same, but nothing is added: kOutside for a key that is not there. Any thread, while nothing is mapped.
  Status Find(const arrow::ArrayVector& keys, int64_t rows, std::vector<uint32_t>* ids) const;
  // The hash of each row's key, of whose first bits a range is one value.
  Status Hash(const arrow::ArrayVector& keys, int64_t rows, std::vector<uint64_t>* hashes) const;
  // The same for the groups of another table over the same types.
  Status Merge(const GroupTable& other, std::vector<uint32_t>* ids);
  int64_t groups() const;
  // The keys of groups [begin, begin + count), a column each; they share nothing with this table.
  Result<arrow::ArrayVector> Keys(int64_t begin, int64_t count, arrow::MemoryPool* pool) const;
  // What the table holds, in bytes; and at most while rows of so many new groups are mapped.
  int64_t bytes() const;
  int64_t BytesWhileAdding(int64_t groups) const;

 private:
  enum class Form { kNone, kFixed, kText, kRow };
  // Some rows' keys, and the bytes of those that are long.
  struct MadeKeys {
    std::vector<KeyBytes> keys;
    std::vector<uint8_t> encoded;
    std::vector<uint64_t> offsets;
  };
  GroupTable(KeyCodec codec, uint64_t hash_bits);
  int64_t scratch_bytes() const;
  Status MakeKeys(const arrow::ArrayVector& columns, int64_t rows, MadeKeys* made) const;
  Result<std::shared_ptr<arrow::Array>> FixedKeys(int64_t begin, int64_t count, arrow::MemoryPool* pool) const;
  Result<std::shared_ptr<arrow::Array>> TextKeys(int64_t begin, int64_t count, arrow::MemoryPool* pool) const;

  KeyCodec codec_;
  Form form_;
  KeyTable table_;
  MadeKeys scratch_;  // of the rows being mapped
};

}  // namespace sluice
