// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <arrow/api.h>
#include <arrow/util/decimal.h>

#include <bit>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

#include "expr/column_io.h"

namespace sluice {

// Murmur3 as Spark has it: what is left of four bytes is mixed in byte by byte.
struct Murmur {
  using Value = uint32_t;
  static uint32_t Rotate(uint32_t x, int bits) { return x << bits | x >> (32 - bits); }
  static uint32_t Mix(uint32_t hash, uint32_t word) {
    hash ^= Rotate(word * 0xcc9e2d51u, 15) * 0x1b873593u;
    return Rotate(hash, 13) * 5 + 0xe6546b64u;
  }
  static uint32_t Finish(uint32_t hash, uint32_t size) {
    hash ^= size;
    hash = (hash ^ hash >> 16) * 0x85ebca6bu;
    hash = (hash ^ hash >> 13) * 0xc2b2ae35u;
    return hash ^ hash >> 16;
  }
  static uint32_t Int(int32_t value, uint32_t seed) { return Finish(Mix(seed, static_cast<uint32_t>(value)), 4); }
  static uint32_t Long(int64_t value, uint32_t seed) {
    const auto bits = static_cast<uint64_t>(value);
    return Finish(Mix(Mix(seed, static_cast<uint32_t>(bits)), static_cast<uint32_t>(bits >> 32)), 8);
  }
  static uint32_t Bytes(std::string_view bytes, uint32_t seed) {
    size_t i = 0;
    for (; i + 4 <= bytes.size(); i += 4) {
      uint32_t word = 0;
      std::memcpy(&word, bytes.data() + i, 4);
      seed = Mix(seed, word);
    }
    for (; i < bytes.size(); ++i)
      seed = Mix(seed, static_cast<uint32_t>(static_cast<int32_t>(static_cast<signed char>(bytes[i]))));
    return Finish(seed, static_cast<uint32_t>(bytes.size()));
  }
};

// The unscaled value as Java's BigInteger.toByteArray: big-endian and as short as can be.
inline std::string JavaBytes(const arrow::Decimal128& value) {
  std::string bytes;
  const auto high = static_cast<uint64_t>(value.high_bits());
  for (int i = 56; i >= 0; i -= 8) bytes += static_cast<char>(high >> i);
  for (int i = 56; i >= 0; i -= 8) bytes += static_cast<char>(value.low_bits() >> i);
  size_t skip = 0;
  const char fill = value.IsNegative() ? '\xFF' : '\0';
  while (skip + 1 < bytes.size() && bytes[skip] == fill && ((bytes[skip + 1] ^ fill) & 0x80) == 0) ++skip;
  return bytes.substr(skip);
}

template <typename T>
T WithoutNegativeZero(T value) {
  return value == 0 ? T(0) : value;
}

template <typename Hash>
typename Hash::Value HashAt(const arrow::Array& array, int64_t row, typename Hash::Value seed);

template <typename Hash>
typename Hash::Value HashNested(const arrow::Array& array, int64_t row, typename Hash::Value seed) {
  if (array.type_id() == arrow::Type::STRUCT) {
    for (const auto& field : static_cast<const arrow::StructArray&>(array).fields())
      seed = HashAt<Hash>(*field, row, seed);
    return seed;
  }
  const auto& list = static_cast<const arrow::ListArray&>(array);
  for (int64_t i = list.value_offset(row); i < list.value_offset(row + 1); ++i)
    seed = HashAt<Hash>(*list.values(), i, seed);
  return seed;
}

template <typename Hash>
typename Hash::Value HashAt(const arrow::Array& array, int64_t row, typename Hash::Value seed) {
  if (array.IsNull(row)) return seed;
  switch (array.type_id()) {
    case arrow::Type::BOOL:
      return Hash::Int(ColumnReader<bool>(array)[row] ? 1 : 0, seed);
    case arrow::Type::INT8:
      return Hash::Int(ColumnReader<int8_t>(array)[row], seed);
    case arrow::Type::INT16:
      return Hash::Int(ColumnReader<int16_t>(array)[row], seed);
    case arrow::Type::INT32:
    case arrow::Type::DATE32:
    case arrow::Type::INTERVAL_MONTHS:
      return Hash::Int(ColumnReader<int32_t>(array)[row], seed);
    case arrow::Type::INT64:
    case arrow::Type::TIMESTAMP:
    case arrow::Type::DURATION:
      return Hash::Long(ColumnReader<int64_t>(array)[row], seed);
    case arrow::Type::FLOAT:
      return Hash::Int(std::bit_cast<int32_t>(WithoutNegativeZero(ColumnReader<float>(array)[row])), seed);
    case arrow::Type::DOUBLE:
      return Hash::Long(std::bit_cast<int64_t>(WithoutNegativeZero(ColumnReader<double>(array)[row])), seed);
    case arrow::Type::DECIMAL128: {
      const auto value = ColumnReader<arrow::Decimal128>(array)[row];
      const int32_t precision = static_cast<const arrow::Decimal128Type&>(*array.type()).precision();
      return precision <= 18 ? Hash::Long(static_cast<int64_t>(value.low_bits()), seed)
                             : Hash::Bytes(JavaBytes(value), seed);
    }
    case arrow::Type::STRING_VIEW:
    case arrow::Type::BINARY_VIEW:
      return Hash::Bytes(static_cast<const arrow::BinaryViewArray&>(array).GetView(row), seed);
    case arrow::Type::NA:
      return seed;
    default:
      return HashNested<Hash>(array, row, seed);
  }
}

}  // namespace sluice
