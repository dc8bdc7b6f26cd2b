// SPDX-License-Identifier: Apache-2.0
#include "state/state_codec.h"

#include <arrow/util/compression.h>
#define XXH_INLINE_ALL
#include <arrow/vendored/xxhash/xxhash.h>
#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <cstring>
#include <utility>

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

// A zstd frame: four bytes that name the format, a descriptor with a bit for a checksum at the end (RFC 8878, 3.1.1).
constexpr size_t kZstdDescriptor = 4;
constexpr uint8_t kZstdChecksum = 0x04;

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

// Cuts what it is given into blocks of kBlock bytes. A whole block is not copied.
class BlockCutter {
 public:
  Status Add(std::string_view bytes, const StateBytes& block) {
    while (!bytes.empty()) {
      if (pending_.empty() && bytes.size() >= kBlock) {
        SLUICE_RETURN_IF_ERROR(block(bytes.substr(0, kBlock)));
        bytes.remove_prefix(kBlock);
        continue;
      }
      const std::string_view part = bytes.substr(0, kBlock - pending_.size());
      pending_.append(part);
      bytes.remove_prefix(part.size());
      if (pending_.size() < kBlock) continue;
      SLUICE_RETURN_IF_ERROR(block(pending_));
      pending_.clear();
    }
    return Status::OK();
  }
  Status Finish(const StateBytes& block) const { return pending_.empty() ? Status::OK() : block(pending_); }

 private:
  std::string pending_;
};

class Lz4Compressor : public StateCompressor {
 public:
  Lz4Compressor(std::unique_ptr<Codec> codec, StateBytes take) : codec_(std::move(codec)), take_(std::move(take)) {}
  Status Add(std::string_view plain) override { return cutter_.Add(plain, block_); }
  Status Finish() override {
    SLUICE_RETURN_IF_ERROR(cutter_.Finish(block_));
    out_.clear();
    AppendBlock(&out_, kRaw, 0, 0, {});
    return take_(out_);
  }

 private:
  Status Pack(std::string_view block) {
    packed_.resize(static_cast<size_t>(codec_->MaxCompressedLen(static_cast<int64_t>(block.size()), Bytes(block))));
    SLUICE_ASSIGN(const int64_t size, codec_->Compress(static_cast<int64_t>(block.size()), Bytes(block),
                                                       static_cast<int64_t>(packed_.size()), Bytes(&packed_)));
    const bool smaller = static_cast<size_t>(size) < block.size();
    out_.clear();
    AppendBlock(&out_, smaller ? kCompressed : kRaw, static_cast<uint32_t>(block.size()), Checksum(block),
                smaller ? std::string_view(packed_).substr(0, static_cast<size_t>(size)) : block);
    return take_(out_);
  }

  const std::unique_ptr<Codec> codec_;
  const StateBytes take_;
  const StateBytes block_ = [this](std::string_view block) { return Pack(block); };
  BlockCutter cutter_;
  std::string packed_;
  std::string out_;
};

class SnappyCompressor : public StateCompressor {
 public:
  SnappyCompressor(std::unique_ptr<Codec> codec, StateBytes take) : codec_(std::move(codec)), take_(std::move(take)) {}
  Status Add(std::string_view plain) override { return cutter_.Add(plain, block_); }
  Status Finish() override {
    SLUICE_RETURN_IF_ERROR(cutter_.Finish(block_));
    out_.clear();
    return begun_ ? Status::OK() : take_(Begun());
  }

 private:
  std::string& Begun() {
    if (begun_) return out_;
    begun_ = true;
    out_.append(kSnappyMagic);
    AppendBig(&out_, 1);
    AppendBig(&out_, 1);
    return out_;
  }
  Status Pack(std::string_view block) {
    packed_.resize(static_cast<size_t>(codec_->MaxCompressedLen(static_cast<int64_t>(block.size()), Bytes(block))));
    SLUICE_ASSIGN(const int64_t size, codec_->Compress(static_cast<int64_t>(block.size()), Bytes(block),
                                                       static_cast<int64_t>(packed_.size()), Bytes(&packed_)));
    out_.clear();
    AppendBig(&Begun(), static_cast<uint32_t>(size));
    out_.append(packed_, 0, static_cast<size_t>(size));
    return take_(out_);
  }

  const std::unique_ptr<Codec> codec_;
  const StateBytes take_;
  const StateBytes block_ = [this](std::string_view block) { return Pack(block); };
  BlockCutter cutter_;
  std::string packed_;
  std::string out_;
  bool begun_ = false;
};

