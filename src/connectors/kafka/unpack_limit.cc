// SPDX-License-Identifier: Apache-2.0
#include "connectors/kafka/unpack_limit.h"

#include <librdkafka/rdkafka.h>
#include <lz4frame.h>
#include <zlib.h>

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <cstring>
#include <vector>

namespace sluice {
namespace {

constexpr size_t kLz4Header = 7;        // magic, FLG, BD, header checksum
constexpr size_t kLz4MostGrowth = 255;  // what a byte of an LZ4 block can stand for
constexpr uint8_t kLz4BlockChecksums = 1U << 4;
constexpr uint8_t kLz4ContentSize = 1U << 3;
constexpr uint8_t kLz4DictionaryId = 1U;
constexpr uint32_t kLz4StoredBlock = 1U << 31;

std::atomic<int64_t> unpack_limit{0};

uint32_t LittleEndian(std::string_view text, size_t at) {
  uint32_t value = 0;
  for (int i = 3; i >= 0; --i) value = value << 8 | static_cast<uint8_t>(text[at + i]);
  return value;
}

// At most what the frame unpacks to, by the sizes of its blocks; nothing when they do not fit into it.
std::optional<size_t> Lz4Bound(std::string_view frame) {
  if (frame.size() < kLz4Header) return std::nullopt;
  const auto flags = static_cast<uint8_t>(frame[4]);
  const size_t largest = size_t{1} << (8 + 2 * ((static_cast<uint8_t>(frame[5]) >> 4) & 7));
  size_t at = kLz4Header + (flags & kLz4ContentSize ? 8 : 0) + (flags & kLz4DictionaryId ? 4 : 0);
  size_t bound = 0;
  while (at + 4 <= frame.size()) {
    const uint32_t word = LittleEndian(frame, at);
    if (word == 0) return bound;
    const size_t size = word & ~kLz4StoredBlock;
    at += 4;
    if (size > frame.size() - at) return std::nullopt;
    bound += word & kLz4StoredBlock ? size : std::min(largest, size * kLz4MostGrowth);
    at += size + (flags & kLz4BlockChecksums ? 4 : 0);
  }
  return bound;
}

struct Lz4Context {
  LZ4F_dctx* context = nullptr;
  Lz4Context() {
    if (LZ4F_isError(LZ4F_createDecompressionContext(&context, LZ4F_VERSION))) context = nullptr;
  }
  ~Lz4Context() { LZ4F_freeDecompressionContext(context); }
  Lz4Context(const Lz4Context&) = delete;
  Lz4Context& operator=(const Lz4Context&) = delete;
};

std::optional<size_t> CountLz4(std::string_view frame, size_t limit) {
  const Lz4Context lz4;
  if (lz4.context == nullptr) return std::nullopt;
  std::vector<char> scratch(1 << 16);
  size_t unpacked = 0;
  while (!frame.empty()) {
    size_t read = frame.size();
    size_t written = scratch.size();
    const size_t left = LZ4F_decompress(lz4.context, scratch.data(), &written, frame.data(), &read, nullptr);
    unpacked += written;
    if (LZ4F_isError(left) || unpacked > limit || (read == 0 && written == 0)) return std::nullopt;
    if (left == 0) break;
    frame.remove_prefix(read);
  }
  return unpacked;
}

// The number before bare snappy data: 7 bits a byte, the lowest first.
std::optional<size_t> SnappyClaim(std::string_view packed) {
  uint64_t size = 0;
  for (size_t i = 0; i < std::min<size_t>(packed.size(), 5); ++i) {
    const auto byte = static_cast<uint8_t>(packed[i]);
    size |= static_cast<uint64_t>(byte & 0x7F) << (7 * i);
    if (byte < 0x80) return size;
  }
  return std::nullopt;
}

}  // namespace

void RaiseUnpackLimit(int64_t bytes) {
  int64_t seen = unpack_limit.load();
  while (seen < bytes && !unpack_limit.compare_exchange_weak(seen, bytes)) {
  }
}

int64_t UnpackLimit() {
  return unpack_limit.load();
}

char* UnpackGzip(std::string_view packed, size_t limit, size_t* size) {
  z_stream stream = {};
  if (inflateInit2(&stream, 15 + 32) != Z_OK) return nullptr;
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(packed.data()));
  stream.avail_in = static_cast<uInt>(packed.size());
  size_t capacity = std::min(limit, std::max<size_t>(packed.size() * 4, 4096));
  char* out = static_cast<char*>(std::malloc(capacity + 1));
  int state = out == nullptr ? Z_MEM_ERROR : Z_OK;
  while (state == Z_OK) {
    stream.next_out = reinterpret_cast<Bytef*>(out + stream.total_out);
    stream.avail_out = static_cast<uInt>(capacity - stream.total_out);
    state = inflate(&stream, Z_NO_FLUSH);
    if (state != Z_OK || stream.avail_out > 0) break;
    if (capacity == limit) {
      // Full to the last byte: only the end may follow.
      Bytef beyond;
      stream.next_out = &beyond;
      stream.avail_out = 1;
      state = inflate(&stream, Z_NO_FLUSH);
      if (stream.avail_out == 0) state = Z_BUF_ERROR;
      break;
    }
    capacity = std::min(limit, capacity * 2);
    char* grown = static_cast<char*>(std::realloc(out, capacity + 1));
    if (grown == nullptr) break;
    out = grown;
  }
  *size = stream.total_out;
  inflateEnd(&stream);
  if (state == Z_STREAM_END) {
    out[*size] = '\0';
    return out;
  }
  std::free(out);
  return nullptr;
}

