// SPDX-License-Identifier: Apache-2.0
#include "connectors/parquet/dictionary_choice.h"

#include <arrow/array.h>
#include <arrow/type_traits.h>

#include <algorithm>
#include <array>
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

uint64_t Hash(std::string_view bytes) {
  uint64_t hash = 0xcbf29ce484222325ULL;  // FNV-1a: the same on every machine
  for (const char c : bytes.substr(0, 256)) hash = (hash ^ static_cast<uint8_t>(c)) * 0x100000001b3ULL;
  hash ^= bytes.size() << 32;
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