// A frame that says how long it is, as of one call, while that fits into memory; a longer one is written on the way.
class ZstdCompressor : public StateCompressor {
 public:
  ZstdCompressor(std::unique_ptr<Codec> codec, StateBytes take) : codec_(std::move(codec)), take_(std::move(take)) {
    XXH64_reset(&checksum_, 0);
  }

  Status Add(std::string_view plain) override {
    XXH64_update(&checksum_, plain.data(), plain.size());
    // At the same place, however the bytes are cut.
    const std::string_view first = plain.substr(0, stream_ == nullptr ? kWhole - whole_.size() : 0);
    whole_.append(first);
    plain.remove_prefix(first.size());
    if (plain.empty()) return Status::OK();
    if (stream_ == nullptr) {
      SLUICE_ASSIGN(stream_, codec_->MakeCompressor());
      out_.resize(kBlock);
      SLUICE_RETURN_IF_ERROR(Push(whole_));
      std::string().swap(whole_);
    }
    return Push(plain);
  }

  Status Finish() override {
    if (stream_ == nullptr) {
      out_.resize(static_cast<size_t>(codec_->MaxCompressedLen(static_cast<int64_t>(whole_.size()), Bytes(whole_))));
      SLUICE_ASSIGN(const int64_t size, codec_->Compress(static_cast<int64_t>(whole_.size()), Bytes(whole_),
                                                         static_cast<int64_t>(out_.size()), Bytes(&out_)));
      SLUICE_RETURN_IF_ERROR(Give(static_cast<size_t>(size)));
      return GiveChecksum();
    }
    for (;;) {
      SLUICE_ASSIGN(const auto step, stream_->End(static_cast<int64_t>(out_.size()), Bytes(&out_)));
      SLUICE_RETURN_IF_ERROR(Give(static_cast<size_t>(step.bytes_written)));
      if (!step.should_retry) return GiveChecksum();
    }
  }

 private:
  static constexpr size_t kWhole = 1 << 20;

  Status Push(std::string_view plain) {
    while (!plain.empty()) {
      SLUICE_ASSIGN(const auto step, stream_->Compress(static_cast<int64_t>(plain.size()), Bytes(plain),
                                                       static_cast<int64_t>(out_.size()), Bytes(&out_)));
      plain.remove_prefix(static_cast<size_t>(step.bytes_read));
      SLUICE_RETURN_IF_ERROR(Give(static_cast<size_t>(step.bytes_written)));
    }
    return Status::OK();
  }

  // The codec leaves out the checksum of the content. Every reader of the format looks at it where the frame has one.
  Status Give(size_t size) {
    if (size == 0) return Status::OK();
    if (!begun_) {
      if (size <= kZstdDescriptor) return InternalError("a zstd frame without a header");
      out_[kZstdDescriptor] = static_cast<char>(out_[kZstdDescriptor] | kZstdChecksum);
      begun_ = true;
    }
    return take_(std::string_view(out_).substr(0, size));
  }

  Status GiveChecksum() {
    out_.clear();
    AppendLittle(&out_, static_cast<uint32_t>(XXH64_digest(&checksum_)));
    return take_(out_);
  }

  const std::unique_ptr<Codec> codec_;
  const StateBytes take_;
  XXH64_state_t checksum_;  // of the content
  bool begun_ = false;
  std::string whole_;
  std::shared_ptr<arrow::util::Compressor> stream_;
  std::string out_;
};

// Takes blocks out of bytes that come in pieces. What is in one piece is not copied.
class BlockReader : public StateDecompressor {
 public:
  Status Add(std::string_view compressed) final {
    if (pending_.empty()) {
      SLUICE_ASSIGN(const size_t used, Unpack(compressed));
      pending_.assign(compressed.substr(used));
      at_ += used;
      return Status::OK();
    }
    pending_.append(compressed);
    if (pending_.size() < needed_) return Status::OK();
    SLUICE_ASSIGN(const size_t used, Unpack(pending_));
    pending_.erase(0, used);
    at_ += used;
    return Status::OK();
  }

 protected:
  explicit BlockReader(StateBytes take) : take_(std::move(take)) {}
  // Reads the block that the bytes begin with: its size, or 0 when more bytes are needed, at least `needed_`.
  virtual Result<size_t> Block(std::string_view bytes) = 0;

  bool left() const { return !pending_.empty(); }
  std::string_view pending() const { return pending_; }
  // Where the block begins in the file, for errors.
  size_t at() const { return at_ + in_piece_; }

  const StateBytes take_;
  size_t needed_ = 0;

 private:
  Result<size_t> Unpack(std::string_view bytes) {
    for (in_piece_ = 0; in_piece_ < bytes.size();) {
      SLUICE_ASSIGN(const size_t size, Block(bytes.substr(in_piece_)));
      if (size == 0) break;
      in_piece_ += size;
    }
    return std::exchange(in_piece_, 0);
  }

