// SPDX-License-Identifier: Apache-2.0
// md5, sha1, sha2, crc32, and Spark's hash (Murmur3) and xxhash64 over any values.
#include <arrow/api.h>
#include <arrow/util/decimal.h>
#define XXH_INLINE_ALL
#include <arrow/vendored/xxhash/xxhash.h>
#include <fmt/format.h>
#include <openssl/evp.h>
#include <zlib.h>

#include <bit>
#include <cstring>

#include "expr/map_rows.h"
#include "expr/signature.h"
#include "types/spark_type.h"

namespace sluice {
namespace {

using ArrayPtr = std::shared_ptr<arrow::Array>;
using Text = std::string_view;

std::string Digest(const EVP_MD* algorithm, Text bytes) {
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned int size = 0;
  EVP_Digest(bytes.data() == nullptr ? "" : bytes.data(), bytes.size(), digest, &size, algorithm, nullptr);
  std::string hex;
  for (unsigned int i = 0; i < size; ++i) hex += fmt::format("{:02x}", digest[i]);
  return hex;
}

template <const EVP_MD* (*kAlgorithm)()>
Result<ArrayPtr> DigestRows(const KernelCall& call) {
  return MapRows<Text, Text>(call,
                             [](RowOutput<Text>& out, Text bytes) { return out.Set(Digest(kAlgorithm(), bytes)); });
}

Result<ArrayPtr> Sha2(const KernelCall& call) {
  return MapRows<Text, Text, int32_t>(call, [](RowOutput<Text>& out, Text bytes, int32_t bits) {
    switch (bits) {
      case 224:
        return out.Set(Digest(EVP_sha224(), bytes));
      case 0:
      case 256:
        return out.Set(Digest(EVP_sha256(), bytes));
      case 384:
        return out.Set(Digest(EVP_sha384(), bytes));
      case 512:
        return out.Set(Digest(EVP_sha512(), bytes));
      default:
        return out.SetNull();
    }
  });
}

Result<ArrayPtr> Crc32(const KernelCall& call) {
  return MapRows<int64_t, Text>(call, [](RowOutput<int64_t>& out, Text bytes) {
    return out.Set(
        static_cast<int64_t>(crc32(0, reinterpret_cast<const Bytef*>(bytes.data()), static_cast<uInt>(bytes.size()))));
  });
}

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
  static uint32_t Bytes(Text bytes, uint32_t seed) {
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

struct XxHash {
  using Value = uint64_t;
  static uint64_t Int(int32_t value, uint64_t seed) { return XXH64(&value, sizeof(value), seed); }
  static uint64_t Long(int64_t value, uint64_t seed) { return XXH64(&value, sizeof(value), seed); }
  static uint64_t Bytes(Text bytes, uint64_t seed) { return XXH64(bytes.data(), bytes.size(), seed); }
};

// The unscaled value as Java's BigInteger.toByteArray: big-endian and as short as can be.
std::string JavaBytes(const arrow::Decimal128& value) {
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
      return Hash::Int(ColumnReader<int32_t>(array)[row], seed);
    case arrow::Type::INT64:
    case arrow::Type::TIMESTAMP:
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

template <typename Hash>
Result<ArrayPtr> HashRows(const KernelCall& call) {
  using Out = std::make_signed_t<typename Hash::Value>;
  constexpr typename Hash::Value kSeed = 42;
  ColumnWriter<Out> writer(call.rows, PoolOf(call.context));
  SLUICE_RETURN_IF_ERROR(writer.Allocate());
  for (int64_t row = 0; row < call.rows; ++row) {
    auto hash = kSeed;
    for (const auto& arg : call.args) hash = HashAt<Hash>(*arg, row, hash);
    SLUICE_RETURN_IF_ERROR(writer.Set(row, static_cast<Out>(hash)));
  }
  return writer.Finish(call.node.type());
}

bool HasMap(const arrow::DataType& type) {
  if (type.id() == arrow::Type::MAP) return true;
  for (const auto& field : type.fields()) {
    if (HasMap(*field->type())) return true;
  }
  return false;
}

ScalarFunction HashRow(const char* name, const char* doc, const char* example, const char* since, TypePtr type,
                       Kernel kernel) {
  return {name,
          "hash(a, b, ...)",
          doc,
          example,
          since,
          [name, type, kernel](std::vector<ExprPtr> args, const ResolveOptions& options) -> Result<ExprPtr> {
            SLUICE_RETURN_IF_ERROR(CheckCount(name, args.size(), 1, -1));
            for (const auto& arg : args) {
              if (HasMap(*arg->type()))
                return UserError("DATATYPE_MISMATCH.HASH_MAP_TYPE", fmt::format("{} does not take maps.", name));
            }
            return std::make_shared<FunctionExpr>(
                FunctionTraits{.name = name, .kernel = kernel, .ansi = options.ansi, .order = Order::kAll}, type, false,
                std::move(args));
          }};
}

}  // namespace

void AddHashes(FunctionTable* table) {
  const auto digest = [table](const char* name, const char* doc, Kernel kernel) {
    table->push_back(Function(name, "digest(str or binary)", doc, "md5('Spark')", "1.5.0",
                              {.args = {Arg::kBinary}, .type = StringType(), .kernel = kernel}));
  };
  digest("md5", "MD5 in hex.", DigestRows<EVP_md5>);
  digest("sha1", "SHA-1 in hex.", DigestRows<EVP_sha1>);
  digest("sha", "SHA-1 in hex.", DigestRows<EVP_sha1>);
  table->push_back(
      Function("sha2", "sha2(str or binary, bits)", "SHA-224, 256, 384 or 512 in hex; NULL for other numbers of bits.",
               "sha2('Spark', 256)", "1.5.0",
               {.args = {Arg::kBinary, Arg::kInt}, .type = StringType(), .kernel = Sha2, .nulls = Nulls::kAlways}));
  table->push_back(Function("crc32", "crc32(str or binary)", "CRC-32.", "crc32('Spark')", "1.5.0",
                            {.args = {Arg::kBinary}, .type = arrow::int64(), .kernel = Crc32}));
  table->push_back(HashRow("hash", "Spark's Murmur3 hash of all values; NULLs leave it as it is.", "hash('Spark', 1)",
                           "2.0.0", arrow::int32(), HashRows<Murmur>));
  table->push_back(HashRow("xxhash64", "64-bit hash of all values; NULLs leave it as it is.", "xxhash64('Spark', 1)",
                           "3.0.0", arrow::int64(), HashRows<XxHash>));
}

}  // namespace sluice
