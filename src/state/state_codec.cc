// SPDX-License-Identifier: Apache-2.0
#include "state/state_codec.h"

#include <arrow/util/compression.h>
#define XXH_INLINE_ALL
#include <arrow/vendored/xxhash/xxhash.h>
#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <cstring>
#include <vector>

#include "base/spark_error.h"

namespace sluice {
namespace {

using arrow::Compression;
using arrow::util::Codec;

// lz4-java's LZ4BlockOutputStream: "LZ4Block", token, int32le compressed and plain length, checksum, payload.
constexpr std::string_view kMagic = "LZ4Block";
constexpr size_t kHeader = 8 + 1 + 4 + 4 + 4;
constexpr size_t kBlock = 32 << 10;
constexpr int kLevel = 5;  // log2(kBlock) - 10
constexpr uint8_t kRaw = 0x10;
constexpr uint8_t kCompressed = 0x20;
constexpr uint32_t kSeed = 0x9747b28c;
constexpr size_t kLargestBlock = 32 << 20;  // what a token can say

// xerial's SnappyOutputStream: this, two int32be versions, then blocks with their int32be length.
constexpr std::string_view kSnappyMagic("\x82SNAPPY\0", 8);
constexpr size_t kSnappyHeader = 16;

const uint8_t* Bytes(std::string_view text) {
  return reinterpret_cast<const uint8_t*>(text.data());
}

uint8_t* Bytes(std::string* text) {
  return reinterpret_cast<uint8_t*>(text->data());
}

uint32_t Checksum(std::string_view plain) {
  return XXH32(plain.data(), plain.size(), kSeed) & 0x0fffffff;
}

void AppendLittle(std::string* out, uint32_t value) {
  for (int shift = 0; shift < 32; shift += 8) out->push_back(static_cast<char>(value >> shift));
}

void AppendBig(std::string* out, uint32_t value) {
  for (int shift = 24; shift >= 0; shift -= 8) out->push_back(static_cast<char>(value >> shift));
}

uint32_t Little(std::string_view bytes, size_t at) {
  uint32_t value = 0;
  std::memcpy(&value, bytes.data() + at, sizeof(value));
  return value;
}

uint32_t Big(std::string_view bytes, size_t at) {
  return __builtin_bswap32(Little(bytes, at));
}

void AppendBlock(std::string* out, uint8_t method, uint32_t plain_size, uint32_t checksum, std::string_view payload) {
  out->append(kMagic);
  out->push_back(static_cast<char>(method | kLevel));
  AppendLittle(out, static_cast<uint32_t>(payload.size()));
  AppendLittle(out, plain_size);
  AppendLittle(out, checksum);
  out->append(payload);
}

Result<std::string> CompressLz4(std::string_view plain) {
  SLUICE_ASSIGN(const std::unique_ptr<Codec> codec, Codec::Create(Compression::LZ4));
  std::string out;
  std::string packed;
  for (size_t at = 0; at < plain.size(); at += kBlock) {
    const std::string_view block = plain.substr(at, kBlock);
    packed.resize(static_cast<size_t>(codec->MaxCompressedLen(static_cast<int64_t>(block.size()), Bytes(block))));
    SLUICE_ASSIGN(const int64_t size, codec->Compress(static_cast<int64_t>(block.size()), Bytes(block),
                                                      static_cast<int64_t>(packed.size()), Bytes(&packed)));
    const bool smaller = static_cast<size_t>(size) < block.size();
    AppendBlock(&out, smaller ? kCompressed : kRaw, static_cast<uint32_t>(block.size()), Checksum(block),
                smaller ? std::string_view(packed).substr(0, static_cast<size_t>(size)) : block);
  }
  AppendBlock(&out, kRaw, 0, 0, {});
  return out;
}

// Streams may follow each other, and a stream may end without its empty block.
Status DecompressLz4(std::string_view bytes, const std::function<Status(std::string_view)>& take) {
  SLUICE_ASSIGN(const std::unique_ptr<Codec> codec, Codec::Create(Compression::LZ4));
  std::string plain;
  for (size_t at = 0; at < bytes.size();) {
    if (bytes.size() - at < kHeader || bytes.substr(at, kMagic.size()) != kMagic) {
      return DamagedState(fmt::format("no LZ4 block begins at byte {}", at));
    }
    const auto token = static_cast<uint8_t>(bytes[at + kMagic.size()]);
    const uint32_t packed_size = Little(bytes, at + 9);
    const uint32_t plain_size = Little(bytes, at + 13);
    const uint32_t checksum = Little(bytes, at + 17);
    const int method = token & 0xf0;
    const size_t largest = size_t{1} << (10 + (token & 0x0f));
    const bool known = method == kRaw || method == kCompressed;
    if (!known || plain_size > std::min(largest, kLargestBlock) || packed_size > bytes.size() - at - kHeader ||
        (method == kRaw && packed_size != plain_size) || (plain_size == 0) != (packed_size == 0)) {
      return DamagedState(fmt::format("the LZ4 block at byte {} has impossible sizes", at));
    }
    std::string_view piece = bytes.substr(at + kHeader, packed_size);
    if (method == kCompressed) {
      plain.resize(plain_size);
      const Result<int64_t> size = codec->Decompress(packed_size, Bytes(piece), plain_size, Bytes(&plain));
      if (!size.ok() || *size != static_cast<int64_t>(plain_size)) {
        return DamagedState(fmt::format("the LZ4 block at byte {} cannot be decompressed", at));
      }
      piece = plain;
    }
    if (checksum != (plain_size == 0 ? 0 : Checksum(piece))) {
      return DamagedState(fmt::format("the LZ4 block at byte {} has another checksum than its content", at));
    }
    if (!piece.empty()) SLUICE_RETURN_IF_ERROR(take(piece));
    at += kHeader + packed_size;
  }
  return Status::OK();
}

Result<std::string> CompressZstd(std::string_view plain) {
  SLUICE_ASSIGN(const std::unique_ptr<Codec> codec, Codec::Create(Compression::ZSTD, 1));
  std::string out(static_cast<size_t>(codec->MaxCompressedLen(static_cast<int64_t>(plain.size()), Bytes(plain))), '\0');
  SLUICE_ASSIGN(const int64_t size, codec->Compress(static_cast<int64_t>(plain.size()), Bytes(plain),
                                                    static_cast<int64_t>(out.size()), Bytes(&out)));
  out.resize(static_cast<size_t>(size));
  return out;
}

Status DecompressZstd(std::string_view bytes, const std::function<Status(std::string_view)>& take) {
  SLUICE_ASSIGN(const std::unique_ptr<Codec> codec, Codec::Create(Compression::ZSTD));
  SLUICE_ASSIGN(auto stream, codec->MakeDecompressor());
  std::string plain(kBlock, '\0');
  for (size_t at = 0; at < bytes.size() || !stream->IsFinished();) {
    if (stream->IsFinished()) SLUICE_RETURN_IF_ERROR(stream->Reset());
    const auto step = stream->Decompress(static_cast<int64_t>(bytes.size() - at), Bytes(bytes) + at,
                                         static_cast<int64_t>(plain.size()), Bytes(&plain));
    if (!step.ok()) return DamagedState(fmt::format("the zstd frame at byte {} cannot be decompressed", at));
    if (step->bytes_read == 0 && step->bytes_written == 0) return DamagedState("the zstd frame is cut short");
    at += static_cast<size_t>(step->bytes_read);
    if (step->bytes_written > 0) {
      SLUICE_RETURN_IF_ERROR(take(std::string_view(plain).substr(0, static_cast<size_t>(step->bytes_written))));
    }
  }
  return Status::OK();
}

Result<std::string> CompressSnappy(std::string_view plain) {
  SLUICE_ASSIGN(const std::unique_ptr<Codec> codec, Codec::Create(Compression::SNAPPY));
  std::string out(kSnappyMagic);
  AppendBig(&out, 1);
  AppendBig(&out, 1);
  std::string packed;
  for (size_t at = 0; at < plain.size(); at += kBlock) {
    const std::string_view block = plain.substr(at, kBlock);
    packed.resize(static_cast<size_t>(codec->MaxCompressedLen(static_cast<int64_t>(block.size()), Bytes(block))));
    SLUICE_ASSIGN(const int64_t size, codec->Compress(static_cast<int64_t>(block.size()), Bytes(block),
                                                      static_cast<int64_t>(packed.size()), Bytes(&packed)));
    AppendBig(&out, static_cast<uint32_t>(size));
    out.append(packed, 0, static_cast<size_t>(size));
  }
  return out;
}

// The plain size that a snappy block begins with, a varint; more than `kLargestBlock` when there is none.
uint64_t SnappySize(std::string_view block) {
  uint64_t size = 0;
  for (size_t i = 0; i < block.size() && i < 5; ++i) {
    size |= static_cast<uint64_t>(static_cast<uint8_t>(block[i]) & 0x7f) << (7 * i);
    if ((static_cast<uint8_t>(block[i]) & 0x80) == 0) return size;
  }
  return kLargestBlock + 1;
}

Status DecompressSnappy(std::string_view bytes, const std::function<Status(std::string_view)>& take) {
  SLUICE_ASSIGN(const std::unique_ptr<Codec> codec, Codec::Create(Compression::SNAPPY));
  if (bytes.size() < kSnappyHeader || bytes.substr(0, kSnappyMagic.size()) != kSnappyMagic) {
    return DamagedState("it does not begin as a snappy stream");
  }
  std::string plain;
  for (size_t at = kSnappyHeader; at < bytes.size();) {
    if (bytes.substr(at, kSnappyMagic.size()) == kSnappyMagic && bytes.size() - at >= kSnappyHeader) {
      at += kSnappyHeader;  // the next stream
      continue;
    }
    if (bytes.size() - at < 4) return DamagedState("the snappy stream is cut short");
    const uint32_t packed_size = Big(bytes, at);
    at += 4;
    const std::string_view packed = bytes.substr(at, packed_size);
    const uint64_t plain_size = SnappySize(packed);
    if (packed.size() != packed_size || plain_size > kLargestBlock) {
      return DamagedState(fmt::format("the snappy block at byte {} has impossible sizes", at));
    }
    plain.resize(plain_size);
    const Result<int64_t> size =
        codec->Decompress(packed_size, Bytes(packed), static_cast<int64_t>(plain_size), Bytes(&plain));
    if (!size.ok() || *size != static_cast<int64_t>(plain_size)) {
      return DamagedState(fmt::format("the snappy block at byte {} cannot be decompressed", at));
    }
    if (!plain.empty()) SLUICE_RETURN_IF_ERROR(take(plain));
    at += packed_size;
  }
  return Status::OK();
}

}  // namespace

Status DamagedState(const std::string& what) {
  return EnvironmentError("SLUICE_STATE_DAMAGED", "A file of state is damaged: " + what + ".");
}

Result<StateCodec> StateCodecOf(const std::string& name) {
  std::string lower = name;
  for (char& c : lower) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  if (lower == "lz4") return StateCodec::kLz4;
  if (lower == "zstd") return StateCodec::kZstd;
  if (lower == "snappy") return StateCodec::kSnappy;
  return NotSupported(fmt::format(
      "spark.sql.streaming.stateStore.compression.codec = {} is not supported by Sluice; lz4, zstd and snappy are.",
      name));
}

Result<std::string> CompressState(StateCodec codec, std::string_view plain) {
  switch (codec) {
    case StateCodec::kLz4:
      return CompressLz4(plain);
    case StateCodec::kZstd:
      return CompressZstd(plain);
    case StateCodec::kSnappy:
      return CompressSnappy(plain);
  }
  return InternalError("a codec of state that nobody knows");
}

Status DecompressState(StateCodec codec, std::string_view compressed,
                       const std::function<Status(std::string_view)>& take) {
  switch (codec) {
    case StateCodec::kLz4:
      return DecompressLz4(compressed, take);
    case StateCodec::kZstd:
      return DecompressZstd(compressed, take);
    case StateCodec::kSnappy:
      return DecompressSnappy(compressed, take);
  }
  return InternalError("a codec of state that nobody knows");
}

}  // namespace sluice