  std::string pending_;
  size_t at_ = 0;        // of what is pending
  size_t in_piece_ = 0;  // of the block, from there on
};

// Streams may follow each other, and a stream may end without its empty block.
class Lz4Reader : public BlockReader {
 public:
  Lz4Reader(std::unique_ptr<Codec> codec, StateBytes take) : BlockReader(std::move(take)), codec_(std::move(codec)) {}
  Status Finish() override {
    if (!left()) return Status::OK();
    if (pending().size() < kHeader) return NoBlock();
    return Impossible();
  }

 private:
  Status NoBlock() const { return DamagedState(fmt::format("no LZ4 block begins at byte {}", at())); }
  Status Impossible() const { return DamagedState(fmt::format("the LZ4 block at byte {} has impossible sizes", at())); }

  Result<size_t> Block(std::string_view bytes) override {
    needed_ = kHeader;
    const std::string_view magic = bytes.substr(0, kMagic.size());
    if (magic != kMagic.substr(0, magic.size())) return NoBlock();
    if (bytes.size() < kHeader) return 0;
    const auto token = static_cast<uint8_t>(bytes[kMagic.size()]);
    const uint32_t packed_size = Little(bytes, 9);
    const uint32_t plain_size = Little(bytes, 13);
    const int method = token & 0xf0;
    const size_t largest = size_t{1} << (10 + (token & 0x0f));
    const bool known = method == kRaw || method == kCompressed;
    if (!known || plain_size > std::min(largest, kLargestBlock) || packed_size > kLargestBlock ||
        (method == kRaw && packed_size != plain_size) || (plain_size == 0) != (packed_size == 0)) {
      return Impossible();
    }
    needed_ = kHeader + packed_size;
    if (bytes.size() < needed_) return 0;
    std::string_view piece = bytes.substr(kHeader, packed_size);
    if (method == kCompressed) {
      plain_.resize(plain_size);
      const Result<int64_t> size = codec_->Decompress(packed_size, Bytes(piece), plain_size, Bytes(&plain_));
      if (!size.ok() || *size != static_cast<int64_t>(plain_size)) {
        return DamagedState(fmt::format("the LZ4 block at byte {} cannot be decompressed", at()));
      }
      piece = plain_;
    }
    const uint32_t checksum = Little(bytes, 17);
    if (checksum != (plain_size == 0 ? 0 : Checksum(piece))) {
      return DamagedState(fmt::format("the LZ4 block at byte {} has another checksum than its content", at()));
    }
    if (!piece.empty()) SLUICE_RETURN_IF_ERROR(take_(piece));
    return needed_;
  }

  const std::unique_ptr<Codec> codec_;
  std::string plain_;
};

// The plain size that a snappy block begins with, a varint; more than `kLargestBlock` when there is none.
uint64_t SnappySize(std::string_view block) {
  uint64_t size = 0;
  for (size_t i = 0; i < block.size() && i < 5; ++i) {
    size |= static_cast<uint64_t>(static_cast<uint8_t>(block[i]) & 0x7f) << (7 * i);
    if ((static_cast<uint8_t>(block[i]) & 0x80) == 0) return size;
  }
  return kLargestBlock + 1;
}

class SnappyReader : public BlockReader {
 public:
  SnappyReader(std::unique_ptr<Codec> codec, StateBytes take)
      : BlockReader(std::move(take)), codec_(std::move(codec)) {}
  Status Finish() override {
    if (!begun_) return NoStream();
    if (!left()) return Status::OK();
    return pending().size() < 4 ? DamagedState("the snappy stream is cut short") : Impossible();
  }

 private:
  static Status NoStream() { return DamagedState("it does not begin as a snappy stream"); }
  Status Impossible() const {
    return DamagedState(fmt::format("the snappy block at byte {} has impossible sizes", at()));
  }

