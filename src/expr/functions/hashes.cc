// SPDX-License-Identifier: Apache-2.0
// md5, sha1, sha2, crc32, and Spark's hash (Murmur3) and xxhash64 over any values.
#include <arrow/api.h>
#include <arrow/util/decimal.h>
#define XXH_INLINE_ALL
#include <arrow/vendored/xxhash/xxhash.h>
#include <fmt/format.h>
#include <openssl/evp.h>
#include <zlib.h>

#include "expr/map_rows.h"
#include "expr/signature.h"
#include "expr/value_hash.h"
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

struct XxHash {
  using Value = uint64_t;
  static uint64_t Int(int32_t value, uint64_t seed) { return XXH64(&value, sizeof(value), seed); }
  static uint64_t Long(int64_t value, uint64_t seed) { return XXH64(&value, sizeof(value), seed); }
  static uint64_t Bytes(Text bytes, uint64_t seed) { return XXH64(bytes.data(), bytes.size(), seed); }
};

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
