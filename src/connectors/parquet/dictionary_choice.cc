// SPDX-License-Identifier: Apache-2.0
#include "connectors/parquet/dictionary_choice.h"

#include <arrow/array.h>
#include <arrow/type_traits.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <functional>
#include <string_view>

namespace sluice {
namespace {

constexpr int64_t kSample = 512;
// Of n values drawn from N about n^2 / 2N repeat one before: so many of the sample mean an N of about 4,096.
constexpr int64_t kRepeats = kSample * kSample / (2 * 4096);
constexpr size_t kSlots = 1024;  // a power of two above kSample

std::string_view BytesOf(const arrow::Array& array, int64_t row) {
  if (arrow::is_binary_view_like(array.type_id()))
    return static_cast<const arrow::BinaryViewArray&>(array).GetView(row);
  const auto width = static_cast<size_t>(static_cast<const arrow::FixedWidthType&>(*array.type()).bit_width() / 8);
  const auto* data = reinterpret_cast<const char*>(array.data()->buffers[1]->data());
  return {data + static_cast<size_t>(row + array.offset()) * width, width};
}

// Eight bytes at a time: of many small files this is a good part of the work.
uint64_t Hash(std::string_view bytes) {
  uint64_t hash = bytes.size() * 0x9e3779b97f4a7c15ULL;
  for (bytes = bytes.substr(0, 256); !bytes.empty(); bytes.remove_prefix(std::min<size_t>(bytes.size(), 8))) {
    uint64_t word = 0;
    std::memcpy(&word, bytes.data(), std::min<size_t>(bytes.size(), 8));
    hash = (hash ^ word) * 0xd6e8feb86659fd93ULL;
    hash ^= hash >> 32;
  }
  return hash == 0 ? 1 : hash;
}

}  // namespace

bool DictionaryPays(const arrow::Array& array, const int32_t* rows, int64_t count) {
  const arrow::Type::type id = array.type_id();
  if (id == arrow::Type::BOOL) return false;
  const bool knows = arrow::is_binary_view_like(id) || (arrow::is_fixed_width(id) && !arrow::is_nested(id));
  if (!knows) return true;
  std::array<uint64_t, kSlots> seen{};
  int64_t values = 0;
  int64_t distinct = 0;
  for (int64_t i = 0; i < std::min(count, kSample); ++i) {
    const int64_t row = rows == nullptr ? i : rows[i];
    if (array.IsNull(row)) continue;
    ++values;
    const uint64_t hash = Hash(BytesOf(array, row));
    size_t slot = (hash ^ (hash >> 29)) % kSlots;
    while (seen[slot] != 0 && seen[slot] != hash) slot = (slot + 1) % kSlots;
    if (seen[slot] == hash) continue;
    seen[slot] = hash;
    ++distinct;
  }
  if (distinct * 2 <= values) return true;
  return values == kSample && values - distinct >= kRepeats;
}

}  // namespace sluice