  Result<size_t> Block(std::string_view bytes) override {
    const bool magic = bytes.substr(0, kSnappyMagic.size()) == kSnappyMagic;
    if (!begun_) {
      needed_ = kSnappyHeader;
      if (bytes.size() < kSnappyHeader) return 0;
      if (!magic) return NoStream();
      begun_ = true;
      return kSnappyHeader;
    }
    // A stream may follow; a block of the size that the magic begins with is no block.
    needed_ = magic || kSnappyMagic.starts_with(bytes) ? kSnappyHeader : 4;
    if (bytes.size() < needed_) return 0;
    if (magic) return kSnappyHeader;
    const uint32_t packed_size = Big(bytes, 0);
    needed_ = size_t{4} + packed_size;
    const std::string_view packed = bytes.substr(4, packed_size);
    const uint64_t plain_size = SnappySize(packed);
    if (packed_size > kLargestBlock || (packed.size() >= 5 && plain_size > kLargestBlock)) return Impossible();
    if (bytes.size() < needed_) return 0;
    if (plain_size > kLargestBlock) return Impossible();
    plain_.resize(plain_size);
    const Result<int64_t> size =
        codec_->Decompress(packed_size, Bytes(packed), static_cast<int64_t>(plain_size), Bytes(&plain_));
    if (!size.ok() || *size != static_cast<int64_t>(plain_size)) {
      return DamagedState(fmt::format("the snappy block at byte {} cannot be decompressed", at()));
    }
    if (!plain_.empty()) SLUICE_RETURN_IF_ERROR(take_(plain_));
    return needed_;
  }

  const std::unique_ptr<Codec> codec_;
  std::string plain_;
  bool begun_ = false;
};

class ZstdReader : public StateDecompressor {
 public:
  ZstdReader(std::unique_ptr<Codec> codec, std::shared_ptr<arrow::util::Decompressor> stream, StateBytes take)
      : codec_(std::move(codec)), stream_(std::move(stream)), take_(std::move(take)), plain_(kBlock, '\0') {}

  Status Add(std::string_view compressed) override {
    // Where the output was filled there may be more to come of what was read.
    for (bool filled = false; !compressed.empty() || filled;) {
      if (stream_->IsFinished()) {
        if (compressed.empty()) break;
        SLUICE_RETURN_IF_ERROR(stream_->Reset());
      }
      const auto step = stream_->Decompress(static_cast<int64_t>(compressed.size()), Bytes(compressed),
                                            static_cast<int64_t>(plain_.size()), Bytes(&plain_));
      if (!step.ok()) return DamagedState(fmt::format("the zstd frame at byte {} cannot be decompressed", at_));
      filled = step->bytes_written == static_cast<int64_t>(plain_.size());
      if (step->bytes_read == 0 && step->bytes_written == 0) break;
      at_ += static_cast<size_t>(step->bytes_read);
      compressed.remove_prefix(static_cast<size_t>(step->bytes_read));
      if (step->bytes_written == 0) continue;
      SLUICE_RETURN_IF_ERROR(take_(std::string_view(plain_).substr(0, static_cast<size_t>(step->bytes_written))));
    }
    return Status::OK();
  }
  Status Finish() override {
    return stream_->IsFinished() ? Status::OK() : DamagedState("the zstd frame is cut short");
  }

 private:
  const std::unique_ptr<Codec> codec_;
  const std::shared_ptr<arrow::util::Decompressor> stream_;
  const StateBytes take_;
  std::string plain_;
  size_t at_ = 0;
};

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

Result<std::unique_ptr<StateCompressor>> StateCompressor::Make(StateCodec codec, StateBytes take) {
  switch (codec) {
    case StateCodec::kLz4: {
      SLUICE_ASSIGN(auto lz4, Codec::Create(Compression::LZ4));
      return std::make_unique<Lz4Compressor>(std::move(lz4), std::move(take));
    }
    case StateCodec::kZstd: {
      SLUICE_ASSIGN(auto zstd, Codec::Create(Compression::ZSTD, 1));
      return std::make_unique<ZstdCompressor>(std::move(zstd), std::move(take));
    }
    case StateCodec::kSnappy: {
      SLUICE_ASSIGN(auto snappy, Codec::Create(Compression::SNAPPY));
      return std::make_unique<SnappyCompressor>(std::move(snappy), std::move(take));
    }
  }
  return InternalError("a codec of state that nobody knows");
}

Result<std::unique_ptr<StateDecompressor>> StateDecompressor::Make(StateCodec codec, StateBytes take) {
  switch (codec) {
    case StateCodec::kLz4: {
      SLUICE_ASSIGN(auto lz4, Codec::Create(Compression::LZ4));
      return std::make_unique<Lz4Reader>(std::move(lz4), std::move(take));
    }
    case StateCodec::kZstd: {
      SLUICE_ASSIGN(auto zstd, Codec::Create(Compression::ZSTD));
      SLUICE_ASSIGN(auto stream, zstd->MakeDecompressor());
      return std::make_unique<ZstdReader>(std::move(zstd), std::move(stream), std::move(take));
    }
    case StateCodec::kSnappy: {
      SLUICE_ASSIGN(auto snappy, Codec::Create(Compression::SNAPPY));
      return std::make_unique<SnappyReader>(std::move(snappy), std::move(take));
    }
  }
  return InternalError("a codec of state that nobody knows");
}

}  // namespace sluice