std::optional<size_t> UnpackedLz4Size(std::string_view frame, bool checked, size_t limit) {
  const auto bound = Lz4Bound(frame);
  if (!bound) return std::nullopt;
  if ((static_cast<uint8_t>(frame[4]) & kLz4ContentSize) != 0) {
    // The client takes memory for what the header claims.
    const uint64_t claim = frame.size() < kLz4Header + 8
                               ? UINT64_MAX
                               : LittleEndian(frame, 6) | static_cast<uint64_t>(LittleEndian(frame, 10)) << 32;
    if (claim > limit) return std::nullopt;
  }
  if (*bound <= limit) return bound;
  return checked ? CountLz4(frame, limit) : std::nullopt;
}

std::optional<size_t> UnpackedSnappySize(std::string_view packed, bool framed, size_t limit) {
  size_t total = 0;
  while (true) {
    std::string_view chunk = packed;
    if (framed) {
      if (packed.size() < 4) break;
      uint32_t size = 0;
      for (int i = 0; i < 4; ++i) size = size << 8 | static_cast<uint8_t>(packed[i]);
      packed.remove_prefix(4);
      if (size > packed.size()) return std::nullopt;
      chunk = packed.substr(0, size);
      packed.remove_prefix(size);
    }
    const auto claim = SnappyClaim(chunk);
    if (!claim) return std::nullopt;
    total += *claim;
    if (total > limit) return std::nullopt;
    if (!framed) break;
  }
  return total;
}

}  // namespace sluice

// NOLINTBEGIN(bugprone-reserved-identifier): the linker's names.
extern "C" {

struct rd_kafka_broker_s;

void* __wrap_rd_gz_decompress(const void* packed, int packed_size, uint64_t* size) {
  size_t unpacked = 0;
  char* out = sluice::UnpackGzip({static_cast<const char*>(packed), static_cast<size_t>(packed_size)},
                                 sluice::UnpackLimit(), &unpacked);
  *size = unpacked;
  return out;
}

rd_kafka_resp_err_t __real_rd_kafka_lz4_decompress(rd_kafka_broker_s* broker, int proper_hc, int64_t offset,
                                                   char* packed, size_t packed_size, void** out, size_t* size);
rd_kafka_resp_err_t __wrap_rd_kafka_lz4_decompress(rd_kafka_broker_s* broker, int proper_hc, int64_t offset,
                                                   char* packed, size_t packed_size, void** out, size_t* size) {
  if (!sluice::UnpackedLz4Size({packed, packed_size}, proper_hc != 0, sluice::UnpackLimit())) {
    *out = nullptr;
    return RD_KAFKA_RESP_ERR__BAD_COMPRESSION;
  }
  return __real_rd_kafka_lz4_decompress(broker, proper_hc, offset, packed, packed_size, out, size);
}

bool __wrap_rd_kafka_snappy_uncompressed_length(const char* packed, size_t packed_size, size_t* size) {
  const auto claim = sluice::UnpackedSnappySize({packed, packed_size}, /*framed=*/false, sluice::UnpackLimit());
  *size = claim.value_or(0);
  return claim.has_value();
}

char* __real_rd_kafka_snappy_java_uncompress(const char* packed, size_t packed_size, size_t* size, char* error,
                                             size_t error_size);
char* __wrap_rd_kafka_snappy_java_uncompress(const char* packed, size_t packed_size, size_t* size, char* error,
                                             size_t error_size) {
  if (sluice::UnpackedSnappySize({packed, packed_size}, /*framed=*/true, sluice::UnpackLimit())) {
    return __real_rd_kafka_snappy_java_uncompress(packed, packed_size, size, error, error_size);
  }
  constexpr char kReason[] = "it is damaged, or has more than the limit";
  if (error_size > 0) {
    const size_t cut = std::min(error_size - 1, sizeof(kReason) - 1);
    std::memcpy(error, kReason, cut);
    error[cut] = '\0';
  }
  return nullptr;
}
}
// NOLINTEND(bugprone-reserved-identifier)
